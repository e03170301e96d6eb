"""A site with an SMS centre, for the tests of its commands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ledger.store import Ledger, open_ledger, sqlite_url
from tests.cli.site_folder import SiteFolder

T = TypeVar("T")

SMS = """\
[[people]]
extension = "1002"
name = "Budi"
may_text = false
[sms]
desk = "info@klinik.example"
per_person = 5
max_parts = 3
[[sms.gateways]]
name = "stick"
kind = "modem"
device = "/dev/voxpost-has-no-such-modem"
number = "+62811000111"
price = 150
"""


class SmsSite(SiteFolder):
    """A site with one modem, and a ledger as `voxpost run` left it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.write(SMS)

    def make_ledger(self) -> None:
        async def nothing(_: Ledger) -> None:
            pass

        self.ask(nothing)

    def ask(self, question: Callable[[Ledger], Awaitable[T]]) -> T:
        async def ask() -> T:
            ledger = await open_ledger(sqlite_url(self.state / "ledger.sqlite"))
            try:
                return await question(ledger)
            finally:
                await ledger.close()

        return asyncio.run(ask())
