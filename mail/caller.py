"""Who called, as a letter shows it. Caller IDs are written by strangers."""

from __future__ import annotations

from dataclasses import dataclass

from mail.plain import ascii_only, isolated, plain
from pbx.numbers import is_extension, read_number

_NAME, _NUMBER = 80, 40
# What Asterisk and trunks write where the number is withheld or absent.
_WITHHELD = frozenset(
    {"anonymous", "unknown", "<unknown>", "unavailable", "restricted", "private", "asterisk"}
)
# Longer ones may be somebody's whole national number.
_LONGEST_EXTENSION = 6


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller, harmless and readable.

    Arguments:
        name, number: as people read them; empty where the caller has none.
        link: a tel: URI (RFC 3966), empty where it cannot be called back.
        bare: the number in ASCII, E.164 where it is one; for headers and file names.
    """

    name: str
    number: str
    link: str
    bare: str

    @property
    def label(self) -> str:
        """ "Budi (0812-345-678)", or what there is of it; empty for nobody."""
        if self.name and self.number:
            return f"{self.name} ({self.number})"
        return self.name or self.number


def unless_withheld(text: str) -> str:
    """A caller's name or number as it came; empty where it only says that there is none."""
    return "" if text.lower() in _WITHHELD else text


def read_caller(number: str, name: str, country: str) -> Caller:
    """Read a caller ID as it came. `country` says how local numbers are read."""
    raw = unless_withheld(plain(number, _NUMBER))
    shown_name = unless_withheld(plain(name, _NAME))
    if shown_name == raw:
        shown_name = ""
    shown, link, bare = _read_number(raw, country)
    return Caller(isolated(shown_name), isolated(shown), link, bare)


def _read_number(raw: str, country: str) -> tuple[str, str, str]:
    if is_extension(raw) and len(raw) <= _LONGEST_EXTENSION:
        return raw, f"tel:{raw}", raw
    number = read_number(raw, country)
    if number is not None:
        return number.shown, f"tel:{number.e164}", number.e164
    bare = ascii_only(raw, _NUMBER)
    return raw, f"tel:{raw}" if is_extension(raw) else "", bare
