from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from lab.speech import Speech
from ledger.entries import Entry, State
from ledger.facts import (
    EarlierText,
    Facts,
    MissedCallFacts,
    NoticeFacts,
    TextFacts,
    VoicemailFacts,
)
from mail.interfaces import Written
from mail.spool import Spool
from mail.writer import EntryWriter, NobodyToWriteTo
from pbx.model import Site

LEFT = VoicemailFacts("1001@default", "1-0", "08123456789", "Bu Ani", 1_795_300_000, 60, 3)
MISSED = MissedCallFacts("08123456789", "Bu Ani", 1_795_300_000, 2)


class Desk:
    def __init__(self, folder: Path) -> None:
        self.spool = Spool(folder / "spool")
        self.spool.prepare()
        self.texts = folder / "texts"
        self.person: dict[str, Any] = {
            "extension": "1001",
            "name": "Sari",
            "email": "sari@klinik.example",
        }
        self.spool.path("a.wav").write_bytes(Speech(b"\1\0" * 8000 * 60).wav())
        self.spool.path("bad.wav").write_bytes(b"no sound at all")
        self.writer = EntryWriter(self.site, self.spool)

    def site(self) -> Site:
        return Site.model_validate(
            {
                "site": {"name": "Klinik", "domain": "klinik.example", "language": "en"},
                "mail": {
                    "smtp": {"host": "localhost"},
                    "from": "Voicemail <v@klinik.example>",
                    "texts_dir": str(self.texts),
                },
                "people": [self.person],
            }
        )

    def write(
        self,
        facts: Facts = LEFT,
        audio: str | None = "a.wav",
        limit: int | None = None,
        extension: str = "1001",
    ) -> tuple[Written, EmailMessage]:
        entry = Entry(
            *(1, "v:1", extension, "old@klinik.example", "<1@klinik.example>", facts, audio),
            *(1_795_300_100.5, State.WAITING, 0, 0.0, None, None, None, None),
        )
        written = self.writer.write(entry, limit)
        mail = message_from_bytes(written.message.content, policy=policy.default)
        return written, mail


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def audio_of(mail: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in mail.iter_attachments()]


@pytest.mark.parametrize(
    ("attach", "kind"), [("wav", "audio/x-wav"), ("mp3", "audio/mpeg"), ("opus", "audio/ogg")]
)
def test_a_recording_goes_along_as_the_person_wants_it(desk: Desk, attach: str, kind: str) -> None:
    desk.person["voicemail"] = {"attach": attach}
    written, mail = desk.write()
    assert audio_of(mail) == [kind]
    assert (written.note, written.smallest, written.whole) == (None, False, True)


def test_the_same_entry_is_the_same_message_to_the_byte(desk: Desk) -> None:
    assert desk.write()[0].message.content == desk.write()[0].message.content


@pytest.mark.parametrize(
    ("limit", "kinds", "note"),
    [
        (400_000, ["audio/mpeg"], "audio made smaller: mp3"),
        (20_000, [], "without audio: too-large"),
    ],
)
def test_a_recording_is_made_smaller_until_it_fits(
    desk: Desk, limit: int, kinds: list[str], note: str
) -> None:
    written, mail = desk.write(limit=limit)
    assert audio_of(mail) == kinds
    assert written.note == note
    assert written.whole is bool(kinds)
    assert not kinds or len(written.message.content) <= limit


@pytest.mark.parametrize("audio", ["bad.wav", "gone.wav", None])
def test_a_recording_that_cannot_be_read_does_not_hold_the_message_up(
    desk: Desk, audio: str | None
) -> None:
    written, mail = desk.write(audio=audio)
    assert audio_of(mail) == []
    assert written.note == "without audio: unreadable"
    assert not written.whole
    text = mail.get_body(("plain",))
    assert text is not None
    assert "*97" in text.get_content()


def test_a_person_who_wants_no_audio_gets_none_and_no_excuse(desk: Desk) -> None:
    desk.person["voicemail"] = {"attach": "none"}
    written, mail = desk.write()
    assert audio_of(mail) == []
    assert written.note is None
    assert not written.whole


def test_a_missed_call_is_told_with_how_often_lately(desk: Desk) -> None:
    _, mail = desk.write(MISSED, None)
    assert mail["Subject"] == "Missed call from Bu Ani (0812-3456-789)"
    assert mail["To"] == "Sari <sari@klinik.example>"


def test_a_mended_address_counts_for_what_was_handed_over_before(desk: Desk) -> None:
    assert desk.write()[0].message.recipient == "sari@klinik.example"
    del desk.person["email"]
    assert desk.write()[0].message.recipient == "old@klinik.example"


def test_an_entry_of_somebody_who_left_says_what_to_do(desk: Desk) -> None:
    desk.person["extension"] = "1002"
    with pytest.raises(NobodyToWriteTo, match=r"nobody has extension 1001.*drop entry 1"):
        desk.write()


def test_a_broken_own_template_costs_nobody_a_message(desk: Desk) -> None:
    (desk.texts / "en").mkdir(parents=True)
    (desk.texts / "en/voicemail.txt").write_text("{{ no_such_thing }}")
    _, mail = desk.write()
    text = mail.get_body(("plain",))
    assert text is not None
    assert "Bu Ani" in text.get_content()
    (desk.texts / "en/voicemail.txt").write_text("Ada pesan dari {{ caller.name }}")
    _, mail = desk.write()
    text = mail.get_body(("plain",))
    assert text is not None
    assert text.get_content().strip() == "Ada pesan dari Bu Ani"


def test_an_entry_of_nobody_goes_to_its_address_as_the_site_writes(desk: Desk) -> None:
    desk.person["language"] = "id"
    facts = TextFacts("+628123456789", None, "modem1", 1_795_300_000, "Halo")
    written, mail = desk.write(facts, None, extension="")
    assert written.message.recipient == "old@klinik.example"
    assert mail["To"] == "old@klinik.example"
    assert mail["Subject"] == "Text from 0812-3456-789"
    assert "WIB" in mail.as_string()
    _, mail = desk.write(facts, None)
    assert mail["To"] == "Sari <sari@klinik.example>"
    assert mail["Subject"] == "SMS dari 0812-3456-789"


@pytest.mark.parametrize(
    ("facts", "note"),
    [
        (
            TextFacts(
                *("+628123456789", None, "modem1", 1_795_300_000, "Halo", False),
                earlier=(EarlierText(1_795_200_000, True, "Sari", "x" * 1900),) * 20,
            ),
            "without the earlier texts: too large",
        ),
        (
            NoticeFacts(
                "gateway-up",
                {"name": "modem1", "since": 1_795_200_000},
                attachment=("list.csv", "x" * 20_000),
            ),
            "without the file: too large",
        ),
    ],
)
def test_what_does_not_fit_the_server_is_left_out(desk: Desk, facts: Facts, note: str) -> None:
    whole, _ = desk.write(facts, None)
    assert (whole.note, whole.smallest) == (None, False)
    alone, _ = desk.write(facts, None, limit=10_000)
    assert (alone.note, alone.smallest) == (note, True)
    assert alone.message.size < 10_000
