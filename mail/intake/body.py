"""The text of an e-mail: which of its parts say something, and what they say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mail.intake.charsets import decode
from mail.intake.html_words import text_of
from mail.intake.mime import Part

_TEXT = 64 * 1024  # characters that are looked at
_HTML = 128 * 1024
_TEXTS = 20  # parts
_ENCRYPTED = {"multipart/encrypted", "application/pgp-encrypted"}
_SEALED = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
_SIGNATURES = {
    *("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"),
}
_CARDS = {"text/vcard", "text/x-vcard", "text/directory", "application/ms-tnef"}
_SIGNED = re.compile(
    r"\A\s*-----BEGIN PGP SIGNED MESSAGE-----\n(?:[^\n]+\n)*\n(.*?)\n-----BEGIN PGP SIGNATURE-----",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Body:
    """What an e-mail says in text, quotes and all."""

    text: str
    attachments: int
    troubles: tuple[str, ...]


def read_body(parts: Sequence[tuple[Part, tuple[str, ...]]]) -> Body:
    """The text of an e-mail: what is written plainly, else what its HTML says."""
    troubles: list[str] = []
    plain: list[str] = []
    html: list[str] = []
    attachments = 0
    for part, inside in parts:
        kind = part.kind
        if kind in _ENCRYPTED or inside[-1:] == ("multipart/encrypted",):
            troubles.append("it is encrypted")
        elif kind in _SEALED:
            troubles.append("it is encrypted, or signed in a form that is not read")
        elif kind in _SIGNATURES or _is_decoration(part, inside):
            continue
        elif part.disposition == "attachment" or part.has_name or kind not in _TEXTS_OF:
            attachments += 1
        elif len(plain) + len(html) < _TEXTS:
            text = _read(part, troubles)
            if kind == "text/html":
                html.append(text)
            else:
                plain.append(text)
    text = "\n".join(plain)[:_TEXT]
    if not text.strip() and html:
        text = "\n".join(text_of(it[:_HTML]) for it in html)[:_TEXT]
    return Body(_unsigned(text), attachments, tuple(dict.fromkeys(troubles)))


_TEXTS_OF = {"text/plain", "text/html"}


def _is_decoration(part: Part, inside: tuple[str, ...]) -> bool:
    """Pictures of a page, business cards, parts without anything in them."""
    return (
        (part.kind.startswith("image/") and "multipart/related" in inside)
        or part.kind in _CARDS
        or part.kind.startswith("multipart/")
        or (part.kind in _TEXTS_OF and not part.body.strip())
    )


def _read(part: Part, troubles: list[str]) -> str:
    text, trouble = decode(part.decoded(), part.parameter("charset"))
    if trouble is not None:
        troubles.append(trouble)
    text = text[: _HTML if part.kind == "text/html" else _TEXT].replace("\r\n", "\n")
    if part.parameter("format").lower() == "flowed" and part.kind == "text/plain":
        return unflow(text, delete_space=part.parameter("delsp").lower() == "yes")
    return text


def unflow(text: str, *, delete_space: bool) -> str:
    """Join the lines that format=flowed broke (RFC 3676, 4.2)."""
    joined: list[str] = []
    open_depth: int | None = None  # of the quote that the last line goes on in
    for line in text.replace("\r", "\n").split("\n"):
        bare = line.lstrip(">")
        depth = len(line) - len(bare)
        bare = bare.removeprefix(" ")  # space-stuffing
        if open_depth == depth and bare.rstrip("\r") != "-- ":
            joined[-1] += bare
        else:
            joined.append(f"{'>' * depth} {bare}" if depth else bare)
        flows = bare.endswith(" ") and bare != "-- "
        open_depth = depth if flows else None
        if flows and delete_space:
            joined[-1] = joined[-1][:-1]
    return "\n".join(joined)


def _unsigned(text: str) -> str:
    """What a PGP signature in the text itself is about (RFC 4880, 7)."""
    signed = _SIGNED.match(text)
    return text if signed is None else re.sub(r"^- ", "", signed[1], flags=re.MULTILINE)
