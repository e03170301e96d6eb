"""Each fault that libraries.md names for panoramisk's Manager, and that it cannot reach a user."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from ami.connection import AmiConnection
from ami.errors import (
    ActionTimeout,
    ConnectionLost,
    LoginRefused,
    NotConnected,
    UnsafeValue,
)
from ami.settings import AmiSettings, LinkState
from ami.wire import Event
from tests.ami.fake_ami import FakeAmi, packet, response, running


async def test_a_utf8_character_split_over_two_reads_arrives_whole(
    server: FakeAmi, connection: AmiConnection
) -> None:
    names: asyncio.Queue[str] = asyncio.Queue()

    async def keep(event: Event) -> None:
        await names.put(event.get("Name"))

    connection.on("E", keep)
    await server.say("Event: E\r\nName: José".encode()[:-1])
    await server.say("é".encode()[1:] + b"\r\n\r\n" + b"Event: E\r\nName: Jos\xe9\r\n\r\n")
    assert await names.get() == "José"
    assert await names.get() == "Jos\ufffd"


async def test_a_callback_that_raises_does_not_lose_the_rest_of_the_chunk_nor_the_link(
    server: FakeAmi, connection: AmiConnection
) -> None:
    seen: asyncio.Queue[str] = asyncio.Queue()

    async def fail(event: Event) -> None:
        raise RuntimeError(event.name)

    def fail_before_the_first_await(event: Event) -> asyncio.Future[None]:
        raise RuntimeError(event.name)

    async def keep(event: Event) -> None:
        await seen.put(event.get("N"))

    for handler in (fail, fail_before_the_first_await, keep):
        connection.on("E", handler)
    await server.say(packet(Event="E", N="1") + packet(Event="E", N="2"))
    assert [await seen.get(), await seen.get()] == ["1", "2"]
    assert (await connection.action("Ping")).ok
    assert connection.status.handler_errors == 4
    assert server.connections == 1


async def test_coroutine_callbacks_are_owned_bounded_and_in_order(
    server: FakeAmi, settings: AmiSettings
) -> None:
    running_now, most, order = 0, 0, []
    done = asyncio.Event()

    async def slow(event: Event) -> None:
        nonlocal running_now, most
        running_now += 1
        most = max(most, running_now)
        await asyncio.sleep(0)
        order.append(int(event.get("N")))
        running_now -= 1
        if len(order) == 100:
            done.set()

    connection = AmiConnection(settings)
    connection.on("E", slow)
    connection.on("F", slow)
    async with running(connection):
        await connection.wait_connected()
        before = len(asyncio.all_tasks())
        await server.say(b"".join(packet(Event="EF"[n % 2], N=str(n)) for n in range(100)))
        await done.wait()
        assert len(asyncio.all_tasks()) == before
    assert order == list(range(100))
    assert most == 1


async def test_crlf_inside_a_setvar_value_does_not_deliver_a_second_action(
    server: FakeAmi, connection: AmiConnection
) -> None:
    value = "x\r\n\r\nAction: Originate\r\nChannel: Local/1"
    with pytest.raises(UnsafeValue, match="'Value'"):
        await connection.action("Setvar", {"Variable": "V", "Value": value})
    await connection.action("Ping")
    assert b"Originate" not in server.raw


async def test_an_originate_that_was_pending_when_the_link_dropped_is_never_sent_again(
    server: FakeAmi, connection: AmiConnection
) -> None:
    async with asyncio.TaskGroup() as group:
        call = group.create_task(_failure(connection, "Originate", ConnectionLost))
        await server.next("Originate")
        await server.drop()
        await call
    await connection.wait_connected()
    await server.say(b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n")
    await connection.action("Ping")
    assert server.logins == 2
    assert server.raw.count(b"Action: Originate") == 1


async def test_a_pending_list_action_does_not_hang_when_the_link_drops(
    server: FakeAmi, connection: AmiConnection
) -> None:
    server.answers["Status"] = lambda action: (
        response(action, EventList="start") + packet(Event="Row", ActionID=action["ActionID"])
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(_failure(connection, "Status", ConnectionLost))
        await server.next("Status")
        await server.drop()


async def test_every_action_has_a_time_limit(connection: AmiConnection) -> None:
    with pytest.raises(ActionTimeout, match="'Nothing'"):
        await connection.action("Nothing", timeout=0.05)


async def test_a_list_that_never_ends_has_a_time_limit_too(
    server: FakeAmi, connection: AmiConnection
) -> None:
    server.answers["Status"] = lambda action: response(action, EventList="start")
    with pytest.raises(ActionTimeout):
        await connection.action("Status", timeout=0.05)


async def test_cancelled_and_late_actions_do_not_stay_in_responses(
    server: FakeAmi, connection: AmiConnection
) -> None:
    with pytest.raises(ActionTimeout):
        await connection.action("Nothing", timeout=0.05)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(connection.action("Nothing"))
        await server.next("Nothing")
        await server.next("Nothing")
        task.cancel()
    assert connection._link is not None
    assert connection._link.responses == {}


async def test_a_list_action_with_a_single_reply_does_not_hang(
    server: FakeAmi, connection: AmiConnection
) -> None:
    server.answers["QueueStatus"] = lambda action: response(action, "Error", Message="No queues")
    reply = await connection.action("QueueStatus")
    assert not reply.ok
    assert reply.message == "No queues"
    assert reply.events == ()


async def test_a_half_open_link_is_found_within_two_pings(
    server: FakeAmi, settings: AmiSettings
) -> None:
    server.answers["Ping"] = lambda _: None
    loop = asyncio.get_running_loop()
    connection = AmiConnection(replace(settings, ping_interval=0.2, boot_grace=0))
    async with running(connection):
        await connection.wait_connected()
        start = loop.time()
        await _failure(connection, "Nothing", ConnectionLost)
        assert loop.time() - start < 0.2 * 2 + 0.5
        assert "ping" in connection.status.last_error


async def test_a_link_that_answers_its_pings_is_kept(
    server: FakeAmi, settings: AmiSettings
) -> None:
    async with running(AmiConnection(replace(settings, ping_interval=0.02))) as connection:
        for _ in range(5):
            await server.next("Ping")
        assert connection.status.reconnects == 0


async def test_a_link_that_talks_but_never_answers_is_given_up_after_three_pings(
    server: FakeAmi, settings: AmiSettings
) -> None:
    server.answers["Ping"] = lambda _: None
    connection = AmiConnection(replace(settings, ping_interval=0.05))
    async with running(connection):
        while server.logins < 2:
            await server.say(packet(Event="Noise"))
            await asyncio.sleep(0.01)
    pings = server.raw.split(b"Action: Login")[1].count(b"Action: Ping")
    assert pings == 3


async def test_reconnects_wait_longer_each_time_with_jitter(settings: AmiSettings) -> None:
    jitter = iter([0.0, 1.0, 0.0, 0.0, 0.0])
    connection = AmiConnection(
        replace(settings, port=1, reconnect_first=0.02, reconnect_longest=0.08),
        random=lambda: next(jitter),
    )
    with capture_logs() as logs:
        async with running(connection):
            async with asyncio.timeout(5):
                while len(logs) < 4:
                    await asyncio.sleep(0.005)
    assert [entry["next_try_s"] for entry in logs[:4]] == [0.01, 0.04, 0.04, 0.04]


async def test_a_wrong_password_is_final_and_does_not_trip_fail2ban(
    server: FakeAmi, settings: AmiSettings
) -> None:
    server.answers["Login"] = lambda action: response(
        action, "Error", Message="Authentication failed"
    )
    connection = AmiConnection(settings)
    with pytest.raises(LoginRefused, match="Authentication failed") as refused:
        await connection.run()
    assert "hush-hush" not in str(refused.value)
    assert connection.status.state is LinkState.REFUSED
    assert server.logins == 1
    with pytest.raises(LoginRefused):
        await connection.wait_connected()
    with pytest.raises(LoginRefused):
        await connection.action("Ping")


async def test_close_while_waiting_to_reconnect_does_not_reconnect_anyway(
    server: FakeAmi, settings: AmiSettings
) -> None:
    await server.stop()
    settings = replace(settings, reconnect_first=0.4)
    closed = AmiConnection(settings, random=lambda: 0.0)
    later = AmiConnection(settings, random=lambda: 0.999)  # waits twice as long: our clock
    async with asyncio.TaskGroup() as group, running(later):
        await _state(later, LinkState.WAITING)
        task = group.create_task(closed.run())
        await _state(closed, LinkState.WAITING)
        await server.start()
        closed.close()
        await asyncio.wait_for(task, 0.1)
        await later.wait_connected()
    assert server.connections == 1
    assert closed.status.state is LinkState.STOPPED


async def test_an_action_before_the_first_connect_waits_for_the_link(
    server: FakeAmi, settings: AmiSettings
) -> None:
    connection = AmiConnection(settings)
    async with asyncio.TaskGroup() as group:
        early = group.create_task(connection.action("Ping"))
        await asyncio.sleep(0)
        async with running(connection):
            assert (await early).ok


async def test_an_action_without_a_link_fails_clearly_at_its_time_limit(
    settings: AmiSettings,
) -> None:
    connection = AmiConnection(settings)
    with pytest.raises(NotConnected, match="was not sent"):
        await connection.action("Ping", timeout=0.02)


async def test_an_account_whose_mask_lacks_system_works_without_fullybooted(
    server: FakeAmi, settings: AmiSettings
) -> None:
    server.after_login = b""
    asked = asyncio.Event()

    async def ask() -> None:
        assert (await connection.action("Ping")).ok
        asked.set()

    connection = AmiConnection(settings)
    connection.on_connected(ask)
    async with running(connection):
        await asyncio.wait_for(asked.wait(), 2)


async def test_fullybooted_that_comes_late_has_the_state_asked_again(
    server: FakeAmi, settings: AmiSettings
) -> None:
    server.after_login = b""
    asked: asyncio.Queue[None] = asyncio.Queue()
    connection = AmiConnection(settings)
    connection.on_connected(lambda: asked.put(None))
    async with running(connection):
        await asked.get()
        await server.say(b"Event: FullyBooted\r\n\r\n")
        await asyncio.wait_for(asked.get(), 2)


async def test_the_bare_lf_of_voicemail_replies_is_no_fault(
    server: FakeAmi, connection: AmiConnection
) -> None:
    server.answers["VoicemailMove"] = lambda action: (
        f"Response: Success\r\nActionID: {action['ActionID']}\r\n"
        "Message: Message move failed\n\r\n\r\n"
    ).encode()
    assert (await connection.action("VoicemailMove")).message == "Message move failed"


async def _failure(connection: AmiConnection, name: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        await connection.action(name)


async def _state(connection: AmiConnection, state: LinkState) -> None:
    async with asyncio.timeout(5):
        while connection.status.state is not state:
            await asyncio.sleep(0.001)
