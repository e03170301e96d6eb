"""The gateways that carry texts: one section each, told apart by their `kind`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from pbx.fields import (
    PIN_FORM,
    PIN_PATTERN,
    HostName,
    Port,
    Seconds,
    Section,
    SitePath,
    Text,
    Token,
    Zone,
)
from pbx.secret import Secret, SecretForm

_PREFIX = re.compile(r"^\+[0-9]{1,14}$")
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
# What SMPP 3.4 and telephones take: a number, a short code, or a name.
_SMPP_SENDER = re.compile(r"\+[0-9]{5,15}|[0-9]{1,20}|[ -~]{1,11}")
_SMPP_PASSWORD = SecretForm(".{1,8}", "SMPP has room for 8 characters.")


def _check_prefix(text: str) -> str:
    if _PREFIX.fullmatch(text) is None:
        raise ValueError(f'"{text}" is no prefix like "+62811"')
    return text


def _check_url(text: str) -> str:
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        host = None
    if not host or url.scheme not in {"http", "https"}:
        raise ValueError(f'"{text}" is no address like https://sms.klinik.example/index.php')
    if url.scheme == "http" and host not in _LOOPBACK:
        raise ValueError("would send the password in clear: write an https:// address")
    return text


def _check_device(device: Path) -> Path:
    if not device.is_absolute() or len(device.parts) < 2:
        raise ValueError(
            f'"{device}" is no whole path like /dev/serial/by-id/usb-HUAWEI-if00-port0'
        )
    return device


def _check_smpp_sender(text: str) -> str:
    if _SMPP_SENDER.fullmatch(text) is None:
        raise ValueError(f'"{text}" is no number, and no name of at most 11 letters and digits')
    return text


Prefix = Annotated[str, AfterValidator(_check_prefix)]
ServiceUrl = Annotated[str, AfterValidator(_check_url)]


class GatewayBase(Section):
    """What all gateways have in common."""

    name: Token
    """Its name, as logs, commands and pages show it."""
    number: Text | None = None
    """The number that texts through it come from, "+62811000111" or a sender's name."""
    prefixes: tuple[Prefix, ...] = ("+",)
    """Which numbers it carries: ["+62811", "+62812"]. "+" is all; [] is for coming in alone."""
    price: float = Field(0, ge=0, allow_inf_nan=False)
    """What one part costs, in the site's currency. The cheapest that can carry a text comes first,
    then the first in the file."""
    per_minute: float = Field(60, gt=0, le=600000, allow_inf_nan=False)
    """Parts a minute at most."""
    per_day: int = Field(10000, ge=1)
    """Parts a day at most; the site's day."""


class ModemGateway(GatewayBase):
    """A GSM modem with a SIM, on a serial port."""

    kind: Literal["modem"]
    """modem"""
    device: Annotated[Path, AfterValidator(_check_device)]
    """Its serial port, better by its lasting name: /dev/serial/by-id/usb-HUAWEI-if00-port0.
    With * and ? it may come back under another name; the first that answers is taken."""
    baud: int = Field(115200, ge=300, le=4_000_000)
    """Speed of the port, bits a second."""
    pin: str | None = Field(None, pattern=PIN_PATTERN, repr=False)
    """PIN of the SIM. Better in `pin_file`."""
    pin_file: SitePath | None = None
    """File that holds the PIN."""
    pin_env: str | None = None
    """Environment variable that holds the PIN."""
    sweep: Seconds = 5
    """Seconds between two looks into the SIM's storage."""
    per_minute: float = Field(15, gt=0, le=600, allow_inf_nan=False)
    """Parts a minute at most."""
    per_day: int = Field(500, ge=1)
    """Parts a day at most: operators block a SIM that sends more than people do."""

    def pin_secret(self) -> Secret:
        return self.secret_of("pin", f"sms.gateways.{self.name}.pin", PIN_FORM)


