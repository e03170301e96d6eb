"""Voicemail changed by its files while a real Asterisk works on the same mailbox."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ami.connection import AmiConnection
from ami.events import message_waiting
from ami.settings import AmiSettings
from ami.voicemail import MailboxActions
from ami.wire import Event
from cli.telephone import Telephone
from lab.phone import Phone
from lab.speech import from_prompt
from mail.aftercare import MailboxBusy
from mail.mailbox_files import MailboxFiles
from pbx.model import Site
from tests.ami.fake_ami import running

BOX = "6002@default"


@pytest.fixture
def mailbox(any_asterisk: Any) -> Path:
    """The folder of the empty mailbox 6002."""
    folder: Path = any_asterisk.mailbox_dir("6002").parent
    shutil.rmtree(folder, ignore_errors=True)
    return folder


@pytest.fixture
def site(any_asterisk: Any) -> Site:
    ami = {
        "port": any_asterisk.ami_port,
        "username": any_asterisk.ami_user,
        "secret": any_asterisk.ami_secret,
    }
    return Site.model_validate(
        {
            "site": {"name": "Klinik", "domain": "klinik.example"},
            "asterisk": {
                "spool_dir": str(any_asterisk.spool_dir),
                "config_dir": str(any_asterisk.etc_dir),
                "ami": ami,
            },
            "mail": {"smtp": {"host": "localhost"}, "from": "Voicemail <v@klinik.example>"},
            "people": [{"extension": "6002", "name": "Sari"}],
        }
    )


def connect(asterisk: Any) -> AmiConnection:
    return AmiConnection(
        AmiSettings(asterisk.host, asterisk.ami_port, asterisk.ami_user, asterisk.ami_secret)
    )


@asynccontextmanager
async def telephone_of(site: Site) -> AsyncIterator[Telephone]:
    connected = asyncio.Event()

    async def hint(_: str) -> None:
        pass

    async def sweep() -> None:
        connected.set()

    telephone = Telephone(site=lambda: site, hint=hint, sweep=sweep)
    task = asyncio.create_task(telephone.run())
    try:
        async with asyncio.timeout(20):
            await connected.wait()
        yield telephone
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def leave_message(phone: Phone, asterisk: Any) -> None:
    said = from_prompt(asterisk.sounds_dir, 1.5)
    result = await phone.call("6002", asterisk.sip_port, speech=said, speak_after=0.5)
    assert result.finished, result.words


async def ids_once(folder: Path, count: int) -> list[str]:
    """The ids of a folder's messages, once there are so many; each is whole, none is missing."""
    async with asyncio.timeout(20):
        while len(list(folder.glob("msg*.txt"))) < count:
            await asyncio.sleep(0.02)
    return ids(folder)


def ids(folder: Path) -> list[str]:
    texts = sorted(folder.glob("msg*.txt"))
    assert [it.name for it in texts] == [f"msg{number:04d}.txt" for number in range(len(texts))]
    found = []
    for text in texts:
        assert text.with_suffix(".wav").stat().st_size > 1000
        lines = text.read_text().splitlines()
        found.append(next(it.partition("=")[2] for it in lines if it.startswith("msg_id=")))
    return found


class Lamp:
    """What the telephones of the mailbox are told."""

    def __init__(self, connection: AmiConnection) -> None:
        self._told: asyncio.Queue[tuple[int, int]] = asyncio.Queue()
        connection.on("MessageWaiting", self._hear)

    async def _hear(self, event: Event) -> None:
        news = message_waiting(event)
        if news is not None and news.address == BOX:
            await self._told.put((news.new, int(event.get("Old", "0"))))

    async def says(self, new: int, old: int) -> None:
        """Wait for it."""
        async with asyncio.timeout(20):
            while await self._told.get() != (new, old):
                pass


async def new_by_console(asterisk: Any) -> str:
    """How many new messages `voicemail show users` shows."""
    shown = await asterisk.rx("voicemail show users")
    return next(str(line).split()[-1] for line in shown.splitlines() if " 6002 " in line)


async def test_a_message_is_heard_new_again_and_deleted_and_the_lamp_follows(
    any_asterisk: Any, phone: Phone, site: Site, mailbox: Path
) -> None:
    connection = connect(any_asterisk)
    lamp = Lamp(connection)
    actions = MailboxFiles(lambda: site, MailboxActions(connection).refresh)
    async with running(connection):
        await leave_message(phone, any_asterisk)
        (msg_id,) = await ids_once(mailbox / "INBOX", 1)
        await lamp.says(1, 0)
        await actions.mark_heard(BOX, msg_id)
        await lamp.says(0, 1)
        assert (ids(mailbox / "INBOX"), ids(mailbox / "Old")) == ([], [msg_id])
        assert await new_by_console(any_asterisk) == "0"
        await actions.mark_new(BOX, msg_id)
        await lamp.says(1, 0)
        assert await new_by_console(any_asterisk) == "1"
        await actions.delete(BOX, msg_id)
        await lamp.says(0, 0)
        assert not list(mailbox.glob("*/msg*"))


