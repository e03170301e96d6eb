"""The text in a PDU (3GPP TS 23.040, 9.2.3.24)."""

from __future__ import annotations

from dataclasses import dataclass

from sms.alphabet import DEFAULT, EXTENSION, decode_gsm7, decode_ucs2, unpack
from sms.errors import BadPdu
from sms.pdu.data_coding import DataCoding
from sms.pdu.languages import ALPHABETS, EXTENSIONS
from sms.pdu.user_data_header import UserDataHeader, read_header


@dataclass(frozen=True, slots=True)
class UserData:
    """What was said. trouble: why body is None, or what of it may be wrong."""

    body: str | None
    header: UserDataHeader
    trouble: str | None = None


def read_user_data(octets: bytes, length: int, coding: DataCoding, *, has_header: bool) -> UserData:
    """Read user data; of what is cut off, as much as came.

    Arguments:
        octets: from the user data on to the PDU's end.
        length: TP-UDL, in septets or octets as the coding has it.

    Raises:
        BadPdu: it is cut off inside its header.
    """
    in_septets = coding.alphabet == "gsm7" and not coding.compressed
    wanted = (7 * length + 7) // 8 if in_septets else length
    data = octets[:wanted]
    header_length = _header_length(data) if has_header else 0
    header = read_header(data[1:header_length])
    troubles = []
    if len(data) < wanted:
        troubles.append(f"it is cut off: {len(data)} of {wanted} octets came")
    body = None
    if coding.compressed:
        troubles.append("it is compressed, which nobody can read")
    elif coding.alphabet == "octets":
        port = f" for port {header.ports.destination}" if header.ports else ""
        troubles.append(f"it is no text but {len(data) - header_length} octets of data{port}")
    elif coding.alphabet == "ucs2":
        body = decode_ucs2(data[header_length:])
        if (len(data) - header_length) % 2:
            troubles.append("it ends in half a character")
    else:
        before = (8 * header_length + 6) // 7
        body = _from_septets(unpack(data, length - before, 7 * before), header, troubles)
    return UserData(body, header, "; ".join(troubles) or None)


def _header_length(data: bytes) -> int:
    length = 1 + data[0] if data else 1
    if length > len(data):
        raise BadPdu(f"the user data has {len(data)} octets, and a header of {length}")
    return length


def _from_septets(codes: bytes, header: UserDataHeader, troubles: list[str]) -> str:
    for language in {header.locking, header.single} - ALPHABETS.keys():
        troubles.append(f"it is in national alphabet {language}, and letters may be wrong")
    alphabet = ALPHABETS.get(header.locking, DEFAULT)
    return decode_gsm7(codes, alphabet, EXTENSIONS.get(header.single, EXTENSION))
