"""Writes PDUs as AT+CMGS takes them (3GPP TS 23.040, 9.2.2.2)."""

from __future__ import annotations

from sms.alphabet import encode_gsm7, encode_ucs2, pack
from sms.pdu.address import write_address
from sms.pdu.values import Submit
from sms.piece import Piece

_NO_SERVICE_CENTRE = b"\0"  # the modem takes the one of its SIM
_SUBMIT, _RELATIVE_VALIDITY, _REPORT, _HEADER = 0x01, 0x10, 0x20, 0x40
_TEXT = 0  # TP-PID
_A_DAY = 167  # TP-VP, 9.2.3.12.1
_DATA_CODING = {"gsm7": 0x00, "ucs2": 0x08}
_FLASH = 0x10
_LONGEST = 140  # octets of user data


def encode_submit(
    number: str, piece: Piece, *, reference: int = 0, report: bool, flash: bool = False
) -> Submit:
    """The PDU of a piece, valid for a day.

    Arguments:
        number: E.164, "+628123456789", or the digits of a short number.
        reference: TP-MR, 0 to 255; most modems put in their own.
        report: ask for a status report.
        flash: shown at once, and kept nowhere.

    Raises:
        ValueError: it is no number, the piece is too long, or its coding cannot say it.
    """
    first = _SUBMIT | _RELATIVE_VALIDITY | _REPORT * report | _HEADER * bool(piece.header)
    length, data = _user_data(piece)
    if len(data) > _LONGEST:
        raise ValueError(f"the piece has {len(data)} octets, and {_LONGEST} fit")
    tpdu = b"".join(
        (
            bytes((first, reference)),
            write_address(number),
            bytes((_TEXT, _DATA_CODING[piece.coding] | _FLASH * flash, _A_DAY, length)),
            data,
        )
    )
    return Submit((_NO_SERVICE_CENTRE + tpdu).hex().upper(), len(tpdu))


def _user_data(piece: Piece) -> tuple[int, bytes]:
    """TP-UDL and TP-UD. The text begins where a septet does, counted from the header's begin."""
    header = piece.header
    if piece.coding == "ucs2":
        data = header + encode_ucs2(piece.text)
        return len(data), data
    codes = encode_gsm7(piece.text)
    before = (8 * len(header) + 6) // 7
    return before + len(codes), header + pack(codes, 7 * before - 8 * len(header))
