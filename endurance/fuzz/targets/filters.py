"""Every filter of dialplan_templates/escape.py, read back as Asterisk reads it."""

# ruff: noqa: PT017 - what a refusal says is checked as well

from __future__ import annotations

from collections.abc import Callable

from dialplan_templates import escape
from dialplan_templates.errors import UnsafeValue
from endurance.fuzz.asterisk_reader import application, arguments, read_config, strip
from endurance.fuzz.draw import as_text
from endurance.fuzz.target import Target

_KEY = "people.1001.name"
_NAME_BYTES = 79  # apps/app_voicemail.c and res_pjsip: char name[80]
_ENTRY_BYTES = 255  # apps/app_voicemail.c, append_mailbox(): char tmp[256]


def _line(written: str, name: str = "key") -> bytes:
    """The value of one line between two others, as Asterisk reads it; the others stay."""
    file = f"[first]\nbefore = 1\n{name} = {written}\nafter = 2\n[last]\n".encode()
    first, last = read_config(file)
    assert (first.name, last.name) == (b"first", b"last")
    before, (key, value), after = first.lines
    assert (before, key, after) == ((b"before", b"1"), name.encode(), (b"after", b"2"))
    return value


def _ini(value: str, written: str) -> None:
    assert _line(written) == value.encode()


def _argument(value: str, written: str) -> None:
    name, data = application(_line(f"n,App(first,{written},last)", "same")[2:])
    assert name == b"App"
    assert b"${" not in data
    assert b"$[" not in data
    assert arguments(data) == [b"first", value.encode(), b"last"]


def _section(value: str, written: str) -> None:
    assert written == value
    before, category, after = read_config(f"[a]\n[{written}](phone)\nx = 1\n[z]\n".encode())
    assert (before.name, after.name) == (b"a", b"z")
    assert (category.name, category.options) == (value.encode(), b"(phone)")
    assert value.lower() not in {"general", "globals", "zonemessages"}


def _dialled(value: str, written: str) -> None:
    assert written == value
    data = _line(f"{written},1,Goto(x,s,1)", "exten")
    number, priority, rest = data.split(b",", 2)
    assert (number, priority, rest) == (value.encode(), b"1", b"Goto(x,s,1)")
    assert not number.startswith(b"_")
    assert set(value) <= set("0123456789*#")


def _dial_target(value: str, written: str) -> None:
    assert written == value
    _, data = application(_line(f"n,Dial(PJSIP/{written},20)", "same")[2:])
    target, seconds = arguments(data)
    assert (target, seconds) == (b"PJSIP/" + value.encode(), b"20")
    assert not set(target[6:]) & set(b'&/@,|${}()[]"\\')


def _pin(value: str, written: str) -> None:
    assert written == value
    assert value.isascii()
    assert value.isdigit()


def _mailbox_name(_value: str, written: str) -> None:
    entry = _line(f"123456789012,{written},,,tz=America-Argentina-ComodRivadavia", "1001")
    assert len(entry) <= _ENTRY_BYTES
    pin, name, email, pager, options = entry.split(b",")
    assert (pin, email, pager) == (b"123456789012", b"", b"")
    assert options == b"tz=America-Argentina-ComodRivadavia"
    assert b"|" not in name
    assert len(name) <= _NAME_BYTES
    name.decode()


def _caller_name(_value: str, written: str) -> None:
    value = _line(f'"{written}" <1001>')
    # main/callerid.c: the last < and > are the number's, the name is between the quotes.
    assert value.count(b"<") == value.count(b">") == 1
    name, number = value.removesuffix(b">").split(b"<")
    assert number == b"1001"
    name = strip(name)
    assert name[:1] == name[-1:] == b'"'
    assert not set(name[1:-1]) & set(b'"<>\\')
    assert len(name[1:-1]) <= _NAME_BYTES
    name.decode()


_READ_BACK: dict[str, Callable[[str, str], None]] = {
    "ini": _ini,
    "section": _section,
    "dialled": _dialled,
    "argument": _argument,
    "dial_target": _dial_target,
    "pin": _pin,
    "mailbox_name": _mailbox_name,
    "caller_name": _caller_name,
}


def _check_of(name: str) -> Callable[[bytes], None]:
    filtered, read_back = escape.FILTERS[name], _READ_BACK[name]

    def check(data: bytes) -> None:
        value = as_text(data)
        try:
            written = filtered(value, _KEY)
        except UnsafeValue as refusal:
            assert refusal.key == _KEY
            return
        read_back(value, written)

    return check


_WORDS = (
    *(b"\\;", b";--", b"--;", b"${", b"$[", b'"', b"\\", b"=>", b"+=", b"#include", b"&"),
    *(b" <", b"> ", b"|", "é".encode(), "\u2028".encode(), b"\n", b"PJSIP/"),
)

# A filter without its reader is a KeyError here, at once.
TARGETS = tuple(
    Target(f"filter-{name.replace('_', '-')}", _check_of(name), 300, _WORDS)
    for name in escape.FILTERS
)
