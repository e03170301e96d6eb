"""Each fault that libraries.md names for python-gsmmodem-new, and that it cannot reach a user.

Those of its PDUs are in test_gsmmodem_pdu_faults.py.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
import serial

from lab.modem_client import ModemControl, simulated_modem
from lab.modem_faults import Stage, What
from lab.modem_pdu import SMSC
from pbx.secret import Secret
from sms.gateway import GatewayState, Sent
from sms.gateways.modem.errors import ModemTrouble, Silent, SimTrouble
from sms.gateways.modem.line import Ears
from sms.gateways.modem.pins import Pins, PinTries
from sms.gateways.modem.port import Port
from tests.sms.modem_site import HASTY, ModemSite, modem_site, outgoing, texts

UNREADABLE = SMSC + "040C91265391"


@pytest_asyncio.fixture
async def site() -> AsyncIterator[ModemSite]:
    async with modem_site() as site, asyncio.timeout(20):
        yield site


@pytest_asyncio.fixture
async def control() -> AsyncIterator[ModemControl]:
    with tempfile.TemporaryDirectory(prefix="voxmodem") as folder:
        async with simulated_modem(Path(folder)) as control, asyncio.timeout(30):
            yield control


def port_of(
    control: ModemControl,
    hint: Callable[[], None] = lambda: None,
    pause: Callable[[float], bool] = lambda _: False,
) -> Port:
    return Port(
        str(control.link),
        115200,
        pins=Pins(Secret("pin"), PinTries(control.record.parent, b"")),
        patience=HASTY,
        ears=Ears(hint, lambda _: None),
        pause=pause,
    )


async def test_two_new_texts_told_of_in_one_burst_are_both_taken(site: ModemSite) -> None:
    await site.control.deliver(*texts(2))
    await site.inbox.until(lambda it: len(it.texts) >= 2)
    await site.control.wait_empty()
    assert site.inbox.bodies == ["text 0", "text 1"]


async def test_a_new_text_told_of_while_a_command_is_pending_is_taken_at_once(
    site: ModemSite,
) -> None:
    await site.control.deliver(*texts(1), inside=True)
    await site.gateway.send(outgoing())  # the next look by itself is in 30 seconds
    await site.inbox.until(lambda it: len(it.texts) >= 1)


async def test_twelve_of_twelve_new_texts_are_taken_while_sending_in_a_loop(
    site: ModemSite,
) -> None:
    for number in range(12):
        await site.control.deliver(*texts(1, number), inside=number % 2 == 0)
        assert await site.gateway.send(outgoing()) == Sent(str(number + 1))
    await site.inbox.until(lambda it: len(it.texts) >= 12)
    await site.control.wait_empty()
    assert len(await site.control.submitted()) == 12


@pytest.mark.parametrize("bad", [UNREADABLE, "NO HEX", "0791"])
async def test_one_undecodable_pdu_in_a_list_is_kept_raw_and_shifts_no_other(
    site: ModemSite, bad: str
) -> None:
    good = texts(2)
    await site.control.deliver(good[0], bad, good[1])
    await site.inbox.until(lambda it: len(it.texts) >= 3)
    await site.control.wait_empty()
    first, unread, last = site.inbox.texts.values()
    assert [first.body, last.body] == ["text 0", "text 1"]
    assert (unread.raw, unread.body) == (bad, None)
    assert unread.trouble
    assert [first.raw, last.raw] == good


async def test_a_text_is_not_deleted_before_it_is_safe(site: ModemSite) -> None:
    site.inbox.failures = 1
    await site.control.deliver(*texts(1))
    await site.reaches(lambda: len(site.inbox.refused) == 1)
    assert (await site.gateway.send(outgoing())) == Sent("1")  # it goes on meanwhile
    state = await site.control.state()
    assert state.stored["ME"] == 1
    assert not [said for said in state.heard if said.startswith("AT+CMGD")]
    await site.control.deliver(*texts(1, 1))
    await site.inbox.until(lambda it: len(it.texts) >= 2)
    await site.control.wait_empty()


async def test_a_line_that_is_no_utf8_does_not_end_the_reading_thread(site: ModemSite) -> None:
    await site.control.garbage()
    await site.control.deliver(*texts(1))
    await site.inbox.until(lambda it: len(it.texts) >= 1)
    assert site.gateway.health().facts["reconnects"] == 0


async def test_a_reading_thread_that_died_is_noticed(control: ModemControl) -> None:
    def use() -> None:
        port = port_of(control)
        port.connect()
        try:
            port.alive = False
            assert port.rxThread is not None
            port.serial.cancel_read()
            port.rxThread.join()
            port.alive = True
            with pytest.raises(ModemTrouble):
                port.check()
            with pytest.raises(ModemTrouble):
                port.ask("AT")
        finally:
            port.close()

    await asyncio.to_thread(use)


async def test_it_can_be_closed_by_the_reading_thread_itself(control: ModemControl) -> None:
    ended = threading.Event()

    def hang_up() -> None:
        port.close()
        ended.set()

    port = port_of(control, hint=hang_up)
    await asyncio.to_thread(port.connect)
    await control.unplug()
    assert await asyncio.to_thread(ended.wait, 10)
    assert not port.serial.is_open
    await asyncio.to_thread(port.close)


async def test_a_busy_sim_is_waited_for_but_not_for_ever(control: ModemControl) -> None:
    port = port_of(control)
    await asyncio.to_thread(port.connect)
    try:
        await control.fault(Stage.COMMAND, What.REFUSE, answer="+CME ERROR: 14", count=5)
        assert await asyncio.to_thread(port.ask, "AT+CSQ") == ["+CSQ: 21,0", "OK"]
        await control.fault(Stage.COMMAND, What.REFUSE, answer="+CME ERROR: 14", count=5000)
        with pytest.raises(SimTrouble, match="busy"):
            await asyncio.to_thread(port.ask, "AT+CSQ")
        asked = [said for said in (await control.state()).heard if said == "AT+CSQ"]
        assert len(asked) == 6 + HASTY.sim_busy / HASTY.step
    finally:
        port.close()


async def test_a_modem_that_does_not_answer_leaves_neither_port_nor_thread_open(
    control: ModemControl,
) -> None:
    await control.hang()
    before = things()
    port = port_of(control)
    with pytest.raises(Silent):
        await asyncio.to_thread(port.connect)
    assert things() == before


async def test_a_hundred_connections_leave_nothing_open(control: ModemControl) -> None:
    port = port_of(control)
    await asyncio.to_thread(port.connect)
    port.close()
    before = things()

    def connect_and_close() -> None:
        for _ in range(100):
            port = port_of(control)
            port.connect()
            port.close()

    await asyncio.to_thread(connect_and_close)
    assert things() == before


async def test_only_one_thread_touches_it_so_that_no_command_lands_inside_a_text(
    site: ModemSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = set()
    write = serial.Serial.write

    def noted(self: serial.Serial, data: bytes) -> int | None:
        threads.add(threading.current_thread().name)
        return write(self, data)

    monkeypatch.setattr(serial.Serial, "write", noted)
    for number in range(10):
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(site.gateway.send(outgoing(f"hello {number}")))
            group.create_task(site.control.deliver(*texts(2, 2 * number), inside=True))
            for _ in range(5):
                assert site.gateway.health().state is GatewayState.UP
        assert isinstance(sending.result(), Sent)
    await site.inbox.until(lambda it: len(it.texts) >= 20)
    assert threads == {"modem m"}
    heard = (await site.control.state()).heard
    after = [heard[at + 1] for at, said in enumerate(heard) if said.startswith("AT+CMGS=")]
    assert len(after) == 10
    assert all(body.endswith("^Z") for body in after)


async def test_no_pin_is_in_its_log(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    caplog.set_level(logging.DEBUG)
    async with modem_site("--pin", "4711", pin="4711"):
        pass
    assert caplog.records
    assert "4711" not in caplog.text


def test_its_source_is_compiled_without_warnings(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPYCACHEPREFIX": str(tmp_path),
        "PYTHONPATH": str(Path.cwd()),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    words = [sys.executable, "-W", "error", "-c", "import sms.gateways.modem.library"]
    ended = subprocess.run(words, env=environment, capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert list(tmp_path.rglob("modem.*.pyc"))


def things() -> tuple[int, int]:
    """Open files, and threads that read a port."""
    until = time.monotonic() + 5
    reading = sum("_readLoop" in thread.name for thread in threading.enumerate())
    while reading and time.monotonic() < until:
        reading = sum("_readLoop" in thread.name for thread in threading.enumerate())
    return len(list(Path("/proc/self/fd").iterdir())), reading
