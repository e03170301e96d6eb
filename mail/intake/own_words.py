"""The sender's own new words of an e-mail: no quotes, signatures or disclaimers.

A text must never carry what another wrote, so what may be a quote is cut. Words between the lines
of a quote stay, in their order.
"""

from __future__ import annotations

import re

from mail.intake.quotes import attribution_length, begins_older_letter, marker_line
from mail.intake.signatures import signature_line

_LINE = 2000  # characters; a longer one is cut to pieces of this
_LINES = 3000
_QUOTED = re.compile(r"[ \t]{0,3}[>|\u203a\uff1e]")
# Nothing of these has a place in a text: controls, halves of characters, what is not seen.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u200b\u200e\u200f\u2060\ufeff\u00ad]"
)
_ITEM = re.compile(r"[-*•–]|\d{1,2}[.)]")
_BROKEN_AT = 72  # columns; programs break lines here or a little later
_SHORTEST_BROKEN = 50


def own_words(text: str) -> str:
    """What the sender wrote, blank lines at its ends left out; empty if nothing is left."""
    lines = _lines(text)
    end = marker_line(lines)
    lines = lines[: len(lines) if end is None else end]
    kept: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if _is_quoted(line):
            kept.append("")
            at += 1
            continue
        if begins_older_letter(lines, at):
            break
        if length := attribution_length(lines, at):
            at += length
            if not _quote_follows(lines, at):
                break
            continue
        if _is_torn_off(lines, at):
            at += 1
            continue
        kept.append(line)
        at += 1
    end = signature_line(kept)
    return _tidy(kept[: len(kept) if end is None else end])


def _lines(text: str) -> list[str]:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ")
    text = _UNSEEN.sub("", text).replace("\u2028", "\n").replace("\u2029", "\n")
    lines = [line.rstrip() if line != "-- " else line for line in text.split("\n")[:_LINES]]
    return [line[at : at + _LINE] for line in lines for at in range(0, len(line) or 1, _LINE)]


def _is_quoted(line: str) -> bool:
    return _QUOTED.match(line) is not None


def _quote_follows(lines: list[str], at: int) -> bool:
    following = next((line for line in lines[at:] if line.strip()), None)
    return following is not None and _is_quoted(following)


def _is_torn_off(lines: list[str], at: int) -> bool:
    """The end of a quoted line that a program broke without a ">" for it."""
    if not 0 < at < len(lines) - 1:
        return False
    return (
        _is_quoted(lines[at - 1])
        and len(lines[at - 1]) >= _BROKEN_AT - 12
        and _is_quoted(lines[at + 1])
        and lines[at][:1].islower()
    )


def _tidy(lines: list[str]) -> str:
    """Lines that were broken to fit a screen are joined, and blank lines come one at a time."""
    tidy: list[str] = []
    for line in lines:
        if not line.strip():
            if tidy and tidy[-1]:
                tidy.append("")
        elif tidy and _was_broken(tidy[-1].rpartition("\n")[2], line):
            tidy[-1] += f"\n{line}"
        else:
            tidy.append(line)
    joined = "\n".join(" ".join(block.split("\n")) for block in tidy)
    return "\n".join(line.strip() for line in joined.split("\n")).strip()


def _was_broken(line: str, following: str) -> bool:
    """Whether the next line's first word had no room on this one."""
    if not _SHORTEST_BROKEN <= len(line) <= _BROKEN_AT + 8 or _ITEM.match(following):
        return False
    return len(line) + 1 + len(following.split(maxsplit=1)[0]) > _BROKEN_AT
