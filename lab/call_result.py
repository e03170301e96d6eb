"""What became of a call, read from what sipp logged."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CallResult:
    """What became of a call.

    code: the last SIP answer to our INVITE (RFC 3261), 487 where the caller gave up, None
    where nothing came. finished: whether all went as the scenario says. seconds: from the
    answer to the end. words: sipp's own complaint, if any. hung_up: when the BYE was sent or
    came, in seconds since the epoch.
    """

    code: int | None
    finished: bool
    seconds: float
    words: str
    hung_up: float | None = None

    @property
    def answered(self) -> bool:
        """Whether the call was answered."""
        return self.code == 200


def read_result(messages: str, *, finished: bool, words: str) -> CallResult:
    """Read a call's result from the log that sipp's -trace_shortmsg writes.

    messages: a line for each SIP message, its fields parted by tabs: date, time, seconds,
    S or R, Call-ID, CSeq, first line.
    """
    code: int | None = None
    hung_up: float | None = None
    began = ended = 0.0
    for line in messages.splitlines():
        fields = line.split("\t")
        if len(fields) < 7:
            continue
        when, cseq, first = float(fields[2]), fields[5], fields[6]
        if cseq.endswith(" INVITE") and first.startswith("SIP/2.0 "):
            code = int(first.split()[1])
            if code == 200:
                began = when
        if hung_up is None and first.startswith("BYE "):
            hung_up = when
        ended = when
    return CallResult(code, finished, ended - began if began else 0.0, words, hung_up)
