"""The lab's modem speaks as real ones do, misbehaves as told, and forgets nothing that was sent."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from lab.errors import LabError
from lab.modem_client import ModemControl, simulated_modem
from lab.modem_faults import GARBAGE, Stage, What
from lab.modem_pdu import deliver_pdu, number_of, report_pdu, tpdu_octets
from tests.lab.raw_port import RawPort, raw_port

HELLO = "0021000C9194719099999900000BC8329BFD065DDF723619"
WAKE = [("ATE0", b"ATE0\r\r\nOK\r\n")]
CAPTURED = [
    ("ATZ", b"ATZ\r\r\nOK\r\n"),
    *WAKE,
    ("AT+CFUN?", b"\r\n+CFUN: 1\r\n\r\nOK\r\n"),
    ("AT+CMEE=1", b"\r\nOK\r\n"),
    ("AT+CPIN?", b"\r\n+CPIN: READY\r\n\r\nOK\r\n"),
    ("AT+CLAC", b"\r\nERROR\r\n"),
    ("AT", b"\r\nOK\r\n"),
    ("AT^CVOICE=?", b"\r\nERROR\r\n"),
    ("AT+VTS=?", b"\r\nERROR\r\n"),
    ("AT+CSCS=?", b'\r\n+CSCS: ("IRA","GSM","UCS2")\r\n\r\nOK\r\n'),
    ("AT+CNUM=?", b"\r\nERROR\r\n"),
    ("AT+CGMI", b"\r\nSIMCOM INCORPORATED\r\n\r\nOK\r\n"),
    ("AT+DDET=1", b"\r\nOK\r\n"),
    ("AT+ZPAS?", b"\r\nERROR\r\n"),
    ("AT+COPS=3,0", b"\r\nOK\r\n"),
    ("AT+CMGF=0", b"\r\nOK\r\n"),
    ("AT+CSCA?", b'\r\n+CSCA: "+4917222270000",145\r\n\r\nOK\r\n'),
    ("AT+CSMP=49,167,0,0", b"\r\nOK\r\n"),
    ("AT+CPMS=?", b'\r\n+CPMS: ("ME","SM"),("ME","SM"),("ME","SM")\r\n\r\nOK\r\n'),
    ('AT+CPMS="ME","ME","ME"', b"\r\n+CPMS: 0,23,0,23,0,23\r\n\r\nOK\r\n"),
    ("AT+CNMI=2,1,0,2", b"\r\nOK\r\n"),
    ("AT+CLIP=1", b"\r\nOK\r\n"),
    ("AT+CVHU=0", b"\r\nOK\r\n"),
    ('AT+CSCS="GSM"', b"\r\nOK\r\n"),
    ("AT+CSQ", b"\r\n+CSQ: 21,0\r\n\r\nOK\r\n"),
    ("AT+CMGR=20", b"\r\nOK\r\n"),
]


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="voxmodem") as name:
        yield Path(name)


@pytest_asyncio.fixture
async def modem(folder: Path) -> AsyncIterator[ModemControl]:
    async with simulated_modem(folder) as control:
        yield control


@pytest_asyncio.fixture
async def port(modem: ModemControl) -> AsyncIterator[RawPort]:
    async with raw_port(modem.link) as port:
        await said(port, WAKE)
        await port.ask("AT+CNMI=2,1,0,2")
        yield port


async def said(port: RawPort, dialogue: list[tuple[str, bytes]]) -> None:
    for command, answer in dialogue:
        port.say(command.encode() + b"\r")
        assert await port.hears(answer) == answer, command


def a_text(body: str = "hello") -> str:
    return deliver_pdu("+628123456789", body, time.time())


async def test_it_answers_byte_by_byte_what_was_captured(modem: ModemControl) -> None:
    async with raw_port(modem.link) as port:
        await said(port, CAPTURED)
        assert port.heard == b""


async def test_one_that_knows_clac_lists_its_commands_line_by_line(folder: Path) -> None:
    options = ("--commands", "+CSCS,+CMGF", "--maker", "Quectel")
    async with simulated_modem(folder, *options) as modem, raw_port(modem.link) as port:
        listed = b"\r\n+CSCS\r\n\r\n+CMGF\r\n\r\nOK\r\n"
        maker = b"\r\nQuectel\r\n\r\nOK\r\n"
        await said(port, [*WAKE, ("AT+CLAC", listed), ("AT+CGMI", maker)])


async def test_a_text_goes_out_at_ctrl_z_and_gets_the_next_reference(
    modem: ModemControl, port: RawPort
) -> None:
    await said(port, [("AT+CMGS=23", b"\r\n> ")])
    port.say(HELLO.encode())
    assert await modem.submitted() == []
    port.say(b"\x1a")
    assert await port.hears(b"OK\r\n") == b"\r\n+CMGS: 1\r\n\r\nOK\r\n"
    [sent] = await modem.submitted()
    assert (sent.pdu, sent.reference) == (HELLO, 1)
    assert number_of(sent.pdu) == "+491709999999"


async def test_escape_leaves_the_prompt_and_nothing_goes_out(
    modem: ModemControl, port: RawPort
) -> None:
    await said(port, [("AT+CMGS=23", b"\r\n> ")])
    port.say(HELLO.encode() + b"\x1b")
    await port.hears(b"\r\nOK\r\n")
    await said(port, [("AT", b"\r\nOK\r\n")])
    assert await modem.submitted() == []


async def test_what_is_no_pdu_of_the_announced_length_is_refused(
    modem: ModemControl, port: RawPort
) -> None:
    for body in (HELLO[:-2], HELLO[:-1], "AT+CSQ\r" + HELLO, "07919471222207F004"):
        await said(port, [("AT+CMGS=23", b"\r\n> ")])
        port.say(body.encode() + b"\x1a")
        assert await port.hears(b"\r\n+CMS ERROR: 304\r\n")
    assert await modem.submitted() == []


async def test_a_text_is_stored_told_listed_read_and_deleted(
    modem: ModemControl, port: RawPort
) -> None:
    pdu = a_text()
    length = tpdu_octets(pdu)
    await modem.deliver(pdu)
    assert await port.hears(b"\r\n") + await port.hears(b"\r\n") == b'\r\n+CMTI: "ME",0\r\n'
    stored = f"{length}\r\n{pdu}\r\n\r\nOK\r\n".encode()
    await said(
        port,
        [
            ("AT+CMGL=0", b"\r\n+CMGL: 0,0,," + stored),
            ("AT+CMGL=0", b"\r\nOK\r\n"),
            ("AT+CMGL=4", b"\r\n+CMGL: 0,1,," + stored),
            ("AT+CMGR=0", b"\r\n+CMGR: 1,," + stored),
            ('AT+CPMS="SM"', b"\r\n+CPMS: 0,23,1,23,1,23\r\n\r\nOK\r\n"),
            ("AT+CMGL=4", b"\r\nOK\r\n"),
            ('AT+CPMS="ME"', b"\r\n+CPMS: 1,23,1,23,1,23\r\n\r\nOK\r\n"),
            ("AT+CMGD=0,0", b"\r\nOK\r\n"),
            ("AT+CMGL=4", b"\r\nOK\r\n"),
        ],
    )
    await modem.wait_empty()


async def test_several_texts_are_one_burst(modem: ModemControl, port: RawPort) -> None:
    await modem.deliver(*[a_text()] * 3)
    await port.hears(b",2\r\n")
    assert (await modem.state()).stored == {"ME": 3, "SM": 0}


async def test_a_full_storage_lets_the_network_wait(modem: ModemControl, port: RawPort) -> None:
    state = await modem.deliver(*(a_text(f"text {n}") for n in range(25)))
    assert (state.stored["ME"], state.waiting) == (23, 2)
    await port.hears(b",22\r\n")
    assert await port.ask("AT+CMGD=7") == b'\r\n+CMTI: "ME",7\r\n\r\nOK\r\n'
    assert (await modem.state()).waiting == 1


async def test_news_can_come_in_the_middle_of_an_answer(modem: ModemControl, port: RawPort) -> None:
    news = b'\r\n+CMTI: "ME",0\r\n'
    await modem.deliver(a_text(), inside=True)
    assert await port.ask("AT+CSQ") == b"\r\n+CSQ: 21,0\r\n" + news + b"\r\nOK\r\n"
    await modem.deliver(a_text(), store="SM", inside=True)
    assert await port.ask("AT+CMGS=23", b"> ") == b'\r\n+CMTI: "SM",0\r\n\r\n> '


@pytest.mark.parametrize("option", [(), ("--says-reports",)])
async def test_a_status_report_comes_as_cnmi_wants_it(folder: Path, option: tuple[str]) -> None:
    async with simulated_modem(folder, *option) as modem, raw_port(modem.link) as port:
        await modem.reports(0)
        if option:
            await port.ask("AT+CNMI=2,1,0,2", b"ERROR: 303\r\n")
            await port.ask("AT+CNMI=2,1,0,1,0")
        else:
            await port.ask("AT+CNMI=2,1,0,2")
        await port.ask("AT+CMGS=23", b"> ")
        port.say(HELLO.encode() + b"\x1a")
        [sent] = await modem.wait_submitted(1)
        report = report_pdu(HELLO, 1, 0, sent.at)
        if option:
            told = f"\r\n+CDS: {tpdu_octets(report)}\r\n{report}\r\n".encode()
            assert (await port.hears(told)).endswith(told)
        else:
            await port.hears(b'\r\n+CDSI: "ME",0\r\n')
            assert report.encode() in await port.ask("AT+CMGR=0")


async def test_three_wrong_pins_block_the_sim(folder: Path) -> None:
    options = ("--pin", "1234", "--knows-tries")
    async with simulated_modem(folder, *options) as modem, raw_port(modem.link) as port:
        await port.ask("AT+CPMS=?", b"+CMS ERROR: 311\r\n")
        for left in (2, 1):
            await port.ask('AT+CPIN="9999"', b"\r\n+CME ERROR: 16\r\n")
            assert b"+CPINR: SIM PIN,%d,3" % left in await port.ask('AT+CPINR="SIM PIN"')
        await port.ask('AT+CPIN="1234"')
        assert (await modem.state()).pin_tries_left == 3
        await modem.plug()
    async with simulated_modem(folder, *options) as modem, raw_port(modem.link) as port:
        assert b"+CPIN: SIM PIN" in await port.ask("AT+CPIN?")
        for _ in range(3):
            await port.ask('AT+CPIN="9999"', b"ERROR: 1")
        assert b"+CPIN: SIM PUK" in await port.ask("AT+CPIN?")
        await port.ask('AT+CPIN="1234"', b"\r\n+CME ERROR: 12\r\n")


async def test_it_hangs_until_it_is_woken(modem: ModemControl, port: RawPort) -> None:
    await modem.hang()
    port.say(b"AT+CSQ\r")
    while (await modem.state()).unheard < len(b"AT+CSQ\r"):
        pass
    await modem.wake()
    assert await port.ask("AT") == b"\r\nOK\r\n"
    await modem.hang(0.01)
    while (await modem.state()).hanging:
        pass
    assert await port.ask("AT") == b"\r\nOK\r\n"


async def test_it_is_unplugged_and_comes_back_under_another_name(
    modem: ModemControl, port: RawPort, folder: Path
) -> None:
    await modem.deliver(a_text())
    await modem.unplug()
    await port.lost.wait()
    assert not modem.link.is_symlink()
    await modem.plug(folder / "other")
    assert not modem.link.is_symlink()
    async with raw_port(folder / "other") as again:
        assert await again.ask("AT") == b"AT\r\r\nOK\r\n"
        assert b"+CMGL: 0," in await again.ask("AT+CMGL=4")


async def test_it_refuses_and_loses_answers_as_told(modem: ModemControl, port: RawPort) -> None:
    await modem.fault(Stage.PROMPT, What.REFUSE, answer="+CMS ERROR: 38")
    await port.ask("AT+CMGS=23", b"\r\n+CMS ERROR: 38\r\n")
    await modem.fault(Stage.PDU, What.REFUSE, answer="+CMS ERROR: 500")
    await port.ask("AT+CMGS=23", b"> ")
    port.say(HELLO.encode() + b"\x1a")
    await port.hears(b"\r\n+CMS ERROR: 500\r\n")
    assert await modem.submitted() == []
    await modem.fault(Stage.PDU, What.LOSE)
    await port.ask("AT+CMGS=23", b"> ")
    port.say(HELLO.encode() + b"\x1a")
    await modem.wait_submitted(1)
    assert await port.ask("AT") == b"\r\nOK\r\n"
    await modem.fault(Stage.COMMAND, What.GARBAGE)
    await port.ask("AT", GARBAGE)
    await modem.garbage()
    await port.hears(GARBAGE)


async def test_what_was_sent_outlives_the_program(folder: Path) -> None:
    for count in (1, 2):
        async with simulated_modem(folder) as modem, raw_port(modem.link) as port:
            await port.ask("AT+CMGS=23", b"> ")
            port.say(HELLO.encode() + b"\x1a")
            assert len(await modem.wait_submitted(count)) == count
            await port.hears(b"+CMGS: %d\r\n" % count)
    lines = modem.record.read_text().splitlines()
    assert [json.loads(line)["reference"] for line in lines] == [1, 2]


async def test_what_it_cannot_do_is_said(modem: ModemControl) -> None:
    with pytest.raises(LabError, match="cannot deliver"):
        await modem.deliver(a_text(), store="XX")
