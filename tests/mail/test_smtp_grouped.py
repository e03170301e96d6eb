"""The next message's envelope behind this one's content (RFC 2920): nothing gets mixed up."""

import asyncio
from dataclasses import replace

import pytest

from mail.message import Message
from mail.outcome import Accepted, Refused, TryLater

DROP = "drop"
GROUPS = "250-lab\r\n250-PIPELINING\r\n250 SIZE 10240000"
ENVELOPE = ["MAIL", "RCPT", "DATA"]


def numbered(message: Message, number: int) -> Message:
    return replace(message, message_id=f"<{number}@x.example>", head=b"%d\r\n" % number)


@pytest.fixture
def messages(message):
    return [numbered(message, number) for number in range(3)]


async def send_all(session, messages):
    """Each is said to follow the one before."""
    following = [*messages[1:], None]
    return [await session.send(*pair) for pair in zip(messages, following, strict=True)]


async def until_second_envelope(server):
    async with asyncio.timeout(5):
        while server.verbs()[1:] != ENVELOPE * 2:
            await asyncio.sleep(0.001)


async def test_the_envelope_goes_out_behind_the_content_before(start_server, session_for, messages):
    server = await start_server(EHLO=GROUPS)
    session = session_for(server)
    assert isinstance(await session.send(*messages[:2]), Accepted)
    await until_second_envelope(server)
    assert isinstance(await session.send(*messages[1:]), Accepted)
    assert isinstance(await session.send(messages[2]), Accepted)
    assert server.bodies == [message.head for message in messages]
    assert server.connections == 1
    await session.close()
    assert server.verbs() == ["EHLO", *ENVELOPE * 3, "QUIT"]


async def test_a_server_without_pipelining_is_told_nothing_ahead(
    start_server, session_for, messages
):
    server = await start_server()
    session = session_for(server)
    await session.send(*messages[:2])
    await session.close()
    assert server.verbs() == ["EHLO", *ENVELOPE, "QUIT"]


@pytest.mark.parametrize("stage", ENVELOPE)
async def test_a_refusal_concerns_the_following_message_alone(
    start_server, session_for, messages, stage
):
    usual = {"MAIL": "250 Ok", "RCPT": "250 Ok", "DATA": "354 go on"}
    server = await start_server(EHLO=GROUPS, **{stage: [usual[stage], "550 5.1.1 no"]})
    session = session_for(server)
    first, second, third = await send_all(session, messages)
    assert isinstance(first, Accepted)
    assert not isinstance(second, Accepted)
    assert isinstance(third, Accepted)
    assert server.bodies == [messages[0].head, messages[2].head]
    await session.close()


async def test_a_refused_content_leaves_the_following_message_alone(
    start_server, session_for, messages
):
    server = await start_server(EHLO=GROUPS, CONTENT=["554 5.7.1 spam"])
    session = session_for(server)
    first, *others = await send_all(session, messages)
    assert isinstance(first, Refused)
    assert all(isinstance(outcome, Accepted) for outcome in others)
    assert server.bodies == [message.head for message in messages]
    assert server.connections == 1
    await session.close()


async def test_another_message_than_was_said_never_goes_into_its_envelope(
    start_server, session_for, messages
):
    server = await start_server(EHLO=GROUPS)
    session = session_for(server)
    await session.send(*messages[:2])
    assert isinstance(await session.send(messages[2]), Accepted)
    assert server.bodies == [messages[0].head, messages[2].head]
    assert server.connections == 2
    await session.close()


async def test_a_connection_that_ends_after_the_answer_is_opened_anew_for_the_following(
    start_server, session_for, messages
):
    server = await start_server(EHLO=GROUPS, CONTENT=[("250 Ok", DROP)])
    session = session_for(server)
    assert all(isinstance(outcome, Accepted) for outcome in await send_all(session, messages))
    assert server.bodies == [message.head for message in messages]
    assert server.connections == 2
    await session.close()


async def test_a_content_without_an_answer_is_not_repeated_and_the_following_goes_anew(
    start_server, session_for, messages
):
    server = await start_server(EHLO=GROUPS, CONTENT=[DROP])
    session = session_for(server)
    first, *others = await send_all(session, messages)
    assert isinstance(first, TryLater)
    assert not first.elsewhere
    assert all(isinstance(outcome, Accepted) for outcome in others)
    assert server.bodies == [message.head for message in messages]
    await session.close()


async def test_closing_leaves_no_half_message_behind(start_server, session_for, messages):
    server = await start_server(EHLO=GROUPS)
    session = session_for(server)
    await session.send(*messages[:2])
    await session.close()
    assert server.bodies == [messages[0].head]
    assert "QUIT" not in server.verbs()


async def test_a_following_message_above_size_is_not_begun(start_server, session_for, messages):
    server = await start_server(EHLO="250-lab\r\n250-PIPELINING\r\n250 SIZE 100")
    session = session_for(server)
    large = replace(messages[1], head=b"x" * 100 + b"\r\n")
    assert isinstance(await session.send(messages[0], large), Accepted)
    await session.close()
    assert server.verbs() == ["EHLO", *ENVELOPE, "QUIT"]


async def test_where_what_stands_behind_the_content_is_thrown_away_it_is_said_only_once(
    start_server, session_for, messages
):
    server = await start_server({"deaf_behind_content": True}, EHLO=GROUPS)
    session = session_for(server, timeout=0.3)
    assert all(isinstance(outcome, Accepted) for outcome in await send_all(session, messages))
    assert server.bodies == [message.head for message in messages]
    assert server.connections == 2
    await session.close()


async def test_a_server_that_says_good_bye_before_the_content_has_none_of_it(
    start_server, session_for, messages
):
    server = await start_server(
        EHLO=GROUPS, CONTENT=[b"250 Ok\r\n"], DATA=["354 go", b"354 go\r\n421 bye\r\n"]
    )
    session = session_for(server)
    assert isinstance(await session.send(*messages[:2]), Accepted)
    await until_second_envelope(server)
    await asyncio.sleep(0.05)  # until its words are here; nothing tells of them
    assert isinstance(await session.send(messages[1]), Accepted)
    assert server.bodies == [message.head for message in messages[:2]]
    assert server.connections == 2
    await session.close()
