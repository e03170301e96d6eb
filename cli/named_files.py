"""Folders and certificates that the site file names, and that are not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pbx.gateways import KannelBoxGateway, SmppGateway
from pbx.model import Site


def missing_files(site: Site) -> list[str]:
    """A sentence for each that cannot be read, with its key.

    Without its folder, own templates would be left out without a word, a trunk with them.
    """
    return [
        f"{key}: {file} is not there, or cannot be read. Mend the path."
        for key, file, wanted in _named(site)
        if file is not None and not os.access(file, wanted)
    ]


def _named(site: Site) -> Iterator[tuple[str, Path | None, int]]:
    mail, imap = site.mail, site.mail.imap
    folder = os.R_OK | os.X_OK
    yield "service.templates_dir", site.service.templates_dir, folder
    yield "mail.texts_dir", mail.texts_dir, folder
    for server in mail.smtp:
        yield f"mail.smtp.{server.host}.ca_file", server.ca_file, os.R_OK
    yield "mail.imap.ca_file", None if imap is None else imap.ca_file, os.R_OK
    for gateway in () if site.sms is None else site.sms.gateways:
        if isinstance(gateway, SmppGateway | KannelBoxGateway):
            yield f"sms.gateways.{gateway.name}.ca_file", gateway.ca_file, os.R_OK
