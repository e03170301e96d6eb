from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ami.connection import AmiConnection
from ami.errors import (
    ConnectionLost,
    LoginRefused,
    NotConnected,
    NotPermitted,
    NotSupported,
    ShuttingDown,
)
from ami.settings import AmiSettings, LinkState, asterisk_of
from ami.wire import Event
from tests.ami.fake_ami import FakeAmi, packet, response, running


async def test_the_status_tells_how_the_connection_is_doing(settings: AmiSettings) -> None:
    connection = AmiConnection(settings, clock=lambda: 1_000_000_000.0)
    assert connection.status.state is LinkState.STOPPED
    async with running(connection):
        await connection.wait_connected()
        status = connection.status
    assert status.state is LinkState.CONNECTED
    assert status.since.isoformat() == "2001-09-09T01:46:40+00:00"
    assert (status.ami_version, status.asterisk_version) == ("11.0.0", "22")
    assert (status.reconnects, status.last_error) == (0, "")


def test_the_secret_is_not_in_the_settings_text(settings: AmiSettings) -> None:
    assert "hush-hush" not in repr(settings)


@pytest.mark.parametrize(("ami", "asterisk"), [("5.0.4", "16"), ("11.0.0", "22"), ("x", "")])
def test_the_ami_version_tells_the_asterisk(ami: str, asterisk: str) -> None:
    assert asterisk_of(ami) == asterisk


async def test_a_list_action_brings_its_rows_and_not_its_closing_line(
    server: FakeAmi, connection: AmiConnection
) -> None:
    def rows(action: dict[str, str]) -> bytes:
        end = packet(Event="End", ActionID=action["ActionID"], EventList="Complete")
        middle = [packet(Event="Row", N=str(n), ActionID=action["ActionID"]) for n in range(3)]
        noise = packet(Event="Noise")
        return response(action, EventList="start") + noise.join(middle) + end

    server.answers["Status"] = rows
    reply = await connection.action("Status")
    assert [row.get("N") for row in reply.events] == ["0", "1", "2"]


async def test_actions_sent_together_get_their_own_answers(
    server: FakeAmi, connection: AmiConnection
) -> None:
    waiting: list[dict[str, str]] = []

    def last_first(action: dict[str, str]) -> bytes | None:
        waiting.append(action)
        if len(waiting) < 3:
            return None
        return b"".join(response(one, Message=one["N"]) for one in reversed(waiting))

    server.answers["Echo"] = last_first
    replies = await asyncio.gather(*(connection.action("Echo", {"N": str(n)}) for n in range(3)))
    assert [reply.message for reply in replies] == ["0", "1", "2"]


async def test_an_originate_response_is_an_event_even_before_the_response(
    server: FakeAmi, connection: AmiConnection
) -> None:
    events: asyncio.Queue[Event] = asyncio.Queue()
    connection.on("OriginateResponse", events.put)
    server.answers["Originate"] = lambda action: (
        packet(Event="OriginateResponse", ActionID=action["ActionID"], Response="Failure")
        + response(action, Message="Originate successfully queued")
    )
    reply = await connection.action("Originate", {"Async": "true"})
    assert reply.message == "Originate successfully queued"
    assert (await events.get()).get("Response") == "Failure"


async def test_an_error_answer_is_an_exception_when_asked_for(
    server: FakeAmi, connection: AmiConnection
) -> None:
    words = {
        "New": "Invalid/unknown command: New. Use Action: ListCommands to show available commands.",
        "Mine": "Permission denied",
        "Late": "Asterisk is shutting down",
    }
    for name, said in words.items():
        server.answers[name] = lambda action, said=said: response(action, "Error", Message=said)
    with pytest.raises(NotSupported, match="too old"):
        (await connection.action("New")).or_fail()
    with pytest.raises(NotPermitted, match=r"manager\.conf"):
        (await connection.action("Mine")).or_fail()
    with pytest.raises(ShuttingDown):
        (await connection.action("Late")).or_fail()


async def test_after_a_reconnect_the_state_is_asked_anew(
    server: FakeAmi, connection: AmiConnection
) -> None:
    asked: asyncio.Queue[None] = asyncio.Queue()
    connection.on_connected(lambda: asked.put(None))
    await server.drop()
    await asyncio.wait_for(asked.get(), 2)
    assert connection.status.reconnects == 1
    assert "closed" in connection.status.last_error


async def test_a_handler_that_fell_behind_loses_events_countably_and_the_state_is_asked_anew(
    server: FakeAmi, settings: AmiSettings
) -> None:
    go, asked = asyncio.Event(), asyncio.Event()
    slow_saw: list[str] = []
    quick_saw: asyncio.Queue[str] = asyncio.Queue()

    async def slow(event: Event) -> None:
        await go.wait()
        slow_saw.append(event.get("N"))

    async def quick(event: Event) -> None:
        await quick_saw.put(event.get("N"))

    async def ask() -> None:
        if go.is_set():
            asked.set()

    connection = AmiConnection(settings, queue_size=5)
    connection.on("E", slow)
    connection.on("E", quick)
    connection.on_connected(ask)
    async with running(connection):
        await connection.wait_connected()
        for n in range(20):
            await server.say(packet(Event="E", N=str(n)))
            assert await quick_saw.get() == str(n)
        assert connection.status.events_dropped == 20 - 6
        go.set()
        await asyncio.wait_for(asked.wait(), 2)
    assert slow_saw == ["0", "1", "2", "3", "4", "5"]


