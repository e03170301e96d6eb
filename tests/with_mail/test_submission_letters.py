"""Letters with recordings, through the server and back: what a mail client would read and play."""

from __future__ import annotations

import io
import math
import struct
import uuid
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import av
import pytest

from lab.zimbra_like import ZimbraLike
from ledger.facts import EarlierText, MissedCallFacts, TextFacts, VoicemailFacts
from mail.audio import Form, convert
from mail.compose import compose
from mail.kinds import missed_call, text, voicemail
from mail.letters import Letter, Letterhead, Reader
from mail.marker import REPLY_MARKER
from mail.outcome import Accepted
from mail.riff import wav_of_pcm
from mail.smtp import SmtpSession
from mail.texts import Texts
from pbx.mail import SmtpServer

HEAD = Letterhead(
    site_name="Klinik Sehat",
    sender_name="Voicemail",
    sender_address="voicemail@lab.example",
    bounce_address="voicemail@lab.example",
    country="ID",
    access_extension="*97",
)
ALICE = Reader("Alice", "alice@lab.example", "id", ZoneInfo("Asia/Jakarta"))
LEFT_AT = datetime(2026, 11, 21, 14, 52, tzinfo=UTC)
AT = int(LEFT_AT.timestamp())


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two seconds of a tone, as Asterisk records it."""
    samples = (int(9000 * math.sin(2 * math.pi * 440 * i / 8000)) for i in range(16_000))
    file = tmp_path / "msg0000.wav"
    file.write_bytes(wav_of_pcm(b"".join(struct.pack("<h", s) for s in samples), 8000))
    return file


async def deliver(server: ZimbraLike, letter: Letter) -> EmailMessage:
    await server.clear("alice@lab.example")
    message = compose(
        letter, HEAD, Texts(), message_id=f"<{uuid.uuid4()}@lab.example>", date=LEFT_AT
    )
    account = SmtpServer.model_validate(
        {
            "host": "localhost",
            "port": server.ports.submission,
            "username": "voicemail@lab.example",
            "password": "voicemail-password",
            "ca_file": server.certificates.ca_file,
        }
    )
    session = SmtpSession(account, client_name="pbx.lab.example")
    assert isinstance(await session.send(message), Accepted)
    await session.close()
    [mail] = await server.wait_for_mail("alice@lab.example")
    assert mail.message["Message-ID"] == message.message_id
    assert not any(part.defects for part in mail.message.walk())
    return mail.message


@pytest.mark.parametrize(
    ("form", "content_type", "ending"),
    [
        ("wav", "audio/x-wav", "wav"),
        ("mp3", "audio/mpeg", "mp3"),
        ("opus", "audio/ogg", "ogg"),
    ],
)
async def test_a_recording_arrives_and_plays(
    mail_server: ZimbraLike, recording: Path, form: Form, content_type: str, ending: str
) -> None:
    audio = convert(recording, form)
    facts = VoicemailFacts("1001@default", "1-0", "08123456789", "Budi", AT, 2, 1)
    letter = voicemail.letter(facts, ALICE, HEAD, audio)
    mail = await deliver(mail_server, letter)
    [attached] = [part for part in mail.walk() if part.get_content_maintype() == "audio"]
    assert attached.get_content_type() == content_type
    assert attached.get_content_disposition() == "inline"
    assert attached.get_filename() == f"voicemail-2026-11-21-2152-08123456789.{ending}"
    assert attached.get_content() == audio.content
    with av.open(io.BytesIO(attached.get_content())) as container:
        seconds = sum(f.samples / f.sample_rate for f in container.decode(audio=0))
    assert seconds == pytest.approx(2.0, abs=0.15)


@pytest.mark.parametrize(
    "name", ["Budi 😀", "سارة", 'Budi "x" <b>\r\nBcc: bob@lab.example', "x" * 10_000]
)
async def test_any_callers_name_arrives_readable(mail_server: ZimbraLike, name: str) -> None:
    await mail_server.clear("bob@lab.example")
    facts = MissedCallFacts("08123456789", name, AT, 1)
    letter = missed_call.letter(facts, "1001", ALICE, HEAD)
    mail = await deliver(mail_server, letter)
    assert mail["Subject"].startswith("Panggilan tak terjawab dari ")
    assert name[:4].strip() in mail["Subject"]
    body = mail.get_body(("plain",))
    assert body is not None
    assert "0812-3456-789" in body.get_content()
    assert await mail_server.mails("bob@lab.example") == []


async def test_a_text_arrives_with_its_words_its_thread_and_the_way_back(
    mail_server: ZimbraLike,
) -> None:
    said = "Halo 😀\n.\nbesok\tbuka? سارة"
    facts = TextFacts(
        *("+628123456789", "+62811000111", "modem1", AT, said),
        earlier=(EarlierText(AT - 60, True, "Alice", "Ada yang bisa dibantu?"),),
        references=("<1@lab.example>", "<2@lab.example>"),
        reply_to="r.815.token@sms.lab.example",
    )
    mail = await deliver(mail_server, text.letter(facts, ALICE, HEAD))
    assert mail["From"] == '"0812-3456-789 (SMS)" <voicemail@lab.example>'
    assert mail["Reply-To"] == "0812-3456-789 <r.815.token@sms.lab.example>"
    assert mail["References"] == "<1@lab.example> <2@lab.example>"
    assert mail["In-Reply-To"] == "<2@lab.example>"
    body = mail.get_body(("plain",))
    assert body is not None
    above, marker, below = body.get_content().replace("\r\n", "\n").partition(REPLY_MARKER)
    assert above.startswith("Halo 😀\n.\nbesok   buka? سارة\n")
    assert marker
    assert "> Ada yang bisa dibantu?" in below
