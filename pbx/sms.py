"""The SMS centre in the site file: who gets texts, who may send them, and what they may cost."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    model_validator,
)

from pbx.fields import (
    CLOCK_SPAN,
    HTTPS_PATTERN,
    LONG_SECRET,
    TOKEN_FORM,
    Address,
    Country,
    DomainName,
    HostName,
    Port,
    Section,
    SitePath,
    Text,
    Token,
    is_address,
    number_as_text,
)
from pbx.gateways import GatewaySettings
from pbx.numbers import is_extension
from pbx.secret import Secret

_WORD = re.compile(r"^\S{1,40}$")


def _check_word(text: str) -> str:
    if _WORD.fullmatch(text) is None:
        raise ValueError(f'"{text}" is no single word')
    return text.upper()


def _check_owner(text: str) -> str:
    if not is_extension(text) and not is_address(text):
        raise ValueError(
            f'"{text}" is no extension, and no e-mail address like sari@klinik.example'
        )
    return text


# One check for both, so that one sentence says what is wrong.
Owner = Annotated[
    str,
    BeforeValidator(number_as_text, json_schema_input_type=str | int),
    AfterValidator(_check_owner),
]
Word = Annotated[str, AfterValidator(_check_word)]
"""A word that a text begins with; how it is written does not matter."""
Body = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class Keyword(Section):
    """What happens when a text begins with a word. All that is set happens."""

    word: Word
    """The word: INFO."""
    answer: Body | None = None
    """The text that is sent back."""
    to: tuple[Address, ...] = ()
    """Mail accounts that get the text instead of the one that would."""
    call: str | None = Field(None, pattern=HTTPS_PATTERN, max_length=500)
    """An HTTPS address that is told of the text, as JSON by POST. What it answers as plain text,
    600 characters at most, is sent back where there is no `answer`."""
    call_secret: str | None = Field(None, min_length=8, repr=False)
    """Signs what is told (X-Voxpost-Signature, HMAC-SHA256). Better in `call_secret_file`."""
    call_secret_file: SitePath | None = None
    """File that holds that secret."""
    call_secret_env: str | None = None
    """Environment variable that holds that secret."""
    join: Token | None = None
    """A group that the number is added to."""
    leave: Token | None = None
    """A group that the number is taken from."""

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not (self.answer or self.to or self.call or self.join or self.leave):
            raise ValueError("does nothing: add answer, to, call, join or leave")
        return self

    def call_key(self) -> Secret:
        return self.secret_of("call_secret", f"sms.keywords.{self.word}.call_secret", LONG_SECRET)


class ApiUser(Section):
    """A program that may send texts by the web service (PlaySMS's `app=ws`)."""

    username: Token
    """Its name (`u`)."""
    token: str | None = Field(None, min_length=16, repr=False)
    """Its token (`h`). Better in `token_file`."""
    token_file: SitePath | None = None
    """File that holds the token."""
    token_env: str | None = None
    """Environment variable that holds the token."""
    per_day: int = Field(1000, ge=0)
    """Parts that it may send a day."""
    inbox: bool = False
    """It may read all texts that come in (`op=ix`, `op=in`)."""

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if not self.login_secret().given:
            raise ValueError("needs token_file")
        return self

    def login_secret(self) -> Secret:
        return self.secret_of("token", f"sms.api.{self.username}.token", TOKEN_FORM)


class MailIntake(Section):
    """Where the mail server brings e-mails that become texts. Route a sub-domain here."""

    domain: DomainName
    """The sub-domain: sms.klinik.example. +62811000111@ it is that number."""
    protocol: Literal["lmtp", "smtp"] = "lmtp"
    """How the mail server brings them."""
    host: HostName = "127.0.0.1"
    """Address to listen on. Not to be reached from outside: it asks for no password."""
    port: Port = 8024
    """Its port."""
    peers: tuple[HostName, ...] = ("127.0.0.1", "::1")
    """Addresses that may connect: the mail server's."""
    max_bytes: int = Field(2_000_000, ge=10_000, le=50_000_000)
    """A larger e-mail is refused."""
    authserv_id: Text | None = None
    """Name that the own mail server signs Authentication-Results with. Set: a new e-mail, which no
    token of ours proves, needs dmarc, dkim or spf = pass in it. Left out: the mail server must
    refuse strangers that write as people of the site."""


class Sms(Section):
    """The SMS centre."""

    desk: Address
    """Mail account that gets the texts that are nobody's."""
    alarms_to: Address | None = None
    """The administrator's mail account: gateways that fail, texts set aside. `desk` if left out."""
    gateways: Annotated[tuple[GatewaySettings, ...], Field(min_length=1)]
    """What carries texts."""
    mail: MailIntake | None = None
    """Where e-mails come in that become texts; left out: none do."""
    countries: tuple[Country, ...] = ()
    """Countries that may be written to; the site's own when left out."""
    max_parts: int = Field(6, ge=1, le=20)
    """A text of more parts is not sent."""
    per_person: int = Field(100, ge=0)
    """Parts that one person may send a day."""
    per_day: int = Field(1000, ge=1)
    """Parts that the site sends a day, broadcasts not counted."""
    broadcast_per_day: int = Field(20000, ge=0)
    """Parts that broadcasts send a day."""
    quiet: str | None = Field(None, pattern=CLOCK_SPAN)
    """Hours when no broadcast is sent: "21:00-08:00"."""
    join_within_minutes: float = Field(30, gt=0, le=10080)
    """How long the missing parts of a long text are waited for."""
    quoted: int = Field(6, ge=0, le=30)
    """Earlier texts that an e-mail quotes."""
    stop_words: tuple[Word, ...] = ("STOP", "BERHENTI", "UNREG", "UNSUBSCRIBE")
    """A text that is just one of these puts its number on the stop list."""
    start_words: tuple[Word, ...] = ("START", "MULAI", "UNSTOP")
    """A text that is just one of these takes its number from the stop list."""
    numbers: dict[str, Owner] = Field(default_factory=dict)
    """Whose our numbers are: { "+62811000111" = "1001" }: an extension or a mail account gets the
    texts that come to it. Others go to who wrote to that customer last, else to the desk."""
    keywords: tuple[Keyword, ...] = ()
    """Words that texts begin with, and what happens then."""
    api: tuple[ApiUser, ...] = ()
    """Programs that may send texts by the web service."""
    http_host: HostName = "127.0.0.1"
    """Address of the web service and of the gateways' callbacks."""
    http_port: Port = 9438
    """Its port."""

    @property
    def alarm_address(self) -> str:
        return self.alarms_to or self.desk
