"""Our sender at a Postfix set up as Zimbra's: its doors, log-in, and what it refuses."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lab.zimbra_like import ZimbraLike
from mail.message import Message
from mail.outcome import Accepted, TooLarge, TryLater
from mail.route import SmtpRoute
from mail.smtp import SmtpSession
from pbx.mail import SmtpServer

ACCOUNT = {"username": "voicemail@lab.example", "password": "voicemail-password"}
SIZE = 10_240_000

Doors = Callable[..., SmtpServer]


@pytest.fixture
def door(mail_server: ZimbraLike) -> Doors:
    """Make a site file's server: `door("submission", "starttls", **ACCOUNT)`."""

    def make(name: str, security: str, **options: Any) -> SmtpServer:
        trust = {} if security == "plain" else {"ca_file": mail_server.certificates.ca_file}
        place = {"host": "localhost", "port": getattr(mail_server.ports, name)}
        return SmtpServer.model_validate(
            place | trust | {"security": security, "timeout": 10} | options
        )

    return make


@pytest.fixture
def note() -> Iterator[Callable[..., Message]]:
    def make(to: str = "alice@lab.example", *, body: bytes = b"halo\r\n") -> Message:
        message_id = f"<{uuid.uuid4()}@lab.example>"
        head = f"From: voicemail@lab.example\r\nTo: {to}\r\nMessage-ID: {message_id}\r\n"
        subject = f"Subject: {message_id}\r\n\r\n"
        content = head.encode() + subject.encode() + body
        return Message("voicemail@lab.example", to, message_id, content)

    return make


async def send(server: SmtpServer, *messages: Message) -> list[Any]:
    session = SmtpSession(server, client_name="pbx.lab.example")
    try:
        return [await session.send(message) for message in messages]
    finally:
        await session.close()


@pytest.mark.parametrize(("name", "security"), [("submission", "starttls"), ("submissions", "tls")])
async def test_several_mails_arrive_over_tls_with_log_in_on_one_connection(
    mail_server: ZimbraLike, door: Doors, note: Callable[..., Message], name: str, security: str
) -> None:
    await mail_server.clear("alice@lab.example")
    notes = [note(), note(body=b".\r\n..titik\r\nselesai.\r\n"), note()]
    outcomes = await send(door(name, security, **ACCOUNT), *notes)
    assert all(isinstance(outcome, Accepted) for outcome in outcomes), outcomes
    mails = await mail_server.wait_for_mail("alice@lab.example", 3)
    by_id = {str(mail.message["Message-ID"]): mail.message for mail in mails}
    assert set(by_id) == {message.message_id for message in notes}
    assert by_id[notes[1].message_id].get_content() == ".\r\n..titik\r\nselesai.\r\n"


async def test_a_trusted_network_relays_without_log_in(
    mail_server: ZimbraLike, door: Doors, note: Callable[..., Message]
) -> None:
    await mail_server.clear("bob@lab.example")
    [outcome] = await send(door("trusted", "plain"), note("bob@lab.example"))
    assert isinstance(outcome, Accepted)
    await mail_server.wait_for_mail("bob@lab.example")


async def test_the_same_message_id_twice_is_stored_once(
    mail_server: ZimbraLike, door: Doors, note: Callable[..., Message]
) -> None:
    await mail_server.clear("alice@lab.example")
    first, second = note(), note()
    server = door("submission", "starttls", **ACCOUNT)
    before = mail_server.deliveries()
    await send(server, first)
    # Dovecot knows an id once a delivery has ended; two at the very same moment it may both store.
    await mail_server.wait_for_delivery(before)
    outcomes = await send(server, first, second)
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    await mail_server.wait_for_log(first.message_id, 2)
    mails = await mail_server.wait_for_mail("alice@lab.example", 2)
    assert sorted(str(mail.message["Message-ID"]) for mail in mails) == sorted(
        [first.message_id, second.message_id]
    )


