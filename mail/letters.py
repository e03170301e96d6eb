"""What an e-mail says, before it is written: plain facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import Literal, Self
from zoneinfo import ZoneInfo

from mail.audio import Audio
from pbx.model import Site
from pbx.people import Language

AudioMissing = Literal["not-wanted", "too-large", "unreadable"]
"""Why no recording is attached: by the person's wish, the server's SIZE, or a broken file."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all letters of a site have in common.

    Arguments:
        sender_name, sender_address: From.
        bounce_address: envelope sender.
        country: ISO 3166, two letters: how numbers are written.
        access_extension: what people dial to listen by telephone.
    """

    site_name: str
    sender_name: str
    sender_address: str
    bounce_address: str
    country: str
    access_extension: str

    @classmethod
    def of(cls, site: Site) -> Self:
        name, address = parseaddr(site.mail.sender)
        return cls(
            site_name=site.site.name,
            sender_name=name,
            sender_address=address,
            bounce_address=site.mail.bounce_address,
            country=site.site.country,
            access_extension=site.voicemail.access_extension,
        )


@dataclass(frozen=True, slots=True)
class Reader:
    """Who the letter is for. The address is checked when it is composed."""

    name: str
    address: str
    language: Language
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class VoicemailLetter:
    """A message was left.

    Arguments:
        mailbox: the mailbox's number: "1001".
        caller_number, caller_name: as they came with the call; empty where withheld. Untrusted.
        left_at: an aware time.
        duration: seconds.
        waiting: new messages in the mailbox when this one was handed over, itself included;
            0 where they were not counted.
        audio: the recording, or None and then `missing` says why.
    """

    reader: Reader
    mailbox: str
    caller_number: str
    caller_name: str
    left_at: datetime
    duration: float
    waiting: int
    audio: Audio | None = None
    missing: AudioMissing = "not-wanted"


@dataclass(frozen=True, slots=True)
class MissedCallLetter:
    """A caller gave up and left no message.

    Arguments:
        extension: what was called: "1001".
        caller_number, caller_name: as they came with the call; empty where withheld. Untrusted.
        called_at: an aware time.
        recent: calls missed from this number in the last days, this one among them.
    """

    reader: Reader
    extension: str
    caller_number: str
    caller_name: str
    called_at: datetime
    recent: int = 1


Letter = VoicemailLetter | MissedCallLetter
