"""The demo's mail server, met by a real SMTP client."""

import asyncio
import mailbox
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest

from lab.certificates import Certificates
from lab.maildir import MaildirServer
from lab.ports import LOOPBACK
from tests.free_ports import free_ports


def mail(subject: str, message_id: str = "", body: str = "hello") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "voicemail@lab.example"
    message["To"] = "alice@lab.example"
    message["Subject"] = subject
    if message_id:
        message["Message-ID"] = message_id
    message.set_content(body)
    return message


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[MaildirServer]:
    async with MaildirServer(tmp_path / "mail", free_ports().one()) as server:
        yield server


async def send(server: MaildirServer, *messages: EmailMessage, to: tuple[str, ...] = ()) -> None:
    async with aiosmtplib.SMTP(hostname=LOOPBACK, port=server.port, start_tls=False) as client:
        for message in messages:
            await client.send_message(message, recipients=to or None)


async def test_a_mail_stands_in_the_maildir_of_each_recipient(server: MaildirServer) -> None:
    await send(server, mail("Hello"), to=("Alice@lab.example", "bob@lab.example"))
    for name in ("alice@lab.example", "bob@lab.example"):
        [kept] = mailbox.Maildir(server.folder / name, create=False)
        assert kept["Subject"] == "Hello"


async def test_waiting_ends_when_the_mail_arrives(server: MaildirServer) -> None:
    waiting = asyncio.create_task(server.wait_for_message(lambda m: m.subject == "Late", 10))
    await send(server, mail("Early"), mail("Late"))
    found = await waiting
    assert found.recipient == "alice@lab.example"
    assert found.sender == "voicemail@lab.example"
    assert found.read()["Subject"] == "Late"


async def test_a_mail_that_came_before_counts_too(server: MaildirServer) -> None:
    await send(server, mail("Hello"))
    assert (await server.wait_for_message(lambda m: True, 1)).subject == "Hello"


async def test_waiting_in_vain_ends_with_the_time(server: MaildirServer) -> None:
    with pytest.raises(TimeoutError):
        await server.wait_for_message(lambda m: True, 0.05)


async def test_a_message_id_that_is_known_is_dropped_with_250(server: MaildirServer) -> None:
    await send(server, mail("One", "<1@lab>"), mail("One", "<1@lab>"), mail("Two", "<2@lab>"))
    assert [kept.subject for kept in server.received] == ["One", "Two"]


async def test_mails_without_a_message_id_are_not_each_others_duplicates(
    server: MaildirServer,
) -> None:
    async with aiosmtplib.SMTP(hostname=LOOPBACK, port=server.port, start_tls=False) as client:
        for _ in range(2):
            await client.sendmail("a@lab.example", ["b@lab.example"], b"Subject: x\r\n\r\ny\r\n")
    assert len(server.received) == 2


async def test_a_mail_that_is_too_large_is_refused_at_once(tmp_path: Path) -> None:
    async with MaildirServer(tmp_path, free_ports().one(), size=1000) as server:
        with pytest.raises(aiosmtplib.SMTPSenderRefused) as refusal:
            await send(server, mail("Large", body="x" * 2000))
    assert refusal.value.code == 552


@pytest.mark.parametrize("address", ["../escape@lab.example", ".hidden@lab.example", "nobody"])
async def test_an_address_that_could_leave_the_folder_is_refused(
    server: MaildirServer, address: str
) -> None:
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await send(server, mail("Hello"), to=(address,))


async def test_a_password_is_asked_for_only_after_starttls(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    certificates.write()
    server = MaildirServer(
        tmp_path / "mail",
        free_ports().one(),
        passwords={"voicemail@lab.example": "right"},
        tls=certificates.server_context(),
    )
    client = aiosmtplib.SMTP(
        hostname=LOOPBACK,
        port=server.port,
        start_tls=False,
        tls_context=certificates.client_context(),
    )
    async with server, client:
        await client.ehlo()
        assert not client.supports_extension("auth")
        await client.starttls()
        with pytest.raises(aiosmtplib.SMTPAuthenticationError):
            await client.login("voicemail@lab.example", "wrong")
        with pytest.raises(aiosmtplib.SMTPException):
            await client.send_message(mail("Stranger"))
        await client.login("voicemail@lab.example", "right")
        await client.send_message(mail("Hello"))
        assert [kept.subject for kept in server.received] == ["Hello"]


def test_passwords_without_a_certificate_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="in clear"):
        MaildirServer(tmp_path, 1, passwords={})