class KannelGateway(GatewayBase):
    """Kannel's smsbox, by its sendsms service; receipts and incoming texts by callback."""

    kind: Literal["kannel"]
    """kannel"""
    url: ServiceUrl = "http://127.0.0.1:13013/cgi-bin/sendsms"
    """Its sendsms service. Plain http on the same machine alone."""
    username: Text
    """Of the sendsms-user group."""
    password: str | None = Field(None, repr=False)
    """Of the sendsms-user group. Better in `password_file`."""
    password_file: SitePath | None = None
    """File that holds the password."""
    password_env: str | None = None
    """Environment variable that holds the password."""
    smsc: Token | None = None
    """The smsc-id to send through; Kannel chooses when left out."""
    window: int = Field(16, ge=1, le=200)
    """Requests at once."""

    def login_secret(self) -> Secret:
        return self.secret_of("password", f"sms.gateways.{self.name}.password")


class KannelBoxGateway(GatewayBase):
    """Kannel's bearerbox itself, by the protocol between it and its boxes; no smsbox is needed.

    Texts that come in need a group smsbox-route in kannel.conf that names our `smsbox_id`.
    """

    kind: Literal["kannel-box"]
    """kannel-box"""
    host: HostName = "127.0.0.1"
    """Where bearerbox runs; its box-allow-ip must have our address."""
    port: Port = 13001
    """Its smsbox-port."""
    tls: bool = False
    """TLS, where bearerbox has smsbox-port-ssl; the certificate must match the host's name."""
    ca_file: SitePath | None = None
    """Certificates to trust besides the system's, PEM."""
    smsbox_id: Token = "voxpost"
    """What we call ourselves there; no other box may be called so. Reports lead back by it."""
    smsc: Token | None = None
    """The smsc-id to send through; Kannel chooses when left out."""
    window: int = Field(100, ge=1, le=500)
    """Parts that may wait for bearerbox's answer at once."""


class PlaySmsGateway(GatewayBase):
    """A PlaySMS server, by its web service."""

    kind: Literal["playsms"]
    """playsms"""
    url: ServiceUrl
    """Its index.php: https://sms.example/index.php"""
    username: Text
    """Account of the web service."""
    token: str | None = Field(None, repr=False)
    """Its web service token. Better in `token_file`."""
    token_file: SitePath | None = None
    """File that holds the token."""
    token_env: str | None = None
    """Environment variable that holds the token."""
    poll: Seconds = 10
    """Seconds between two looks into its inbox, and at what became of texts."""
    timezone: Zone = "UTC"
    """The time zone of PlaySMS's own times."""

    def login_secret(self) -> Secret:
        return self.secret_of("token", f"sms.gateways.{self.name}.token")


class SmppGateway(GatewayBase):
    """An operator's SMSC, by SMPP 3.4 as a transceiver."""

    kind: Literal["smpp"]
    """smpp"""
    number: Annotated[Text, AfterValidator(_check_smpp_sender)] | None = None
    """The number that texts through it come from, "+62811000111", or a name of at most 11 letters
    and digits."""
    host: HostName
    """The SMSC."""
    port: Port = 2775
    """Its port; 3550 is usual with TLS."""
    tls: bool = False
    """TLS; the certificate must match the host's name."""
    ca_file: SitePath | None = None
    """Certificates to trust besides the system's, PEM."""
    system_id: Text = Field(max_length=15)
    """The account's name, at most 15 characters."""
    password: str | None = Field(None, max_length=8, repr=False)
    """Its password, at most 8 characters. Better in `password_file`."""
    password_file: SitePath | None = None
    """File that holds the password."""
    password_env: str | None = None
    """Environment variable that holds the password."""
    system_type: str = Field("", max_length=12)
    """As the operator says; mostly empty."""
    window: int = Field(10, ge=1, le=500)
    """Parts that may wait for the SMSC's answer at once."""
    enquire_link: Seconds = 30
    """Seconds of silence until it is asked whether it is still there."""
    default_alphabet: Literal["gsm7", "latin1"] = "gsm7"
    """What data_coding 0 means at this SMSC."""

    def login_secret(self) -> Secret:
        return self.secret_of("password", f"sms.gateways.{self.name}.password", _SMPP_PASSWORD)

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if not self.login_secret().given:
            raise ValueError("needs password_file")
        return self


GatewaySettings = Annotated[
    ModemGateway | KannelGateway | KannelBoxGateway | PlaySmsGateway | SmppGateway,
    Field(discriminator="kind"),
]
