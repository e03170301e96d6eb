"""The listener for e-mails, spoken to by real clients over real sockets."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from mail.intake.handler import Answer
from mail.intake.house import Limits
from mail.intake.listener import MailListener
from pbx.sms import MailIntake

TAKEN = Answer(250, "2.0.0 Taken")
MAIL = b"From: sari@klinik.example\r\nSubject: x\r\n\r\nHalo\r\n"
ANNA, BUDI, NOBODY = (f"{it}@sms.klinik.example" for it in ("anna", "budi", "nobody"))


@dataclass
class Office:
    """A handler that remembers. verdicts: by recipient, for the message."""

    verdicts: dict[str, Answer | Exception] = field(default_factory=dict)
    taken: list[tuple[bytes, str, str]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    entered: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def recipient(self, address: str) -> Answer:
        if address.startswith("broken"):
            raise OSError("the ledger is away")
        if address.startswith("nobody"):
            return Answer(550, "5.1.1 No such\r\n250 number \u2013 sorry")
        return TAKEN

    async def message(self, content: bytes, sender: str, recipient: str) -> Answer:
        self.entered.set()
        await self.gate.wait()
        verdict = self.verdicts.get(recipient, TAKEN)
        if isinstance(verdict, Exception):
            raise verdict
        self.taken.append((content, sender, recipient))
        return verdict


Open = Callable[..., AbstractAsyncContextManager[MailListener]]


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def listening(office: Office) -> Open:
    @asynccontextmanager
    async def start(
        *, limits: Limits | None = None, **settings: Any
    ) -> AsyncIterator[MailListener]:
        intake = MailIntake.model_validate(
            {"domain": "sms.klinik.example", "port": 1, **settings}
        ).model_copy(update={"port": 0})
        listener = MailListener(intake, office, limits=limits)
        async with listener:
            yield listener

    return start


class Raw:
    """A client that says what it wants, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, listener: MailListener, greet: bytes = b"LHLO mx\r\n") -> Raw:
        client = cls(*await asyncio.open_connection("127.0.0.1", listener.port))
        if greet:
            assert await client.line() == "220 sms.klinik.example voxpost\r\n"
            await client.say(greet)
            while (await client.line())[3] == "-":
                pass
        return client

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def line(self) -> str:
        async with asyncio.timeout(10):
            return (await self.reader.readline()).decode()

    async def codes(self, count: int) -> list[str]:
        return [(await self.line())[:3] for _ in range(count)]

    async def rest(self) -> str:
        async with asyncio.timeout(10):
            try:
                return (await self.reader.read()).decode()
            except ConnectionResetError:
                return ""
            finally:
                self.close()

    def close(self) -> None:
        self.writer.transport.abort()


