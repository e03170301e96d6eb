r"""Escaping, by the place in Asterisk's files where a value goes.

Every function takes a value and the site file's key that it comes from, gives the text to write,
and raises UnsafeValue where no text would be read back as harmless. There are two layers: the
file reader (main/config.c: `;` begins a comment unless a backslash stands before it) and, in
extensions.conf, the reader of an application's arguments (main/app.c: comma, quote, backslash,
parentheses and brackets mean something, a backslash takes the meaning away).
"""

from __future__ import annotations

import re

from dialplan_templates.errors import UnsafeValue
from pbx.fields import PIN_PATTERN

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")
_DIALLED = re.compile(r"[*#]?[0-9]{1,20}")
_PIN = re.compile(PIN_PATTERN)
_ARGUMENT_SIGNS = re.compile(r'([\\,"()\[\]])')
_EVALUATED = re.compile(r"\$[{\[]")
_NOT_IN_CALLER_NAME = re.compile(r'["<>\\]')
_COMMAS = re.compile(r"\s*,\s*")

# main/config.c reads lines of 8192 bytes; the key and the escapes need room.
_LONGEST_VALUE = 4000
# apps/app_voicemail.c: char fullname[80]; res_pjsip: char cid_name[80], cut within a letter.
_LONGEST_NAME = 79


def ini(value: object, key: str) -> str:
    """A value after `key = ` in any file."""
    text = _plain(value, key)
    if text != text.strip():
        raise UnsafeValue(key, "begins or ends with a blank, which Asterisk drops. Remove it.")
    return text.replace(";", "\\;")


def section(value: object, key: str) -> str:
    """The name of a section, context, endpoint or account: letters, digits, `_`, `.`, `-`."""
    text = _plain(value, key)
    if _NAME.fullmatch(text) is None or text.lower() in {"general", "globals", "zonemessages"}:
        raise UnsafeValue(
            key, "cannot be a name in Asterisk's files. Use letters, digits, '_', '.' and '-'."
        )
    return text


def dialled(value: object, key: str) -> str:
    """An extension on the left of the dialplan: digits, perhaps after `*` or `#`."""
    text = _plain(value, key)
    if _DIALLED.fullmatch(text) is None:
        raise UnsafeValue(key, "is nothing that a telephone can dial. Use digits, `*` and `#`.")
    return text


def argument(value: object, key: str) -> str:
    """One argument of a dialplan application.

    `${` and `$[` cannot be escaped (main/pbx_variables.c), so they are refused.
    """
    text = _plain(value, key)
    if _EVALUATED.search(text) is not None:
        raise UnsafeValue(key, "has `${` or `$[` in it, which Asterisk would evaluate. Remove it.")
    if text != text.strip():
        raise UnsafeValue(key, "begins or ends with a blank, which Asterisk drops. Remove it.")
    return _ARGUMENT_SIGNS.sub(r"\\\1", text).replace(";", "\\;")


def dial_target(value: object, key: str) -> str:
    """A device's name within Dial(): `&`, `/`, `@` and `,` would add other devices."""
    text = _plain(value, key)
    if _NAME.fullmatch(text) is None:
        raise UnsafeValue(
            key, "cannot be a device to ring. Use letters, digits, '_', '.' and '-' only."
        )
    return text


def pin(value: object, key: str) -> str:
    """A PIN in voicemail.conf: digits, as nothing else can be typed or parted safely."""
    text = _plain(value, key)
    if _PIN.fullmatch(text) is None:
        raise UnsafeValue(key, "is no PIN. Use 4 to 12 digits.")
    return text


def mailbox_name(value: object, key: str) -> str:
    """A person's name in voicemail.conf, where a comma ends the field: it becomes a blank."""
    text = _COMMAS.sub(" ", _plain(value, key).replace("|", " ")).strip()
    return _cut(text).replace(";", "\\;")


def caller_name(value: object, key: str) -> str:
    r"""A name between the quotes of a caller id; `"`, `<`, `>` and `\` become apostrophes."""
    text = _NOT_IN_CALLER_NAME.sub("'", _plain(value, key).strip())
    return _cut(text).replace(";", "\\;")


def _cut(name: str) -> str:
    return name.encode()[:_LONGEST_NAME].decode(errors="ignore").rstrip()


def _plain(value: object, key: str) -> str:
    text = str(value)
    if not text:
        raise UnsafeValue(key, "is empty. Write something there, or leave it out.")
    if _CONTROL.search(text) is not None:
        raise UnsafeValue(key, "has a line break or control character in it. Remove it.")
    if len(text.encode()) > _LONGEST_VALUE:
        raise UnsafeValue(key, f"is longer than {_LONGEST_VALUE} bytes. Shorten it.")
    return text


FILTERS = {
    "ini": ini,
    "section": section,
    "dialled": dialled,
    "argument": argument,
    "dial_target": dial_target,
    "pin": pin,
    "mailbox_name": mailbox_name,
    "caller_name": caller_name,
}
"""The Jinja filters of the templates, by name."""
