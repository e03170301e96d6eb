"""The channel variables by which the dialplan and the scripts understand each other.

The templates of dialplan_templates/ use the same names.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

# What Asterisk sets.
DIALSTATUS: Final = "DIALSTATUS"
VMSTATUS: Final = "VMSTATUS"
VM_MESSAGEFILE: Final = "VM_MESSAGEFILE"
UNIQUEID: Final = "UNIQUEID"
CALLER_NUMBER: Final = "CALLERID(num)"
CALLER_NAME: Final = "CALLERID(name)"

# What our templates set before they ask.
MAILBOX: Final = "VOXPOST_MAILBOX"  # "1001@default"
EXTENSION: Final = "VOXPOST_EXTENSION"
TEXT: Final = "VOXPOST_TEXT"

# What the scripts answer.
OFFICE: Final = "VOXPOST_OFFICE"  # "open" or "closed"
GREETING: Final = "VOXPOST_GREETING"
DESTINATION: Final = "VOXPOST_DESTINATION"
RESULT: Final = "VOXPOST_RESULT"  # one of Result
REASON: Final = "VOXPOST_REASON"  # why a text is refused: "over-cap-site"


class Result(StrEnum):
    """What VOXPOST_RESULT can say. AGISTATUS cannot tell: closing early is SUCCESS to Asterisk."""

    DONE = "done"
    NOTHING = "nothing"
    REFUSED = "refused"
    FAILED = "failed"
    TIMEOUT = "timeout"
    UNKNOWN_SCRIPT = "unknown-script"
