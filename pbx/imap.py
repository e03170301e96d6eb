"""The mail server as people read it: where voxpost sees what was read, by IMAP."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from pbx.fields import HostName, Port, Seconds, Section, SitePath, Text
from pbx.secret import Secret

_PLACES = ("{email}", "{local}")
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def _check_folder(text: str) -> str:
    unknown = set(re.findall(r"\{[^}]*\}", text)) - set(_PLACES)
    if unknown or not any(place in text for place in _PLACES):
        raise ValueError(f'"{text}" is no folder like "/home/{{email}}/Inbox"')
    return text


class ImapServer(Section):
    """The IMAP server that people read their mail on; needed where `read_is_heard` is set."""

    host: HostName
    """Its name; the certificate must match it."""
    port: Port = 993
    """Its port: 993 with tls, 143 with starttls or plain."""
    security: Literal["tls", "starttls", "plain"] = "tls"
    """tls and starttls verify the certificate; plain is for the same machine only."""
    access: Literal["own", "master", "shared"] = "own"
    """own: by each person's password. master: one account that may act for all.
    shared: one account that people share their folders with."""
    username: Text | None = None
    """The account of master and shared."""
    password: str | None = Field(None, repr=False)
    """Its password. Better in `password_file`."""
    password_file: SitePath | None = None
    """File that holds the password."""
    password_env: str | None = None
    """Environment variable that holds the password."""
    folder: Annotated[Text, AfterValidator(_check_folder)] | None = None
    """With shared: a person's INBOX as the account sees it, "/home/{email}/Inbox".
    {email} and {local}, the part before the @, are put in."""
    trash: Text = "Trash"
    """The folder that deleted mails are moved to. It lies beside INBOX."""
    ca_file: SitePath | None = None
    """Certificates to trust besides the system's, PEM."""
    timeout: Seconds = 30
    """Seconds to wait for each answer of the server."""
    connections: int = Field(4, ge=1, le=50)
    """Connections at once, for all people together."""
    period: float = Field(30, ge=1, le=3600, allow_inf_nan=False)
    """Seconds between two looks into a mail account that has unread voicemail."""

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.security == "plain" and self.host not in _LOOPBACK:
            raise ValueError("would send passwords in clear: set security to tls or starttls")
        if self.access != "own" and (self.username is None or not self.login_secret().given):
            raise ValueError(f'access = "{self.access}" needs username and password_file')
        if (self.access == "shared") != (self.folder is not None):
            raise ValueError('access = "shared" and folder belong together')
        return self

    def login_secret(self) -> Secret:
        return self.secret_of("password", "mail.imap.password")
