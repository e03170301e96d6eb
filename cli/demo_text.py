"""The demo's text: a customer's comes in on a modem, and the answer to its e-mail goes out."""

from __future__ import annotations

import asyncio
import smtplib
import time
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import make_msgid, parseaddr
from pathlib import Path

from cli.demo_mail import headers_of, text_of
from cli.demo_site import DESK, DOMAIN
from cli.stations import Stations
from lab.maildir import MaildirServer
from lab.modem_client import ModemControl
from lab.ports import LOOPBACK
from lab.texts import deliver_pdus
from sms.pdu.decode import decode_submit

CUSTOMER = "+628123456789"
_QUESTION = "Selamat pagi, apakah hasil lab saya sudah ada? 🙏"
_ANSWER = "Sudah, Bu. Silakan diambil sebelum pukul 17.00."
_WITHIN = 15.0  # seconds


async def show_text(
    stations: Stations, modem: ModemControl, mail: MaildirServer, lmtp_port: int, log: Path
) -> Path:
    """Bring a text in, answer its e-mail, and show what the modem sent. Returns the e-mail."""
    with stations.station("A text comes in", log) as station:
        came = time.time()
        await modem.deliver(*deliver_pdus(CUSTOMER, _QUESTION, datetime.now(UTC)))
        received = await mail.wait_for_message(lambda it: it.recipient == DESK, _WITHIN)
        milliseconds = max(0.0, received.file.stat().st_mtime - came) * 1000
        station.done(f"in {DESK}'s mail account {milliseconds:.0f} ms after the modem had it")
    letter = received.read()
    stations.heading("The text as an e-mail")
    stations.show(headers_of(letter))
    stations.show("")
    stations.show(text_of(letter))
    with stations.station("Its answer", log) as station:
        answer = _answer(letter)
        station.doing("the desk answers; the mail server brings it to voxpost by LMTP")
        await asyncio.to_thread(_bring, answer, lmtp_port)
        (sent,) = await modem.wait_submitted(1, _WITHIN)
        text = decode_submit(sent.pdu)
        station.done(f"the modem sent to {text.number}: {text.body}")
    return received.file


def _answer(letter: EmailMessage) -> EmailMessage:
    """What a mail client makes of it: words above, the e-mail quoted below."""
    answer = EmailMessage()
    answer["From"] = f"Resepsionis <{DESK}>"
    answer["To"] = letter["Reply-To"]
    answer["Subject"] = f"Re: {letter['Subject']}"
    answer["Message-ID"] = make_msgid(domain=DOMAIN)
    answer["In-Reply-To"] = letter["Message-ID"]
    answer["References"] = letter["Message-ID"]
    quoted = "\n".join(f"> {line}" for line in text_of(letter).splitlines())
    signature = "-- \nResepsionis\nKlinik Sehat"
    answer.set_content(f"{_ANSWER}\n\n{signature}\n\nOn Sunday, {DESK} wrote:\n{quoted}\n")
    return answer


def _bring(answer: EmailMessage, port: int) -> None:
    recipient = parseaddr(str(answer["To"]))[1]
    with smtplib.LMTP(LOOPBACK, port, timeout=_WITHIN) as server:
        server.send_message(answer, DESK, [recipient])