async def test_size_is_known_and_kept(
    mail_server: ZimbraLike, door: Doors, note: Callable[..., Message]
) -> None:
    session = SmtpSession(door("submission", "starttls", **ACCOUNT), client_name="pbx.lab.example")
    assert await session.connect() is None
    assert session.max_size == SIZE
    large = note(body=(b"A" * 76 + b"\r\n") * (SIZE // 78 + 1))
    outcome = await session.send(large)
    assert isinstance(outcome, TooLarge)
    assert outcome.limit == SIZE
    assert isinstance(await session.send(note()), Accepted)
    await session.close()


async def test_552_of_the_server_itself_is_too_large(
    mail_server: ZimbraLike, door: Doors, note: Callable[..., Message]
) -> None:
    session = SmtpSession(door("submission", "starttls", **ACCOUNT), client_name="pbx.lab.example")
    assert await session.connect() is None
    assert session._talk is not None
    session._talk.limit = None  # as if the server had not announced it
    outcome = await session.send(note(body=(b"A" * 76 + b"\r\n") * (SIZE // 78 + 1)))
    assert isinstance(outcome, TooLarge)
    assert outcome.words.startswith("552 5.3.4")
    await session.close()


async def test_a_mail_just_below_size_is_taken(
    mail_server: ZimbraLike, door: Doors, note: Callable[..., Message]
) -> None:
    await mail_server.clear("bob@lab.example")
    body = (b"A" * 76 + b"\r\n") * (9_900_000 // 78)
    message = note("bob@lab.example", body=body)
    [outcome] = await send(door("submission", "starttls", **ACCOUNT), message)
    assert isinstance(outcome, Accepted)
    [mail] = await mail_server.wait_for_mail("bob@lab.example")
    assert mail.message.get_content() == body.decode()
    await mail_server.clear("bob@lab.example")


async def test_greylisting_is_tried_later_and_then_accepted(
    mail_server: ZimbraLike, door: Doors, note: Callable[..., Message]
) -> None:
    message = note("bob@lab.example")
    route = SmtpRoute(
        [door("greylisted", "plain"), door("trusted", "plain")],
        client_name="pbx.lab.example",
        clock=asyncio.get_running_loop().time,
    )
    outcome = await route.send(message)
    assert isinstance(outcome, TryLater)
    assert outcome.code == 450
    assert not outcome.elsewhere
    assert not outcome.configuration
    assert isinstance(await route.send(message), Accepted)
    await route.close()


async def test_a_wrong_password_is_configuration(
    mail_server: ZimbraLike, door: Doors, note: Callable[..., Message]
) -> None:
    wrong = ACCOUNT | {"password": "wrong"}
    [outcome] = await send(door("submission", "starttls", **wrong), note())
    assert isinstance(outcome, TryLater)
    assert outcome.configuration
    assert outcome.code == 535
    assert "wrong" not in outcome.words.replace("password", "")


async def test_without_log_in_on_587_it_is_configuration(
    mail_server: ZimbraLike, door: Doors, note: Callable[..., Message]
) -> None:
    [outcome] = await send(door("submission", "starttls"), note())
    assert isinstance(outcome, TryLater)
    assert outcome.configuration
    assert outcome.code == 554


async def test_log_in_is_not_offered_in_clear(
    mail_server: ZimbraLike, door: Doors, note: Callable[..., Message]
) -> None:
    [outcome] = await send(door("submission", "plain", **ACCOUNT), note())
    assert isinstance(outcome, TryLater)
    assert outcome.configuration


async def test_a_certificate_that_nobody_vouches_for_is_configuration(
    mail_server: ZimbraLike, door: Doors, note: Callable[..., Message]
) -> None:
    for name, security in (("submission", "starttls"), ("submissions", "tls")):
        [outcome] = await send(door(name, security, ca_file=None, **ACCOUNT), note())
        assert isinstance(outcome, TryLater)
        assert outcome.configuration
        assert "certificate" in outcome.words


async def test_unknown_user_is_taken_at_the_door_and_comes_back_as_a_report(
    mail_server: ZimbraLike, door: Doors, note: Callable[..., Message]
) -> None:
    await mail_server.clear("voicemail@lab.example")
    message = note("nobody@lab.example")
    [outcome] = await send(door("submission", "starttls", **ACCOUNT), message)
    assert isinstance(outcome, Accepted)
    [bounce] = await mail_server.wait_for_mail("voicemail@lab.example")
    assert bounce.message.get_content_type() == "multipart/report"
    assert message.message_id in bounce.message.as_string()


async def test_over_quota_is_taken_at_the_door_and_comes_back_as_a_report(
    mail_server: ZimbraLike, door: Doors, note: Callable[..., Message]
) -> None:
    await mail_server.clear("voicemail@lab.example")
    message = note("full@lab.example", body=(b"A" * 76 + b"\r\n") * 1000)
    [outcome] = await send(door("submission", "starttls", **ACCOUNT), message)
    assert isinstance(outcome, Accepted)
    [bounce] = await mail_server.wait_for_mail("voicemail@lab.example", timeout=60)
    assert message.message_id in bounce.message.as_string()
