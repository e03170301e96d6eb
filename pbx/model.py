"""The site file's model. Every field's docstring is its line in the reference."""

from __future__ import annotations

from datetime import date, datetime
from email.utils import parseaddr
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pbx.bounces import Bounces
from pbx.fields import (
    LONG_SECRET,
    Address,
    Country,
    DomainName,
    ExtensionNumber,
    HostName,
    OpeningText,
    Port,
    Seconds,
    Section,
    SitePath,
    SoundName,
    Text,
    Token,
    Zone,
    check_address,
)
from pbx.hours import is_open, parse_opening
from pbx.imap import ImapServer
from pbx.numbers import Extension, split_mailbox
from pbx.people import Language, Person
from pbx.secret import Secret
from pbx.sms import Sms
from pbx.voicemail import AfterDelivery, Attach, Voicemail, WhenDeleted


class SiteInfo(Section):
    """Who and where the site is."""

    name: Text
    """Name of the organisation, as people read it in e-mails."""
    domain: DomainName
    """The site's mail domain; Message-IDs are made in it."""
    country: Country = "ID"
    """Country (ISO 3166, two letters): how local numbers are read."""
    language: Language = "id"
    """Language of e-mails: id or en."""
    timezone: Zone = "Asia/Jakarta"
    """Time zone of office hours and of times in e-mails."""


class Ami(Section):
    """The manager connection (AMI)."""

    host: HostName = "127.0.0.1"
    """Where Asterisk's manager listens."""
    port: Port = 5038
    """Its TCP port."""
    username: Token = "voxpost"
    """The account that `voxpost run` logs in with."""
    secret: str | None = Field(None, min_length=8, repr=False)
    """Its secret. Better in `secret_file`."""
    secret_file: SitePath | None = None
    """File that holds the secret."""
    secret_env: str | None = None
    """Environment variable that holds the secret."""
    apply_secret: str | None = Field(None, min_length=8, repr=False)
    """Secret of the second account, USERNAME-apply, that only `generate-config --apply` uses."""
    apply_secret_file: SitePath | None = None
    """File that holds the second account's secret."""
    apply_secret_env: str | None = None
    """Environment variable that holds the second account's secret."""

    @property
    def apply_username(self) -> str:
        return f"{self.username}-apply"

    def login_secret(self) -> Secret:
        return self.secret_of("secret", "asterisk.ami.secret", LONG_SECRET)

    def apply_login_secret(self) -> Secret:
        return self.secret_of("apply_secret", "asterisk.ami.apply_secret", LONG_SECRET)


class Agi(Section):
    """The FastAGI server that the dialplan asks."""

    host: Literal["127.0.0.1", "::1"] = "127.0.0.1"
    """Loopback address that voxpost listens on. FastAGI has no password, so it is no other."""
    port: Port = 4573
    """Its TCP port."""
    fallback: bool = True
    """When the server does not answer, the dialplan notes a missed call by a process."""
    command: SitePath | None = None
    """The voxpost program for the fallback; found by itself when left out."""


class Asterisk(Section):
    """The Asterisk that voxpost stands beside."""

    version: Literal[16, 18, 20, 22] = 22
    """Its major version."""
    target: Literal["vanilla"] = "vanilla"
    """Whose configuration is rendered: vanilla is a plain Asterisk."""
    config_dir: SitePath = Path("/etc/asterisk")
    """Asterisk's configuration folder."""
    spool_dir: SitePath = Path("/var/spool/asterisk")
    """Asterisk's spool; voicemail/ lies in it."""
    log_dir: SitePath = Path("/var/log/asterisk")
    """Asterisk's log folder; errors after a reload are read there."""
    private: bool = False
    """A private instance: asterisk.conf is rendered too."""
    ami: Ami = Ami()
    """The manager connection (AMI)."""
    agi: Agi = Agi()
    """The FastAGI server that the dialplan asks."""


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


class Office(Section):
    """The main number, and where its calls go by the hour."""

    extension: ExtensionNumber = "100"
    """The main number, inside."""
    hours: tuple[OpeningText, ...] = ("mon-fri 08:00-17:00",)
    """When the office is open: "mon-fri 08:00-17:00"."""
    holidays: tuple[date, ...] = ()
    """Days when it is closed: [2026-12-25]."""
    open_destination: ExtensionNumber
    """Extension that rings while the office is open."""
    closed_destination: ExtensionNumber
    """Extension whose voicemail answers while it is closed."""
    open_greeting: SoundName | None = None
    """Sound file played first while open, without its ending: "custom/open"."""
    closed_greeting: SoundName | None = None
    """Sound file played first while closed, without its ending: "custom/closed"."""


