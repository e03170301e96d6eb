"""Opens the connection to an SMSC: TCP, and TLS with the certificate verified."""

from __future__ import annotations

import asyncio
import ssl

from mail.trust import trusted
from pbx.gateways import SmppGateway
from sms.gateways.smpp.errors import NotBound


async def dial(
    settings: SmppGateway, seconds: float
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect within a time.

    Raises:
        NotBound: it could not be; says why.
    """
    place = f"{settings.host}:{settings.port}"
    try:
        trust = await asyncio.to_thread(trusted, settings.ca_file) if settings.tls else None
    except OSError as error:  # ssl.SSLError is one
        raise NotBound(f"ca_file {settings.ca_file} cannot be used: {error}") from error
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.open_connection(settings.host, settings.port, ssl=trust)
    except TimeoutError:
        raise NotBound(f"{place} did not answer within {seconds:g} s") from None
    except ssl.SSLCertVerificationError as error:
        raise NotBound(
            f"{place}: its certificate is not valid: {error.verify_message}. "
            "Mend the certificate, or name its issuer in ca_file"
        ) from error
    except ssl.SSLError as error:
        raise NotBound(
            f"{place}: TLS failed: {error.reason or error}. Are port and tls right?"
        ) from error
    except (OSError, UnicodeError) as error:  # a host name can be odd
        raise NotBound(f"{place} cannot be reached: {error}") from error
