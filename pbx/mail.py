"""How e-mails leave the site: the servers, the sender, and where bounces go."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pbx.bounces import Bounces
from pbx.fields import Address, HostName, Port, Seconds, Section, SitePath, Text, check_address
from pbx.imap import ImapServer
from pbx.secret import Secret


class SmtpServer(Section):
    """One server that takes our e-mails."""

    host: HostName
    """Its name; the certificate must match it."""
    port: Port = 587
    """Its port: 587 with starttls, 465 with tls, 25 with plain."""
    security: Literal["starttls", "tls", "plain"] = "starttls"
    """starttls and tls verify the certificate; plain is for the same machine."""
    username: Text | None = None
    """Account for AUTH; none when left out."""
    password: str | None = Field(None, repr=False)
    """Its password. Better in `password_file`."""
    password_file: SitePath | None = None
    """File that holds the password."""
    password_env: str | None = None
    """Environment variable that holds the password."""
    ca_file: SitePath | None = None
    """Certificates to trust besides the system's, PEM."""
    timeout: Seconds = 30
    """Seconds to wait for each answer of the server."""
    taking_timeout: Seconds = 600
    """Seconds to wait for its answer to a whole message. One that it took, and did not say so in
    time, is sent again: the mail server must then know it by its Message-ID."""

    @model_validator(mode="after")
    def _password_is_not_sent_in_clear(self) -> Self:
        loopback = self.host in {"127.0.0.1", "::1", "localhost"}
        if self.username and self.security == "plain" and not loopback:
            raise ValueError("would send the password in clear: set security to starttls or tls")
        return self

    def auth_secret(self) -> Secret:
        return self.secret_of("password", f"mail.smtp.{self.host}.password")


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


def _check_from(text: str) -> str:
    _, address = parseaddr(text)
    if not address:
        raise ValueError(f'"{text}" is not like "Voicemail <voicemail@klinik.example>"')
    check_address(address)
    return text


class Mail(Section):
    """How e-mails leave, and how it is seen that they were read."""

    smtp: Annotated[
        tuple[SmtpServer, ...],
        BeforeValidator(_as_list, json_schema_input_type=SmtpServer | list[SmtpServer]),
        Field(min_length=1),
    ]
    """The server, or a list: the first that takes the message, in order."""
    sender: Annotated[Text, AfterValidator(_check_from), Field(alias="from")]
    """From of every e-mail: "Voicemail <voicemail@klinik.example>"."""
    envelope_sender: Address | None = None
    """Where bounces go; the address of `from` when left out."""
    connections: int = Field(4, ge=1, le=50)
    """Connections to the mail server at once."""
    give_up_after_days: float = Field(5, gt=0, le=30)
    """How long a message is tried again before it is set aside as failed."""
    texts_dir: SitePath | None = None
    """Folder with your own versions of the e-mail templates."""
    imap: ImapServer | None = None
    """The IMAP server that people read their mail on; needed where `read_is_heard` is set."""
    bounces: Bounces | None = None
    """The account of the envelope sender; left out: what comes back is not looked at."""

    @model_validator(mode="after")
    def _bounces_have_a_server(self) -> Self:
        if self.bounces is not None and self.imap is None:
            raise ValueError("bounces are read by IMAP: add [mail.imap] with its host")
        return self

    @property
    def sender_address(self) -> str:
        return parseaddr(self.sender)[1]

    @property
    def bounce_address(self) -> str:
        return self.envelope_sender or self.sender_address
