"""A customer's text, its e-mail, the answer, the customer's telephone: all parts are real."""

from __future__ import annotations

import asyncio
import json
import shutil
import smtplib
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest

from cli.sms_secret import callback_secret, sms_secret
from lab.kannel import PrivateKannel
from lab.kannel_conf import PASSWORD, SMSC_OUT, USERNAME, KannelPorts
from lab.packages import PackageTree
from lab.ports import PortFinder
from lab.prepare import install_mail_programs
from lab.processes import run_program
from lab.services import service
from lab.texts import deliver_pdus
from lab.texts_site import DESK, SMS_DOMAIN, WRITER, TextsSite, texts_site
from lab.zimbra_like import need_mail_programs
from pbx.site import load_site
from sms.pdu.decode import decode_submit

CUSTOMER = "+628123456789"
KANNEL = """
[[sms.gateways]]
name = "kannel"
kind = "kannel"
url = "http://127.0.0.1:{port}/cgi-bin/sendsms"
username = "{username}"
password = "{password}"
number = "+62811000222"
smsc = "{smsc}"
per_minute = 600
"""
INCOMING = "from=%p&to=%P&text=%b&coding=%c&charset=%C&smsc=%i&id=%I&t=%T&udh=%u"


@pytest.fixture
def mail_programs(tier: Callable[[str], AbstractContextManager[None]]) -> None:
    with tier("mail"):
        install_mail_programs(print)
        need_mail_programs()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that Postfix' and Dovecot's users may enter."""
    folder = Path(tempfile.mkdtemp(prefix="vw"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def working(site: TextsSite) -> AsyncIterator[None]:
    """voxpost at work."""
    try:
        async with service("voxpost", site.words("run"), site.log_file):
            yield
    finally:
        sys.stdout.write(site.log_file.read_text())


def answer(letter: EmailMessage, words: str, sender: str = DESK) -> EmailMessage:
    """As a mail client answers: words above, the letter quoted below."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = letter["Reply-To"]
    mail["Subject"] = f"Re: {letter['Subject']}"
    mail["Message-ID"] = f"<{abs(hash(words))}@lab.example>"
    mail["In-Reply-To"] = mail["References"] = letter["Message-ID"]
    body = letter.get_body(("plain",))
    assert body is not None
    quoted = "\n".join(f"> {line}" for line in body.get_content().splitlines())
    mail.set_content(f"{words}\n\n-- \nKlinik\n\nPada Minggu, {DESK} menulis:\n{quoted}\n")
    return mail


async def post(site: TextsSite, mail: EmailMessage) -> None:
    """Give an e-mail to the mail server."""

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", site.mail.ports.trusted, timeout=20) as server:
            server.send_message(mail, to_addrs=[parseaddr(str(mail["To"]))[1]])

    await asyncio.to_thread(send)


async def texts(site: TextsSite) -> list[dict[str, Any]]:
    command = site.words("sms", "list", "--json")
    code, said = await run_program(command)
    assert code == 0, said
    found: list[dict[str, Any]] = json.loads(said)
    return found


async def test_a_text_on_the_modem_is_answered_by_e_mail_and_the_thread_goes_on(
    mail_programs: None, open_folder: Path, port_finder: PortFinder
) -> None:
    async with texts_site(open_folder / "t", port_finder) as site, working(site):
        now = datetime.now(UTC)
        await site.modem.deliver(*deliver_pdus(CUSTOMER, "Kapan buka? 🙏 " * 12, now, 7))
        (first,) = await site.mail.wait_for_mail(DESK, 1)
        assert first.message["X-Voxpost-Caller"] == CUSTOMER
        body = first.message.get_body(("plain",))
        assert body is not None
        assert body.get_content().startswith("Kapan buka? 🙏 Kapan")
        await post(site, answer(first.message, "Pukul 08.00, Bu. Sampai jumpa €"))
        (sent,) = await site.modem.wait_submitted(1, 20)
        text = decode_submit(sent.pdu)
        assert (text.number, text.body) == (CUSTOMER, "Pukul 08.00, Bu. Sampai jumpa €")
        await site.modem.deliver(*deliver_pdus(CUSTOMER, "Baik, terima kasih", now))
        (_, second) = await site.mail.wait_for_mail(DESK, 2)
        references = str(second.message["References"]).split()
        assert references[0] == first.message["Message-ID"]
        assert len(references) == 2
        assert second.message["Subject"] == first.message["Subject"]


async def test_a_new_e_mail_to_two_numbers_becomes_two_texts_and_a_strangers_none(
    mail_programs: None, open_folder: Path, port_finder: PortFinder
) -> None:
    async with texts_site(open_folder / "t", port_finder) as site, working(site):
        for number, sender in (("+628111111111", WRITER), ("+628122222222", "eve@evil.example")):
            mail = EmailMessage()
            mail["From"], mail["To"] = sender, f"{number}@{SMS_DOMAIN}"
            mail["Subject"], mail["Message-ID"] = "SMS", f"<{number[1:]}@lab.example>"
            mail.set_content("Obat Anda sudah bisa diambil.\n")
            await post(site, mail)
        (sent,) = await site.modem.wait_submitted(1, 20)
        assert decode_submit(sent.pdu).number == "+628111111111"
        async with asyncio.timeout(20):
            while "5.7.1" not in site.mail.log():
                await asyncio.sleep(0.1)
        assert [text["number"] for text in await texts(site)] == ["+628111111111"]


async def test_a_text_through_kannel_is_answered_and_its_delivery_reported(
    mail_programs: None,
    kannel_tree: PackageTree,
    open_folder: Path,
    port_finder: PortFinder,
) -> None:
    ports = KannelPorts.pick(port_finder)
    section = KANNEL.format(port=ports.sendsms, username=USERNAME, password=PASSWORD, smsc=SMSC_OUT)
    async with texts_site(open_folder / "t", port_finder, gateways=section) as site:
        secret = callback_secret(sms_secret(load_site(site.file)))
        where = f"http://127.0.0.1:{site.callback_port}/gateways/kannel/{secret}/incoming"
        folder = open_folder / "kannel"
        async with (
            PrivateKannel(kannel_tree, folder, ports, incoming_url=f"{where}?{INCOMING}") as kannel,
            working(site),
        ):
            await kannel.bring_in(f"{CUSTOMER} 62811000222 text Apakah+ada+dokter")
            (letter,) = await site.mail.wait_for_mail(DESK, 1)
            await post(site, answer(letter.message, "Ada, sampai pukul 17.00."))
            (out,) = await kannel.wait_for_texts(1)
            assert out.body.decode() == "Ada, sampai pukul 17.00."
            async with asyncio.timeout(20):
                while (await texts(site))[0]["state"] != "delivered":
                    await asyncio.sleep(0.2)
