"""Voicemail over AMI: what is heard of it, and what is done to it, by a real Asterisk."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ami.connection import AmiConnection
from ami.errors import NotSupported
from ami.settings import AmiSettings
from ami.voicemail import MailboxActions, VoicemailWatcher
from tests.ami.fake_ami import running


def connect(asterisk: Any) -> AmiConnection:
    return AmiConnection(
        AmiSettings(asterisk.host, asterisk.ami_port, asterisk.ami_user, asterisk.ami_secret)
    )


@pytest.fixture
def mailbox(any_asterisk: Any) -> Path:
    """The folder of the empty mailbox 6002."""
    folder: Path = any_asterisk.mailbox_dir("6002").parent
    shutil.rmtree(folder, ignore_errors=True)
    return folder


async def leave_message(connection: AmiConnection, options: str = "s") -> None:
    call = {
        "Channel": "Local/s@speak",
        "Application": "VoiceMail",
        "Data": f"6002@default,{options}",
        "Async": "true",
    }
    (await connection.action("Originate", call)).or_fail()


async def message_id(folder: Path) -> str:
    (text,) = folder.glob("msg*.txt")
    lines = text.read_text().splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("msg_id="))


async def nothing() -> None:
    pass


def hints(connection: AmiConnection) -> tuple[asyncio.Queue[str], Callable[[], Any]]:
    told: asyncio.Queue[str] = asyncio.Queue()
    VoicemailWatcher(connection, told.put, nothing)
    return told, lambda: asyncio.wait_for(told.get(), 30)


async def test_a_message_left_is_hinted_at_and_marked_heard_and_deleted(
    any_asterisk: Any, mailbox: Path
) -> None:
    connection = connect(any_asterisk)
    _, hint = hints(connection)
    actions = MailboxActions(connection)
    async with running(connection):
        await leave_message(connection)
        assert await hint() == "6002@default"
        msg_id = await message_id(mailbox / "INBOX")
        if any_asterisk.version.startswith("16"):
            with pytest.raises(NotSupported):
                await actions.mark_heard("6002@default", msg_id)
            with pytest.raises(NotSupported):
                await actions.delete("6002@default", msg_id)
            return
        await actions.mark_heard("6002@default", msg_id)
        assert await message_id(mailbox / "Old") == msg_id
        await actions.mark_heard("6002@default", msg_id)
        assert await message_id(mailbox / "Old") == msg_id
        await actions.delete("6002@default", msg_id)
        assert not list(mailbox.glob("*/msg*"))
        await actions.delete("6002@default", msg_id)


async def test_an_urgent_message_is_hinted_at_and_marked_heard(asterisk: Any) -> None:
    folder: Path = asterisk.mailbox_dir("6002").parent
    shutil.rmtree(folder, ignore_errors=True)
    connection = connect(asterisk)
    _, hint = hints(connection)
    actions = MailboxActions(connection)
    async with running(connection):
        await leave_message(connection, "sU")
        assert await hint() == "6002@default"
        msg_id = await message_id(folder / "Urgent")
        assert await actions.folder_of("6002@default", msg_id) == "Urgent"
        await actions.mark_heard("6002@default", msg_id)
        assert await message_id(folder / "Old") == msg_id


async def test_an_unknown_mailbox_or_message_is_gone(asterisk: Any) -> None:
    connection = connect(asterisk)
    async with running(connection):
        actions = MailboxActions(connection)
        assert await actions.folder_of("9999@default", "1-2") is None
        await actions.delete("9999@default", "1-2")
        await actions.mark_heard("6001@default", "1-2")
