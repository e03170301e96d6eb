"""PlaySMS 1.4's web service: texts go by `pv`, come by `ix`, and `ds` hints at their fate."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

import aiohttp
import structlog

from ledger.errors import LedgerError
from pbx.errors import PbxError
from pbx.gateways import PlaySmsGateway
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
from sms.gateways.http import Lost, NotReached, Reply, form_of, place_of, post
from sms.gateways.playsms import wire
from sms.gateways.playsms.fate import fate_of, wrong_address
from sms.gateways.playsms.watch import Watch
from sms.piece import Piece

_WINDOW = 2  # it drains 4 to 5 texts a second
_PAGE, _FIRST_PAGE, _LONGEST_PAGE = 100, 1000, 6400
_LONGEST_PAUSE = 300.0  # seconds between two tries while it is down
_NUMBER = re.compile(r"\+[0-9]{5,15}")


class _Trouble(Exception):
    """PlaySMS cannot be asked now; says why."""


# For the address of PlaySMS's SMS custom.
_QUERY = "src={SMSSENDER}&dst={SMSRECEIVER}&dt={SMSDATETIME}&msg={CUSTOMRAW}"


class PlaySms:
    """A PlaySMS as gateway.

    Arguments:
        session: of `sms.gateways.http.new_session`.
        now: seconds since 1970.
    """

    def __init__(
        self,
        settings: PlaySmsGateway,
        *,
        session: aiohttp.ClientSession,
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._session = session
        self._now = now
        self._zone = ZoneInfo(settings.timezone)
        self._condition = Condition(settings.name, now)
        self._watch = Watch(settings.poll, now)
        self._inbox: Inbox | None = None
        self._last = 0  # the newest text of its inbox that is ours; 0 after a start
        self._log = structlog.get_logger(part="sms", gateway=settings.name)

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def window(self) -> int:
        return _WINDOW

    def pieces(self, body: str, reference: int) -> Sequence[Piece]:
        return wire.pieces(body)

    def callbacks(self) -> Sequence[Callback]:
        """Where PlaySMS may bring texts; not needed, as its inbox is looked into."""
        return (Callback("incoming", self._on_incoming, _QUERY),)

    async def run(self, inbox: Inbox) -> None:
        self._inbox = inbox
        pause = self._settings.poll
        try:
            while True:
                try:
                    await self._bring_in(inbox)
                    await self._ask_for_states(inbox)
                except _Trouble as trouble:
                    self._condition.down(str(trouble))
                    pause = min(pause * 2, max(_LONGEST_PAUSE, self._settings.poll))
                except LedgerError as error:
                    self._log.warning("not taken, asked for again", error=str(error))
                else:
                    self._condition.up()
                    pause = self._settings.poll
                await asyncio.sleep(pause)
        finally:
            self._inbox = None

    async def send(self, outgoing: Outgoing) -> Fate:
        piece = outgoing.piece
        if not piece.text.strip():
            return Refused("the text is empty")
        if strange := wire.not_carried(piece.text):
            return Refused(f'PlaySMS would send "?" instead of {strange}', elsewhere=True)
        if _NUMBER.fullmatch(outgoing.number) is None:
            return Refused(f"{outgoing.number} is no number as +62811000111")
        form = {"to": outgoing.number, "msg": wire.message(piece.text), "nofooter": "1"}
        if piece.coding == "ucs2":
            form["unicode"] = "1"
        if sender := outgoing.own_number or self._settings.number:
            form["from"] = sender
        try:
            form |= self._login("pv")
        except _Trouble as trouble:
            self._condition.down(str(trouble))
            return NotNow(str(trouble), gateway_down=True)
        match await post(self._session, self._url, *form_of(form)):
            case NotReached(words):
                fate: Fate = NotNow(words, gateway_down=True)
            case Lost(words):
                return Unknown(words)
            case Reply(status, body):
                fate = fate_of(status, body, self._settings)
        if isinstance(fate, NotNow):
            self._condition.down(fate.words)
        elif isinstance(fate, Sent) and fate.reference:
            self._watch.add(int(fate.reference))
        return fate

    def health(self) -> Health:
        return self._condition.health(watched=len(self._watch))

    @property
    def _url(self) -> str:
        # By POST it wants `app` in the address all the same.
        url = self._settings.url
        return f"{url}{'&' if '?' in url else '?'}app=ws"

    def _login(self, operation: str) -> dict[str, str]:
        try:
            token = self._settings.login_secret().read()
        except PbxError as error:
            raise _Trouble(str(error)) from error
        return {"u": self._settings.username, "h": token, "op": operation}

    async def _ask(self, operation: str, **more: str) -> wire.WsAnswer:
        """Ask for rows. Raises _Trouble."""
        form = self._login(operation) | more
        match await post(self._session, self._url, *form_of(form)):
            case Reply(200, body):
                answer = wire.read_answer(body)
                if answer is None:
                    place = place_of(self._url)
                    raise _Trouble(f"{place} answers, but it is no PlaySMS: {body[:100]!r}")
                if answer.error and answer.error not in wire.NOTHING_THERE:
                    raise _Trouble(
                        f"PlaySMS says error {answer.error} {answer.words}: compare username and "
                        f"token with sms.gateways.{self.name}"
                    )
                return answer
            case Reply(status, _):
                raise _Trouble(wrong_address(status, self._settings))
            case NotReached(words) | Lost(words):
                raise _Trouble(words)
        raise AssertionError

    async def _bring_in(self, inbox: Inbox) -> None:
        """Bring in what is new in PlaySMS's inbox. Raises _Trouble and LedgerError."""
        size = _PAGE if self._last else _FIRST_PAGE
        last = {"last": str(self._last)} if self._last else {}
        answer = await self._ask("ix", c=str(size), **last)
        # It shows the newest: a full page hides older ones, which are wanted as well.
        while self._last and size <= len(answer.rows) < _LONGEST_PAGE:
            size *= 4
            answer = await self._ask("ix", c=str(size), **last)
        for row in sorted(answer.rows, key=lambda it: wire.number_of(it, "id") or 0):
            number = wire.number_of(row, "id")
            if number is not None:
                await inbox.received(wire.read_inbox_row(row, self._zone, self._now()))
                self._last = max(self._last, number)

    async def _ask_for_states(self, inbox: Inbox) -> None:
        """Report what became of texts. Raises _Trouble and LedgerError."""
        question = self._watch.question()
        if question is None:
            return
        answer = await self._ask("ds", **question)
        for row in answer.rows:
            number, status = wire.number_of(row, "smslog_id"), str(row.get("status", ""))
            if number is not None and self._watch.is_news(number, status):
                state = wire.STATES[status]
                await inbox.reported(Report(str(number), state, f"PlaySMS status {status}"))
                self._watch.told(number, status)
        self._watch.asked()

    async def _on_incoming(self, fields: Mapping[str, str]) -> Answer:
        if not (fields.get("src") and fields.get("msg")):
            self._log.warning("no text of PlaySMS's", fields=sorted(fields))
            return 400, "src or msg is missing: compare the address with the documents"
        if self._inbox is None:
            return 503, "not taken, bring it again"
        await self._inbox.received(wire.read_pushed(fields, self._zone, self._now()))
        return 200, ""
