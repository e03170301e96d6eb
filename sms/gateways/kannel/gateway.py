"""Kannel: texts go by smsbox's sendsms, one request a piece; reports and texts come by callback.

After Kannel's User's Guide 1.4.5, and what bearerbox, smsbox and fakesmsc were seen to do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

import aiohttp
import structlog

from pbx.errors import PbxError
from pbx.gateways import KannelGateway
from sms.gateway import (
    Answer,
    Callback,
    Fate,
    Health,
    Inbox,
    NotNow,
    Outgoing,
    Refused,
    Report,
    Sent,
    Unknown,
)
from sms.gateways.condition import Condition
from sms.gateways.http import Lost, NotReached, Reply, octets_of, post
from sms.gateways.kannel import sendsms
from sms.gateways.kannel.incoming import read_incoming
from sms.gateways.kannel.reports import STATES, words_of
from sms.piece import Piece
from sms.splitting import segments

# For `get-url` of Kannel's sms-service.
_QUERY = "from=%p&to=%P&text=%b&coding=%c&charset=%C&smsc=%i&id=%I&t=%T&udh=%u"
_LOOK = 30.0  # seconds
_LOOK_TIMEOUT = 10.0  # seconds
LATER: Answer = (503, "not taken, bring it again")
TAKEN: Answer = (200, "")


class Kannel:
    """A Kannel as gateway.

    Arguments:
        session: of `sms.gateways.http.new_session`.
        callback_url: the whole address of a callback, of its path: "report".
        now: seconds since 1970.
        look: seconds between two looks whether smsbox is there.
    """

    def __init__(
        self,
        settings: KannelGateway,
        *,
        session: aiohttp.ClientSession,
        callback_url: Callable[[str], str],
        now: Callable[[], float],
        look: float = _LOOK,
    ) -> None:
        self._settings = settings
        self._session = session
        self._callback_url = callback_url
        self._now = now
        self._look = look
        self._condition = Condition(settings.name, now)
        self._inbox: Inbox | None = None
        self._queued = 0
        self._log = structlog.get_logger(part="sms", gateway=settings.name)

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def window(self) -> int:
        return self._settings.window

    def pieces(self, body: str, reference: int) -> Sequence[Piece]:
        """The parts as the network carries them: Kannel's own splitting cuts without a word."""
        return segments(body, reference)

    def callbacks(self) -> Sequence[Callback]:
        return (
            Callback("report", self._on_report),
            Callback("incoming", self._on_incoming, _QUERY),
        )

    async def run(self, inbox: Inbox) -> None:
        self._inbox = inbox
        try:
            while True:
                await (self._connect() if self._condition.is_up else self._ask_for_nothing())
                await asyncio.sleep(self._look)
        finally:
            self._inbox = None

    async def send(self, outgoing: Outgoing) -> Fate:
        if not outgoing.piece.text:
            return Refused("the text is empty, and Kannel would send it all the same")
        try:
            headers = sendsms.headers(self._settings, outgoing, self._callback_url("report"))
        except PbxError as error:
            self._condition.down(str(error))
            return NotNow(str(error), gateway_down=True)
        text = outgoing.piece.text.encode()
        match await post(self._session, self._settings.url, text, headers):
            case NotReached(words):
                fate: Fate = NotNow(words, gateway_down=True)
            case Lost(words):
                return Unknown(words)
            case Reply(status, body):
                fate = sendsms.fate_of(status, body, outgoing.key, self.name)
        if isinstance(fate, NotNow) and fate.gateway_down:
            self._condition.down(fate.words)
        elif isinstance(fate, Sent):
            self._queued += sendsms.is_queued(fate)
            self._condition.up(fate.words)
        return fate

    def health(self) -> Health:
        return self._condition.health(queued=self._queued)

    async def _connect(self) -> None:
        """Look whether somebody listens; Kannel's log says nothing of it."""
        url = urlsplit(self._settings.url)
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            async with asyncio.timeout(_LOOK_TIMEOUT):
                _, writer = await asyncio.open_connection(url.hostname, port)
                writer.close()
                await writer.wait_closed()
        except (OSError, TimeoutError) as error:
            self._condition.down(f"no connection to {url.hostname}:{port}: {error}")

    async def _ask_for_nothing(self) -> None:
        """Ask to send to nobody: Kannel misses the number once address and password are right."""
        try:
            headers = sendsms.login(self._settings)
        except PbxError as error:
            self._condition.down(str(error))
            return
        match await post(self._session, self._settings.url, b"", headers, whole=_LOOK_TIMEOUT):
            case Reply(400, body) if "receiver" in body:
                self._condition.up()
            case Reply(status, body):
                self._condition.down(sendsms.fate_of(status, body, "", self.name).words)
            case NotReached(words) | Lost(words):
                self._condition.down(words)

    async def _on_report(self, fields: Mapping[str, str]) -> Answer:
        key, state = fields.get("key", ""), STATES.get(fields.get("type", ""))
        if not key or state is None:
            self._log.warning("no report of Kannel's", type=fields.get("type", ""))
            return 400, "no report"
        if self._inbox is None:
            return LATER
        await self._inbox.reported(Report(key, state, words_of(octets_of(fields.get("words", "")))))
        return TAKEN

    async def _on_incoming(self, fields: Mapping[str, str]) -> Answer:
        if not fields.get("from"):
            self._log.warning("no text of Kannel's: no sender", fields=sorted(fields))
            return 400, "no sender: compare get-url with the documents"
        if self._inbox is None:
            return LATER
        await self._inbox.received(read_incoming(fields, self._now()))
        return TAKEN
