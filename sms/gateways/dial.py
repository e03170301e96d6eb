"""Opens the connection to a gateway's server: TCP, and TLS with the certificate verified."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Protocol

from mail.trust import trusted
from sms.errors import CannotConnect


class Place(Protocol):
    """Where a server is, as sections of the site file have it."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...

    @property
    def tls(self) -> bool: ...

    @property
    def ca_file(self) -> Path | None: ...


async def dial(
    settings: Place, seconds: float
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect within a time.

    Raises:
        CannotConnect: says why.
    """
    place = f"{settings.host}:{settings.port}"
    try:
        trust = await asyncio.to_thread(trusted, settings.ca_file) if settings.tls else None
    except OSError as error:  # ssl.SSLError is one
        raise CannotConnect(f"ca_file {settings.ca_file} cannot be used: {error}") from error
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.open_connection(settings.host, settings.port, ssl=trust)
    except TimeoutError:
        raise CannotConnect(f"{place} did not answer within {seconds:g} s") from None
    except ssl.SSLCertVerificationError as error:
        raise CannotConnect(
            f"{place}: its certificate is not valid: {error.verify_message}. "
            "Mend the certificate, or name its issuer in ca_file"
        ) from error
    except ssl.SSLError as error:
        raise CannotConnect(
            f"{place}: TLS failed: {error.reason or error}. Are port and tls right?"
        ) from error
    except (OSError, UnicodeError) as error:  # a host name can be odd
        raise CannotConnect(f"{place} cannot be reached: {error}") from error
