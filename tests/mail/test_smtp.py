"""One session against servers that behave, refuse, and misbehave."""

import asyncio
from dataclasses import replace

import pytest

from mail.outcome import Accepted, Refused, TryLater

DROP, STALL = "drop", "stall"


async def test_a_message_is_accepted_with_the_servers_words(start_server, session_for, message):
    server = await start_server()
    session = session_for(server)
    assert await session.send(message) == Accepted("2.0.0 Ok: queued as 4711")
    assert server.bodies == [message.content]
    assert "EHLO pbx.klinik.example" in server.commands
    assert f"MAIL FROM:<voicemail@klinik.example> SIZE={len(message.content)}" in server.commands
    await session.close()
    assert server.verbs()[-1] == "QUIT"
    assert not session.usable


async def test_many_messages_go_over_one_connection(start_server, session_for, message):
    server = await start_server()
    session = session_for(server)
    for _ in range(3):
        assert isinstance(await session.send(message), Accepted)
    assert server.connections == 1
    assert session.usable
    await session.close()


async def test_sendmail_regexes_are_avoided_and_the_body_goes_out_unaltered(
    start_server, session_for, message
):
    # Every byte that aiosmtplib's sendmail() would look at: dots first in a line, and no others.
    server = await start_server()
    body = message.content + b".\r\n..\r\n.hidden\r\nlast.\r\n" + b"A" * 76 + b"\r\n"
    session = session_for(server)
    assert isinstance(await session.send(replace(message, head=body)), Accepted)
    assert server.bodies[0].replace(b"\r\n..", b"\r\n.") == body
    await session.close()


async def test_a_large_body_arrives_byte_by_byte(start_server, session_for, message):
    server = await start_server()
    body = message.content + (b"A" * 76 + b"\r\n") * 20_000
    session = session_for(server)
    assert isinstance(await session.send(replace(message, head=body)), Accepted)
    assert server.bodies == [body]
    await session.close()


