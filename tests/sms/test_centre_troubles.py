"""The SMS centre when gateways, the ledger, the clock or the site file make trouble."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import LedgerUnusable
from ledger.facts import NoticeFacts, TextFacts
from ledger.incoming_texts import IncomingTexts
from ledger.outgoing_texts import OutgoingTexts
from ledger.store import Ledger
from ledger.text_standing import nobody
from ledger.texts import TextState
from mail.intake.tokens import ReplyAddresses
from pbx.gateways import GatewaySettings
from pbx.site import parse_site
from sms import centre
from sms.errors import GatewayUnusable
from sms.gateway import Concat, Fate, Incoming, NotNow, Outgoing, Refused, Sent
from sms.requests import Accepted
from tests.sms.sms_office import CUSTOMER, SmsOffice, running_office, site_text

TWO = (("one", ""), ("two", ""))


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The centre looks after its gateways all the time."""
    monkeypatch.setattr(centre, "_TICK", 0.02)


def reread(office: SmsOffice, folder: Path, **site: Any) -> None:
    office.site = parse_site(site_text(**site), folder / "site.toml")
    office.centre.renew()


async def letters_until(office: SmsOffice, count: int) -> list[Any]:
    async with asyncio.timeout(10):
        while len(found := await office.letters()) < count:
            await asyncio.sleep(0.01)
    return [entry.facts for entry in found]


async def test_gateways_that_cannot_now_do_not_throw_a_text_to_and_fro(tmp_path: Path) -> None:
    async with running_office(tmp_path, site_text(gateways=TWO)) as office:
        for gateway in office.gateways.values():
            gateway.fates = deque([NotNow("CMS ERROR 41")] * 1000)
        await office.send("Halo")
        # Once with each at once, and then with a pause.
        await office.until(lambda it: it[0].attempts == 2 and it[0].due > office.moment)


async def test_a_refused_text_is_tried_with_every_gateway_that_may_carry_it(tmp_path: Path) -> None:
    async with running_office(tmp_path, site_text(gateways=TWO)) as office:
        await office.text_in("Halo", gateway="two")
        office.gateways["two"].fates.append(Refused("not routable", elsewhere=True))
        await office.send("Jawaban")
        texts = await office.until(lambda it: it[-1].state is TextState.SENT)
        assert texts[-1].gateway == "one"


async def test_two_long_texts_with_one_reference_both_arrive(tmp_path: Path) -> None:
    async with running_office(tmp_path) as office:
        for key, number, body in (
            ("a1", 1, "A-satu "),
            ("b1", 1, "B-satu "),
            ("a2", 2, "A-dua"),
            ("b2", 2, "B-dua"),
        ):
            concat = Concat(0, 2, number)
            await office.gateway.brings(
                Incoming(key, key, CUSTOMER, None, office.moment, body, concat)
            )
        facts = await letters_until(office, 2)
        assert [it.body for it in facts] == ["A-satu A-dua", "B-satu B-dua"]


async def test_parts_that_came_while_the_clock_was_ahead_are_mailed(tmp_path: Path) -> None:
    async with running_office(tmp_path) as office:
        office.moment += 5 * 365 * 86400
        concat = Concat(7, 2, 1)
        await office.gateway.brings(
            Incoming("a", "a", CUSTOMER, None, office.moment, "tolong", concat)
        )
        office.moment -= 5 * 365 * 86400
        (facts,) = await letters_until(office, 1)
        assert isinstance(facts, TextFacts)
        assert facts.incomplete


async def test_a_gateway_that_went_down_while_the_clock_was_ahead_is_not_waited_for(
    tmp_path: Path,
) -> None:
    async with running_office(tmp_path, site_text(gateways=TWO)) as office:
        one = office.gateways["one"]
        one.up, one.since = False, office.moment + 3600
        await office.send("Halo")
        await office.until(lambda it: it[0].state is TextState.SENT)


async def test_a_fault_in_one_gateway_ends_no_other(tmp_path: Path) -> None:
    async with running_office(tmp_path, site_text(gateways=TWO)) as office:

        async def faulty(_: Outgoing) -> Fate:
            raise UnicodeEncodeError("ascii", "é", 0, 1, "no")

        office.gateways["one"].send = faulty  # type: ignore[method-assign]
        await office.send("Halo")
        await office.until(lambda it: it[0].state is TextState.UNKNOWN)
        office.gateways["one"].up = False
        await office.send("Lagi")
        await office.until(lambda it: it[1].state is TextState.SENT)


async def test_a_gateway_that_cannot_be_made_is_left_out(tmp_path: Path) -> None:
    async with running_office(tmp_path) as office:
        made = office.make

        def make(settings: GatewaySettings) -> Any:
            if settings.name == "bad":
                raise GatewayUnusable("sms.gateways.bad.number: 17 characters")
            return made(settings)

        office.make = make
        reread(office, tmp_path, gateways=(("bad", ""), ("one", "price = 1")))
        await asyncio.sleep(0.1)
        assert isinstance(await office.send("Halo"), Accepted)
        await office.until(lambda it: it[0].state is TextState.SENT)


