"""The two manager accounts of the site file, ready to log in with."""

from __future__ import annotations

from ami.settings import AmiSettings
from pbx.model import Site


def ami_settings(site: Site) -> AmiSettings:
    """The daemon's account.

    Raises:
        SecretUnusable: its secret cannot be read.
    """
    ami = site.asterisk.ami
    return AmiSettings(ami.host, ami.port, ami.username, ami.login_secret().read())


def apply_settings(site: Site) -> AmiSettings:
    """The account that puts configuration live.

    Raises:
        SecretUnusable: its secret cannot be read.
    """
    ami = site.asterisk.ami
    secret = ami.apply_login_secret().read()
    return AmiSettings(ami.host, ami.port, ami.apply_username, secret, events=False)
