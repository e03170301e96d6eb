"""Where what another wrote begins in a letter: each mail program has its own words for that."""

from __future__ import annotations

import re

from mail.marker import REPLY_MARKER

_HEADER_LINES = 8  # that are looked at for the header of an older letter
_ATTRIBUTION_LINES = 4
_ATTRIBUTION = 400  # characters

_SEPARATOR = re.compile(
    r"[ \t]*[-_=*]{2,}[ \t]*(?:original (?:message|appointment|e-?mail)"
    r"|(?:begin )?forwarded (?:message|by\b.*)"
    r"|reply (?:message|above this line)|pesan (?:asli|awal|semula|aslinya|terusan|yang diteruskan)"
    r"|e-?mail asli|diteruskan oleh\b.*)[ \t]*:?[ \t]*[-_=*]{2,}[ \t]*",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"[ \t]*(?:begin forwarded message|mulai pesan yang diteruskan|awal pesan (?:yang )?diteruskan"
    r"|memulai pesan terusan)[ \t]*:[ \t]*",
    re.IGNORECASE,
)
_OUTLOOK_RULE = re.compile(r"[ \t]*_{20,}[ \t]*")
_NAMES = {
    "from": ("from", "dari", "pengirim"),
    "date": ("sent", "date", "terkirim", "dikirim", "tanggal", "waktu"),
    "to": ("to", "kepada", "ke", "untuk", "cc", "tembusan", "salinan"),
    "subject": ("subject", "perihal", "subjek", "subyek", "judul", "hal"),
}
_KIND = {name: kind for kind, names in _NAMES.items() for name in names}
_HEADER = re.compile(rf"[ \t*]*({'|'.join(_KIND)})[ \t*]*:(.*)", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>@]{1,100}@[^\s<>@]{1,100}")
# "On … wrote:" and what other programs make of it. The verb ends it, or an address in brackets.
_ATTRIBUTION_END = re.compile(
    r"(?:\bwrote|\bmenulis|\btelah menulis|\bschrieb|\ba écrit|\bescribió|\bha scritto|\bschreef"
    r"|\bescreveu|のメール|さんは書きました|写道)[ \t]*[:：][ \t]*$"
    r"|<[^\s<>@]{1,100}@[^\s<>@]{1,100}>[ \t]*[:：][ \t]*$",
    re.IGNORECASE,
)
# "AM" at a line's beginning is the time's.
_PREPOSITION = re.compile(r"[ \t]*(?:(?i:on|pada|tanggal|hari)|Am|Le|El|Il|Op|Em)\b")
_DATE = re.compile(r"[ \t]*(?:\d{4}[-/.年]|\d{1,2}[-/. ]\w{1,9}[-/. ]\d{2,4}\b)")
_TELLS_WHEN = re.compile(r"\d{1,2}[:.]\d{2}|\b(?:19|20)\d{2}\b|@|\d{1,2}/\d{1,2}/\d{2}")
_MARKER = re.compile(r"[\s>|]+".join(re.escape(word) for word in REPLY_MARKER.strip(" -").split()))


def marker_line(lines: list[str]) -> int | None:
    """The line from which on nothing is looked at: that of our own "write above this line".

    None where there is none, or where each line of it is quoted: then words below are looked for,
    as below every quote.
    """
    text = "\n".join(lines)
    for found in _MARKER.finditer(text):
        first = text.count("\n", 0, found.start())
        last = first + text.count("\n", found.start(), found.end())
        if not all(line.lstrip().startswith(">") for line in lines[first : last + 1]):
            return first
    return None


def begins_older_letter(lines: list[str], at: int) -> bool:
    """Whether all from this line on is an older letter, without a mark on each line."""
    line = lines[at]
    if _SEPARATOR.fullmatch(line) or _FORWARDED.fullmatch(line) or _OUTLOOK_RULE.fullmatch(line):
        return True
    return _is_header(lines, at)


def attribution_length(lines: list[str], at: int) -> int:
    """How many lines "On … Sari wrote:" has that begins here; 0 if none does."""
    joined = ""
    for length in range(1, _ATTRIBUTION_LINES + 1):
        if at + length > len(lines):
            return 0
        line = lines[at + length - 1].strip()
        if not line or line.startswith(">"):
            return 0
        joined = f"{joined} {line}".strip()
        if len(joined) > _ATTRIBUTION:
            return 0
        if _ATTRIBUTION_END.search(joined) and _TELLS_WHEN.search(joined):
            return length if _begins_here(lines[at : at + length]) else 0
    return 0


def _begins_here(lines: list[str]) -> bool:
    """Own words right above an attribution are no part of it."""
    first, *others = lines
    if _PREPOSITION.match(first) or _DATE.match(first):
        return not any(_PREPOSITION.match(line) for line in others)
    return not others


def _is_header(lines: list[str], at: int) -> bool:
    """Whether the header of an older letter begins here, as Outlook and Zimbra write it."""
    first = _HEADER.fullmatch(lines[at])
    if first is None or _KIND[first[1].lower()] not in {"from", "date"}:
        return False
    kinds: set[str] = set()
    with_address = False
    others = 0
    for line in lines[at : at + _HEADER_LINES * 2]:
        field = _HEADER.fullmatch(line)
        if field is not None:
            kinds.add(_KIND[field[1].lower()])
            with_address = with_address or _ADDRESS.search(field[2]) is not None
        elif line.strip():
            others += 1  # a list of recipients that goes on
            if others > 3:
                break
    # "Dari: Jakarta, ke: Solo, tanggal: 5" is a person's own.
    return "from" in kinds and (
        ("subject" in kinds and len(kinds) >= 3) or (with_address and len(kinds) >= 2)
    )
