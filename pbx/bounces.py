"""The mail account that bounces come back to."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from pbx.fields import Section, SitePath, Text
from pbx.secret import Secret


class Bounces(Section):
    """The account of the envelope sender, read at the server of [mail.imap]."""

    username: Text
    """Its name at the IMAP server."""
    password: str | None = Field(None, repr=False)
    """Its password. Better in `password_file`."""
    password_file: SitePath | None = None
    """File that holds the password."""
    password_env: str | None = None
    """Environment variable that holds the password."""
    folder: Text = "INBOX"
    """Where bounces arrive."""
    processed: Text = "Voxpost"
    """The folder that they are moved to; made when it is not there."""

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if not self.login_secret().given:
            raise ValueError("needs password_file")
        if self.folder == self.processed:
            raise ValueError("folder and processed must be two folders")
        return self

    def login_secret(self) -> Secret:
        return self.secret_of("password", "mail.bounces.password")
