"""What the study found out, as it stands in data.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from lab.load_result import Delays

WITHOUT = "without voxpost"
WITH = "with voxpost"
BARE = "with a bare FastAGI server"
VOXPOST = "voxpost"
PEER = "smtp-source"
AT_REST = "at rest"


@dataclass(frozen=True)
class Percentiles:
    """Delays in milliseconds; None where there were none."""

    count: int
    p50: float | None
    p95: float | None
    p99: float | None
    most: float | None

    @classmethod
    def of(cls, delays: Delays) -> Percentiles:
        if not len(delays):
            return cls(0, None, None, None, None)
        return cls(len(delays), *(round(delays.percentile(it), 3) for it in (0.5, 0.95, 0.99, 1)))


@dataclass(frozen=True)
class Use:
    """What a part took while something was measured.

    Arguments:
        cpu: percent of one core.
        memory: the most that it held, MB; what is shared is counted once (PSS).
    """

    cpu: float
    memory: float


Usage: TypeAlias = Mapping[str, Use]
"""By part: asterisk, voxpost, postfix, dovecot; and `load`, which is what makes the load."""


@dataclass(frozen=True)
class CallRun:
    """Calls at one rate, in one round.

    Arguments:
        way: WITHOUT, WITH or BARE.
        asked: calls a second that were placed. carried: that were answered.
        ringing, answer: from the INVITE to the 180 and to the 200.
    """

    way: str
    asked: int
    carried: float
    attempted: int
    failed: int
    retransmissions: int
    ringing: Percentiles
    answer: Percentiles
    usage: Usage


@dataclass(frozen=True)
class MailRun:
    """Mails of one size, in one round.

    Arguments:
        sender: VOXPOST or PEER.
        size: the size asked for ("10 KB"). bytes_each: as Postfix counted it.
        accepted: a minute, until Postfix had taken the last. stored: until Dovecot had.
        in_mailbox: how many there were in the mail account afterwards.
    """

    sender: str
    size: str
    bytes_each: int
    count: int
    in_mailbox: int
    accepted: float
    stored: float
    usage: Usage


@dataclass(frozen=True)
class VoicemailRun:
    """Voicemails that callers left. delay: from the end of the recording to the mail account."""

    calls: int
    mails: int
    delay: Percentiles


@dataclass(frozen=True)
class RtpRun:
    """One measured call beside background calls that carry sound.

    Arguments:
        asked: background calls that were placed. calls: those that were up.
        lost_percent: of the measured call's packets. round_trip, jitter: in milliseconds.
    """

    asked: int
    calls: int
    sent: int
    lost_percent: float
    round_trip: Percentiles
    jitter: Percentiles
    usage: Usage


@dataclass(frozen=True)
class Study:
    """All of it. machine: by name, as the report shows it. rest: nothing going on."""

    date: str
    quick: bool
    minutes: float
    machine: Mapping[str, str]
    rest: Usage
    calls: Sequence[CallRun]
    mails: Sequence[MailRun]
    voicemails: VoicemailRun
    rtp: Sequence[RtpRun]
