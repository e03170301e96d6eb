"""Tells programs by HTTPS of texts that begin with a keyword. What they answer is sent back."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import aiohttp
import structlog

from ledger.errors import LedgerError
from ledger.keyword_calls import KeywordCall, KeywordCalls
from ledger.texts import NewText
from ledger.texts_so_far import TextsSoFar
from mail.retry import RetryPolicy
from pbx.errors import PbxError
from pbx.model import Site
from pbx.sms import Keyword
from pbx.waiting import set_within
from sms.gateways.http import place_of
from sms.keyword_answers import KeywordAnswers, ToAnswer
from sms.notices import keyword_call_failed

_TICK = 5.0  # seconds between two looks for calls that are due again
_WITHIN = 10.0  # seconds for a call
_LEASE = 60.0  # seconds; a call that a crash cut short is made again then
_AT_ONCE = 16  # calls
_TRY_FOR = 86400.0  # seconds
_LONGEST_ANSWER = 600  # characters
_MOST_OCTETS = 4 * _LONGEST_ANSWER


class _NotTold(Exception):
    """The program does not know of it, as far as can be told; says why."""


class KeywordCalling:
    """Makes the calls that the ledger owes.

    Arguments:
        session: of sms.gateways.http.new_session.
        site: called for the site file as it is now.
        answers: makes the texts that keywords send back, as things stand now.
        told: called when a program was told, or given up: there may be something to send.
        now: seconds since 1970. chance: from 0 to 1.
    """

    def __init__(
        self,
        calls: KeywordCalls,
        *,
        session: aiohttp.ClientSession,
        site: Callable[[], Site],
        answers: Callable[[], KeywordAnswers],
        told: Callable[[], None],
        now: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self._calls = calls
        self._session = session
        self._site = site
        self._answers = answers
        self._told = told
        self._now = now
        self._chance = chance
        self._retry = RetryPolicy(_TRY_FOR)
        self._wake = asyncio.Event()
        self._log = structlog.get_logger(part="sms")

    def wake(self) -> None:
        """Say that a call may be owed."""
        self._wake.set()

    async def run(self) -> None:
        """Make calls until cancelled."""
        while True:
            self._wake.clear()
            try:
                full = await self._round()
            except LedgerError as error:
                self._log.error("ledger", reason=str(error))
                full = False
            if not full:
                await set_within(self._wake, _TICK)

    async def _round(self) -> bool:
        """Make the calls that are due; whether there may be more."""
        claimed = await self._calls.claim(_AT_ONCE, self._now(), _LEASE)
        async with asyncio.TaskGroup() as group:
            for call in claimed:
                group.create_task(self._settle(call))
        return len(claimed) == _AT_ONCE

    async def _settle(self, call: KeywordCall) -> None:
        try:
            await self._make(call)
        except LedgerError as error:  # it is made again once its lease is over
            self._log.error("ledger", reason=str(error))

    async def _make(self, call: KeywordCall) -> None:
        log = self._log.bind(text=call.text.id, keyword=call.keyword)
        site = self._site()
        keywords = () if site.sms is None else site.sms.keywords
        keyword = next((it for it in keywords if it.word == call.keyword), None)
        if keyword is None or keyword.call is None:
            log.warning("not told: the site file names no address any more")
            await self._calls.give_up(call, self._now(), ())
            return
        answers = self._answers()
        try:
            words = await self._tell(keyword, keyword.call, call, site)
        except _NotTold as trouble:
            await self._again(call, str(trouble), site)
            return
        answered = await self._calls.told(call, self._now(), _answer(call, words, answers))
        log.info("told", answered=answered)
        self._told()

    async def _tell(self, keyword: Keyword, address: str, call: KeywordCall, site: Site) -> str:
        """Tell the program; returns what it answers, or nothing. Raises _NotTold."""
        place = place_of(address)
        body = body_of(call, ZoneInfo(site.site.timezone))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": hashlib.sha256(call.text.source.encode()).hexdigest()[:32],
        }
        try:
            if keyword.call_key().given:
                headers["X-Voxpost-Signature"] = signature(keyword.call_key().read(), body)
            async with (
                asyncio.timeout(_WITHIN),
                self._session.post(
                    address, data=body, headers=headers, allow_redirects=False
                ) as response,
            ):
                if not 200 <= response.status < 300:
                    raise _NotTold(f"{place} answers {response.status}")
                return await _answer_of(response)
        except TimeoutError:
            raise _NotTold(f"no answer from {place} within {_WITHIN:.0f} seconds") from None
        except ValueError:  # InvalidURL is one, and shows all of the address
            raise _NotTold(f"{place} is no address that can be called") from None
        except (aiohttp.ClientError, OSError) as error:
            raise _NotTold(f"{place}: {str(error) or type(error).__name__}") from error
        except PbxError as error:
            raise _NotTold(str(error)) from error

    async def _again(self, call: KeywordCall, words: str, site: Site) -> None:
        now = self._now()
        log = self._log.bind(text=call.text.id, keyword=call.keyword)
        delay = self._retry.next_delay(call.attempts, now - call.created, self._chance())
        if delay is not None:
            log.warning("not told, tried again", reason=words, seconds=round(delay))
            await self._calls.put_off(call, now + delay)
            return
        log.error("not told", reason=words)
        mail = keyword_call_failed(site, call.keyword, call.text, words, now)
        await self._calls.give_up(call, now, [mail])
        self._told()


def body_of(call: KeywordCall, zone: ZoneInfo) -> bytes:
    """What a program is told."""
    text = call.text
    told = {
        "id": text.id,
        "number": text.number,
        "body": text.body,
        "received_at": datetime.fromtimestamp(int(text.created), zone).isoformat(),
        "keyword": call.keyword,
        "own_number": text.own_number,
        "gateway": text.gateway,
    }
    return json.dumps(told, ensure_ascii=False).encode()


def signature(secret: str, body: bytes) -> str:
    """What stands in X-Voxpost-Signature: HMAC-SHA256 of the body, in hexadecimal digits."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def _answer_of(response: aiohttp.ClientResponse) -> str:
    """The plain text that is to be sent back; empty for none."""
    if response.status != 200 or response.content_type != "text/plain":
        return ""
    octets = bytearray()
    async for chunk in response.content.iter_any():
        octets += chunk
        if len(octets) > _MOST_OCTETS:
            return ""
    words = octets.decode("utf-8", "replace").strip()
    return words if len(words) <= _LONGEST_ANSWER else ""


def _answer(
    call: KeywordCall, words: str, answers: KeywordAnswers
) -> Callable[[TextsSoFar], NewText | None]:
    def make(so_far: TextsSoFar) -> NewText | None:
        if not (words and call.may_answer):
            return None
        text = call.text
        to = ToAnswer(text.number, text.gateway, text.source)
        return answers.make(call.keyword, words, to, so_far)

    return make
