"""The link to a bearerbox that does what no real one does when asked to."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from pbx.gateways import KannelBoxGateway
from sms.gateway import GatewayState, Incoming, NotNow, Outgoing, Report, Sent, Unknown
from sms.gateways.kannel_box.frames import (
    Ack,
    Admin,
    Command,
    Frame,
    Frames,
    Heartbeat,
    Nack,
    Sms,
    SmsType,
    decode,
    encode,
)
from sms.gateways.kannel_box.gateway import KannelBox, Pauses
from sms.gateways.kannel_box.session import Patience
from sms.piece import Piece


class Bearerbox:
    """A bearerbox of one box at a time; nothing is answered by itself."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[Frame] = asyncio.Queue()
        self.links = 0
        self.ended = asyncio.Event()
        self._writer: asyncio.StreamWriter
        self._server: asyncio.Server

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        self._server.close()
        if self.links:
            self.cut()
        await self._server.wait_closed()

    async def next(self) -> Any:
        """What the box sends, but its signs of life."""
        async with asyncio.timeout(10):
            while isinstance(frame := await self.frames.get(), Heartbeat):
                pass
            return frame

    def say(self, *frames: Heartbeat | Admin | Ack | Sms) -> None:
        self.write(b"".join(map(encode, frames)))

    def write(self, octets: bytes) -> None:
        self._writer.write(octets)

    def cut(self) -> None:
        self._writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.links += 1
        self._writer = writer
        frames = Frames()
        try:
            while octets := await reader.read(65536):
                for body in frames.feed(octets):
                    self.frames.put_nowait(decode(body))
        except ConnectionError:
            pass
        finally:
            self.ended.set()
            writer.close()


class Office:
    """The gateway and what it brought."""

    def __init__(self, bearerbox: Bearerbox, port: int) -> None:
        self.bearerbox = bearerbox
        self.brought: asyncio.Queue[Incoming | Report] = asyncio.Queue()
        self.gateway = KannelBox(
            KannelBoxGateway.model_validate({"name": "k", "kind": "kannel-box", "port": port}),
            now=time.time,
            clock=time.monotonic,
            chance=lambda: 0.5,
            patience=Patience(connect=5, answer=0.4, heartbeat=0.05, farewell=1),
            pauses=Pauses(lost=(0.02, 0.05), stalled=(0.01, 0.05), ledger=0.01),
        )

    async def received(self, text: Incoming) -> None:
        self.brought.put_nowait(text)

    async def reported(self, report: Report) -> None:
        self.brought.put_nowait(report)

    def send(self, key: int) -> "asyncio.Task[Any]":
        piece = Piece(f"text {key}", "gsm7")
        return asyncio.create_task(
            self.gateway.send(Outgoing(f"{key}-0", "+62811", None, piece)), name=str(key)
        )

    async def until(self, state: GatewayState) -> None:
        async with asyncio.timeout(10):
            while self.gateway.health().state is not state:
                await asyncio.sleep(0.01)

    async def answered(self, key: int = 0) -> None:
        """One text is sent and acknowledged: the link is sure."""
        sending = self.send(key)
        text = await self.bearerbox.next()
        self.bearerbox.say(Ack(Nack.SUCCESS, text.time, text.id))
        assert await sending == Sent()


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    bearerbox = Bearerbox()
    office = Office(bearerbox, await bearerbox.start())
    running = asyncio.create_task(office.gateway.run(office))
    await office.until(GatewayState.UP)
    assert await bearerbox.next() == Admin(Command.IDENTIFY, b"voxpost")
    yield office
    running.cancel()
    await asyncio.wait({running})
    await bearerbox.stop()


async def test_the_first_text_of_a_link_goes_alone(office: Office) -> None:
    sending = [office.send(key) for key in range(5)]
    first = await office.bearerbox.next()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await office.bearerbox.next()
    office.bearerbox.say(Ack(Nack.SUCCESS, first.time, first.id))
    others = [await office.bearerbox.next() for _ in range(4)]
    office.bearerbox.say(*(Ack(Nack.SUCCESS, it.time, it.id) for it in reversed(others)))
    assert [await it for it in sending] == [Sent()] * 5


async def test_a_cut_link_leaves_unknown_what_was_written_and_nothing_else(office: Office) -> None:
    await office.answered()
    sending = [office.send(key) for key in range(1, 4)]
    for _ in sending:
        await office.bearerbox.next()
    office.bearerbox.cut()
    assert {type(await it) for it in sending} == {Unknown}
    fate = await office.send(4)
    assert isinstance(fate, NotNow)
    assert fate.gateway_down
    await office.until(GatewayState.UP)
    assert await office.bearerbox.next() == Admin(Command.IDENTIFY, b"voxpost")
    await office.answered(4)


async def test_a_text_without_an_answer_ends_the_link(office: Office) -> None:
    sending = [office.send(key) for key in range(3)]
    fates = [await it for it in sending]
    assert [type(it) for it in fates] == [Unknown, NotNow, NotNow]
    assert "did not answer" in fates[0].words
    assert office.bearerbox.links >= 1


async def test_signs_of_life_go_out(office: Office) -> None:
    async with asyncio.timeout(10):
        assert isinstance(await office.bearerbox.frames.get(), Heartbeat)


async def test_acks_of_texts_that_are_not_ours_are_left(office: Office) -> None:
    office.bearerbox.say(Ack(Nack.SUCCESS, 0, b"another"), Ack(Nack.FAILED, 0, None))
    await office.answered()


async def test_what_is_no_frame_ends_the_link_with_words(office: Office) -> None:
    office.bearerbox.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await office.until(GatewayState.DOWN)
    assert "Is the port right?" in office.gateway.health().words


async def test_frames_in_pieces_are_texts_and_reports(office: Office) -> None:
    text = Sms(SmsType.MO, b"id-1", b"+62811", b"100", data=b"hello", time=7, coding=0)
    report = Sms(SmsType.REPORT_MO, b"id-2", dlr_mask=1, dlr_url=b"1-0", data=b"")
    octets = encode(text) + encode(report)
    for at in range(0, len(octets), 7):
        office.bearerbox.write(octets[at : at + 7])
        await asyncio.sleep(0)
    brought = [await office.brought.get() for _ in range(2)]
    assert {type(it) for it in brought} == {Incoming, Report}
    acks = [await office.bearerbox.next() for _ in range(2)]
    assert {it.id: it.nack for it in acks} == {b"id-1": 0, b"id-2": 0}


async def test_what_is_nothing_of_ours_is_acknowledged_so_that_it_goes(office: Office) -> None:
    office.bearerbox.say(Sms(SmsType.REPORT_MT, b"id-1"))
    assert await office.bearerbox.next() == Ack(Nack.SUCCESS, -1, b"id-1")
    assert office.brought.empty()


async def test_at_kannels_shutdown_what_is_under_way_is_waited_for(office: Office) -> None:
    await office.answered()
    sending = office.send(1)
    text = await office.bearerbox.next()
    office.bearerbox.say(Admin(Command.SHUTDOWN), Sms(SmsType.MO, b"id-1", b"+62811"))
    await office.brought.get()
    assert isinstance(await office.send(2), NotNow)
    assert await office.bearerbox.next() == Ack(Nack.SUCCESS, -1, b"id-1")
    office.bearerbox.say(Ack(Nack.FAILED_FOR_NOW, text.time, text.id))
    assert isinstance(await sending, NotNow)
    async with asyncio.timeout(5):
        await office.bearerbox.ended.wait()