def envelope(*recipients: str, sender: str = "sari@klinik.example") -> bytes:
    lines = [f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{it}>" for it in recipients), "DATA"]
    return "".join(f"{line}\r\n" for line in lines).encode()


async def test_aiosmtpd_answers_once_for_two_recipients_and_ours_once_for_each(
    listening: Open, office: Office
) -> None:
    office.verdicts = {BUDI: Answer(550, "5.7.1 Budi may not"), ANNA: TAKEN}
    async with listening() as listener:
        client = await Raw.to(listener)
        await client.say(envelope(ANNA, BUDI, "third@sms.klinik.example"))
        assert await client.codes(5) == ["250", "250", "250", "250", "354"]
        await client.say(MAIL + b".\r\n")
        assert await client.line() == "250 2.0.0 Taken\r\n"
        assert await client.line() == "550 5.7.1 Budi may not\r\n"
        assert await client.line() == "250 2.0.0 Taken\r\n"
        await client.say(b"NOOP\r\n")
        assert await client.line() == "250 2.0.0 OK\r\n"
        client.close()
    assert office.taken[0] == (MAIL, "sari@klinik.example", ANNA)


async def test_pythons_own_lmtp_client_is_understood(listening: Open, office: Office) -> None:
    office.verdicts = {BUDI: Answer(450, "4.2.0 Later")}
    async with listening() as listener:

        def send() -> dict[str, tuple[int, bytes]]:
            with smtplib.LMTP("127.0.0.1", listener.port, timeout=10) as client:
                return client.sendmail("sari@klinik.example", [ANNA, NOBODY], MAIL)

        refused = await asyncio.to_thread(send)
    assert refused == {NOBODY: (550, b"5.1.1 No such 250 number ? sorry")}
    assert office.taken == [(MAIL, "sari@klinik.example", ANNA)]


async def test_pythons_own_smtp_client_is_understood(listening: Open, office: Office) -> None:
    async with listening(protocol="smtp") as listener:

        def send() -> tuple[dict[str, bytes], dict[str, str]]:
            with smtplib.SMTP("127.0.0.1", listener.port, timeout=10) as client:
                refused = client.sendmail("sari@klinik.example", [ANNA, BUDI], MAIL)
                return refused, client.esmtp_features

        refused, features = await asyncio.to_thread(send)
    # One reply cannot be right for two: the second is brought again by itself.
    assert {it: code for it, (code, _) in refused.items()} == {BUDI: 452}
    assert [it[2] for it in office.taken] == [ANNA]
    assert set(features) == {"size", "8bitmime", "pipelining", "enhancedstatuscodes"}
    assert features["size"] == "2000000"


async def test_data_without_a_recipient_that_was_accepted_is_refused(
    listening: Open, office: Office
) -> None:
    async with listening() as listener:
        client = await Raw.to(listener)
        await client.say(envelope(NOBODY) + b"RSET\r\n")  # Postfix pipelines
        assert await client.codes(4) == ["250", "550", "503", "250"]
        client.close()
    assert office.taken == []


@pytest.mark.parametrize("command", ["AUTH PLAIN AGEAYg==", "VRFY sari", "STARTTLS", "EHLO x"])
async def test_what_is_not_offered_is_not_there(listening: Open, command: str) -> None:
    async with listening() as listener:
        client = await Raw.to(listener)
        await client.say(f"{command}\r\n".encode())
        assert (await client.line())[:9] == "500 5.5.2"
        client.close()


async def test_internationalised_addresses_are_refused(listening: Open) -> None:
    async with listening() as listener:
        client = await Raw.to(listener)
        await client.say(b"MAIL FROM:<a@b.example> SMTPUTF8\r\n")
        assert (await client.line())[0] == "5"
        await client.say("MAIL FROM:<sé@b.example>\r\n".encode())
        assert (await client.line())[0] == "5"
        client.close()


async def test_a_bounce_has_no_sender(listening: Open, office: Office) -> None:
    async with listening() as listener:
        client = await Raw.to(listener)
        await client.say(envelope(ANNA, sender="") + MAIL + b".\r\n")
        assert await client.codes(4) == ["250", "250", "354", "250"]
        client.close()
    assert office.taken == [(MAIL, "", ANNA)]


@pytest.mark.parametrize(
    "address",
    ["<", "<>", "<a b@c>", '<"\\">', "<@>", "<a@[::1>", "<" + "(" * 400, "a@b, c@d", "<\x01@b>"],
)
async def test_an_odd_address_is_refused_and_the_conversation_goes_on(
    listening: Open, office: Office, address: str
) -> None:
    async with listening() as listener:
        client = await Raw.to(listener)
        await client.say(b"MAIL FROM:<a@b.example>\r\n" + f"RCPT TO:{address}\r\n".encode())
        await client.say(b"NOOP\r\n")
        codes = await client.codes(3)
        assert codes[0] == codes[2] == "250"
        client.close()


async def test_a_fault_of_the_handler_asks_for_the_message_again(
    listening: Open, office: Office
) -> None:
    office.verdicts = {ANNA: RuntimeError("secret words")}
    async with listening() as listener:
        client = await Raw.to(listener)
        await client.say(envelope("broken@sms.klinik.example", ANNA, BUDI) + MAIL + b".\r\n")
        assert await client.codes(4) == ["250", "451", "250", "250"]
        assert await client.codes(1) == ["354"]
        assert await client.line() == "451 4.3.0 A fault of ours, come back later\r\n"
        assert await client.codes(1) == ["250"]
        client.close()
    assert [it[2] for it in office.taken] == [BUDI]


async def test_a_slow_handler_asks_for_the_message_again(listening: Open, office: Office) -> None:
    office.gate.clear()
    async with listening(limits=Limits(handler_seconds=0.05)) as listener:
        client = await Raw.to(listener)
        await client.say(envelope(ANNA) + MAIL + b".\r\n")
        assert await client.codes(4) == ["250", "250", "354", "451"]
        client.close()


SMUGGLED = envelope(BUDI).replace(b"DATA\r\n", b"")


@pytest.mark.parametrize(
    "end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n"]
)
async def test_a_message_ends_at_crlf_dot_crlf_alone_so_that_none_is_smuggled(
    listening: Open, office: Office, end: bytes
) -> None:
    content = b"Subject: x\r\n\r\nHalo" + end + SMUGGLED + b"DATA\r\nSubject: y\r\n\r\nMalicious"
    async with listening() as listener:
        client = await Raw.to(listener)
        await client.say(envelope(ANNA) + content + b"\r\n.\r\n")
        assert await client.codes(4) == ["250", "250", "354", "250"]
        await client.say(b"QUIT\r\n")
        assert (await client.rest())[:3] == "221"
    ((taken, _, recipient),) = office.taken
    assert recipient == ANNA
    assert taken.replace(b"\r\n", b"").endswith(b"Malicious")


