"""From the site file to Asterisk's files: no value adds a section, a line or an argument."""

# ruff: noqa: PT017 - what a refusal says is checked as well

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from dialplan_templates.errors import ConfigError
from dialplan_templates.render import render
from endurance.fuzz.asterisk_reader import Category, application, read_config
from endurance.fuzz.draw import Draw
from endurance.fuzz.target import Target
from pbx.errors import SiteError
from pbx.model import Site
from pbx.secret import SecretUnusable
from pbx.site import parse_site

_OUR_INCLUDES = re.compile(rb"^#include pjsip_[a-z]+\.conf\n", re.MULTILINE)
_FILE = Path("/nowhere/site.toml")
_SITE = """\
[site]
name = {site_name}
domain = "klinik.example"
timezone = {zone}
[asterisk]
ami = {{ secret = {secret}, apply_secret = "apply-secret-1", username = {account} }}
[mail]
smtp = {{ host = {host}, username = {login}, password = {secret} }}
from = {sender}
[voicemail]
context = {context}
access_extension = {access}
[office]
open_destination = "1001"
closed_destination = "1001"
open_greeting = {greeting}
[[people]]
extension = {extension}
name = {name}
email = {email}
voicemail = {{ pin = {pin} }}
phone = {{ password = {password}, username = {username} }}
[[people]]
extension = "1001"
name = "Sari"
voicemail = {{ pin = "4242" }}
"""
_HARMLESS = {
    "site_name": "Klinik Sehat",
    "zone": "Asia/Jakarta",
    "secret": "ami-secret-1",
    "account": "voxpost",
    "host": "mail.klinik.example",
    "login": "voxpost",
    "sender": "Voicemail <v@klinik.example>",
    "context": "default",
    "access": "*97",
    "greeting": "custom/open",
    "extension": "1002",
    "name": "Budi",
    "email": "budi@klinik.example",
    "pin": "4321",
    "password": "sip-password-1",
    "username": "phone-1002",
}
_NAMES = tuple(_HARMLESS)

Shape = dict[str, list[tuple[bytes, list[tuple[bytes, bytes]]]]]
"""By file: its sections, and of each line the name and what is called."""


def check_values(data: bytes) -> None:
    """Up to three hostile values: the site is refused, or all files have their usual shape."""
    draw = Draw(data)
    values = dict(_HARMLESS)
    for _ in range(draw.number(3) + 1):
        values[draw.one_of(_NAMES)] = draw.text(120).encode("utf-8", "replace").decode()
    site = _parsed(values)
    if site is None:
        return
    try:
        shape = _shape_of(site)
    except (ConfigError, SecretUnusable) as refusal:
        assert "\n" not in str(refusal)
        return
    assert _without_names(shape, values) == _usual(len(values["extension"]))


def _parsed(values: dict[str, str]) -> Site | None:
    # What JSON writes as \\ud83d\\ude00 would be no TOML; and DEL must be escaped in TOML.
    written = {
        name: json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        for name, value in values.items()
    }
    try:
        return parse_site(_SITE.format(**written), _FILE)
    except SiteError as error:
        assert error.problems
        assert not any("is not TOML" in problem.what for problem in error.problems)
        return None


def _shape_of(site: Site) -> Shape:
    files = render(site, site_file=_FILE, command=Path("/usr/bin/voxpost"))
    return {
        name: [_outline(it) for it in read_config(_OUR_INCLUDES.sub(b"", text.encode()))]
        for name, text in files.items()
    }


def _outline(category: Category) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    header = category.name + category.options
    return header, [(name, _called(value)) for name, value in category.lines]


def _called(value: bytes) -> bytes:
    """Of a priority the application; of any other value nothing."""
    priority = re.match(rb"n(?:\([a-z]+\))?,(.*)", value, re.DOTALL)
    return application(priority[1])[0] if priority else b""


@cache
def _usual(length: int) -> object:
    """The shape that harmless values give. length: of the extension; the dialplan has a pattern
    for each length."""
    values = {**_HARMLESS, "extension": "2" * length}
    site = _parsed(values)
    assert site is not None
    return _without_names(_shape_of(site), values)


def _without_names(shape: Shape, values: dict[str, str]) -> object:
    """The shape with the names that are meant to stand in it replaced by the keys'."""
    extension, account, context = (values[it] for it in ("extension", "account", "context"))
    names = {
        f"phone-{extension}".encode(): b"(phone)",
        f"{account}-apply".encode(): b"(account)-apply",
    }
    sections = {
        ("manager.conf", account.encode()): b"(account)",
        ("voicemail.conf", context.encode()): b"(context)",
    }

    def plain(text: bytes) -> bytes:
        for name, key in names.items():
            text = text.replace(name, key)
        return text

    return {
        file: [
            (
                sections.get((file, header), plain(header)),
                sorted(
                    (
                        b"(extension)" if name == extension.encode() else _zone(file, header, name),
                        it,
                    )
                    for name, it in lines
                )
                if file in {"voicemail.conf", "extensions.conf"}
                else lines,
            )
            for header, lines in outline
        ]
        for file, outline in shape.items()
    }


def _zone(file: str, header: bytes, name: bytes) -> bytes:
    return b"(zone)" if (file, header) == ("voicemail.conf", b"zonemessages") else name


_WORDS = (
    *(b"\\;", b";--", b"${", b"$[", b'"', b"\\", b"=>", b"#include", b"](", b"\n[x]\n", b" <"),
    *(b"Asia/Tokyo", b"Etc/GMT+5", b"custom/", b"*98", b"general", b"1003", b"default-2"),
)

TARGETS = (Target("site-values", check_values, 400, _WORDS, examples=60),)