async def test_a_message_deleted_at_once_leaves_no_lamp_on(
    any_asterisk: Any, phone: Phone, site: Site, mailbox: Path
) -> None:
    """Asterisk 16 counted nothing before and counts nothing now: it sees no difference."""
    connection = connect(any_asterisk)
    lamp = Lamp(connection)
    refresh = MailboxActions(connection).refresh
    async with running(connection):
        await refresh(BOX)
        await leave_message(phone, any_asterisk)
        (msg_id,) = await ids_once(mailbox / "INBOX", 1)
        await lamp.says(1, 0)
        await MailboxFiles(lambda: site, refresh).delete(BOX, msg_id)
        await lamp.says(0, 0)


async def test_messages_left_meanwhile_are_neither_lost_nor_overwritten(
    any_asterisk: Any, phone: Phone, site: Site, mailbox: Path
) -> None:
    connection = connect(any_asterisk)
    actions = MailboxFiles(lambda: site, MailboxActions(connection).refresh)

    async def move_to_and_fro(msg_id: str) -> None:
        while True:
            await actions.mark_heard(BOX, msg_id)
            await actions.mark_new(BOX, msg_id)

    async with running(connection):
        await leave_message(phone, any_asterisk)
        (first,) = await ids_once(mailbox / "INBOX", 1)
        moving = asyncio.create_task(move_to_and_fro(first))
        try:
            await asyncio.gather(*(leave_message(phone, any_asterisk) for _ in range(4)))
            await connection.action("VoicemailRefresh", {"Mailbox": "6002", "Context": "default"})
            async with asyncio.timeout(20):
                while len(list(mailbox.glob("*/msg*.txt"))) < 5 or list(mailbox.glob("tmp/*")):
                    assert not moving.done()
                    await asyncio.sleep(0.02)
        finally:
            moving.cancel()
            await asyncio.gather(moving, return_exceptions=True)
        await actions.mark_heard(BOX, first)
    found = ids(mailbox / "INBOX")
    assert ids(mailbox / "Old") == [first]
    assert len(set(found)) == len(found) == 4
    assert not list(mailbox.glob("*/.lock*"))


async def test_through_asterisks_actions_or_by_files_it_is_the_same(
    any_asterisk: Any, phone: Phone, site: Site, mailbox: Path
) -> None:
    await leave_message(phone, any_asterisk)
    (msg_id,) = await ids_once(mailbox / "INBOX", 1)
    async with telephone_of(site) as telephone:
        for _ in range(2):
            await telephone.mark_heard(BOX, msg_id)
            assert ids(mailbox / "Old") == [msg_id]
        await telephone.mark_new(BOX, msg_id)
        assert ids(mailbox / "INBOX") == [msg_id]
        for _ in range(2):
            await telephone.delete(BOX, msg_id)
        assert not list(mailbox.glob("*/msg*"))


async def test_a_mailbox_that_is_listened_to_waits(
    any_asterisk: Any, phone: Phone, site: Site, mailbox: Path
) -> None:
    """Asterisk remembers by number what its caller deletes: another message would go instead."""
    await leave_message(phone, any_asterisk)
    await leave_message(phone, any_asterisk)
    first, second = await ids_once(mailbox / "INBOX", 2)
    connection = connect(any_asterisk)
    async with running(connection), telephone_of(site) as telephone:
        call = {
            "Channel": "Local/200@lab",
            "Application": "VoiceMailMain",
            "Data": f"{BOX},sa(0)",
            "Async": "true",
        }
        (await connection.action("Originate", call)).or_fail()
        actions = MailboxActions(connection)
        async with asyncio.timeout(20):
            while not await actions.is_listened_to(BOX):
                await asyncio.sleep(0.05)
        with pytest.raises(MailboxBusy, match="somebody listens"):
            await telephone.delete(BOX, first)
        assert ids(mailbox / "INBOX") == [first, second]
        rows = (await connection.action("CoreShowChannels")).events
        channel = next(it.get("Channel") for it in rows if it.get("Application") == "VoiceMailMain")
        await connection.action("Hangup", {"Channel": channel})
        async with asyncio.timeout(20):
            while await actions.is_listened_to(BOX):
                await asyncio.sleep(0.05)
        await telephone.delete(BOX, first)
        assert ids(mailbox / "INBOX") == [second]
