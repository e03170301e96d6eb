"""A piece of a text as submit_sm says it (SMPP 3.4, 4.4.1)."""

from __future__ import annotations

from collections.abc import Sequence

from sms.alphabet import encode_gsm7, encode_ucs2
from sms.gateway import Outgoing
from sms.gateways.smpp.addresses import destination, source
from sms.gateways.smpp.coding import DefaultAlphabet
from sms.gateways.smpp.message import UDHI, Message
from sms.piece import Piece
from sms.splitting import segments

_DEFAULT, _UCS2 = 0, 8
_RECEIPT_WANTED = 1


def pieces_of(body: str, reference: int, default: DefaultAlphabet) -> Sequence[Piece]:
    """Cut a text; in UCS2 where the SMSC's default alphabet lacks a character of it."""
    pieces = segments(body, reference)
    if default == "latin1" and pieces[0].coding == "gsm7" and not _is_latin1(body):
        return segments(body, reference, wide=True)
    return pieces


def submit_of(outgoing: Outgoing, own_number: str | None, default: DefaultAlphabet) -> Message:
    """The submit_sm of a piece. own_number: the gateway's, where the text has none.

    Raises:
        ValueError: a number or the text cannot be said in SMPP.
    """
    piece = outgoing.piece
    return Message(
        source(outgoing.own_number or own_number),
        destination(outgoing.number),
        piece.header + _octets(piece, default),
        data_coding=_UCS2 if piece.coding == "ucs2" else _DEFAULT,
        esm_class=UDHI if piece.header else 0,
        registered_delivery=_RECEIPT_WANTED,
    )


def _octets(piece: Piece, default: DefaultAlphabet) -> bytes:
    if piece.coding == "ucs2":
        return encode_ucs2(piece.text)
    return piece.text.encode("latin-1") if default == "latin1" else encode_gsm7(piece.text)


def _is_latin1(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
