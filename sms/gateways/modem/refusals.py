"""What a modem's error to AT+CMGS means for the text (3GPP TS 27.005, 3.2.5; 27.007, 9.2).

Codes of +CMS ERROR from 0 to 127 are the network's RP-Cause (24.011, table 8.4), from 128 to 255
the service centre's TP-FCS (23.040, 9.2.3.22). What says that the network did not answer, or says
nothing that can be understood (500, a maker's own codes, a bare ERROR), leaves its fate open.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from sms.gateway import Fate, NotNow, Refused, Unknown


class _Kind(Enum):
    LATER = auto()  # it passes
    DOWN = auto()  # it is the modem's or the SIM's, whatever the text
    ELSEWHERE = auto()  # this SIM will never send it
    NEVER = auto()  # nobody will
    OPEN = auto()  # it may have gone out


_CMS: Mapping[int, tuple[_Kind, str]] = {
    1: (_Kind.NEVER, "the number does not exist"),
    8: (_Kind.ELSEWHERE, "barred by the operator"),
    10: (_Kind.ELSEWHERE, "barred"),
    21: (_Kind.ELSEWHERE, "the network rejects it"),
    28: (_Kind.ELSEWHERE, "the subscriber is not known"),
    29: (_Kind.ELSEWHERE, "the network rejects the service"),
    30: (_Kind.ELSEWHERE, "the network does not know the subscriber"),
    50: (_Kind.ELSEWHERE, "the SIM's contract has no texts"),
    69: (_Kind.ELSEWHERE, "the network has no texts"),
    **dict.fromkeys((95, 96, 97, 98, 99), (_Kind.ELSEWHERE, "the network does not understand it")),
    **dict.fromkeys((128, 129, 143), (_Kind.ELSEWHERE, "its protocol is not supported")),
    **dict.fromkeys((144, 145, 159, 176), (_Kind.ELSEWHERE, "its coding is not supported")),
    192: (_Kind.LATER, "the service centre is busy"),
    193: (_Kind.ELSEWHERE, "the service centre does not know the SIM"),
    194: (_Kind.LATER, "the service centre has failed"),
    195: (_Kind.NEVER, "the service centre refuses the number"),
    196: (_Kind.ELSEWHERE, "the number is barred at the service centre"),
    197: (_Kind.OPEN, "the service centre has it already"),
    **dict.fromkeys((198, 199), (_Kind.ELSEWHERE, "its validity is not supported")),
    **dict.fromkeys((300, 301, 302, 303), (_Kind.DOWN, "the modem cannot send texts")),
    **dict.fromkeys((304, 305), (_Kind.ELSEWHERE, "the modem does not understand it")),
    **dict.fromkeys(
        (310, 311, 312, 313, 315, 316, 317, 318), (_Kind.DOWN, "the SIM does not work")
    ),
    314: (_Kind.LATER, "the SIM is busy"),
    330: (_Kind.DOWN, "the service centre's number is not set: AT+CSCA"),
    331: (_Kind.DOWN, "no network"),
    332: (_Kind.OPEN, "the network did not answer"),
    500: (_Kind.OPEN, "unknown error"),
}
_MAKERS_OWN = 512  # +CMS ERROR from here on
_CME: Mapping[int, tuple[_Kind, str]] = {
    **dict.fromkeys((0, 1, 2, 3, 4), (_Kind.DOWN, "the modem cannot send texts")),
    **dict.fromkeys((10, 11, 12, 13, 15, 16, 17, 18), (_Kind.DOWN, "the SIM does not work")),
    14: (_Kind.LATER, "the SIM is busy"),
    30: (_Kind.DOWN, "no network"),
    31: (_Kind.OPEN, "the network did not answer"),
    32: (_Kind.DOWN, "the network takes emergency calls alone"),
}
_TABLES = {"CMS": _CMS, "CME": _CME}


def fate_of(family: str | None, code: int | None, *, given: bool) -> Fate:
    """What becomes of a text after an error. A code of the network's that is not known passes.

    Arguments:
        family: "CMS", "CME", or None for a bare ERROR.
        code: the error's number.
        given: the modem had the PDU whole; else nothing can have gone out.
    """
    if family is None or code is None:
        words = "the modem answered ERROR"
        return Unknown(words) if given else NotNow(words)
    others = _Kind.OPEN if family == "CMS" and code >= _MAKERS_OWN else _Kind.LATER
    kind, meaning = _TABLES.get(family, {}).get(code, (others, ""))
    words = f"+{family} ERROR: {code}" + (f", {meaning}" if meaning else "")
    match kind:
        case _Kind.OPEN if given:
            return Unknown(words)
        case _Kind.DOWN:
            return NotNow(words, gateway_down=True)
        case _Kind.ELSEWHERE:
            return Refused(words, elsewhere=True)
        case _Kind.NEVER:
            return Refused(words)
        case _:
            return NotNow(words)
