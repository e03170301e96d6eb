"""Voicemail in the site file: for everybody, and for one person."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pbx.fields import ACCESS_PATTERN, PIN_PATTERN, Section, SitePath, Token

Attach = Literal["wav", "mp3", "opus", "none"]
AfterDelivery = Literal["keep", "heard", "delete"]
WhenDeleted = Literal["keep", "move", "delete"]


class Voicemail(Section):
    """Voicemail for everybody; a person's own options come first."""

    context: Token = "default"
    """Voicemail context of the mailboxes."""
    attach: Attach = "wav"
    """Audio in the e-mail: wav, mp3, opus, or none."""
    after_delivery: AfterDelivery = "keep"
    """Once delivered: keep the recording as new, mark it heard, or delete it."""
    read_is_heard: bool = False
    """A mail that is read marks the message heard on the telephone, and the other way round.
    Needs `mail.imap`, and after_delivery = "keep"."""
    when_deleted: WhenDeleted = "keep"
    """When the one is deleted, the other is kept, moved (mail to the trash, message to the old
    ones), or deleted too. Only with read_is_heard."""
    access_extension: str = Field("*97", pattern=ACCESS_PATTERN)
    """What a person dials to listen by telephone."""
    ring_seconds: int = Field(20, ge=5, le=120)
    """How long a telephone rings before voicemail answers."""
    min_seconds: int = Field(2, ge=0, le=60)
    """A shorter recording is no message."""
    max_seconds: int = Field(300, ge=10, le=3600)
    """A longer recording is cut."""
    max_messages: int = Field(100, ge=1, le=9999)
    """Messages in one mailbox; when it is full, Asterisk takes no more."""


class PersonVoicemail(Section):
    """A person's voicemail; what is left out comes from `[voicemail]`."""

    pin: str | None = Field(None, pattern=PIN_PATTERN, repr=False)
    """PIN for listening by telephone, 4 to 12 digits. Better in `pin_file`."""
    pin_file: SitePath | None = None
    """File that holds the PIN."""
    pin_env: str | None = None
    """Environment variable that holds the PIN."""
    attach: Attach | None = None
    """Audio in the e-mail: wav, mp3, opus, or none."""
    after_delivery: AfterDelivery | None = None
    """What becomes of the recording on the telephone once the mail is delivered."""
    read_is_heard: bool | None = None
    """Keep this person's mails and telephone messages in step: read is heard."""
    when_deleted: WhenDeleted | None = None
    """What becomes of the one when the other is deleted."""
