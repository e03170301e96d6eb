"""What became of something, as an e-mail."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.facts import NoticeFacts
from ledger.notices import NOTICES, Reason
from mail.compose import compose
from mail.kinds import notice
from mail.letters import Letterhead, Reader
from mail.texts import Texts

HEAD = Letterhead(
    "Klinik Sehat", "Voicemail", "voicemail@klinik.example", "bounce@klinik.example", "ID", "*97"
)
SARI = Reader("Sari", "sari@klinik.example", "id", ZoneInfo("Asia/Jakarta"))
ENGLISH = replace(SARI, language="en")
NOBODY = replace(SARI, name="")
DATE = datetime(2026, 11, 21, 14, 52, tzinfo=UTC)
AT = int(DATE.timestamp())
TEXTS = Texts()
TEXT = {"number": "+628123456789", "id": 815, "body": "Besok buka\njam 8", "words": "no credit"}
DOWN = {"name": "modem1", "words": "does not answer", "since": AT}
REPORT = {
    **{"name": "Promo", "id": 7, "total": 100, "delivered": 90, "sent": 4, "failed": 3},
    **{"unknown": 1, "stopped": 2, "parts": 190, "cost": "Rp 28.500"},
}
CSV = ("promo.csv", "number,name,state\r\n+62812,José,delivered\r\n")


def words_of(about, fields, reader=SARI, **options):
    letter = notice.letter(NoticeFacts(about, fields, **options), reader, HEAD)
    return TEXTS.render(letter, HEAD)


def mail_of(about, fields, reader=SARI, **options):
    letter = notice.letter(NoticeFacts(about, fields, **options), reader, HEAD)
    message = compose(letter, HEAD, TEXTS, message_id="<n-1@klinik.example>", date=DATE)
    return message_from_bytes(message.content, policy=policy.default)


def not_taken(reason, reader=SARI, **fields):
    given_ = {"original_subject": "Re: SMS dari 0812", "reason": reason, **fields}
    return words_of("mail-not-taken", given_, reader)


@pytest.mark.parametrize(
    ("about", "fields", "indonesian", "english"),
    [
        (
            "text-not-sent",
            TEXT,
            "SMS ke 0812-3456-789 tidak terkirim",
            "Text to 0812-3456-789 was not sent",
        ),
        (
            "text-unknown",
            TEXT,
            "SMS ke 0812-3456-789: belum pasti terkirim",
            "Text to 0812-3456-789: it may have been sent",
        ),
        (
            "mail-not-taken",
            {"original_subject": "", "reason": "no-words"},
            "Tidak dikirim sebagai SMS: (tanpa subjek)",
            "Not sent as a text: (no subject)",
        ),
        (
            "attachments-not-sent",
            {"number": "+628123456789", "original_subject": "Hasil", "attachments": 2},
            "Dikirim tanpa lampiran: Hasil",
            "Sent without its attachments: Hasil",
        ),
        ("gateway-down", DOWN, "Gateway SMS modem1 terputus", "SMS gateway modem1 is down"),
        ("gateway-up", DOWN, "Gateway SMS modem1 pulih", "SMS gateway modem1 is back"),
        (
            "keyword-call-failed",
            {"name": "INFO", "number": "+628123456789", "id": 7, "words": "", "since": 1},
            "Kata kunci INFO: programnya tidak dapat dihubungi",
            "Keyword INFO: its program cannot be reached",
        ),
        ("broadcast-report", REPORT, "Laporan siaran SMS: Promo", "Broadcast report: Promo"),
    ],
)
def test_the_subject_says_what_became_of_what(about, fields, indonesian, english):
    assert words_of(about, fields).subject == indonesian
    assert words_of(about, fields, ENGLISH).subject == english


def test_a_text_that_failed_is_told_with_its_words_and_what_to_do():
    assert words_of("text-not-sent", TEXT | {"part": 2, "parts": 3}).text == (
        "Yth. Sari,\n"
        "\n"
        "SMS ke 0812-3456-789 tidak terkirim.\n"
        "\n"
        "Ke        : 0812-3456-789\n"
        "Alasan    : no credit\n"
        "SMS nomor : 815\n"
        "\n"
        "Bagian 2 dari 3 gagal; bagian lainnya mungkin sudah terkirim.\n"
        "\n"
        "Untuk mencoba lagi, kirim ulang SMS itu, atau minta administrator menjalankan:\n"
        "\n"
        "    voxpost sms retry 815\n"
        "\n"
        "Isi SMS:\n"
        "> Besok buka\n"
        "> jam 8\n"
        "\n"
        "Klinik Sehat\n"
        "E-mail ini dikirim secara otomatis; mohon tidak membalasnya."
    )


@pytest.mark.parametrize("reader", [SARI, ENGLISH, NOBODY])
def test_of_a_text_in_doubt_a_person_is_told_how_to_decide(reader):
    words = words_of("text-unknown", TEXT, reader)
    for said in (words.text, words.page):
        for command in ("show", "retry", "drop"):
            assert f"voxpost sms {command} 815" in said
    assert words.text.startswith(("Yth. Sari,", "Dear Sari,", "SMS ke"))


@pytest.mark.parametrize("reader", [SARI, ENGLISH])
def test_each_reason_has_a_sentence_of_its_own(reader):
    said = [not_taken(reason, reader) for reason in get_args(Reason)]
    sentences = [words.text.splitlines()[3] for words in said]
    assert len(set(sentences)) == len(sentences)
    for words, sentence in zip(said, sentences, strict=True):
        assert len(sentence) > 40
        assert sentence in words.page


@pytest.mark.parametrize("reader", [SARI, ENGLISH])
def test_what_is_too_long_or_over_the_cap_is_told_with_its_numbers(reader):
    words = not_taken("too-long", reader, parts=9, limit=6)
    assert "9 " in words.text
    assert " 6" in words.text
    assert "100" in not_taken("over-cap-person", reader, limit=100).page
    assert "1000" in not_taken("over-cap-site", reader, limit=1000).page


def test_a_number_that_is_none_is_shown_as_it_was_written():
    words = not_taken("bad-number", number="sari@<b>x\r\ny")
    assert "Ke     : sari@<b>x y\n" in words.text
    assert "sari@&lt;b&gt;x y" in words.page


@pytest.mark.parametrize(
    ("attachments", "english"),
    [(1, "without the file attached"), (3, "without the 3 files attached")],
)
def test_what_was_attached_and_not_sent_is_told(attachments, english):
    fields = {"number": "+628123456789", "original_subject": "Hasil", "attachments": attachments}
    words = words_of("attachments-not-sent", fields)
    assert f"SMS Anda ke 0812-3456-789 dikirim, tetapi tanpa {attachments} lampiran" in words.text
    assert english in words_of("attachments-not-sent", fields, ENGLISH).text


def test_an_answer_to_an_e_mail_is_one_in_its_headers():
    fields = {"original_subject": "Halo", "reason": "no-words"}
    mail = mail_of("mail-not-taken", fields, references=("<1@a.example>", "<2@a.example>"))
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["In-Reply-To"] == "<2@a.example>"
    assert mail["References"] == "<1@a.example> <2@a.example>"
    assert mail["Reply-To"] is None
    assert mail["X-Voxpost-Kind"] == "notice"
    assert mail["X-Voxpost-Notice"] == "mail-not-taken"


def test_what_answers_nothing_says_so_in_its_headers():
    mail = mail_of("gateway-down", DOWN)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["References"] is None


def test_a_gateway_is_told_with_the_time_in_the_readers_zone():
    assert "Sabtu, 21 November 2026 pukul 21.52 WIB" in words_of("gateway-down", DOWN).text
    tokyo = replace(ENGLISH, zone=ZoneInfo("Asia/Tokyo"))
    assert "Saturday, 21 November 2026 at 23:52 JST" in words_of("gateway-up", DOWN, tokyo).page


def test_a_report_counts_and_carries_the_list():
    mail = mail_of("broadcast-report", REPORT, attachment=CSV)
    said = mail.get_body(("plain",)).get_content()
    for line in ("Penerima                : 100", "Gagal                   : 3", "Rp 28.500"):
        assert line in said
    assert "Dibatalkan" not in said
    assert "terlampir" in said
    (file,) = mail.iter_attachments()
    assert (file.get_filename(), file.get_content_type()) == ("promo.csv", "text/csv")
    assert file.get_content_disposition() == "attachment"
    # Excel takes it for UTF-8 by the mark in front.
    assert file.get_content() == "\ufeff" + CSV[1]
    assert "terlampir" not in words_of("broadcast-report", REPORT).text


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/pass wd.csv", "..-..-etc-pass-wd.csv"),
        ('a"\r\nBcc: x@y.csv', "a---Bcc--x-y.csv"),
        ("", "list.csv"),
        ("x" * 200 + ".csv", "x" * 76 + ".csv"),
    ],
)
def test_a_files_name_is_harmless(name, safe):
    mail = mail_of("broadcast-report", REPORT, attachment=(name, "\ud83d"))
    (file,) = mail.iter_attachments()
    assert file.get_filename() == safe


@given(
    st.sampled_from(sorted(NOTICES)),
    st.sampled_from([SARI, ENGLISH]),
    st.text(st.characters(codec=None, exclude_categories=()), max_size=100),
)
def test_any_words_come_out_as_one_letter(about, reader, said):
    fields = {name: AT if it is int else said for name, it in NOTICES[about].items()}
    fields |= {name: 2 for name, it in NOTICES[about].items() if isinstance(it, int)}
    if "reason" in fields:
        fields["reason"] = "bad-number"
    mail = mail_of(about, fields, reader, references=(said,), attachment=(said, said))
    assert not any(part.defects for part in mail.walk())
    assert mail["To"].addresses[0].addr_spec == "sari@klinik.example"
    assert [part.get_content_type() for part in mail.walk()] == [
        *("multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/csv"),
    ]


@pytest.mark.parametrize("about", NOTICES)
def test_what_strangers_wrote_is_text_in_the_page(about):
    hostile = "<script>alert(1)</script>{{ 7*7 }}"
    fields = {name: AT if it is int else hostile for name, it in NOTICES[about].items()}
    fields |= {name: 2 for name, it in NOTICES[about].items() if isinstance(it, int)}
    if "reason" in fields:
        fields["reason"] = "bad-number"
    page = words_of(about, fields).page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "{{ 7*7 }}" in page
    assert "http" not in page.replace("http-equiv", "")
