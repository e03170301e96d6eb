"""The modem gateway over the lab's modem: what it does on good days, and on bad ones."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from lab.modem_client import simulated_modem
from lab.modem_faults import Stage, What
from lab.modem_network import Submitted
from lab.modem_pdu import deliver_pdu, number_of, tpdu_octets
from sms.gateway import GatewayState, NotNow, Refused, Report, Sent, Unknown
from sms.pdu.decode import decode_submit
from tests.lab.raw_port import raw_port
from tests.sms.modem_site import HASTY, QUICK, ModemSite, modem_site, outgoing, running, texts

TROUBLES = (What.LOSE, What.HANG, What.UNPLUG, What.GARBAGE)
REFUSALS = (
    (Stage.PROMPT, "ERROR", NotNow("the modem answered ERROR")),
    (Stage.PROMPT, "+CMS ERROR: 331", NotNow("+CMS ERROR: 331, no network", gateway_down=True)),
    (Stage.PROMPT, "+CMS ERROR: 332", NotNow("+CMS ERROR: 332, the network did not answer")),
    (Stage.PDU, "+CMS ERROR: 42", NotNow("+CMS ERROR: 42")),
    (Stage.PDU, "+CMS ERROR: 1", Refused("+CMS ERROR: 1, the number does not exist")),
    (Stage.PDU, "+CMS ERROR: 8", Refused("+CMS ERROR: 8, barred by the operator", elsewhere=True)),
    (Stage.PDU, "+CMS ERROR: 332", Unknown("+CMS ERROR: 332, the network did not answer")),
)


@pytest_asyncio.fixture
async def site() -> AsyncIterator[ModemSite]:
    async with modem_site() as site, asyncio.timeout(20):
        yield site


@pytest_asyncio.fixture
async def hasty() -> AsyncIterator[ModemSite]:
    """A gateway that notices a hang soon."""
    async with modem_site(patience=HASTY, sweep=0.1) as site, asyncio.timeout(20):
        yield site


async def test_a_text_is_taken_in_and_deleted_from_the_modem(site: ModemSite) -> None:
    at = 1_700_000_000.0
    pdu = deliver_pdu("+628123456789", "Halo 😀", at)
    await site.control.deliver(pdu)
    await site.inbox.until(lambda it: len(it.texts) >= 1)
    await site.control.wait_empty()
    [text] = site.inbox.texts.values()
    assert (text.sender, text.body, text.sent_at, text.raw) == ("+628123456789", "Halo 😀", at, pdu)


async def test_what_came_while_voxpost_was_down_is_taken_from_all_storages() -> None:
    with tempfile.TemporaryDirectory(prefix="voxmodem") as folder:
        async with simulated_modem(Path(folder)) as control:
            [first, second] = texts(2)
            await control.deliver(first, store="SM")
            await control.deliver(second, first)
            async with running(control) as site:
                await site.inbox.until(lambda it: len(it.texts) >= 2)
                await control.wait_empty()
            assert sorted(map(str, site.inbox.bodies)) == ["text 0", "text 1"]


async def test_a_burst_larger_than_the_storage_is_taken_whole(site: ModemSite) -> None:
    await site.control.deliver(*texts(60))
    await site.inbox.until(lambda it: len(it.texts) >= 60)
    await site.control.wait_empty()
    assert site.gateway.health().facts["storage_size"] == 46


async def test_a_text_that_nothing_tells_of_is_found_by_the_next_look() -> None:
    async with modem_site(sweep=0.2) as site, asyncio.timeout(10):
        await site.control.deliver(*texts(1), inside=True)
        await site.inbox.until(lambda it: len(it.texts) >= 1)


async def test_what_the_inbox_refuses_stays_in_the_modem_and_is_brought_again() -> None:
    async with modem_site(sweep=0.1) as site, asyncio.timeout(10):
        site.inbox.failures = 3
        await site.control.deliver(*texts(1))
        await site.inbox.until(lambda it: len(it.texts) >= 1)
        await site.control.wait_empty()
        assert (len(site.inbox.refused), len(site.inbox.came)) == (3, 1)


@pytest.mark.parametrize("option", ["--maker", "--says-reports"])
async def test_a_text_goes_out_and_its_status_report_comes_back(option: str) -> None:
    options = (option, "HUAWEI") if option == "--maker" else (option,)
    async with modem_site(*options) as site, asyncio.timeout(10):
        await site.control.reports(0)
        assert await site.gateway.send(outgoing(number="+628123456789")) == Sent("1")
        [sent] = await site.control.submitted()
        assert number_of(sent.pdu) == "+628123456789"
        await site.inbox.until(lambda it: len(it.reports) >= 1)
        [report] = site.inbox.reports
        assert replace(report, words="") == Report("1", "delivered", "", "+628123456789")
        await site.control.wait_empty()


async def test_a_modem_that_lists_its_commands_works_too() -> None:
    commands = "+CSCS,+CMGF,+CMGS,+CNUM,+VTS"
    async with modem_site("--commands", commands, "--maker", "Quectel") as site:
        assert await site.gateway.send(outgoing()) == Sent("1")


async def test_a_text_that_the_modem_does_not_store_is_taken_all_the_same(site: ModemSite) -> None:
    [pdu] = texts(1)
    await site.control.say(f"\r\n+CMT: ,{tpdu_octets(pdu)}\r\n{pdu}\r\n".encode())
    await site.inbox.until(lambda it: len(it.texts) >= 1)
    assert site.inbox.bodies == ["text 0"]


async def test_it_tells_its_health(site: ModemSite) -> None:
    await site.reaches(lambda: "network" in site.gateway.health().facts)
    facts = site.gateway.health().facts
    assert facts["signal_dbm"] == -71
    assert facts["operator"] == "LABNET"
    assert facts["network"] == "home"
    assert (facts["storage_used"], facts["storage_size"]) == (0, 46)
    assert facts["port"] == str(site.control.link)


async def test_a_refusal_is_told_by_its_code(site: ModemSite) -> None:
    for stage, answer, fate in REFUSALS:
        await site.control.fault(stage, What.REFUSE, answer=answer)
        assert await site.gateway.send(outgoing()) == fate
    assert await site.control.submitted() == []
    assert await site.gateway.send(outgoing()) == Sent("1")
    facts = site.gateway.health().facts
    assert (facts["reconnects"], facts["errors"]) == (0, len(REFUSALS))


async def test_a_text_whose_answer_is_lost_is_unknown(hasty: ModemSite) -> None:
    for sent, what in enumerate(TROUBLES):
        await hasty.control.fault(Stage.PDU, what)
        assert isinstance(await hasty.gateway.send(outgoing()), Unknown)
        assert len(await hasty.control.submitted()) == 2 * sent + 1
        await hasty.control.plug()
        await hasty.up()
        assert await hasty.gateway.send(outgoing()) == Sent(str(2 * sent + 2))


async def test_a_text_that_gets_no_prompt_has_not_gone_out(hasty: ModemSite) -> None:
    for sent, what in enumerate(TROUBLES):
        await hasty.control.fault(Stage.PROMPT, what)
        fate = await hasty.gateway.send(outgoing())
        assert isinstance(fate, NotNow)
        assert fate.gateway_down
        await hasty.control.plug()
        await hasty.up()
        assert await hasty.gateway.send(outgoing()) == Sent(str(sent + 1))


async def test_a_modem_left_at_the_prompt_sends_nothing_of_what_follows() -> None:
    with tempfile.TemporaryDirectory(prefix="voxmodem") as folder:
        async with simulated_modem(Path(folder)) as control:
            async with raw_port(control.link) as port:
                await port.ask("AT+CMGS=23", b"> ")
                port.say(b"0021000C9194")
            async with running(control) as site, asyncio.timeout(10):
                await site.up()
                heard = (await control.state()).heard
            assert heard[1:3] == ["ESC", "AT"]
            assert await control.submitted() == []


async def test_a_slow_network_is_waited_for() -> None:
    async with modem_site("--send-seconds", "1.0", patience=replace(QUICK, command=0.7)) as site:
        assert await site.gateway.send(outgoing()) == Sent("1")


async def test_while_it_is_away_a_text_is_not_now(site: ModemSite) -> None:
    await site.control.unplug()
    await site.down()
    fate = await site.gateway.send(outgoing())
    assert isinstance(fate, NotNow)
    assert fate.gateway_down


async def test_a_text_that_no_pdu_can_say_is_refused(site: ModemSite) -> None:
    fate = await site.gateway.send(outgoing(number="+62 811 not a number"))
    assert isinstance(fate, Refused)


async def test_a_modem_that_was_pulled_out_comes_back_under_another_name() -> None:
    with tempfile.TemporaryDirectory(prefix="voxmodem") as name:
        folder = Path(name)
        async with (
            simulated_modem(folder, link=folder / "ttyUSB0") as control,
            running(control, device=folder / "ttyUSB*") as site,
            asyncio.timeout(10),
        ):
            await site.up()
            await control.unplug()
            await site.down()
            await site.reaches(lambda: "plugged in?" in site.gateway.health().words)
            await control.deliver(*texts(1))
            await control.plug(folder / "ttyUSB1")
            await site.inbox.until(lambda it: len(it.texts) >= 1)
            await site.up()
            assert site.gateway.health().facts["port"] == str(folder / "ttyUSB1")


async def test_of_several_ports_the_first_that_answers_is_taken() -> None:
    with tempfile.TemporaryDirectory(prefix="voxmodem") as name:
        folder = Path(name)
        async with (
            simulated_modem(folder / "a", link=folder / "tty0") as dumb,
            simulated_modem(folder / "b", link=folder / "tty1") as control,
        ):
            await dumb.hang()
            async with running(control, patience=HASTY, device=folder / "tty?") as site:
                await site.up()
                assert site.gateway.health().facts["port"] == str(folder / "tty1")


async def test_a_modem_that_hangs_is_noticed_and_built_anew(hasty: ModemSite) -> None:
    await hasty.control.hang()
    await hasty.down()
    assert "did not answer" in hasty.gateway.health().words
    await hasty.control.deliver(*texts(1))
    await hasty.control.wake()
    await hasty.inbox.until(lambda it: len(it.texts) >= 1)
    await hasty.up()
    assert hasty.gateway.health().facts["reconnects"] == 1


async def test_two_gateways_do_not_share_a_port(site: ModemSite) -> None:
    async with running(site.control) as other:
        await other.down()
        assert "lock" in other.gateway.health().words
    assert await site.gateway.send(outgoing()) == Sent("1")


async def test_the_pin_is_entered(tmp_path: Path) -> None:
    (tmp_path / "pin").write_text("4711\n")
    async with modem_site("--pin", "4711", pin_file=tmp_path / "pin") as site:
        assert await site.gateway.send(outgoing()) == Sent("1")


async def test_a_wrong_pin_is_never_tried_twice(tmp_path: Path) -> None:
    (tmp_path / "pin").write_text("0000")
    options = {"patience": HASTY, "pin_file": tmp_path / "pin", "wait": False}
    async with modem_site("--pin", "4711", **options) as site, asyncio.timeout(10):
        await site.reaches(lambda: "refused the PIN" in site.gateway.health().words)
        for _ in range(3):
            await site.control.plug()
            before = len((await site.control.state()).heard)
            while "AT+CPIN?" not in (await site.control.state()).heard[before:]:
                await asyncio.sleep(0.01)
        state = await site.control.state()
        assert state.heard.count('AT+CPIN="0000"') == 1
        assert state.pin_tries_left == 2
        assert site.gateway.health().state is GatewayState.DOWN
        async with running(site.control, pin_file=tmp_path / "pin") as restarted:
            await restarted.reaches(lambda: "refused the PIN" in restarted.gateway.health().words)
        assert (await site.control.state()).pin_tries_left == 2
        (tmp_path / "pin").write_text("4711")
        await site.up()


async def test_a_sim_with_one_try_left_or_none_is_told_no_pin() -> None:
    with tempfile.TemporaryDirectory(prefix="voxmodem") as folder:
        options = ("--pin", "4711", "--knows-tries")
        async with simulated_modem(Path(folder), *options) as control, asyncio.timeout(10):
            for words, wrong in (("one wrong PIN more blocks", 2), ("the SIM wants SIM PUK", 1)):
                async with raw_port(control.link) as port:
                    for _ in range(wrong):
                        await port.ask('AT+CPIN="9999"', b"ERROR: 1")
                async with running(control, pin="4711") as site:
                    await site.down()
                    assert words in site.gateway.health().words
            assert 'AT+CPIN="4711"' not in (await control.state()).heard


async def test_a_pin_that_is_wanted_and_not_given_is_said() -> None:
    async with modem_site("--pin", "4711", wait=False) as site, asyncio.timeout(10):
        await site.down()
        assert "add sms.gateways.m.pin_file" in site.gateway.health().words


@pytest.mark.parametrize("when", ["idle", "sending", "hanging"])
async def test_its_thread_has_ended_when_run_is_cancelled(when: str) -> None:
    patience = replace(QUICK, stop=0.2)
    async with modem_site("--send-seconds", "5", patience=patience) as site, asyncio.timeout(10):
        sending = None
        if when == "sending":
            sending = asyncio.create_task(site.gateway.send(outgoing()))
            await site.control.wait_submitted(1)
        elif when == "hanging":
            await site.control.hang()
            sending = asyncio.create_task(site.gateway.send(outgoing()))
            await asyncio.sleep(0)
        site.task.cancel()
        with suppress(asyncio.CancelledError):
            await site.task
        assert not [it for it in threading.enumerate() if it.name == "modem m"]
        if sending is not None:
            assert isinstance(await sending, Unknown if when == "sending" else NotNow)
        assert isinstance(await site.gateway.send(outgoing()), NotNow)


async def test_on_a_bad_day_each_text_comes_once_and_none_goes_twice() -> None:
    """117 in with bursts, 30 out; pulled out 6 times, hung 3 times, with garbage."""
    fates: dict[str, object] = {}
    async with modem_site(patience=HASTY, sweep=0.1) as site, asyncio.timeout(60):

        async def send_all() -> None:
            for number in range(30):
                fate: object = None
                while fate is None or isinstance(fate, NotNow):
                    await site.up()
                    fate = await site.gateway.send(outgoing(f"out {number}"))
                fates[f"out {number}"] = fate

        async def trouble() -> None:
            for day in range(9):
                await site.control.deliver(*texts(13, 13 * day), inside=day % 2 == 0)
                await site.control.garbage()
                await (site.control.unplug if day % 3 else site.control.hang)()
                await site.down()
                await site.control.plug()
                await site.up()

        async with asyncio.TaskGroup() as group:
            group.create_task(send_all())
            group.create_task(trouble())
        await site.inbox.until(lambda it: len(it.texts) >= 117)
        await site.control.wait_empty()
        sent = await site.control.submitted()
    assert sorted(map(str, site.inbox.bodies)) == sorted(f"text {n}" for n in range(117))
    counts = counted(sent)
    assert max(counts.values()) == 1
    assert {body for body, fate in fates.items() if isinstance(fate, Sent)} <= set(counts)
    assert all(isinstance(fate, Sent | Unknown) for fate in fates.values())


def counted(sent: list[Submitted]) -> dict[str, int]:
    bodies = [str(decode_submit(text.pdu).body) for text in sent]
    return {body: bodies.count(body) for body in bodies}
