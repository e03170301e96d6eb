"""What a program may see: its own texts, what came in, and what it may still send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from ledger.outgoing_texts import OutgoingTexts
from ledger.text_search import TextSearch, Wanted
from ledger.texts import Origin, Text, TextState
from pbx.model import Site
from pbx.numbers import e164_meant
from pbx.sms import ApiUser, Sms
from sms.keyword_answers import account_of, keyword_of
from sms.playsms_service.fields import shown_moment, span_of, whole_number
from sms.playsms_service.replies import Reply, rows, success
from sms.playsms_service.sending import text_of_queue
from sms.requests import day_start

_USUAL, _MOST = 100, 10_000  # rows
_PENDING, _SENT, _FAILED, _DELIVERED = range(4)
_STATUS: Mapping[TextState, int] = {
    TextState.HELD: _PENDING,
    TextState.WAITING: _PENDING,
    TextState.SENDING: _PENDING,
    # A program that takes it for failed would send it again.
    TextState.UNKNOWN: _PENDING,
    TextState.SENT: _SENT,
    TextState.DELIVERED: _DELIVERED,
    TextState.FAILED: _FAILED,
    TextState.DROPPED: _FAILED,
    TextState.STOPPED: _FAILED,
}


class Looking:
    """Answers questions of programs.

    Arguments:
        now: seconds since 1970.
    """

    def __init__(
        self, search: TextSearch, outgoing: OutgoingTexts, now: Callable[[], float]
    ) -> None:
        self._search = search
        self._outgoing = outgoing
        self._now = now

    async def sent(self, user: ApiUser, site: Site, _: Sms, fields: Mapping[str, str]) -> Reply:
        """`op=ds`: the program's own texts."""
        wanted: dict[str, Any] = {"origin": Origin.API, "account": user.username}
        if fields.get("src"):
            wanted["own_number"] = fields["src"]
        if fields.get("dst"):
            wanted["number"] = e164_meant(fields["dst"], site.site.country) or ""
        if fields.get("smslog_id"):
            wanted["id"] = whole_number(fields, "smslog_id") or 0
        if queue := fields.get("queue"):
            of_queue = text_of_queue(queue) or 0
            wanted["id"] = of_queue if wanted.get("id", of_queue) == of_queue else 0
        found = await self._find(wanted, site, fields)
        zone = ZoneInfo(site.site.timezone)
        return rows([_outgoing(text, zone) for text in found], "400")

    async def inbox(self, user: ApiUser, site: Site, _: Sms, fields: Mapping[str, str]) -> Reply:
        """`op=ix`: the texts that came in, without those that a keyword took."""
        found = await self._came_in(user, site, fields, {"account": ""})
        zone = ZoneInfo(site.site.timezone)
        return rows([_incoming(text, zone) for text in found], "501")

    async def incoming(self, user: ApiUser, site: Site, _: Sms, fields: Mapping[str, str]) -> Reply:
        """`op=in`: the texts that a keyword took."""
        wanted: dict[str, Any] = {"any_account": True}
        if fields.get("kwd"):
            wanted["account"] = account_of(fields["kwd"].upper())
        found = await self._came_in(user, site, fields, wanted)
        zone = ZoneInfo(site.site.timezone)
        shown = [
            {**_incoming(text, zone), "kwd": keyword_of(text.account), "status": 1}
            for text in found
        ]
        return rows(shown, "501")

    async def credit(self, user: ApiUser, site: Site, sms: Sms, _: Mapping[str, str]) -> Reply:
        """`op=cr`: the parts that it may still send today."""
        return success(credit=await self._left(user, site, sms))

    async def query(self, user: ApiUser, site: Site, sms: Sms, _: Mapping[str, str]) -> Reply:
        """`op=query`: who it is, and the newest ids of each kind."""
        kinds = {
            "user_inbox": Wanted(Origin.GATEWAY, account=""),
            "user_incoming": Wanted(Origin.GATEWAY, any_account=True),
            "user_outgoing": Wanted(Origin.API, account=user.username),
        }
        newest = dict.fromkeys(kinds, 0)
        for name, wanted in kinds.items():
            if user.inbox or wanted.origin is Origin.API:
                newest[name] = next((it.id for it in await self._search.find(wanted, 1)), 0)
        who = {
            "username": user.username,
            "uid": sms.api.index(user) + 1,
            "status": 3,  # PlaySMS's for one that is no administrator
            "name": user.username,
            "email": "",
            "mobile": "",
            "credit": await self._left(user, site, sms),
        }
        return success(data={"user": who, "last_id": newest})

    async def _came_in(
        self, user: ApiUser, site: Site, fields: Mapping[str, str], wanted: dict[str, Any]
    ) -> list[Text]:
        if not user.inbox:
            return []
        wanted |= {"origin": Origin.GATEWAY}
        if fields.get("src"):
            wanted["number"] = e164_meant(fields["src"], site.site.country) or fields["src"]
        if fields.get("dst"):
            wanted["own_number"] = fields["dst"]
        return await self._find(wanted, site, fields)

    async def _find(
        self, wanted: dict[str, Any], site: Site, fields: Mapping[str, str]
    ) -> list[Text]:
        if fields.get("dt"):
            span = span_of(fields["dt"], ZoneInfo(site.site.timezone))
            if span is None:
                return []
            wanted["since"], wanted["before"] = span
        wanted["after"] = whole_number(fields, "last")
        limit = min(whole_number(fields, "c") or _USUAL, _MOST)
        return await self._search.find(Wanted(**wanted), limit)

    async def _left(self, user: ApiUser, site: Site, sms: Sms) -> str:
        usage = await self._outgoing.usage(day_start(site, self._now()), "", user.username)
        return str(max(0, min(user.per_day - usage.account, sms.per_day - usage.site)))


def _outgoing(text: Text, zone: ZoneInfo) -> Reply:
    return {
        "smslog_id": text.id,
        "src": text.own_number or "",
        "dst": text.number,
        "msg": text.body,
        "dt": shown_moment(text.created, zone),
        "update": shown_moment(text.settled or text.created, zone),
        "status": _STATUS[text.state],
    }


def _incoming(text: Text, zone: ZoneInfo) -> Reply:
    return {
        "id": text.id,
        "src": text.number,
        "dst": text.own_number or "",
        "msg": text.body,
        "dt": shown_moment(text.created, zone),
    }
