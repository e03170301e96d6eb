"""The whole way on real parts: a SIP call, Asterisk, voxpost, Postfix, Dovecot, IMAP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from lab.speech import Speech, from_prompt, read_audio
from tests.whole.whole_site import Parts, Whole

SPEECH = 4.0
PEOPLE = {
    "1001": ("alice@lab.example", "wav", "id"),
    "1002": ("bob@lab.example", "mp3", "en"),
    "1003": ("alice@lab.example", "opus", "en"),
}


@pytest.fixture
async def whole(parts: Parts) -> AsyncIterator[Whole]:
    people = "".join(
        f"""
[[people]]
extension = "{extension}"
name = "Person {extension}"
email = "{email}"
language = "{language}"
voicemail = {{ pin = "4321", attach = "{attach}" }}
"""
        for extension, (email, attach, language) in PEOPLE.items()
    )
    async with parts.running(people, PEOPLE) as whole:
        yield whole


def recording_of(mail: EmailMessage, folder: Path) -> tuple[str, Speech]:
    (part,) = mail.iter_attachments()
    file = folder / str(part.get_filename())
    content = part.get_content()
    assert isinstance(content, bytes)
    file.write_bytes(content)
    assert part.get_content_disposition() == "inline"
    return part.get_content_type(), read_audio(file)


async def test_speech_on_the_telephone_is_the_recording_in_the_mail_account(whole: Whole) -> None:
    for address in ("alice@lab.example", "bob@lab.example"):
        await whole.mail.clear(address)
    spoken = from_prompt(whole.asterisk.sounds_dir, SPEECH)
    async with asyncio.TaskGroup() as calls:
        for extension in PEOPLE:
            calls.create_task(whole.leave_message(extension, spoken))
    alice = await whole.mail.wait_for_mail("alice@lab.example", 2)
    bob = await whole.mail.wait_for_mail("bob@lab.example", 1)
    types = {}
    for found in (*alice, *bob):
        mail = found.message
        kind, heard = recording_of(mail, whole.folder)
        types[mail["X-Voxpost-Mailbox"]] = kind
        assert heard.seconds == pytest.approx(spoken.seconds, abs=1.2)
        assert heard.loudness == pytest.approx(spoken.loudness, abs=3)
        assert "José Ñandú" in str(mail["Subject"])
        assert mail["From"] == "Voicemail <voicemail@lab.example>"
    assert types == {"1001": "audio/x-wav", "1002": "audio/mpeg", "1003": "audio/ogg"}
    indonesian = next(it.message for it in alice if it.message["X-Voxpost-Mailbox"] == "1001")
    body = indonesian.get_body(("plain",))
    assert body is not None
    assert "pesan suara" in body.get_content()
