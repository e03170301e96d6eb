"""A real Postfix routes a sub-domain to our listener, as Zimbra's does."""

from __future__ import annotations

import asyncio
import smtplib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import EmailMessage

import pytest

from lab.zimbra_like import ZimbraLike
from mail.intake.handler import Answer
from mail.intake.listener import MailListener
from mail.intake.reading import IncomingMail, read_mail
from pbx.sms import MailIntake
from tests.free_ports import free_ports

ALICE = "alice@lab.example"
BOB = "bob@lab.example"
DOMAIN = "sms.lab.example"
TAKEN = Answer(250, "2.0.0 Taken")


@dataclass
class Office:
    """Answers as it was told, the first that is left for each recipient, then takes it."""

    verdicts: dict[str, list[Answer]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    taken: list[tuple[str, str, IncomingMail]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def recipient(self, address: str) -> Answer:
        if address in self.unknown:
            return Answer(550, "5.1.1 There is no such number")
        return TAKEN

    async def message(self, content: bytes, sender: str, recipient: str) -> Answer:
        self.asked.append(recipient)
        waiting = self.verdicts.get(recipient, [])
        answer = waiting.pop(0) if waiting else TAKEN
        if answer.taken:
            self.taken.append((sender, recipient, await read_mail(content, sender)))
        self.news.set()
        return answer

    async def until_taken(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.taken) < count:
                self.news.clear()
                await self.news.wait()


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture(params=["lmtp", "smtp"])
async def listener(
    request: pytest.FixtureRequest, mail_server: ZimbraLike, office: Office
) -> AsyncIterator[MailListener]:
    port = free_ports().one()
    intake = MailIntake.model_validate(
        {"domain": DOMAIN, "protocol": request.param, "port": port, "max_bytes": 50_000}
    )
    async with MailListener(intake, office) as listener:
        hop = f"lmtp:inet:127.0.0.1:{port}" if listener.lmtp else f"smtp:[127.0.0.1]:{port}"
        await mail_server.route(DOMAIN, hop)
        await mail_server.clear(ALICE)
        yield listener


async def write(
    server: ZimbraLike, *recipients: str, words: str = "Halo", sender: str = ALICE
) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, ", ".join(recipients), "x"
    mail["Message-ID"] = f"<{uuid.uuid4()}@lab.example>"
    mail.set_content(words)

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", server.ports.trusted, timeout=10) as client:
            client.send_message(mail)

    await asyncio.to_thread(send)


def number(local: str) -> str:
    return f"{local}@{DOMAIN}"


async def test_each_recipient_of_a_message_has_a_fate_of_its_own(
    mail_server: ZimbraLike, office: Office, listener: MailListener
) -> None:
    good, refused, unknown = (number(it) for it in ("+62811000111", "+62811000222", "sari"))
    office.unknown = {unknown}
    office.verdicts = {refused: [Answer(550, "5.7.1 Not to this number, please")]}
    await write(mail_server, good, refused, unknown, words="Besok jam 9")
    await office.until_taken(1)
    # One bounce or two, as the mail server likes; each names what was refused alone.
    async with asyncio.timeout(30):
        while True:
            mails = await mail_server.mails(ALICE)
            text = "".join(mail.message.as_string() for mail in mails)
            if "Not to this number" in text and "no such number" in text:
                break
            await asyncio.sleep(0.1)
    assert f"Final-Recipient: rfc822; {refused}" in text
    assert f"Final-Recipient: rfc822; {unknown}" in text
    assert f"Final-Recipient: rfc822; {good}" not in text
    ((sender, recipient, mail),) = office.taken
    assert (sender, recipient, mail.words, mail.automatic) == (ALICE, good, "Besok jam 9", None)


async def test_what_is_not_taken_now_is_brought_again_and_what_was_taken_is_not(
    mail_server: ZimbraLike, office: Office, listener: MailListener
) -> None:
    later, now = number("+62811000333"), number("+62811000444")
    office.verdicts = {later: [Answer(450, "4.2.0 Not now")]}
    await mail_server.clear(BOB)
    await write(mail_server, later, now, sender=BOB)
    await office.until_taken(2)
    assert {it[1] for it in office.taken} == {later, now}
    assert office.asked.count(later) == 2
    assert office.asked.count(now) == 1
    assert len({it[2].message_id for it in office.taken}) == 1
    assert await mail_server.mails(BOB) == []


@pytest.mark.parametrize("listener", ["lmtp"], indirect=True)
async def test_a_message_that_is_too_large_bounces(
    mail_server: ZimbraLike, office: Office, listener: MailListener
) -> None:
    await write(mail_server, number("+62811000555"), words="x" * 70_000)
    (bounce,) = await mail_server.wait_for_mail(ALICE)
    assert "5.3.4" in bounce.message.as_string()
    assert office.taken == []
