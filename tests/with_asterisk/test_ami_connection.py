"""The manager connection against a real Asterisk 22, and 16."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ami.connection import AmiConnection
from ami.errors import LoginRefused, NotPermitted, NotSupported
from ami.settings import AmiSettings, LinkState
from ami.wire import MAX_LINE_BYTES, MAX_LINES, Event
from tests.ami.fake_ami import running


def settings(asterisk: Any, *, user: str = "", secret: str = "") -> AmiSettings:
    return AmiSettings(
        asterisk.host,
        asterisk.ami_port,
        user or asterisk.ami_user,
        secret or asterisk.ami_secret,
    )


async def test_it_logs_in_and_knows_the_version(any_asterisk: Any) -> None:
    async with running(AmiConnection(settings(any_asterisk))) as connection:
        await connection.wait_connected()
        assert connection.status.asterisk_version == any_asterisk.version.split(".")[0]
        assert (await connection.action("Ping")).get("Ping") == "Pong"


async def test_a_wrong_secret_is_refused_for_good(any_asterisk: Any) -> None:
    connection = AmiConnection(settings(any_asterisk, secret="wrong"))
    with pytest.raises(LoginRefused, match="Authentication failed"):
        await connection.run()
    assert connection.status.state is LinkState.REFUSED


async def test_a_user_event_goes_out_and_comes_back_with_its_accents(any_asterisk: Any) -> None:
    heard: asyncio.Queue[Event] = asyncio.Queue()
    connection = AmiConnection(settings(any_asterisk))
    connection.on("UserEvent", heard.put)
    async with running(connection):
        fields = {"UserEvent": "Trial", "Name": "José 🎧"}
        (await connection.action("UserEvent", fields)).or_fail()
        event = await asyncio.wait_for(heard.get(), 5)
    assert (event.get("UserEvent"), event.get("Name")) == ("Trial", "José 🎧")


async def test_asterisk_takes_the_longest_line_and_the_most_lines_that_we_send(
    any_asterisk: Any,
) -> None:
    async with running(AmiConnection(settings(any_asterisk))) as connection:
        longest = "x" * (MAX_LINE_BYTES - len("V: \r\n"))
        assert (await connection.action("Ping", {"V": longest})).ok
        assert (await connection.action("Ping", {"V": ["x"] * (MAX_LINES - 2)})).ok


async def test_every_list_action_that_voxpost_uses_ends(any_asterisk: Any) -> None:
    async with running(AmiConnection(settings(any_asterisk))) as connection:
        for name in ("QueueStatus", "CoreShowChannels", "Status", "PJSIPShowEndpoints"):
            assert (await connection.action(name)).ok
        assert not (await connection.action("ConfbridgeListRooms")).events


async def test_what_asterisk_does_not_know_or_permit_has_its_own_error(any_asterisk: Any) -> None:
    least = settings(any_asterisk, user=any_asterisk.least_user)
    async with running(AmiConnection(least)) as connection:
        with pytest.raises(NotSupported):
            (await connection.action("NoSuchAction")).or_fail()
        with pytest.raises(NotPermitted):
            (await connection.action("Command", {"Command": "core show version"})).or_fail()


async def test_an_originate_response_comes_as_an_event(any_asterisk: Any) -> None:
    heard: asyncio.Queue[Event] = asyncio.Queue()
    connection = AmiConnection(settings(any_asterisk))
    connection.on("OriginateResponse", heard.put)
    call = {"Channel": "Local/s@silent", "Application": "Wait", "Data": "1", "Async": "true"}
    async with running(connection):
        reply = await connection.action("Originate", call)
        assert reply.or_fail().message == "Originate successfully queued"
        event = await asyncio.wait_for(heard.get(), 10)
    assert event.get("Response") == "Success"
    assert event.action_id == reply.response.action_id


async def test_it_comes_back_after_its_link_was_cut(any_asterisk: Any) -> None:
    again: asyncio.Queue[None] = asyncio.Queue()
    connection = AmiConnection(settings(any_asterisk))
    connection.on_connected(lambda: again.put(None))
    async with running(connection):
        await asyncio.wait_for(again.get(), 5)
        await connection.action("Logoff")
        await asyncio.wait_for(again.get(), 10)
        assert connection.status.reconnects == 1
