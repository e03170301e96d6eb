"""A certificate authority for one run of the lab, and the mail server's certificate."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme

from lab.mail_facts import HOST
from lab.ports import LOOPBACK

NAMES = ("localhost", LOOPBACK, HOST)


class Certificates:
    """A fresh authority and one server certificate for the names in NAMES.

    folder: where ca.pem, server.crt and server.key are written; it must be there.
    """

    def __init__(self, folder: Path) -> None:
        self.ca_file = folder / "ca.pem"
        self.certificate_file = folder / "server.crt"
        self.key_file = folder / "server.key"

    def write(self) -> None:
        """Make both and write them; the key can be read by its owner alone."""
        authority = trustme.CA(organization_name="voxpost lab")
        server = authority.issue_cert(*NAMES)
        authority.cert_pem.write_to_path(self.ca_file)
        first, *rest = server.cert_chain_pems
        first.write_to_path(self.certificate_file)
        for other in rest:
            other.write_to_path(self.certificate_file, append=True)
        self.key_file.touch(mode=0o600)
        server.private_key_pem.write_to_path(self.key_file)

    def server_context(self) -> ssl.SSLContext:
        """The context for a server that shows this certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate_file, self.key_file)
        return context

    def client_context(self) -> ssl.SSLContext:
        """The context for a client that trusts this authority alone."""
        return ssl.create_default_context(cafile=str(self.ca_file))
