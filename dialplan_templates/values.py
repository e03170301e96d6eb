"""What the templates may use: the site, made flat, each secret read once."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dialplan_templates.errors import UnsafeValue
from dialplan_templates.unwanted import unwanted_modules
from pbx.model import Site
from pbx.numbers import ECHO_TEST, TIME_TEST
from pbx.people import ENDPOINT_PREFIX, Person


@dataclass(frozen=True, slots=True)
class PersonValues:
    """One person, as the templates see them. `username` is empty without a telephone."""

    key: str
    extension: str
    name: str
    endpoint: str
    username: str
    password: str
    transport: str
    dials_inside: bool
    has_mailbox: bool
    pin: str
    zone_name: str


@dataclass(frozen=True, slots=True)
class ZoneValues:
    """A time zone of voicemail.conf: the name that mailboxes use, and the zone."""

    name: str
    zone: str


def template_values(
    site: Site, *, site_file: Path, command: Path, directories: Mapping[str, Path]
) -> dict[str, Any]:
    """Everything that a template can name.

    Raises:
        UnsafeValue: keys that contradict each other in Asterisk's files.
        pbx.secret.SecretUnusable: a secret cannot be read.
    """
    people = [_person(site, person) for person in site.people]
    ami, agi = site.asterisk.ami, site.asterisk.agi
    apply_secret = ami.apply_login_secret()
    zones = sorted({person.timezone or site.site.timezone for person in site.people})
    return {
        "site": site.site,
        "asterisk_version": site.asterisk.version,
        "phones": site.phones,
        "voicemail": site.voicemail,
        "voicemail_context": site.voicemail.context,
        "office": site.office,
        "people": people,
        "patterns": [f"_{'X' * length}" for length in extension_lengths(site)],
        "zones": [ZoneValues(_zone_name(zone), zone) for zone in zones],
        "with_websocket": any(person.transport == "websocket" for person in people),
        "ami": ami,
        "ami_secret": ami.login_secret().read(),
        "apply_secret": apply_secret.read() if apply_secret.given else "",
        "manager_access": manager_access(ami.host),
        "agi_url": f"agi://{_host_in_url(agi.host)}:{agi.port}",
        "fallback": agi.fallback,
        "command": command,
        "site_file": site_file,
        "directories": _directories(site, directories),
        "unwanted_modules": unwanted_modules(),
        "endpoint_prefix": ENDPOINT_PREFIX,
        "echo_test": ECHO_TEST,
        "time_test": TIME_TEST,
    }


def extension_lengths(site: Site) -> list[int]:
    """How many digits people's extensions have, ascending."""
    return sorted({len(person.extension) for person in site.people})


def manager_access(host: str) -> str:
    """The lines of manager.conf that let in the manager's own address alone.

    Raises:
        UnsafeValue: the host is a name; Asterisk compares addresses.
    """
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise UnsafeValue(
            "asterisk.ami.host", f'"{host}" is a name. Write the address, like 127.0.0.1.'
        ) from None
    everybody = "0.0.0.0/0.0.0.0" if address.version == 4 else "::/0"
    return f"deny = {everybody}\npermit = {address}/{address.max_prefixlen}"


def _person(site: Site, person: Person) -> PersonValues:
    phone = person.phone
    pin = person.pin_secret()
    return PersonValues(
        key=f"people.{person.extension}",
        extension=person.extension,
        name=person.name,
        endpoint=person.endpoint,
        username="" if phone is None else phone.username or person.endpoint,
        password="" if phone is None else person.phone_secret().read(),
        transport="" if phone is None else phone.transport,
        dials_inside="internal" in person.may_dial,
        has_mailbox=person.voicemail is not False,
        pin=pin.read() if pin.given else "",
        zone_name=_zone_name(person.timezone or site.site.timezone),
    )


def _zone_name(zone: str) -> str:
    return zone.replace("/", "-").replace("+", "plus")


def _host_in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _directories(site: Site, given: Mapping[str, Path]) -> dict[str, Path]:
    own = {
        "astetcdir": site.asterisk.config_dir,
        "astspooldir": site.asterisk.spool_dir,
        "astlogdir": site.asterisk.log_dir,
    }
    return {**own, **given}
