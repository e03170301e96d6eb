"""Who calls the web service: the programs of the site file, each with its token."""

from __future__ import annotations

import asyncio
import hmac
from collections import OrderedDict
from collections.abc import Callable, Sequence

import structlog

from pbx.errors import PbxError
from pbx.sms import ApiUser

_TRIES = 10  # wrong ones of an address, then it is refused at once
_FORGET = 600.0  # seconds without a wrong one
_ADDRESSES = 1000


class TooManyTries(Exception):
    """The address has guessed too often."""


class LogIns:
    """Knows programs by their tokens, and slows who guesses.

    A right token is let in whatever came before: behind a proxy, all have one address.

    Arguments:
        clock: seconds that only go forward.
        pause: seconds that a wrong one is kept waiting.
    """

    def __init__(self, clock: Callable[[], float], pause: float) -> None:
        self._clock = clock
        self._pause = pause
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._log = structlog.get_logger(part="sms")

    async def find(
        self, users: Sequence[ApiUser], username: str, token: str, address: str
    ) -> ApiUser | None:
        """The program that this is; None: it is none.

        Raises:
            TooManyTries: nor was it ten times before.
        """
        user = self._known(users, username, token)
        if user is not None:
            self._wrong.pop(address, None)
            return user
        count = self._count(address)
        # What was given may be a token in the wrong field: it is not logged.
        self._log.warning("web service: log-in failed", address=address, times=count)
        if count > _TRIES:
            raise TooManyTries
        await asyncio.sleep(self._pause)
        return None

    def _known(self, users: Sequence[ApiUser], username: str, token: str) -> ApiUser | None:
        found = next((user for user in users if user.username == username), None)
        try:
            wanted = "" if found is None else found.login_secret().read()
        except PbxError as error:
            self._log.error("web service: no token", user=username, reason=str(error))
            wanted = ""
        right = hmac.compare_digest(wanted.encode(), token.encode())
        return found if right and wanted else None

    def _count(self, address: str) -> int:
        now = self._clock()
        count, last = self._wrong.pop(address, (0, now))
        count = 1 if now - last > _FORGET else count + 1
        self._wrong[address] = (count, now)
        while len(self._wrong) > _ADDRESSES:
            self._wrong.popitem(last=False)
        return count
