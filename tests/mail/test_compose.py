"""The e-mail as bytes: what a mail client reads out of them."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.facts import EarlierText, MissedCallFacts, NoticeFacts, TextFacts, VoicemailFacts
from mail.audio import Audio
from mail.compose import compose
from mail.kinds import missed_call, notice, text, voicemail
from mail.letters import Attachment, Letterhead, Reader
from mail.message import BadMessage
from mail.texts import Texts

HEAD = Letterhead(
    "Klinik Sehat", "Voicemail", "voicemail@klinik.example", "bounce@klinik.example", "ID", "*97"
)
SARI = Reader("Sari Dewi", "sari@klinik.example", "id", ZoneInfo("Asia/Jakarta"))
DATE = datetime(2026, 11, 21, 14, 52, tzinfo=UTC)
AT = int(DATE.timestamp())
SOUND = bytes(range(256)) * 40
AUDIO = Audio(SOUND, "audio/x-wav", "wav", 65.4)
ANSWERS = "r.token@sms.klinik.example"


def voicemail_of(number="08123456789", name="Budi", reader=SARI, audio=AUDIO):
    facts = VoicemailFacts("1001@default", "1-0", number, name, AT, 65, 3)
    return voicemail.letter(facts, reader, HEAD, audio)


def missed_call_of(number="08123456789", name="Budi", reader=SARI):
    return missed_call.letter(MissedCallFacts(number, name, AT, 1), "1001", reader, HEAD)


def text_of(number="+628123456789", name="Halo", reader=SARI):
    """A text with a name in each of its places."""
    earlier = (EarlierText(AT, True, name, name), EarlierText(AT, False, "", name))
    facts = TextFacts(number, name, name, AT, name, True, earlier, (name,), ANSWERS, name)
    return text.letter(facts, reader, HEAD)


def notice_of(number="+628123456789", name="no credit", reader=SARI):
    fields = {"number": number, "id": 815, "body": name, "words": name, "part": 1, "parts": 2}
    facts = NoticeFacts("text-not-sent", fields, (name,), (name, name))
    return notice.letter(facts, reader, HEAD)


KINDS = [voicemail_of, missed_call_of, text_of, notice_of]
VOICEMAIL = voicemail_of()
MISSED = missed_call_of()
TEXTS = Texts()
HEADERS = {
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language"),
    *("X-Voxpost-Kind", "X-Voxpost-Mailbox", "X-Voxpost-Caller", "X-Voxpost-Duration"),
    *("X-Voxpost-Gateway", "X-Voxpost-Keyword", "X-Voxpost-Notice"),
    *("Reply-To", "In-Reply-To", "References", "MIME-Version", "Content-Type"),
}


def write(letter, **options):
    given_ = {"message_id": "<vm-1@klinik.example>", "date": DATE} | options
    return compose(letter, HEAD, TEXTS, **given_)


def subject_of(letter):
    return TEXTS.render(letter, HEAD).subject


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


@pytest.mark.parametrize("letter", [MISSED, voicemail_of(audio=None)])
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
@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_name_comes_out_harmless(kind, name):
    for hostile in (kind(name=name), kind(number=name), kind(reader=replace(SARI, name=name))):
        message = write(hostile)
        assert_harmless(message)
        assert read(message)["From"].addresses[0].addr_spec == "voicemail@klinik.example"
        assert len(read(message)["From"].addresses) == 1


@given(
    st.sampled_from(KINDS),
    st.text(st.characters(codec=None, exclude_categories=()), max_size=200),
)
def test_any_name_comes_back_in_the_subject_or_not_at_all(kind, name):
    letter = kind(number=name, name=name)
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
    message = write(missed_call_of(name='Budi "x" <b> Bcc: bob@lab.example'))
    assert b"\r\nSubject: Panggilan tak terjawab" in message.content


def threaded(*references, **options):
    return read(write(replace(MISSED, references=references, **options)))


def test_a_letter_of_a_conversation_names_all_of_it_and_what_it_follows():
    mail = threaded("<1@a.example>", "<2@a.example>", "<3@a.example>")
    assert mail["In-Reply-To"] == "<3@a.example>"
    assert mail["References"] == "<1@a.example> <2@a.example> <3@a.example>"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_a_long_conversation_keeps_its_first_message_and_the_last_ones():
    references = [f"<{number}.{'x' * 150}@{'y' * 200}.example>" for number in range(1000)]
    message = write(replace(MISSED, references=tuple(references)))
    assert_harmless(message)
    assert read(message)["References"].split() == [references[0], *references[-19:]]
    assert read(message)["In-Reply-To"] == references[-1]


@pytest.mark.parametrize("odd", ["", "no-id", "<a@b>\r\nBcc: x@y.example", "<a@b> <c@d>", "<é@b>"])
def test_a_reference_that_is_no_message_id_is_left_out(odd):
    assert threaded(odd)["References"] is None
    assert threaded(odd)["In-Reply-To"] is None
    assert threaded("<1@a.example>", odd)["In-Reply-To"] == "<1@a.example>"


def test_an_answer_to_an_e_mail_says_that_a_program_gave_it():
    assert threaded("<1@a.example>", answers=True)["Auto-Submitted"] == "auto-replied"


def test_an_answer_goes_to_an_address_with_a_name():
    mail = read(write(replace(MISSED, reply_to=("0812-3456-789", ANSWERS))))
    assert mail["Reply-To"] == f"0812-3456-789 <{ANSWERS}>"
    with pytest.raises(BadMessage):
        write(replace(MISSED, reply_to=("0812", "r.token@sms.example>, <x@y.example")))


def test_a_file_goes_along_for_saving():
    file = Attachment(b"a;b\r\n", 'text/csv; charset="utf-8"', "list.csv")
    message = write(replace(MISSED, attachment=file))
    assert_harmless(message)
    (attached,) = read(message).iter_attachments()
    assert attached.get_content_disposition() == "attachment"
    assert attached.get_filename() == "list.csv"
    assert attached.get_content() == "a;b\r\n"


def test_a_file_may_be_empty():
    message = write(replace(MISSED, attachment=Attachment(b"", "text/csv", "list.csv")))
    assert_harmless(message)
    assert b"".join(message.wire()) == message.content + b".\r\n"


def test_a_reader_without_a_name_is_an_address_alone():
    mail = read(write(missed_call_of(reader=replace(SARI, name=""))))
    assert mail["To"] == "sari@klinik.example"


@pytest.mark.parametrize("length", [997, 998, 999, 1000, 1001, 2500])
@pytest.mark.parametrize("before", ["", "kurang\n"])
def test_a_line_of_998_characters_is_the_longest_that_goes_out_as_it_is(tmp_path, length, before):
    own = tmp_path / "id" / "missed-call.txt"
    own.parent.mkdir()
    own.write_text(f"{before}{'x' * length}\nsisa")
    content = compose(MISSED, HEAD, Texts(tmp_path), message_id="<1@a.example>", date=DATE).content
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert (b"x" * length in content) == (length <= 998)


@pytest.mark.parametrize("ends", ["\r\n", "\n", "\r"])
def test_an_own_templates_line_ends_become_those_of_mail(tmp_path, ends):
    own = tmp_path / "id" / "missed-call.txt"
    own.parent.mkdir()
    own.write_bytes(ends.join(["satu", "", "dua"]).encode())
    content = compose(MISSED, HEAD, Texts(tmp_path), message_id="<1@a.example>", date=DATE).content
    assert b"\r\n\r\nsatu\r\n\r\ndua\r\n--" in content