async def test_a_bare_line_feed_ends_no_command(listening: Open, office: Office) -> None:
    async with listening() as listener:
        client = await Raw.to(listener)
        await client.say(b"MAIL FROM:<a@b.example>\nRCPT TO:<anna@sms.klinik.example>\r\nDATA\r\n")
        assert await client.rest() == "550 5.5.2 Lines end in <CR><LF>\r\n"
    assert office.taken == []


async def test_dots_are_unstuffed(listening: Open, office: Office) -> None:
    async with listening() as listener:
        client = await Raw.to(listener)
        await client.say(envelope(ANNA) + b"..a\r\n.b\r\n...\r\n\r\n..\r\n.\r\n")
        assert await client.codes(4) == ["250", "250", "354", "250"]
        await client.say(envelope(ANNA) + b".\r\n")
        assert await client.codes(4) == ["250", "250", "354", "250"]
        client.close()
    assert [it[0] for it in office.taken] == [b".a\r\nb\r\n..\r\n\r\n.\r\n", b""]


async def test_a_message_may_come_byte_by_byte(listening: Open, office: Office) -> None:
    async with listening() as listener:
        client = await Raw.to(listener)
        for byte in envelope(ANNA) + MAIL + b".\r\nNOOP\r\n":
            await client.say(bytes([byte]))
            await asyncio.sleep(0)
        assert await client.codes(5) == ["250", "250", "354", "250", "250"]
        client.close()
    assert office.taken == [(MAIL, "sari@klinik.example", ANNA)]


async def test_a_message_that_is_too_large_is_refused_before_and_after_it_comes(
    listening: Open, office: Office
) -> None:
    async with listening(max_bytes=10_000) as listener:
        client = await Raw.to(listener)
        await client.say(b"MAIL FROM:<a@b.example> SIZE=10001\r\n")
        assert (await client.line())[:9] == "552 5.3.4"
        lines = (b"x" * 70 + b"\r\n") * 1000
        await client.say(envelope(ANNA, BUDI) + lines + b".\r\n")
        assert await client.codes(6) == ["250", "250", "250", "354", "552", "552"]
        assert listener.room.used == 0
        await client.say(envelope(ANNA) + MAIL + b".\r\n")
        assert await client.codes(4) == ["250", "250", "354", "250"]
        client.close()
    assert [it[0] for it in office.taken] == [MAIL]


