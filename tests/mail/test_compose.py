"""The e-mail as bytes: what a mail client reads out of them."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.audio import Audio
from mail.caller import read_caller
from mail.compose import compose
from mail.letters import Letterhead, MissedCallLetter, Reader, VoicemailLetter
from mail.message import BadMessage
from mail.texts import Texts

HEAD = Letterhead(
    "Klinik Sehat", "Voicemail", "voicemail@klinik.example", "bounce@klinik.example", "ID", "*97"
)
SARI = Reader("Sari Dewi", "sari@klinik.example", "id", ZoneInfo("Asia/Jakarta"))
DATE = datetime(2026, 11, 21, 14, 52, tzinfo=UTC)
SOUND = bytes(range(256)) * 40
VOICEMAIL = VoicemailLetter(
    SARI, "1001", "08123456789", "Budi", DATE, 65.4, 3, Audio(SOUND, "audio/x-wav", "wav", 65.4)
)
MISSED = MissedCallLetter(SARI, "1001", "08123456789", "Budi", DATE)
TEXTS = Texts()
HEADERS = {
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language"),
    *("X-Voxpost-Kind", "X-Voxpost-Mailbox", "X-Voxpost-Caller", "X-Voxpost-Duration"),
    *("MIME-Version", "Content-Type"),
}


def write(letter, **options):
    given_ = {"message_id": "<vm-1@klinik.example>", "date": DATE} | options
    return compose(letter, HEAD, TEXTS, **given_)


def subject_of(letter):
    caller = read_caller(letter.caller_number, letter.caller_name, HEAD.country)
    return TEXTS.render(letter, HEAD, caller).subject


def read(message):
    return message_from_bytes(message.content, policy=policy.default)


def assert_harmless(message):
    content = message.content
    assert content.isascii()
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    mail = read(message)
    assert set(mail.keys()) <= HEADERS
    assert len(mail.keys()) == len(set(mail.keys()))
    assert not any(part.defects for part in mail.walk())
    assert mail["To"].addresses[0].addr_spec == "sari@klinik.example"
    assert [part.get_content_type() for part in mail.walk() if not part.is_multipart()][:2] == [
        "text/plain",
        "text/html",
    ]


def test_a_voicemail_is_a_letter_with_its_recording_behind_it():
    message = write(VOICEMAIL)
    mail = read(message)
    assert mail.get_content_type() == "multipart/mixed"
    letter, recording = mail.iter_parts()
    assert letter.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    assert recording.get_content_type() == "audio/x-wav"
    assert recording.get_content_disposition() == "inline"
    assert recording.get_filename() == "voicemail-2026-11-21-2152-08123456789.wav"
    assert recording.get_content() == SOUND
    assert "Budi" in letter.get_body(("plain",)).get_content()
    assert_harmless(message)


def test_its_headers_are_the_given_ones():
    mail = read(write(VOICEMAIL))
    assert mail["From"] == "Voicemail <voicemail@klinik.example>"
    assert mail["To"] == "Sari Dewi <sari@klinik.example>"
    assert mail["Date"].datetime == DATE
    assert mail["Message-ID"] == "<vm-1@klinik.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Voxpost-Kind"] == "voicemail"
    assert mail["X-Voxpost-Mailbox"] == "1001"
    assert mail["X-Voxpost-Caller"] == "+628123456789"
    assert mail["X-Voxpost-Duration"] == "65"
    assert mail["Reply-To"] is None


def test_the_envelope_is_the_sites_and_the_persons():
    message = write(VOICEMAIL)
    assert message.sender == "bounce@klinik.example"
    assert message.recipient == "sari@klinik.example"
    assert message.message_id == "<vm-1@klinik.example>"


@pytest.mark.parametrize("letter", [MISSED, replace(VOICEMAIL, audio=None)])
def test_without_a_recording_it_is_only_the_letter(letter):
    message = write(letter)
    assert read(message).get_content_type() == "multipart/alternative"
    assert_harmless(message)


def test_a_retry_has_the_same_bytes_and_another_letter_has_not():
    assert write(VOICEMAIL) == write(VOICEMAIL)
    other = write(VOICEMAIL, message_id="<vm-2@klinik.example>")
    assert read(other).get_boundary() != read(write(VOICEMAIL)).get_boundary()


def test_lines_of_base64_have_76_characters_at_most():
    lines = write(VOICEMAIL).content.partition(b"base64\r\n")[2].split(b"\r\n")
    assert max(len(line) for line in lines if not line.startswith(b"Content")) == 76


@pytest.mark.parametrize(
    "name",
    [
        "Budi\r\nBcc: evil@x.example",
        'Budi "the\\ knife',
        "=?utf-8?q?Budi=0D=0ABcc:_evil@x.example?=",
        "😀" * 3000,
        "x" * 10_000,
        "\u202egpj.exe",
        "سارة",
        "\ud83d",
        "Budi\x00\x07",
        "a@b <c@d>, e;",
    ],
)
@pytest.mark.parametrize("letter", [VOICEMAIL, MISSED])
def test_a_hostile_caller_name_comes_out_harmless(letter, name):
    for hostile in (
        replace(letter, caller_name=name),
        replace(letter, caller_number=name),
        replace(letter, reader=replace(SARI, name=name)),
    ):
        assert_harmless(write(hostile))


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=200))
def test_any_caller_name_comes_back_in_the_subject_or_not_at_all(name):
    letter = replace(MISSED, caller_name=name, caller_number=name)
    message = write(letter)
    assert_harmless(message)
    assert read(message)["Subject"] == subject_of(letter)
    assert b"Subject:\r\n" not in message.content


@pytest.mark.parametrize("address", ["sari@klinik.example\r\nRCPT TO:<x@y>", "Sari <s@x.example>"])
def test_an_address_that_no_server_takes_is_an_error(address):
    with pytest.raises(BadMessage):
        write(replace(VOICEMAIL, reader=replace(SARI, address=address)))


def test_a_long_message_id_stays_on_one_line():
    message_id = f"<{'a' * 120}@klinik.example>"
    assert (
        f"Message-ID: {message_id}\r\n".encode() in write(VOICEMAIL, message_id=message_id).content
    )


@pytest.mark.parametrize("message_id", ["", "vm-1", "<a@b>\r\nBcc: x@y", "<a b@c>", "<é@c>"])
def test_a_message_id_that_is_none_is_an_error(message_id):
    with pytest.raises(BadMessage):
        write(VOICEMAIL, message_id=message_id)


def test_an_own_template_with_any_letters_goes_out_as_ascii(tmp_path):
    own = tmp_path / "id" / "voicemail.txt"
    own.parent.mkdir()
    own.write_text(".\n.titik di awal\nÅéí😀 " + "x" * 3000)
    message = compose(
        VOICEMAIL, HEAD, Texts(tmp_path), message_id="<vm-1@klinik.example>", date=DATE
    )
    assert_harmless(message)
    assert read(message).get_body(("plain",)).get_content().startswith(".\r\n.titik")
    assert b"\r\n..titik" in b"".join(message.wire())


def test_a_long_subject_has_no_empty_first_line():
    # EmailMessage folds this one right after the colon, and readers see a blank before it.
    message = write(replace(MISSED, caller_name='Budi "x" <b> Bcc: bob@lab.example'))
    assert b"\r\nSubject: Panggilan tak terjawab" in message.content
