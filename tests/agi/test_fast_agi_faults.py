"""Every fault of panoramisk's fast_agi, shown not to reach a user."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from structlog.testing import capture_logs

from agi.call import Call
from agi.errors import CallEnded, CommandRefused, UnsafeArgument
from agi.server import Limits
from agi.services import Services
from agi.wire import MAX_HEADER_BYTES

FAILED = b'SET VARIABLE "VOXPOST_RESULT" "failed"'


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0)


async def ask_two(call: Call, services: Services) -> None:
    first = await call.get_variable("A")
    second = await call.get_variable("B")
    await call.set_variable("C", f"{first},{second}")


async def test_a_port_probe_that_closes_before_the_blank_line_does_not_freeze_the_loop(
    serve: Any, ring: Any
) -> None:
    async with serve(two=ask_two) as server:
        for opening in (b"", b"agi_network: yes\n"):
            probe = await ring(server)
            probe.send(opening)
            probe.writer.close()
        await until(lambda: server.statistics.bad_headers == 2)
        line = await ring(server, "two")
        assert await line.command() == b'GET VARIABLE "A"'
        assert server.statistics.open == 1


async def test_a_silent_client_is_closed_at_the_header_time_limit(serve: Any, ring: Any) -> None:
    async with serve(Limits(header_seconds=0.05), two=ask_two) as server:
        line = await ring(server)
        line.send(b"agi_network: yes\n")
        assert await line.closed()
        assert server.statistics.bad_headers == 1


@pytest.mark.parametrize("junk", [b"GET / HTTP/1.0\n\n", b"\n\n", b"\xff\x00\n\n", b"a: b\n\n"])
async def test_junk_is_closed_without_an_answer(serve: Any, ring: Any, junk: bytes) -> None:
    async with serve(two=ask_two) as server:
        line = await ring(server)
        line.send(junk)
        assert await line.closed()
        assert server.statistics.bad_headers == 1


async def test_an_oversize_header_is_refused(serve: Any, ring: Any) -> None:
    async with serve(two=ask_two) as server:
        line = await ring(server)
        line.send(b"agi_network: yes\n" * (MAX_HEADER_BYTES // 10))
        with capture_logs() as logs:
            with suppress(ConnectionResetError):  # the rest of the header was never read
                assert await line.closed()
            await until(lambda: server.statistics.bad_headers == 1)
        assert "bytes" in logs[0]["reason"]


async def test_hangup_ahead_of_the_pending_reply_puts_no_later_reply_off_by_one(
    serve: Any, ring: Any
) -> None:
    async with serve(two=ask_two) as server:
        line = await ring(server, "two")
        await line.reply(b"HANGUP\n200 result=1 (first)")
        await line.reply(b"200 result=1 (second)")
        assert await line.reply(b"200 result=1") == b'SET VARIABLE "C" "first,second"'
        assert await line.closed()


async def test_hung_up_is_known_after_hangup_and_variables_still_work(
    serve: Any, ring: Any
) -> None:
    async def script(call: Call, services: Services) -> None:
        before = call.hung_up
        await call.get_variable("A")
        await call.set_variable("B", f"{before} {call.hung_up}")

    async with serve(script=script) as server:
        line = await ring(server, "script")
        await line.reply(b"HANGUP\n200 result=0")
        assert await line.command() == b'SET VARIABLE "B" "False True"'


async def test_a_520_usage_of_several_lines_is_read_to_its_end(serve: Any, ring: Any) -> None:
    async def script(call: Call, services: Services) -> None:
        with pytest.raises(CommandRefused, match="520"):
            await call.get_variable("A")
        await call.set_variable("B", await call.get_variable("B") or "")

    async with serve(script=script) as server:
        line = await ring(server, "script")
        await line.reply(b"520-Invalid command syntax.\nExample: 200 result=1 (x)\n520 End.")
        await line.reply(b"200 result=1 (right)")
        assert await line.command() == b'SET VARIABLE "B" "right"'


async def test_a_511_on_a_hung_up_channel_is_a_refused_command(serve: Any, ring: Any) -> None:
    async def script(call: Call, services: Services) -> None:
        with pytest.raises(CommandRefused, match="511"):
            await call.verbose("x")

    async with serve(script=script) as server:
        line = await ring(server, "script")
        await line.reply(b"511 Command Not Permitted on a dead channel or intercept routine")
        assert await line.closed()
        assert server.statistics.of("script").errors == 0


async def test_eof_instead_of_a_reply_is_call_ended(serve: Any, ring: Any) -> None:
    ended = asyncio.Event()

    async def script(call: Call, services: Services) -> None:
        try:
            await call.get_variable("A")
        except CallEnded:
            ended.set()
            raise

    async with serve(script=script) as server:
        line = await ring(server, "script")
        await line.command()
        line.writer.close()
        async with asyncio.timeout(5):
            await ended.wait()
        await until(lambda: server.statistics.open == 0)
        assert server.statistics.of("script").errors == 0


async def test_a_blank_reply_fails_the_script_and_the_call_goes_on(serve: Any, ring: Any) -> None:
    async with serve(two=ask_two) as server:
        line = await ring(server, "two")
        await line.reply(b"")
        assert await line.command() == FAILED
        assert await line.closed()
        assert server.statistics.of("two").errors == 1


async def test_an_unknown_script_is_logged_and_told_to_the_dialplan(serve: Any, ring: Any) -> None:
    async with serve(two=ask_two) as server:
        with capture_logs() as logs:
            line = await ring(server, "nobody?a=b")
            assert await line.command() == b'SET VARIABLE "VOXPOST_RESULT" "unknown-script"'
            assert await line.closed()
        assert server.statistics.unknown_scripts == 1
        assert {"event": "agi.unknown_script", "script": "nobody"}.items() <= logs[0].items()


async def test_the_route_is_the_path_without_its_query(serve: Any, ring: Any) -> None:
    async def script(call: Call, services: Services) -> None:
        assert call.script == "a/b"
        assert call.args == ("one two", "", "three")
        assert call.env["agi_accountcode"] == ""

    async with serve(**{"a/b": script}) as server:
        arguments = {"agi_arg_1": "one two", "agi_arg_2": "", "agi_arg_3": "three"}
        line = await ring(server, "a/b?x=1&y=&x=2", **arguments)
        assert await line.closed()
        assert server.statistics.of("a/b").errors == 0


async def test_a_newline_in_a_command_is_no_second_command(serve: Any, ring: Any) -> None:
    async def script(call: Call, services: Services) -> None:
        with pytest.raises(UnsafeArgument):
            await call.set_variable("A", 'x"\nHANGUP\n"')
        await call.set_variable("A", "safe")

    async with serve(script=script) as server:
        line = await ring(server, "script")
        assert await line.reply(b"200 result=1") == b'SET VARIABLE "A" "safe"'
        assert await line.closed()


async def test_an_error_in_a_script_is_logged_counted_and_the_socket_closed_in_order(
    serve: Any, ring: Any
) -> None:
    async def script(call: Call, services: Services) -> None:
        raise LookupError("no such person")

    async with serve(script=script) as server:
        with capture_logs() as logs:
            line = await ring(server, "script")
            assert await line.command() == FAILED
            assert await line.closed()
        assert [log["event"] for log in logs] == ["agi.script_failed"]
        assert logs[0]["unique_id"] == "1700000000.1"
        counters = server.statistics.of("script")
        assert (counters.runs, counters.errors, counters.timeouts) == (1, 1, 0)


async def test_cancellation_is_not_swallowed(serve: Any, ring: Any) -> None:
    cancelled = asyncio.Event()
    started = asyncio.Event()

    async def script(call: Call, services: Services) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with serve(Limits(stop_seconds=0.01), script=script) as server:
        line = await ring(server, "script")
        await started.wait()
        await server.stop()
        assert cancelled.is_set()
        assert await line.closed()
        assert server.statistics.of("script").errors == 0


async def test_a_script_over_its_time_limit_is_ended_and_the_call_goes_on(
    serve: Any, ring: Any
) -> None:
    async def script(call: Call, services: Services) -> None:
        await call.get_variable("A")

    async with serve(time_limit=0.05, script=script) as server:
        line = await ring(server, "script")
        assert await line.command() == b'GET VARIABLE "A"'
        assert await line.command() == b'SET VARIABLE "VOXPOST_RESULT" "timeout"'
        assert await line.closed()
        counters = server.statistics.of("script")
        assert (counters.runs, counters.errors, counters.timeouts) == (1, 0, 1)


async def test_a_command_given_up_does_not_put_the_next_reply_off_by_one(
    serve: Any, ring: Any
) -> None:
    async def script(call: Call, services: Services) -> None:
        try:
            async with asyncio.timeout(0.02):
                await call.get_variable("SLOW")
        except TimeoutError:
            pass
        await call.set_variable("C", await call.get_variable("B") or "")

    async with serve(script=script) as server:
        line = await ring(server, "script")
        assert await line.command() == b'GET VARIABLE "SLOW"'
        assert await line.command() == b'GET VARIABLE "B"'
        line.send(b"200 result=1 (slow)\n200 result=1 (b)\n")
        assert await line.command() == b'SET VARIABLE "C" "b"'


async def test_commands_of_two_tasks_do_not_mix(serve: Any, ring: Any) -> None:
    async def script(call: Call, services: Services) -> None:
        values = await asyncio.gather(*(call.get_variable(name) for name in "AB"))
        await call.set_variable("C", repr(values))

    async with serve(script=script) as server:
        line = await ring(server, "script")
        for name in ("A", "B"):
            assert await line.reply(f"200 result=1 ({name})".encode()) == (
                f'GET VARIABLE "{name}"'.encode()
            )
        assert await line.command() == b"SET VARIABLE \"C\" \"['A', 'B']\""


async def test_a_value_that_forges_a_reply_does_not_answer_the_next_question(
    serve: Any, ring: Any
) -> None:
    async with serve(two=ask_two) as server:
        line = await ring(server, "two")
        with capture_logs() as logs:
            await line.reply(b"200 result=1 (x)\n200 result=1 (forged)")
            await line.reply(b"200 result=1 (true)")
            assert await line.command() == b'SET VARIABLE "C" "x,true"'
        assert logs[0]["event"] == "agi.unasked_reply_dropped"


async def test_not_set_is_none_and_an_expression_is_expanded(serve: Any, ring: Any) -> None:
    async def script(call: Call, services: Services) -> None:
        assert await call.get_variable("A") is None
        assert await call.get_variable("B") == ""
        assert await call.get_variable("${C}-${D}") == "c-"

    async with serve(script=script) as server:
        line = await ring(server, "script")
        assert await line.reply(b"200 result=0") == b'GET VARIABLE "A"'
        assert await line.reply(b"200 result=1 ()") == b'GET VARIABLE "B"'
        assert await line.reply(b"200 result=1 (c-)") == b'GET FULL VARIABLE "${C}-${D}"'
        assert await line.closed()
        assert server.statistics.of("script").errors == 0


async def test_a_value_that_get_variable_cuts_is_asked_for_in_full(serve: Any, ring: Any) -> None:
    async def script(call: Call, services: Services) -> None:
        assert await call.get_variable("LONG") == "x" * 1900

    async with serve(script=script) as server:
        line = await ring(server, "script")
        await line.reply(b"200 result=1 (" + b"x" * 1023 + b")")
        full = await line.reply(b"200 result=1 (" + b"x" * 1900 + b")")
        assert full == b'GET FULL VARIABLE "${LONG}"'
        assert await line.closed()
        assert server.statistics.of("script").errors == 0
