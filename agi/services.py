"""What the scripts need from the rest of voxpost; cli/services.py gives it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OfficeState:
    """Whether the office is open at a moment, and where a call goes then.

    greeting is a sound's name, destination an extension of the dialplan (either may be empty:
    the template's own default stands); reason is for the log ("holiday: Nyepi").
    """

    open: bool
    greeting: str = ""
    destination: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MissedCall:
    """A call that nobody answered and that left no message; `at` is aware."""

    extension: str
    caller_number: str
    caller_name: str
    at: datetime.datetime
    unique_id: str


@dataclass(frozen=True, slots=True)
class TextWanted:
    """A text that the dialplan wants sent.

    number as it was dialled; extension of the person who gets the answer, or empty.
    """

    number: str
    body: str
    extension: str
    unique_id: str


class Services(Protocol):
    """The doors that a script may knock at. Errors raised here fail the script, never the call."""

    def now(self) -> datetime.datetime:
        """The present moment, aware of its time zone."""
        ...

    def office_state(self, now: datetime.datetime) -> OfficeState:
        """The office at a moment, answered from memory."""
        ...

    async def hand_over_voicemail(self, mailbox: str) -> int:
        """Make the new messages of a mailbox ours to deliver.

        mailbox is "1001@default". Returns how many messages were handed over by this call: may
        be called again for the same message.
        """
        ...

    async def hand_over_missed_call(self, missed: MissedCall) -> None:
        """Make the notice of a missed call ours to deliver; idempotent by its unique_id."""
        ...

    async def send_text(self, wanted: TextWanted) -> str:
        """Ask for a text; once for each unique_id, number and body.

        Returns why it is refused ("over-cap-site"), or nothing: then it is ours to send.
        """
        ...
