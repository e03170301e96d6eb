"""The Asterisk that voxpost stands beside: its folders, its manager connection, its questions."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from pbx.fields import LONG_SECRET, HostName, Port, Section, SitePath, Token
from pbx.secret import Secret


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
