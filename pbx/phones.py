"""Where people's telephones reach Asterisk."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from pbx.fields import HostName, Port, Section, SitePath


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