class Phones(Section):
    """Transports for people's telephones (PJSIP)."""

    bind: HostName = "0.0.0.0"  # noqa: S104 - telephones are on the network
    """Address that SIP listens on; telephones must reach it."""
    udp_port: Port | Literal[False] = 5060
    """SIP over UDP, or false for none."""
    tcp_port: Port | Literal[False] = 5060
    """SIP over TCP, or false for none."""
    tls_port: Port = 5061
    """SIP over TLS, when a certificate is set."""
    tls_certificate: SitePath | None = None
    """Certificate, PEM. Without it there is no TLS transport."""
    tls_key: SitePath | None = None
    """Its private key, PEM."""
    http_bind: HostName = "127.0.0.1"
    """Address of Asterisk's HTTP server, which carries WebSocket."""
    http_port: Port = 8088
    """Its port."""
    rtp_first: Port = 10000
    """First port for audio."""
    rtp_last: Port = 20000
    """Last port for audio."""

    @model_validator(mode="after")
    def _certificate_and_key_come_together(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key must both be set")
        if self.rtp_first >= self.rtp_last:
            raise ValueError("rtp_first must be below rtp_last")
        return self


class Service(Section):
    """voxpost itself."""

    state_dir: SitePath = Path("/var/lib/voxpost")
    """The ledger and the audio still to be delivered lie here. Back it up."""
    ledger_url: str | None = Field(None, repr=False)
    """SQLAlchemy URL of the ledger; a SQLite file in state_dir when left out."""
    keep_days: int = Field(365, ge=30, le=36500)
    """Days for which mails and texts stay in the ledger once they are done with."""
    http_host: HostName = "127.0.0.1"
    """Address of health and metrics."""
    http_port: Port = 9437
    """Their port."""
    templates_dir: SitePath | None = None
    """Folder with your own versions of the configuration templates."""


class Site(Section):
    """The whole site file."""

    site: SiteInfo
    """Who and where the site is."""
    asterisk: Asterisk = Asterisk()
    """The Asterisk that voxpost stands beside."""
    mail: Mail
    """How e-mails leave, and how it is seen that they were read."""
    voicemail: Voicemail = Voicemail()
    """Voicemail for everybody; a person's own options come first."""
    office: Office | None = None
    """The main number; left out: there is none."""
    phones: Phones = Phones()
    """Transports for people's telephones (PJSIP)."""
    service: Service = Service()
    """voxpost itself."""
    sms: Sms | None = None
    """The SMS centre; left out: there is none."""
    people: tuple[Person, ...] = ()
    """People with an extension."""
    people_file: SitePath | None = None
    """CSV file with more people."""

    @cached_property
    def by_extension(self) -> dict[Extension, Person]:
        return {person.number: person for person in self.people}

    def person_of_mailbox(self, name: str) -> Person | None:
        """The person whose mailbox it is ("1001@default"), or None."""
        parts = split_mailbox(name)
        if parts is None or parts[1] != self.voicemail.context:
            return None
        person = self.by_extension.get(Extension(parts[0]))
        return person if person is not None and person.voicemail is not False else None

    def language_of(self, person: Person) -> Language:
        return person.language or self.site.language

    def zone_of(self, person: Person) -> ZoneInfo:
        return ZoneInfo(person.timezone or self.site.timezone)

    def attach_of(self, person: Person) -> Attach:
        own = person.voicemail.attach if person.voicemail else None
        return own or self.voicemail.attach

    def after_delivery_of(self, person: Person) -> AfterDelivery:
        own = person.voicemail.after_delivery if person.voicemail else None
        return own or self.voicemail.after_delivery

    def read_is_heard_of(self, person: Person) -> bool:
        """Whether this person's mails and telephone messages are kept in step."""
        if not person.voicemail or person.email is None:
            return False
        own = person.voicemail.read_is_heard
        return self.voicemail.read_is_heard if own is None else own

    def when_deleted_of(self, person: Person) -> WhenDeleted:
        own = person.voicemail.when_deleted if person.voicemail else None
        return own or self.voicemail.when_deleted

    def office_is_open(self, moment: datetime) -> bool:
        """Whether the office is open at an aware moment; always, where no hours are set."""
        if self.office is None:
            return True
        openings = [parse_opening(text) for text in self.office.hours]
        local = moment.astimezone(ZoneInfo(self.site.timezone))
        return is_open(local, openings, self.office.holidays)
