"""Bytes to text: the character sets that e-mails name, and those that they should have named."""

from __future__ import annotations

import codecs
import re
from binascii import a2b_base64, a2b_qp

# Python knows codecs that are no character sets, some of them slow where somebody wants that.
_KNOWN = re.compile(
    r"utf-8|utf-16(-[bl]e)?|utf-32(-[bl]e)?|utf-7|iso8859-\d+|cp(125\d|437|85\d|86\d|874|932|949|950)"
    r"|koi8-[rut]|mac-roman|iso2022_(jp|kr)\w*|shift_jis\w*|euc_\w+|gb2312|gbk|gb18030|hz"
    r"|big5\w*|johab|tis-620|ptcp154"
)
_SAME_AS = {"iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}  # as browsers read them
_WORD = re.compile(r"=\?([!->@-~]{1,60})\?([bBqQ])\?([!->@-~ ]{0,1000})\?=")
_TRY = ("utf-8", "cp1252")


def decode(data: bytes, charset: str) -> tuple[str, str | None]:
    """The text, and what was wrong with it. charset: as the e-mail names it; may be empty."""
    name = _codec(charset)
    if name is not None:
        try:
            return data.decode(name), None
        except (UnicodeError, ValueError):
            pass
    for guess in _TRY:
        try:
            text = data.decode(guess)
        except UnicodeError:
            continue
        if name is None and charset and not data.isascii():
            return text, f'unknown character set "{charset[:40]}", read as {guess}'
        return text, None if data.isascii() or not charset else f"is not {name}, read as {guess}"
    return data.decode("utf-8", "replace"), "characters that cannot be read"


def decode_words(value: str) -> str:
    """A header's value, its encoded words read (RFC 2047); as it stands where they are broken.

    email.header.decode_header raises on some, and writes other letters between them as escapes.
    """
    pieces: list[str] = []
    charset, read = "", bytearray()
    at = 0
    for word in _WORD.finditer(value):
        between = value[at : word.start()]
        named = word[1].partition("*")[0]  # RFC 2231, 5: the language after the character set
        if between.strip() or named.lower() != charset.lower():
            # Within one character set a letter may begin in one word and end in the next.
            pieces.append(decode(bytes(read), charset)[0])
            read.clear()
            pieces.append(between if between.strip() or not at else "")
        charset = named
        read += _base64(word[3]) if word[2] in "bB" else a2b_qp(word[3].encode(), header=True)
        at = word.end()
    return "".join((*pieces, decode(bytes(read), charset)[0], value[at:]))


def _base64(text: str) -> bytes:
    try:
        return a2b_base64(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""


def _codec(charset: str) -> str | None:
    """Python's name of a character set; None for what is none, or ASCII."""
    try:
        name = codecs.lookup(charset.strip().strip("\"'")[:40]).name
    except (LookupError, ValueError, UnicodeError):
        return None
    return _SAME_AS.get(name, name) if _KNOWN.fullmatch(name) else None
