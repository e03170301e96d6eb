"""The site file: any bytes are a site, or faults that a person can mend."""

# ruff: noqa: PT017 - what a refusal says is checked as well

from __future__ import annotations

from pathlib import Path

from endurance.fuzz.target import Target
from pbx.errors import SiteError
from pbx.site import parse_site

_FILE = Path("/nowhere/site.toml")


def check_text(data: bytes) -> None:
    """Only SiteError comes out, each fault with words and with a line that exists."""
    if b"people_file" in data:
        return  # names a file of this machine; it has a target of its own
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    try:
        site = parse_site(text, _FILE)
    except SiteError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.what
            assert str(problem).startswith("/nowhere/site.toml")
            assert problem.line is None or 1 <= problem.line <= text.count("\n") + 1
        return
    assert site.mail.bounce_address
    for person in site.people:
        assert site.by_extension[person.number] is person
        site.zone_of(person)


_WORDS = tuple(
    word.encode()
    for word in (
        *("[site]\n", "[asterisk]\n", "[mail]\n", "[voicemail]\n", "[office]\n", "[phones]\n"),
        *("[service]\n", "[[people]]\n", "name = ", "domain = ", "smtp = { host = ", "from = "),
        *('extension = "1001"\n', "voicemail = false\n", "phone = { password = ", "hours = ["),
        *('"mon-fri 08:00-17:00"', "2026-12-25", '"""', "'''", "\\u0000", "pin_file = ", "= {"),
    )
)

TARGETS = (Target("site-file", check_text, 3000, _WORDS, examples=150),)