async def test_a_packet_too_long_to_be_read_is_counted_as_dropped(
    server: FakeAmi, settings: AmiSettings
) -> None:
    heard: asyncio.Queue[Event] = asyncio.Queue()
    connection = AmiConnection(settings)
    connection.on("E", heard.put)
    connected: asyncio.Queue[None] = asyncio.Queue()
    connection.on_connected(lambda: connected.put(None))
    async with running(connection), asyncio.timeout(5):
        await connected.get()
        await server.say(packet(Event="E", N="x" * (1 << 21)) + packet(Event="E", N="next"))
        assert (await heard.get()).get("N") == "next"
        assert connection.status.events_dropped == 1
        await server.drop()
        await connected.get()
        assert connection.status.events_dropped == 1  # also of links that ended


async def test_a_handler_that_hangs_is_ended_at_its_time_limit(
    server: FakeAmi, settings: AmiSettings
) -> None:
    calls: asyncio.Queue[str] = asyncio.Queue()

    async def hang(event: Event) -> None:
        await calls.put(event.get("N"))
        await asyncio.Event().wait()

    connection = AmiConnection(settings, handler_timeout=0.02)
    connection.on("E", hang)
    async with running(connection):
        await connection.wait_connected()
        await server.say(packet(Event="E", N="1") + packet(Event="E", N="2"))
        assert [await calls.get(), await calls.get()] == ["1", "2"]
    assert connection.status.handler_errors >= 1


async def test_a_handler_that_ends_as_cancelled_is_called_again(
    server: FakeAmi, settings: AmiSettings
) -> None:
    calls: asyncio.Queue[str] = asyncio.Queue()

    async def cancelled(event: Event) -> None:
        await calls.put(event.get("N"))
        raise asyncio.CancelledError

    async with running(AmiConnection(settings)) as connection:
        connection.on("E", cancelled)
        await connection.wait_connected()
        await server.say(packet(Event="E", N="1") + packet(Event="E", N="2"))
        assert [await calls.get(), await calls.get()] == ["1", "2"]


async def test_a_state_callback_that_fails_does_not_keep_the_others_from_being_called(
    server: FakeAmi, settings: AmiSettings
) -> None:
    called = asyncio.Event()

    async def fail() -> None:
        raise RuntimeError

    async def call() -> None:
        called.set()

    connection = AmiConnection(settings)
    connection.on_connected(fail)
    connection.on_connected(call)
    async with running(connection):
        await asyncio.wait_for(called.wait(), 2)
    assert connection.status.handler_errors == 1


async def test_the_log_in_waits_for_the_banner_so_no_stranger_is_told_the_secret(
    server: FakeAmi, settings: AmiSettings
) -> None:
    server.banner = b"220 mail.klinik.example ESMTP\r\n"
    connection = AmiConnection(settings)
    async with running(connection):
        with pytest.raises(NotConnected, match="not Asterisk's AMI"):
            await connection.action("Ping", timeout=0.2)
    assert server.raw == b""
    assert server.connections > 1


async def test_a_server_that_says_nothing_is_given_up_and_tried_again(
    server: FakeAmi, settings: AmiSettings
) -> None:
    server.banner = b""
    connection = AmiConnection(replace(settings, connect_timeout=0.03))
    async with running(connection):
        with pytest.raises(NotConnected, match="did not answer within"):
            await connection.action("Ping", timeout=0.2)
    assert server.connections > 1


@pytest.mark.parametrize("words", ["Login Already In Use", "Asterisk is shutting down"])
async def test_a_refusal_that_passes_is_tried_again(
    server: FakeAmi, settings: AmiSettings, words: str
) -> None:
    accept = server.answers["Login"]

    def in_use_once(action: dict[str, str]) -> bytes | None:
        server.answers["Login"] = accept
        return response(action, "Error", Message=words)

    server.answers["Login"] = in_use_once
    async with running(AmiConnection(settings)) as connection:
        await connection.wait_connected()
    assert server.logins == 2


async def test_a_cancelled_run_ends_everything_at_once(
    server: FakeAmi, settings: AmiSettings
) -> None:
    connection = AmiConnection(settings)
    before = asyncio.all_tasks()
    task = asyncio.create_task(connection.run())
    await connection.wait_connected()
    waiting = asyncio.create_task(connection.action("Nothing"))
    await server.next("Nothing")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ConnectionLost):
        await waiting
    with pytest.raises(NotConnected, match="closed"):
        await connection.action("Ping")
    await server.drop()
    ours = {one for one in asyncio.all_tasks() - before if "_serve" not in repr(one)}
    assert ours == set()


async def test_a_connection_closed_before_it_runs_never_connects(
    server: FakeAmi, settings: AmiSettings
) -> None:
    connection = AmiConnection(settings)
    connection.close()
    await asyncio.wait_for(connection.run(), 1)
    assert server.connections == 0
    with pytest.raises(NotConnected, match="closed"):
        await connection.wait_connected()


async def test_a_refusal_is_told_to_actions_that_wait(
    server: FakeAmi, settings: AmiSettings
) -> None:
    server.answers["Login"] = lambda action: response(action, "Error", Message="Nope")
    connection = AmiConnection(settings)
    waiting = asyncio.create_task(connection.action("Ping"))
    await asyncio.sleep(0)
    with pytest.raises(LoginRefused):
        await connection.run()
    with pytest.raises(LoginRefused):
        await waiting
