"""Size, kept connections, cancelling: what goes beyond one exchange."""

import asyncio
from dataclasses import replace

import pytest

from mail.outcome import Accepted, Refused, TooLarge, TryLater

DROP, STALL = "drop", "stall"


class TestSize:
    async def test_a_message_above_size_is_not_even_begun(self, start_server, session_for, message):
        server = await start_server(EHLO="250-lab\r\n250 SIZE 10")
        session = session_for(server)
        outcome = await session.send(message)
        assert isinstance(outcome, TooLarge)
        assert outcome.limit == 10
        assert session.max_size == 10
        assert "MAIL" not in server.verbs()
        await session.close()

    async def test_552_at_mail_is_too_large(self, start_server, session_for, message):
        server = await start_server(MAIL="552 5.3.4 Message size exceeds fixed limit")
        session = session_for(server)
        outcome = await session.send(message)
        assert isinstance(outcome, TooLarge)
        await session.close()

    @pytest.mark.parametrize("words", ["552 5.3.4 too big", "552 message too large"])
    async def test_552_after_the_content_is_too_large(
        self, start_server, session_for, message, words
    ):
        server = await start_server(CONTENT=words)
        session = session_for(server)
        assert isinstance(await session.send(message), TooLarge)
        await session.close()

    async def test_over_quota_is_refused_not_too_large(self, start_server, session_for, message):
        server = await start_server(CONTENT="552 5.2.2 Over quota")
        session = session_for(server)
        assert await session.send(message) == Refused("552 5.2.2 Over quota", 552)
        await session.close()

    @pytest.mark.parametrize(
        "size", ["SIZE", "SIZE 0", "SIZE lots", "SIZE " + "9" * 5000, "8BITMIME"]
    )
    async def test_a_server_that_names_no_limit_has_none(
        self, start_server, session_for, message, size
    ):
        server = await start_server(EHLO=f"250-lab\r\n250 {size}")
        session = session_for(server)
        assert isinstance(await session.send(message), Accepted)
        assert session.max_size is None
        await session.close()

    async def test_a_new_limit_is_seen_on_the_next_connection(
        self, start_server, session_for, message
    ):
        server = await start_server(EHLO=["250-lab\r\n250 SIZE 10", "250-lab\r\n250 SIZE 99999"])
        session = session_for(server)
        assert isinstance(await session.send(message), TooLarge)
        await session.close()
        assert isinstance(await session.send(message), Accepted)
        assert session.max_size == 99999
        await session.close()


class TestKeptConnections:
    async def test_an_idle_connection_closed_by_the_server_is_opened_anew(
        self, start_server, session_for, message
    ):
        server = await start_server()
        session = session_for(server)
        await session.send(message)
        await server.hang_up_all()
        assert isinstance(await session.send(message), Accepted)
        assert server.connections == 2
        await session.close()

    @pytest.mark.parametrize("ending", [DROP, ("421 4.4.2 idle too long", DROP)])
    async def test_a_connection_that_dies_at_mail_is_opened_anew_once(
        self, start_server, session_for, message, ending
    ):
        server = await start_server(MAIL=["250 Ok", ending])
        session = session_for(server)
        await session.send(message)
        assert isinstance(await session.send(message), Accepted)
        assert server.connections == 2
        assert len(server.bodies) == 2
        await session.close()

    async def test_nothing_is_repeated_once_the_content_was_sent(
        self, start_server, session_for, message
    ):
        server = await start_server(CONTENT=["250 Ok", DROP])
        session = session_for(server)
        await session.send(message)
        outcome = await session.send(message)
        assert isinstance(outcome, TryLater)
        assert not outcome.elsewhere
        assert len(server.bodies) == 2
        assert server.connections == 1

    async def test_a_first_connection_that_dies_is_not_tried_twice(
        self, start_server, session_for, message
    ):
        server = await start_server(MAIL=DROP)
        assert isinstance(await session_for(server).send(message), TryLater)
        assert server.connections == 1


class TestCancel:
    async def test_a_cancel_in_the_middle_of_data_closes_the_connection(
        self, start_server, session_for, message
    ):
        # aiosmtplib stays connected and takes the late 250 for the next command's answer.
        server = await start_server(CONTENT=[STALL])
        session = session_for(server, timeout=30)
        task = asyncio.create_task(session.send(message))
        await server.until("CONTENT")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not session.usable
        assert isinstance(await session.send(message), Accepted)
        assert server.connections == 2
        await session.close()

    async def test_a_cancel_while_connecting_leaves_nothing_behind(
        self, start_server, session_for, message
    ):
        server = await start_server(greeting=[STALL])
        session = session_for(server, timeout=30)
        task = asyncio.create_task(session.send(message))
        await server.until("greeting")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not session.usable


async def test_a_server_that_stops_reading_the_content_is_given_up(
    start_server, session_for, message
):
    server = await start_server({"read_content": False})
    body = message.content + (b"A" * 76 + b"\r\n") * 400_000
    session = session_for(server, timeout=0.3)
    server.reactions["EHLO"] = "250 lab"
    outcome = await session.send(replace(message, head=body))
    assert isinstance(outcome, TryLater)
    assert "no answer within 0.3 s" in outcome.words
    assert not session.usable


async def test_a_second_reply_in_one_packet_is_not_taken_for_the_next_answer(
    start_server, session_for, message
):
    # aiosmtplib keeps it, and an old 250 would pass for the fate of the message.
    server = await start_server(
        DATA=b"354 go on\r\n250 2.0.0 Ok: queued as NOTHING\r\n", CONTENT="550 5.7.1 no"
    )
    session = session_for(server)
    outcome = await session.send(message)
    assert isinstance(outcome, TryLater)
    assert not session.usable


async def test_a_slow_but_steady_server_is_waited_for_beyond_the_time_limit_of_one_step(
    start_server, session_for, message
):
    server = await start_server({"pause_per_megabyte": 0.1}, EHLO="250 lab")
    body = message.content + (b"A" * 76 + b"\r\n") * 320_000
    session = session_for(server, timeout=1.2)
    assert isinstance(await session.send(replace(message, head=body)), Accepted)
    assert server.bodies == [body]
    await session.close()
