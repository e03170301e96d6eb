"""People: who has an extension, a telephone, a mailbox and a mail account."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pbx.fields import (
    LONG_SECRET,
    PIN_FORM,
    Address,
    ExtensionNumber,
    Section,
    SitePath,
    Text,
    Token,
    Zone,
)
from pbx.numbers import Extension, Mailbox, mailbox
from pbx.secret import Secret
from pbx.voicemail import PersonVoicemail

ENDPOINT_PREFIX = "phone-"

Language = Literal["id", "en"]
DialClass = Literal["internal", "local", "mobile", "national", "international", "premium"]


class PersonPhone(Section):
    """The telephone that a person registers with. Left out: the person has none of ours."""

    username: Token | None = None
    """Name for authentication; `phone-EXTENSION` when left out."""
    password: str | None = Field(None, min_length=8, max_length=80, repr=False)
    """SIP password. Better in `password_file`."""
    password_file: SitePath | None = None
    """File that holds the SIP password."""
    password_env: str | None = None
    """Environment variable that holds the SIP password."""
    transport: Literal["udp", "tcp", "tls", "websocket"] = "udp"
    """How the telephone talks to Asterisk; websocket is for browsers (WebRTC)."""


class Person(Section):
    """One person with an extension."""

    extension: ExtensionNumber
    """Number inside the site, 2 to 8 digits."""
    name: Text
    """Name as others read it."""
    email: Address | None = None
    """Mail account that voicemail and missed calls go to. Left out: none are mailed."""
    language: Language | None = None
    """Language of this person's e-mails; the site's when left out."""
    timezone: Zone | None = None
    """Time zone of times in this person's e-mails; the site's when left out."""
    imap_username: Text | None = None
    """Name to log in with by IMAP; the address when left out."""
    imap_password: str | None = Field(None, repr=False)
    """Password for IMAP. Better in `imap_password_file`."""
    imap_password_file: SitePath | None = None
    """File that holds the password for IMAP; needed for read_is_heard with access = "own"."""
    imap_password_env: str | None = None
    """Environment variable that holds the password for IMAP."""
    voicemail: PersonVoicemail | Literal[False] = PersonVoicemail()
    """Voicemail options, or false for no mailbox."""
    phone: PersonPhone | None = None
    """The person's telephone."""
    missed_calls: bool = True
    """Send an e-mail when a caller gave up without leaving a message."""
    may_text: bool = True
    """Whether this person's e-mails may become texts."""
    may_dial: tuple[DialClass, ...] = ("internal",)
    """Kinds of number this person may call. Outside calls need a trunk."""

    @property
    def number(self) -> Extension:
        return Extension(self.extension)

    @property
    def endpoint(self) -> str:
        """Name of the PJSIP endpoint. Not the bare extension: that name is the first guess."""
        return f"{ENDPOINT_PREFIX}{self.extension}"

    def mailbox(self, context: str) -> Mailbox | None:
        """The person's mailbox in a voicemail context, or None without one."""
        return None if self.voicemail is False else mailbox(self.extension, context)

    def pin_secret(self) -> Secret:
        key = f"people.{self.extension}.voicemail.pin"
        if self.voicemail is False:
            return Secret(key)
        return self.voicemail.secret_of("pin", key, PIN_FORM)

    def imap_secret(self) -> Secret:
        return self.secret_of("imap_password", f"people.{self.extension}.imap_password")

    def phone_secret(self) -> Secret:
        key = f"people.{self.extension}.phone.password"
        return (
            Secret(key)
            if self.phone is None
            else self.phone.secret_of("password", key, LONG_SECRET)
        )