@pytest.mark.parametrize("stage", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT"])
async def test_a_4xx_at_any_stage_is_tried_later(start_server, session_for, message, stage):
    server = await start_server(**{stage: "451 4.7.1 come back later", "HELO": "451 later"})
    outcome = await session_for(server).send(message)
    assert isinstance(outcome, TryLater)
    assert outcome.code == 451
    assert not outcome.configuration
    assert "later" in outcome.words


@pytest.mark.parametrize("stage", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT"])
async def test_a_stalled_server_is_given_up_after_the_time_limit(
    start_server, session_for, message, stage
):
    server = await start_server(**{stage: STALL})
    session = session_for(server, timeout=0.2)
    outcome = await session.send(message)
    assert isinstance(outcome, TryLater)
    assert outcome.elsewhere == (stage != "CONTENT")
    assert not session.usable


@pytest.mark.parametrize("stage", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT"])
async def test_a_dropped_connection_is_tried_later(start_server, session_for, message, stage):
    server = await start_server(**{stage: DROP})
    session = session_for(server)
    outcome = await session.send(message)
    assert isinstance(outcome, TryLater)
    assert not outcome.configuration
    assert outcome.elsewhere == (stage != "CONTENT")
    assert not session.usable


@pytest.mark.parametrize("stage", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT"])
@pytest.mark.parametrize(
    "junk", [b"hello there\r\n", b"\xff\xfe\x00\r\n", b"999 x\r\n", b"25\r\n", b"x" * 40_000]
)
async def test_junk_for_an_answer_is_tried_later(start_server, session_for, message, stage, junk):
    server = await start_server(**{stage: junk, "HELO": DROP})
    session = session_for(server, timeout=0.5)
    outcome = await session.send(message)
    assert isinstance(outcome, TryLater)
    assert not session.usable


@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
async def test_a_rehearsal_says_what_the_server_has_against_the_envelope_and_sends_nothing(
    start_server, session_for, message, stage
):
    server = await start_server(**{stage: ["250 Ok", "553 5.7.1 Sender address rejected"]})
    session = session_for(server)
    assert await session.rehearse("v@x.example", "a@x.example") is None
    trouble = await session.rehearse("v@x.example", "a@x.example")
    assert "553 5.7.1 Sender address rejected" in trouble.words
    assert "DATA" not in server.verbs()
    assert isinstance(await session.send(message), Accepted)  # the table is clean
    await session.close()


async def test_a_message_that_the_server_takes_its_time_to_take_is_not_sent_again(
    start_server, session_for, message
):
    """Filters look at it meanwhile. Given up too soon it would arrive twice (RFC 5321, 4.5.3.2)."""
    server = await start_server(CONTENT=STALL)
    session = session_for(server, timeout=0.1, taking_timeout=5)
    sending = asyncio.create_task(session.send(message))
    await server.until("CONTENT")
    assert not (await asyncio.wait([sending], timeout=0.4))[0]
    server._writers[0].write(b"250 2.0.0 Ok: queued\r\n")
    assert isinstance(await sending, Accepted)
    await session.close()


async def test_after_a_long_wait_the_next_is_as_short_as_ever(start_server, session_for, message):
    server = await start_server(MAIL=["250 2.1.0 Ok", STALL, STALL])
    session = session_for(server, timeout=0.1, taking_timeout=60)
    assert isinstance(await session.send(message), Accepted)
    async with asyncio.timeout(3):
        assert isinstance(await session.send(message), TryLater)


@pytest.mark.parametrize("stage", ["RCPT", "DATA", "CONTENT"])
async def test_a_5xx_is_final_with_the_servers_own_words(start_server, session_for, message, stage):
    server = await start_server(**{stage: "550 5.1.1 <x>: no such user here"})
    session = session_for(server)
    assert await session.send(message) == Refused("550 5.1.1 <x>: no such user here", 550)
    assert session.usable
    await session.close()


async def test_after_a_refusal_the_next_message_goes_over_the_same_connection(
    start_server, session_for, message
):
    server = await start_server(RCPT=["550 5.1.1 no"])
    session = session_for(server)
    assert isinstance(await session.send(message), Refused)
    assert isinstance(await session.send(message), Accepted)
    assert server.connections == 1
    assert "RSET" in server.verbs()
    await session.close()


async def test_a_refused_sender_is_the_sites_own_fault_and_loses_nothing(
    start_server, session_for, message
):
    server = await start_server(MAIL="553 5.7.1 sender address rejected: not owned by user")
    outcome = await session_for(server).send(message)
    assert isinstance(outcome, TryLater)
    assert outcome.configuration


async def test_not_being_logged_in_is_configuration(start_server, session_for, message):
    server = await start_server(RCPT="554 5.7.1 <x>: Client host rejected: Access denied")
    outcome = await session_for(server).send(message)
    assert isinstance(outcome, TryLater)
    assert outcome.configuration
    assert outcome.code == 554


async def test_421_is_tried_later_on_a_new_connection(start_server, session_for, message):
    server = await start_server(RCPT=[("421 4.3.2 shutting down", DROP)])
    session = session_for(server)
    outcome = await session.send(message)
    assert isinstance(outcome, TryLater)
    assert outcome.code == 421
    assert isinstance(await session.send(message), Accepted)
    assert server.connections == 2
    await session.close()


async def test_no_server_there_is_tried_later(start_server, session_for, message):
    server = await start_server()
    await server.stop()
    outcome = await session_for(server).send(message)
    assert isinstance(outcome, TryLater)
    assert outcome.elsewhere
    assert not outcome.configuration
    assert f"127.0.0.1:{server.port}" in outcome.words


async def test_closing_does_not_wait_for_a_server_that_ignores_quit(
    start_server, session_for, message
):
    server = await start_server(QUIT=STALL)
    session = session_for(server, timeout=0.2)
    await session.send(message)
    await asyncio.wait_for(session.close(), 2)


async def test_a_server_that_only_knows_helo_is_spoken_to(start_server, session_for, message):
    server = await start_server(EHLO="502 5.5.2 what?")
    session = session_for(server)
    assert isinstance(await session.send(message), Accepted)
    await session.close()
