"""The mail server of the lab has each trait of Zimbra that a client of it meets."""

import asyncio
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import aiosmtplib
import pytest

ALICE, BOB, FULL = "alice@lab.example", "bob@lab.example", "full@lab.example"
SENDER = "voicemail@lab.example"


def mail(subject: str, to: str = ALICE, body: str = "hello", message_id: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"] = SENDER
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = message_id or f"<{uuid4()}@lab.example>"
    message.set_content(body)
    return message


def client(server: Any, port: int, **more: Any) -> aiosmtplib.SMTP:
    settings = {
        "hostname": "127.0.0.1",
        "port": port,
        "start_tls": False,
        "tls_context": server.certificates.client_context(),
        "timeout": 10,
    }
    return aiosmtplib.SMTP(**{**settings, **more})


def signed_in(server: Any, **more: Any) -> aiosmtplib.SMTP:
    user = server.users[SENDER]
    settings = {
        "port": server.ports.submission,
        "start_tls": True,
        "username": user.address,
        "password": user.password,
    }
    return client(server, **{**settings, **more})


async def test_a_mail_by_starttls_and_auth_arrives_by_imap(mail_server: Any) -> None:
    await mail_server.clear(ALICE)
    async with signed_in(mail_server) as smtp:
        await smtp.send_message(mail("Hello"))
    [found] = await mail_server.wait_for_mail(ALICE)
    assert found.message["Subject"] == "Hello"
    assert not found.seen
    await mail_server.reader.flag(mail_server.users[ALICE], found.uid)
    [again] = await mail_server.mails(ALICE)
    assert again.seen


async def test_a_mail_by_implicit_tls_arrives(mail_server: Any) -> None:
    await mail_server.clear(ALICE)
    port = mail_server.ports.submissions
    async with signed_in(mail_server, port=port, start_tls=False, use_tls=True) as smtp:
        await smtp.send_message(mail("Hello"))
    assert len(await mail_server.wait_for_mail(ALICE)) == 1


async def test_submission_offers_auth_only_after_starttls(mail_server: Any) -> None:
    async with client(mail_server, mail_server.ports.submission) as smtp:
        await smtp.ehlo()
        assert not smtp.supports_extension("auth")
        code, _ = await smtp.execute_command(b"AUTH", b"PLAIN", b"AGEAYg==")
        assert code == 503
        await smtp.starttls()
        await smtp.ehlo()
        assert set(smtp.esmtp_extensions["auth"].split()) == {"PLAIN", "LOGIN"}


async def test_submission_without_auth_is_refused_at_rcpt(mail_server: Any) -> None:
    async with client(mail_server, mail_server.ports.submission, start_tls=True) as smtp:
        await smtp.ehlo()
        await smtp.mail(SENDER)
        with pytest.raises(aiosmtplib.SMTPRecipientRefused) as refusal:
            await smtp.rcpt(ALICE)
        assert refusal.value.code == 554
        assert refusal.value.message.startswith("5.7.1")


async def test_a_wrong_password_is_535(mail_server: Any) -> None:
    with pytest.raises(aiosmtplib.SMTPAuthenticationError) as refusal:
        async with signed_in(mail_server, password="wrong"):
            pass
    assert refusal.value.code == 535
    assert refusal.value.message.startswith("5.7.8")


async def test_a_trusted_network_relays_without_auth(mail_server: Any) -> None:
    await mail_server.clear(ALICE)
    async with client(mail_server, mail_server.ports.trusted) as smtp:
        await smtp.send_message(mail("Hello"))
        await smtp.mail(SENDER)
        assert (await smtp.rcpt("someone@elsewhere.example")).code == 250
    await mail_server.wait_for_mail(ALICE)


async def test_a_stranger_reaches_our_people_and_nobody_else(mail_server: Any) -> None:
    async with client(mail_server, mail_server.ports.stranger) as smtp:
        await smtp.ehlo()
        await smtp.mail("someone@elsewhere.example")
        assert (await smtp.rcpt(ALICE)).code == 250
        with pytest.raises(aiosmtplib.SMTPRecipientRefused) as refusal:
            await smtp.rcpt("other@elsewhere.example")
        assert refusal.value.code == 554


async def test_a_mail_declared_too_large_is_552_at_mail(mail_server: Any) -> None:
    async with signed_in(mail_server) as smtp:
        assert smtp.esmtp_extensions["size"] == "10240000"
        with pytest.raises(aiosmtplib.SMTPSenderRefused) as refusal:
            await smtp.mail(SENDER, options=["SIZE=10240001"])
        assert refusal.value.code == 552


async def test_smtputf8_is_off(mail_server: Any) -> None:
    async with signed_in(mail_server) as smtp:
        assert not smtp.supports_extension("smtputf8")
        with pytest.raises(aiosmtplib.SMTPSenderRefused) as refusal:
            await smtp.mail(SENDER, options=["SMTPUTF8"])
        assert refusal.value.code == 555


async def test_the_usual_extensions_are_offered(mail_server: Any) -> None:
    async with signed_in(mail_server) as smtp:
        offered = smtp.esmtp_extensions
        assert {"pipelining", "8bitmime", "dsn", "enhancedstatuscodes"} <= set(offered)


async def test_an_unknown_person_is_accepted_and_comes_back_as_a_bounce(mail_server: Any) -> None:
    await mail_server.clear(SENDER)
    async with signed_in(mail_server) as smtp:
        errors, _ = await smtp.send_message(mail("Hello", to="nobody@lab.example"))
        assert errors == {}
    [bounce] = await mail_server.wait_for_mail(SENDER)
    assert bounce.message.get_content_type() == "multipart/report"
    assert "Status: 5.1.1" in bounce.message.as_string()


async def test_over_quota_is_said_after_the_sender_got_250(mail_server: Any) -> None:
    await mail_server.clear(SENDER)
    async with signed_in(mail_server) as smtp:
        errors, _ = await smtp.send_message(mail("Large", to=FULL, body="words " * 6000))
        assert errors == {}
    [bounce] = await mail_server.wait_for_mail(SENDER, timeout=30)
    assert "452 4.2.2" in bounce.message.as_string()


async def test_a_known_message_id_is_accepted_and_dropped(mail_server: Any) -> None:
    await mail_server.clear(BOB)
    known = f"<{uuid4()}@lab.example>"
    async with signed_in(mail_server) as smtp:
        await smtp.send_message(mail("First", to=BOB, message_id=known))
        await mail_server.wait_for_mail(BOB)
        errors, _ = await smtp.send_message(mail("First", to=BOB, message_id=known))
        assert errors == {}
        await smtp.send_message(mail("Second", to=BOB))
    found = await mail_server.wait_for_mail(BOB, 2)
    assert [one.message["Subject"] for one in found] == ["First", "Second"]


async def test_the_same_message_id_at_the_same_time_is_kept_once(mail_server: Any) -> None:
    await mail_server.clear(BOB)
    known = f"<{uuid4()}@lab.example>"

    async def send() -> None:
        async with signed_in(mail_server) as smtp:
            await smtp.send_message(mail("Twin", to=BOB, message_id=known))

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(send())
    await mail_server.wait_for_log(known, count=4)
    found = await mail_server.mails(BOB)
    assert [one.message["Subject"] for one in found] == ["Twin"]


async def test_a_greylisting_server_asks_to_come_back_and_then_takes_it(mail_server: Any) -> None:
    await mail_server.clear(ALICE)
    async with client(mail_server, mail_server.ports.greylisted) as smtp:
        sender = f"{uuid4()}@lab.example"
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refusal:
            await smtp.send_message(mail("Hello"), sender=sender)
        assert refusal.value.recipients[0].code == 450
        await smtp.send_message(mail("Hello"), sender=sender)
    assert len(await mail_server.wait_for_mail(ALICE)) == 1


async def test_a_domain_can_be_routed_to_an_lmtp_server_of_ours(mail_server: Any) -> None:
    delivered: asyncio.Queue[list[bytes]] = asyncio.Queue()

    async def lmtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard = []
        writer.write(b"220 trial\r\n")
        while not (line := await reader.readline()).startswith(b"DATA"):
            heard.append(line.rstrip())
            writer.write(b"250 ok\r\n")
        writer.write(b"354 go on\r\n")
        await reader.readuntil(b"\r\n.\r\n")
        writer.write(b"250 taken\r\n")
        await reader.readline()  # QUIT
        writer.write(b"221 bye\r\n")
        writer.close()
        await writer.wait_closed()
        delivered.put_nowait(heard)

    own = await asyncio.start_server(lmtp, "127.0.0.1", 0)
    port = own.sockets[0].getsockname()[1]
    async with own:
        await mail_server.route("sms.lab.example", f"lmtp:inet:127.0.0.1:{port}")
        async with signed_in(mail_server) as smtp:
            await smtp.send_message(mail("Hello", to="+15551234@sms.lab.example"))
        async with asyncio.timeout(20):
            heard = await delivered.get()
    assert any(line.startswith(b"RCPT TO:<+15551234@sms.lab.example>") for line in heard)
