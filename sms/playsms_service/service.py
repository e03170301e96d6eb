"""PlaySMS's web service (`index.php?app=ws`), answered by us: what talked to PlaySMS goes on.

After PlaySMS 1.4's `documents/development/WEBSERVICES.md`. The docs name what differs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import structlog
from aiohttp import web

from ledger.errors import LedgerError
from ledger.outgoing_texts import OutgoingTexts
from ledger.store import Ledger
from ledger.text_search import TextSearch
from pbx.model import Site
from pbx.sms import ApiUser, Sms
from sms.playsms_service.fields import read_fields
from sms.playsms_service.login import LogIns, TooManyTries
from sms.playsms_service.looking import Looking
from sms.playsms_service.replies import Reply, error, written
from sms.playsms_service.sending import Sending
from sms.requests import Requests

_PATHS = ("/index.php", "/playsms/index.php")
_PAUSE = 1.0  # seconds that a wrong token is kept waiting
_NO_PASSWORDS = "there are no passwords here: the token (h) stands in [[sms.api]] of the site file"

Operation: TypeAlias = Callable[[ApiUser, Site, Sms, Mapping[str, str]], Awaitable[Reply]]


class PlaySmsService:
    """Serves the programs of [[sms.api]].

    Arguments:
        site: called for the site file as it is now.
        now: seconds since 1970. clock: seconds that only go forward.
        pause: seconds that a wrong token is kept waiting.
    """

    def __init__(
        self,
        *,
        site: Callable[[], Site],
        requests: Requests,
        ledger: Ledger,
        now: Callable[[], float],
        clock: Callable[[], float],
        pause: float = _PAUSE,
    ) -> None:
        self._site = site
        self._now = now
        self._log_ins = LogIns(clock, pause)
        looking = Looking(TextSearch(ledger), OutgoingTexts(ledger), now)
        self._operations: Mapping[str, Operation] = {
            "pv": Sending(requests, now).send,
            "ds": looking.sent,
            "ix": looking.inbox,
            "in": looking.incoming,
            "cr": looking.credit,
            "query": looking.query,
        }
        self._log = structlog.get_logger(part="sms")

    def routes(self) -> list[web.RouteDef]:
        """For CallbackServer.serve."""
        # No HEAD: it would send what a GET sends.
        gets = [web.get(path, self._serve, allow_head=False) for path in _PATHS]
        return [*gets, *(web.post(path, self._serve) for path in _PATHS)]

    async def _serve(self, request: web.Request) -> web.Response:
        site = self._site()
        if site.sms is None or not site.sms.api or request.query.get("app") != "ws":
            raise web.HTTPNotFound(text="there is nothing here: PlaySMS's is index.php?app=ws")
        status, form = 200, ""
        try:
            fields = await read_fields(request)
            form = fields.get("format", "")
            reply = await self._answer(site, site.sms, fields, request.remote or "")
        except ValueError:
            reply = error("102", "the form cannot be read")
        except TooManyTries:
            status, reply = 429, error("100", "too many wrong tokens: wait ten minutes")
        except LedgerError as trouble:
            self._log.error("web service", reason=str(trouble))
            status, reply = 503, error("501", "not now: try again later")
        kind, text = written(reply, form, self._now())
        return web.Response(status=status, text=text, content_type=kind, charset="utf-8")

    async def _answer(self, site: Site, sms: Sms, fields: Mapping[str, str], address: str) -> Reply:
        name = fields.get("op", "").lower()
        if not name:
            return error("102")
        if name == "get_token":
            return error("104", _NO_PASSWORDS)
        username, token = fields.get("u", ""), fields.get("h", "")
        user = await self._log_ins.find(sms.api, username, token, address)
        if user is None:
            return error("100")
        operation = self._operations.get(name)
        return error("101") if operation is None else await operation(user, site, sms, fields)