async def test_ten_messages_of_twenty_megabytes_do_not_hold_up_the_loop_nor_fill_the_memory(
    listening: Open, office: Office
) -> None:
    """With aiosmtpd's own they freeze it for seconds."""
    block = (b"x" * 76 + b"\r\n") * 800
    worst = used = 0.0
    ended = asyncio.Event()

    async def watch(listener: MailListener) -> None:
        nonlocal worst, used
        loop = asyncio.get_running_loop()
        while not ended.is_set():
            before = loop.time()
            await asyncio.sleep(0.005)
            worst = max(worst, loop.time() - before)
            used = max(used, listener.room.used)

    async def flood(listener: MailListener) -> str:
        client = await Raw.to(listener)
        await client.say(envelope(ANNA))
        assert await client.codes(3) == ["250", "250", "354"]
        for _ in range(20_000_000 // len(block)):
            await client.say(block)
        await client.say(b".\r\n")
        code = (await client.line())[:3]
        client.close()
        return code

    async with listening(limits=Limits(memory=4_000_000)) as listener:
        watching = asyncio.create_task(watch(listener))
        codes = await asyncio.gather(*(flood(listener) for _ in range(10)))
        ended.set()
        await watching
    assert set(codes) <= {"552", "452"}
    assert used <= 4_000_000
    assert listener.room.used == 0
    assert office.taken == []
    assert worst < 5  # against a freeze, not a measure


async def test_above_the_bound_of_memory_a_message_is_asked_for_later(
    listening: Open, office: Office
) -> None:
    office.gate.clear()
    limits = Limits(memory=30_000)
    async with listening(max_bytes=20_000, limits=limits) as listener:
        first, second = await Raw.to(listener), await Raw.to(listener)
        await first.say(envelope(ANNA) + (b"x" * 70 + b"\r\n") * 250 + b".\r\n")
        await office.entered.wait()
        await second.say(b"MAIL FROM:<a@b.example> SIZE=15000\r\n")
        assert (await second.line())[:9] == "452 4.3.1"
        await second.say(envelope(BUDI) + (b"x" * 70 + b"\r\n") * 250 + b".\r\n")
        assert await second.codes(4) == ["250", "250", "354", "452"]
        office.gate.set()
        assert await first.codes(4) == ["250", "250", "354", "250"]
        await second.say(b"MAIL FROM:<a@b.example> SIZE=15000\r\n")
        assert await second.codes(1) == ["250"]
        first.close()
        second.close()
    assert listener.room.used == 0


async def test_a_stranger_is_sent_away(listening: Open) -> None:
    async with listening(peers=["10.0.0.9"]) as listener:
        client = await Raw.to(listener, greet=b"")
        assert await client.rest() == "554 5.7.1 No service for you here\r\n"


async def test_a_peer_may_be_named(listening: Open) -> None:
    async with listening(peers=["no.such.host.invalid", "localhost"]) as listener:
        client = await Raw.to(listener)
        client.close()


async def test_sessions_at_once_are_bounded(listening: Open) -> None:
    async with listening(limits=Limits(sessions=2)) as listener:
        clients = [await Raw.to(listener) for _ in range(2)]
        third = await Raw.to(listener, greet=b"")
        assert (await third.rest())[:9] == "421 4.3.2"
        await clients[0].say(b"QUIT\r\n")
        await clients[0].rest()
        fourth = await Raw.to(listener)
        for client in (*clients, fourth):
            client.close()


@pytest.mark.parametrize("said", [b"", b"MAIL FR", envelope(ANNA), envelope(ANNA) + MAIL])
async def test_who_says_nothing_more_is_left(listening: Open, said: bytes, office: Office) -> None:
    async with listening(limits=Limits(read_seconds=0.1)) as listener:
        client = await Raw.to(listener)
        await client.say(said)
        assert (await client.rest()).rpartition("421")[2].startswith(" 4.4.2")
    assert office.taken == []


async def test_a_command_that_never_ends_is_cut_off(listening: Open) -> None:
    async with listening() as listener:
        client = await Raw.to(listener)
        await client.say(b"NOOP " + b"x" * 100_000)
        assert (await client.rest())[:3] in {"500", ""}


async def test_nothing_is_read_after_the_last_word(listening: Open, office: Office) -> None:
    """aiosmtpd closes the connection and goes on with the commands that it has read already."""
    async with listening() as listener:
        client = await Raw.to(listener)
        await client.say(b"BOGUS\r\n" * 5 + envelope(ANNA) + MAIL + b".\r\n")
        assert "Too many unrecognized" in await client.rest()
        client = await Raw.to(listener)
        await client.say(b"QUIT\r\n" + envelope(ANNA) + MAIL + b".\r\n")
        assert (await client.rest())[:3] in {"221", ""}
    assert office.taken == []


async def test_a_client_that_closes_its_half_still_gets_its_answer(
    listening: Open, office: Office
) -> None:
    """aiosmtpd cancels the message that is being taken."""
    async with listening() as listener:
        client = await Raw.to(listener)
        await client.say(envelope(ANNA) + MAIL + b".\r\n")
        client.writer.write_eof()
        assert (await client.rest()).splitlines()[-1] == "250 2.0.0 Taken"
    assert len(office.taken) == 1


async def test_a_message_whose_client_has_gone_is_taken_to_its_end(
    listening: Open, office: Office
) -> None:
    office.gate.clear()
    async with listening() as listener:
        client = await Raw.to(listener)
        await client.say(envelope(ANNA) + MAIL + b".\r\n")
        await office.entered.wait()
        wire = client.writer.get_extra_info("socket")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST
        client.close()
        async with asyncio.timeout(10):
            while listener.room.used:  # by its conversation
                await asyncio.sleep(0.01)
        office.gate.set()
    assert len(office.taken) == 1


async def test_every_greeting_of_aiosmtpd_makes_the_longest_command_longer_but_not_ours(
    listening: Open,
) -> None:
    async with listening() as listener:
        client = await Raw.to(listener)
        for _ in range(50):
            await client.say(b"LHLO again\r\n")
            assert [await client.line() for _ in range(5)][-1] == "250 ENHANCEDSTATUSCODES\r\n"
        await client.say(b"MAIL FROM:<" + b"a" * 1500 + b"@b.example>\r\n")
        assert await client.codes(1) == ["500"]
        client.close()


async def test_a_stop_lets_a_message_under_way_end_and_says_goodbye_to_others(
    listening: Open, office: Office
) -> None:
    office.gate.clear()
    async with listening() as listener:
        busy, idle = await Raw.to(listener), await Raw.to(listener)
        await busy.say(envelope(ANNA) + MAIL + b".\r\n")
        await office.entered.wait()
        stopping = asyncio.create_task(listener.stop())
        assert (await idle.rest())[:9] == "421 4.3.2"
        assert not stopping.done()
        office.gate.set()
        answers = await busy.rest()
        assert [it[:3] for it in answers.splitlines()] == ["250", "250", "354", "250", "421"]
        await stopping
    assert len(office.taken) == 1


async def test_a_stop_waits_for_a_stuck_message_no_longer_than_it_was_told(
    listening: Open, office: Office
) -> None:
    office.gate.clear()
    async with listening(limits=Limits(stop_seconds=0.05)) as listener:
        client = await Raw.to(listener)
        await client.say(envelope(ANNA) + MAIL + b".\r\n")
        await office.entered.wait()
        async with asyncio.timeout(5):
            await listener.stop()
        assert "354" in await client.rest()
    assert office.taken == []


async def test_an_answer_is_one_line_whatever_is_in_it() -> None:
    answer = Answer(550, "5.1.1 a\r\n250 b\0 é " + "x" * 2000)
    assert answer.reply().startswith("550 5.1.1 a 250 b")
    assert len(answer.reply()) <= 420
    assert answer.reply().isascii()
    assert answer.reply().isprintable()
    assert Answer(450, "later").reply() == "450 4.3.0 later"
    with pytest.raises(ValueError, match="no answer of a mail server"):
        Answer(354, "go on")
