"""`op=pv`: texts that a program wants sent."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

import structlog

from ledger.errors import LedgerError
from ledger.texts import Origin
from pbx.model import Site
from pbx.sms import ApiUser, Sms
from sms.playsms_service.fields import body_of, moment
from sms.playsms_service.replies import Reply, error, rows
from sms.policy import Asker, Refusal, read_recipient
from sms.refusals import sentence
from sms.requests import Request, Requests

_MOST_NUMBERS = 1000  # in one call
_LONGEST_ID = 100  # characters
_FURTHEST = 7 * 86400.0  # seconds that a text may be put off
_NO_CREDIT = frozenset({"over-cap-person", "over-cap-site"})


class Sending:
    """Takes the texts of programs.

    Arguments:
        now: seconds since 1970.
    """

    def __init__(self, requests: Requests, now: Callable[[], float]) -> None:
        self._requests = requests
        self._now = now
        self._log = structlog.get_logger(part="sms")

    async def send(self, user: ApiUser, site: Site, sms: Sms, fields: Mapping[str, str]) -> Reply:
        """One row for each number, in their order."""
        numbers = [it.strip() for it in fields.get("to", "").split(",") if it.strip()]
        body = body_of(fields)
        if not numbers or not body:
            return error("201")
        if len(numbers) > _MOST_NUMBERS:
            return error("200", f"at most {_MOST_NUMBERS} numbers in one call")
        key = fields.get("id", "")
        if len(key) > _LONGEST_ID:
            return error("200", f"id: at most {_LONGEST_ID} characters")
        due = self._due(fields.get("schedule", ""), ZoneInfo(site.site.timezone))
        if isinstance(due, str):
            return error("200", due)
        wanted = Request(
            source=f"api:{user.username}:{key or uuid.uuid4().hex}",
            origin=Origin.API,
            to="",
            body=body,
            asker=Asker(account=user.username, cap=user.per_day),
            due=due,
        )
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._one(wanted, it, site, sms)) for it in numbers]
        return rows([task.result() for task in tasks], "201")

    def _due(self, schedule: str, zone: ZoneInfo) -> float | str | None:
        """When to send; a string says what is wrong."""
        if not schedule:
            return None
        due = moment(schedule, zone)
        if due is None:
            return "schedule: write YYYY-MM-DD hh:mm:ss"
        if due > self._now() + _FURTHEST:
            return "schedule: at most 7 days ahead"
        return due

    async def _one(self, wanted: Request, to: str, site: Site, sms: Sms) -> Reply:
        user = wanted.asker.account
        number = read_recipient(to, site.site.country, sms)
        if isinstance(number, Refusal):
            return _refused(to, "200", sentence(number))
        request = replace(wanted, source=f"{wanted.source}:{number}", to=number)
        try:
            answer = await self._requests.ask(request)
        except LedgerError as trouble:
            self._log.error("web service: not taken", user=user, reason=str(trouble))
            return _refused(to, "200", "not taken, try again later")
        if isinstance(answer, Refusal):
            code = "103" if answer.reason in _NO_CREDIT else "200"
            return _refused(to, code, sentence(answer))
        text, known = answer.text, answer.known
        self._log.info("web service: asked for", user=user, text=text.id, known=known)
        return {
            "status": "OK",
            "error": "0",
            "smslog_id": text.id,
            "queue": queue_of(text.id),
            "to": text.number,
        }


def queue_of(text_id: int) -> str:
    """A text's queue code, which looks like PlaySMS's."""
    return f"{text_id:032x}"


def text_of_queue(queue: str) -> int | None:
    """The id of the text with this queue code; None where it is none of ours."""
    try:
        text_id = int(queue, 16)
    except ValueError:
        return None
    return text_id if 0 < text_id < 2**31 and queue == queue_of(text_id) else None


def _refused(to: str, code: str, words: str) -> Reply:
    row = {"status": "ERR", "error": code, "smslog_id": "", "queue": "", "to": to}
    return {**row, "error_string": words}