async def test_a_days_cap_counts_on_over_rereads_and_restarts(tmp_path: Path) -> None:
    def capped(price: int) -> tuple[tuple[str, str], ...]:
        return (("one", f"per_day = 5\nprice = {price}"),)

    sent = 0
    for run in range(2):
        async with running_office(tmp_path, site_text(gateways=capped(0))) as office:
            for number in range(8):
                await office.send("Halo", source=f"mail:{run}:{number}")
            for price in (1, 2):
                runs = office.gateway.runs
                reread(office, tmp_path, gateways=capped(price))
                async with asyncio.timeout(10):
                    while office.gateway.runs == runs:
                        await asyncio.sleep(0.01)
                await asyncio.sleep(0.2)
            sent += len(office.gateway.sent)
    assert sent == 5


async def test_a_text_whose_gateway_is_gone_is_told_of(tmp_path: Path) -> None:
    async with running_office(tmp_path, site_text(gateways=TWO)) as office:
        one = office.gateways["one"]
        one.fates = deque([Sent("r1"), NotNow("no network")])
        await office.send("x" * 300)
        await office.until(lambda it: it[0].attempts == 1)
        reread(office, tmp_path, gateways=(("two", ""),))
        texts = await office.until(lambda it: it[0].state is TextState.FAILED)
        assert "no gateway one any more" in (texts[0].words or "")
        (facts,) = await letters_until(office, 1)
        assert isinstance(facts, NoticeFacts)
        assert facts.about == "text-not-sent"


async def test_a_text_whose_gateway_is_gone_waits_for_another_that_is_down(tmp_path: Path) -> None:
    async with running_office(tmp_path, site_text(gateways=TWO)) as office:
        for gateway in office.gateways.values():
            gateway.up, gateway.since = False, office.moment
        office.moment += 60
        await office.send("Halo")
        reread(office, tmp_path, gateways=(("two", ""),))
        await office.until(lambda it: it[0].gateway == "two")
        office.gateways["two"].up = True
        office.centre._stations.wake("two")
        await office.until(lambda it: it[0].state is TextState.SENT)
        assert await office.letters() == []


async def test_what_was_being_sent_under_another_host_name_is_set_aside(tmp_path: Path) -> None:
    async with running_office(tmp_path) as office:
        office.gateway.up = False
        await office.send("Halo")
        claims = OutgoingTexts(office.ledger).turn(
            "one", room=1, now=office.moment, owner="old-host", tell=nobody
        )
        assert len(await claims) == 1
    async with running_office(tmp_path, owner="new-host") as office:
        await office.until(lambda it: it[0].state is TextState.UNKNOWN)
        assert office.gateway.sent == []


async def test_a_ledger_that_refuses_at_the_start_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_office(tmp_path):
        pass
    real, refused = Ledger.write, []

    async def write(self: Ledger, work: Callable[..., Any]) -> Any:
        if len(refused) < 3:
            refused.append(work)
            raise LedgerUnusable("the disk is full")
        return await real(self, work)

    monkeypatch.setattr(Ledger, "write", write)
    async with running_office(tmp_path) as office:
        await office.text_in("Halo")
        assert len(await office.letters()) == 1


async def test_an_alarm_that_the_ledger_refused_is_mailed_later(tmp_path: Path) -> None:
    async with running_office(tmp_path) as office:
        real: Callable[..., Awaitable[Any]] = office.ledger.write
        refused = asyncio.Event()

        async def write(work: Callable[..., Any]) -> Any:
            if "Outbox.add" in work.__qualname__ and not refused.is_set():
                refused.set()
                raise LedgerUnusable("the disk is full")
            return await real(work)

        office.ledger.write = write  # type: ignore[method-assign]
        office.gateway.up, office.gateway.since = False, office.moment
        office.moment += 400
        await refused.wait()
        (facts,) = await letters_until(office, 1)
        assert isinstance(facts, NoticeFacts)
        assert facts.about == "gateway-down"


async def test_a_fault_of_ours_over_one_text_takes_it_to_the_desk_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*_: object) -> str:
        raise ValueError("no reply address")

    async with running_office(tmp_path) as office:
        with monkeypatch.context() as patch:
            patch.setattr(ReplyAddresses, "address", faulty)
            await office.text_in("Halo")
            part = Incoming("k", "raw", CUSTOMER, None, office.moment, "Satu", Concat(7, 2, 1))
            await office.gateway.brings(part)
            office.moment += 3600  # the second part never comes
            first, second = await letters_until(office, 2)
        assert first.body == "Halo"
        assert second.incomplete
        assert "Satu" in second.body
        await office.text_in("Tolong")
        assert len(await letters_until(office, 3)) == 3


async def test_a_fault_while_looking_after_gateways_does_not_end_the_centre(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = asyncio.Event()

    async def faulty(*_: object, **__: object) -> list[Any]:
        failed.set()
        raise ValueError("a fault")

    async with running_office(tmp_path) as office, asyncio.timeout(10):
        with monkeypatch.context() as patch:
            patch.setattr(IncomingTexts, "take_overdue", faulty)
            await failed.wait()
        await office.send("Halo")
        await office.until(lambda it: it[0].state is TextState.SENT)
