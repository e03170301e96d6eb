"""What an SMSC's command_status says of a text, and of a bind (SMPP 3.4, 5.1.3)."""

from __future__ import annotations

from enum import Enum, auto

OK = 0x00
INVALID_COMMAND = 0x03
NOT_BOUND = 0x04
TEMPORARY = 0x64
"""ESME_RX_T_APPN: what we answer when a text could not be stored; the SMSC brings it again."""


class Meaning(Enum):
    """What follows from an SMSC's refusal of a text, which has certainly not gone out."""

    SLOWER = auto()
    """It takes no more for the moment."""
    BROKEN = auto()
    """The SMSC or the link has a trouble, whatever the text."""
    LATER = auto()
    """This text may be tried again."""
    NEVER = auto()
    """This text will not be taken."""


_TABLE: dict[int, tuple[str, Meaning, str]] = {
    0x01: ("ESME_RINVMSGLEN", Meaning.NEVER, "the text's length is not allowed"),
    0x02: ("ESME_RINVCMDLEN", Meaning.NEVER, "the command's length is wrong"),
    0x03: ("ESME_RINVCMDID", Meaning.NEVER, "the command is unknown or not allowed"),
    0x04: ("ESME_RINVBNDSTS", Meaning.BROKEN, "the account may not send, or is not bound"),
    0x05: ("ESME_RALYBND", Meaning.BROKEN, "the account is bound already"),
    0x06: ("ESME_RINVPRTFLG", Meaning.NEVER, "the priority is not allowed"),
    0x07: ("ESME_RINVREGDLVFLG", Meaning.NEVER, "receipts are not allowed"),
    0x08: ("ESME_RSYSERR", Meaning.BROKEN, "it has a system error"),
    0x0A: ("ESME_RINVSRCADR", Meaning.NEVER, "the sender's number or name is not allowed"),
    0x0B: ("ESME_RINVDSTADR", Meaning.NEVER, "the number is wrong or not served"),
    0x0C: ("ESME_RINVMSGID", Meaning.NEVER, "the message ID is invalid"),
    0x0D: ("ESME_RBINDFAIL", Meaning.BROKEN, "it refuses the bind"),
    0x0E: ("ESME_RINVPASWD", Meaning.BROKEN, "the password is wrong"),
    0x0F: ("ESME_RINVSYSID", Meaning.BROKEN, "the system_id is unknown"),
    0x14: ("ESME_RMSGQFUL", Meaning.SLOWER, "its queue is full"),
    0x15: ("ESME_RINVSERTYP", Meaning.NEVER, "the service type is invalid"),
    0x33: ("ESME_RINVNUMDESTS", Meaning.NEVER, "the number of destinations is invalid"),
    0x40: ("ESME_RINVDESTFLAG", Meaning.NEVER, "the destination flag is invalid"),
    0x42: ("ESME_RINVSUBREP", Meaning.NEVER, "it does not replace texts"),
    0x43: ("ESME_RINVESMCLASS", Meaning.NEVER, "long texts by user data header are not allowed"),
    0x45: ("ESME_RSUBMITFAIL", Meaning.NEVER, "it could not take the text"),
    0x48: ("ESME_RINVSRCTON", Meaning.NEVER, "the sender's type of number is not allowed"),
    0x49: ("ESME_RINVSRCNPI", Meaning.NEVER, "the sender's numbering plan is not allowed"),
    0x50: ("ESME_RINVDSTTON", Meaning.NEVER, "the number's type is not allowed"),
    0x51: ("ESME_RINVDSTNPI", Meaning.NEVER, "the number's numbering plan is not allowed"),
    0x53: ("ESME_RINVSYSTYP", Meaning.BROKEN, "the system_type is wrong"),
    0x54: ("ESME_RINVREPFLAG", Meaning.NEVER, "it does not replace texts"),
    0x58: ("ESME_RTHROTTLED", Meaning.SLOWER, "texts come faster than the account allows"),
    0x61: ("ESME_RINVSCHED", Meaning.NEVER, "the time of delivery is invalid"),
    0x62: ("ESME_RINVEXPIRY", Meaning.NEVER, "the validity is invalid"),
    0x63: ("ESME_RINVDFTMSGID", Meaning.NEVER, "the predefined text is unknown"),
    0x64: ("ESME_RX_T_APPN", Meaning.LATER, "the receiving program has a passing trouble"),
    0x65: ("ESME_RX_P_APPN", Meaning.NEVER, "the receiving program has a lasting trouble"),
    0x66: ("ESME_RX_R_APPN", Meaning.NEVER, "the receiving program rejects it"),
    0xC0: ("ESME_RINVOPTPARSTREAM", Meaning.NEVER, "the optional parameters cannot be read"),
    0xC1: ("ESME_ROPTPARNOTALLWD", Meaning.NEVER, "an optional parameter is not allowed"),
    0xC2: ("ESME_RINVPARLEN", Meaning.NEVER, "a parameter's length is wrong"),
    0xC3: ("ESME_RMISSINGOPTPARAM", Meaning.NEVER, "an optional parameter is missing"),
    0xC4: ("ESME_RINVOPTPARAMVAL", Meaning.NEVER, "an optional parameter's value is invalid"),
    0xFE: ("ESME_RDELIVERYFAILURE", Meaning.NEVER, "the delivery failed"),
    0xFF: ("ESME_RUNKNOWNERR", Meaning.LATER, "it does not say why"),
}

_ACCOUNT = {0x03, 0x0D, 0x0E, 0x0F, 0x53}


def meaning_of(status: int) -> Meaning:
    """What follows for a text. An operator's own codes (from 0x400) may mean anything: later."""
    return _TABLE[status][1] if status in _TABLE else Meaning.LATER


def words_of(status: int) -> str:
    """A status for people: "the password is wrong (ESME_RINVPASWD, 0x0E)"."""
    if status in _TABLE:
        name, _, words = _TABLE[status]
        return f"{words} ({name}, 0x{status:02X})"
    return f"the operator's own code 0x{status:X}: ask him"


def is_account_refused(status: int) -> bool:
    """Whether a bind was refused for what stands in the site file, which no retry mends."""
    return status in _ACCOUNT
