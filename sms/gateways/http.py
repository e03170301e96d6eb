"""One request to a gateway's server, and whether it can have been acted on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import parse_qsl, urlencode

import aiohttp
from yarl import URL

_CONNECT = 10.0  # seconds until a connection stands
_WHOLE = 50.0  # seconds for all of it: `Gateway.send` answers within a minute
_LONGEST = 20_000_000  # bytes of an answer that are read


@dataclass(frozen=True, slots=True)
class Reply:
    """The server answered; body: as far as it came."""

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class NotReached:
    """No connection stood, so that the server has seen nothing of it."""

    words: str


@dataclass(frozen=True, slots=True)
class Lost:
    """It was on its way, and no answer came: nobody knows what the server did."""

    words: str


Outcome: TypeAlias = Reply | NotReached | Lost


def new_session() -> aiohttp.ClientSession:
    """A session for `post`: no connection and no cookie outlives its request.

    A kept connection that the server closes just then would leave it unknown whether a text went.
    That we ask for `Connection: close` is not enough: aiohttp keeps what the server keeps.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=True, limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=_WHOLE),
    )


async def post(
    session: aiohttp.ClientSession,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    connect: float = _CONNECT,
    whole: float = _WHOLE,
) -> Outcome:
    """Post once, and follow no redirect. Never a GET: aiohttp sends one again after a drop.

    Arguments:
        session: of `new_session`.
        headers: Content-Type and others.
        connect, whole: seconds; the first is part of the second.
    """
    assert session.connector is not None
    assert session.connector.force_close  # see new_session
    timeout = aiohttp.ClientTimeout(total=None, connect=connect)
    try:
        async with (
            asyncio.timeout(whole),
            session.post(
                url,
                data=body,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            ) as response,
        ):
            return Reply(response.status, await _read(response))
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        return NotReached(f"no connection to {place_of(url)}: {error}")
    except TimeoutError:
        return Lost(f"no answer from {place_of(url)} within {whole:.0f} seconds")
    except (aiohttp.ClientError, OSError) as error:
        return Lost(f"{place_of(url)} ended the connection without an answer: {_words(error)}")


async def _read(response: aiohttp.ClientResponse) -> str:
    """What came of the body: the status has been said, so that a cut is no doubt."""
    octets = bytearray()
    try:
        async for chunk in response.content.iter_any():
            octets += chunk
            if len(octets) >= _LONGEST:
                break
    except (aiohttp.ClientError, OSError):
        pass
    return octets[:_LONGEST].decode("utf-8", "replace").strip()


def form_of(fields: Mapping[str, str]) -> tuple[bytes, Mapping[str, str]]:
    """The body and headers of a form, for `post`."""
    return urlencode(fields).encode("ascii"), {"Content-Type": "application/x-www-form-urlencoded"}


def place_of(url: str) -> str:
    """An address for people: what may be secret in it is left out."""
    try:
        return str(URL(url).with_user(None).with_query(None).with_fragment(None))
    except ValueError:
        return "an address that cannot be read"


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def fields_of(query: str, form: bytes = b"") -> dict[str, str]:
    """The fields of a callback, without loss: octets that are no UTF-8 become surrogates.

    `octets_of` has them back (PEP 383). What stands in the form goes before the query.

    Arguments:
        query: as it came, still encoded.
        form: a body of application/x-www-form-urlencoded.
    """
    text = form.decode("latin-1")
    pairs = [
        pair
        for part in (query, text)
        for pair in parse_qsl(part, keep_blank_values=True, errors="surrogateescape")
    ]
    return dict(pairs)


def octets_of(value: str) -> bytes:
    """The octets that a field of `fields_of` was made of."""
    return value.encode("utf-8", "surrogateescape")
