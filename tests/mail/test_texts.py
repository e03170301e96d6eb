"""The words of the e-mails, and an administrator's own."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import mail
from ledger.facts import MissedCallFacts, VoicemailFacts
from mail.audio import Audio
from mail.kinds import missed_call, voicemail
from mail.kinds.registry import KINDS
from mail.letters import Letterhead, Reader
from mail.texts import Texts, TextsBroken
from mail.words import clock, length_in_words, moment_in_words

HEAD = Letterhead(
    "Klinik Sehat", "Voicemail", "voicemail@klinik.example", "bounce@klinik.example", "ID", "*97"
)
SARI = Reader("Sari", "sari@klinik.example", "id", ZoneInfo("Asia/Jakarta"))
ENGLISH = replace(SARI, language="en", zone=ZoneInfo("Europe/Berlin"))
LEFT_AT = int(datetime(2026, 11, 21, 14, 52, tzinfo=UTC).timestamp())
AUDIO = Audio(b"RIFF", "audio/x-wav", "wav", 65.0)
VOICEMAIL = VoicemailFacts("1001@default", "1-0", "08123456789", "Budi", LEFT_AT, 65, 3)
MISSED = MissedCallFacts("08123456789", "Budi", LEFT_AT, recent=4)


def render(facts, reader=SARI, audio=AUDIO, missing="not-wanted", texts=None):
    if isinstance(facts, VoicemailFacts):
        letter = voicemail.letter(facts, reader, HEAD, audio, missing)
    else:
        letter = missed_call.letter(facts, "1001", reader, HEAD)
    return (texts or Texts()).render(letter, HEAD)


def test_an_indonesian_voicemail_says_all_that_matters():
    words = render(VOICEMAIL)
    assert words.subject == "Pesan suara dari Budi (0812-3456-789) (1:05)"
    for fact in (
        "Yth. Sari,",
        "Budi (0812-3456-789)",
        "Sabtu, 21 November 2026 pukul 21.52 WIB",
        "1 menit 5 detik",
        "terlampir",
        "*97",
        "saat ini: 3",
        "Klinik Sehat",
    ):
        assert fact in words.text
    assert 'href="tel:+628123456789"' in words.page
    assert '<html lang="id">' in words.page


def test_an_english_voicemail_is_in_the_persons_own_zone():
    words = render(VOICEMAIL, ENGLISH)
    assert words.subject == "Voicemail from Budi (0812-3456-789) (1:05)"
    assert "Saturday, 21 November 2026 at 15:52 CET" in words.text
    assert "1 minute 5 seconds" in words.text


@pytest.mark.parametrize("reader", [SARI, ENGLISH])
def test_a_skipped_message_that_is_retried_says_nothing_of_waiting_ones(reader):
    # They were not counted when it was recorded: waiting is 0.
    counted, skipped = (render(replace(VOICEMAIL, waiting=n), reader) for n in (3, 0))
    for texts in ((counted.text, skipped.text), (counted.page, skipped.page)):
        said = ["Pesan baru" in text or "New messages" in text for text in texts]
        assert said == [True, False]


@pytest.mark.parametrize("reader", [SARI, ENGLISH])
@pytest.mark.parametrize(
    ("missing", "word"),
    [("not-wanted", ""), ("too-large", "besar|large"), ("unreadable", "dibaca|read")],
)
def test_without_a_recording_it_says_why_and_where_the_message_is(reader, missing, word):
    words = render(VOICEMAIL, reader, None, missing)
    for text in (words.text, words.page):
        assert "1001." in text
        assert "terlampir pada" not in text
        assert "is attached" not in text
        assert any(part in text for part in word.split("|"))


@pytest.mark.parametrize("reader", [SARI, ENGLISH])
def test_a_missed_call_says_who_when_and_how_often(reader):
    words = render(MISSED, reader)
    assert "Budi (0812-3456-789)" in words.subject
    for text in (words.text, words.page):
        assert "2026" in text
        assert "4" in text
        assert "7" in text
    once = render(replace(MISSED, recent=1), reader)
    assert "7 hari" not in once.text
    assert "7 days" not in once.text


@pytest.mark.parametrize("reader", [SARI, ENGLISH])
@pytest.mark.parametrize("letter", [VOICEMAIL, MISSED])
def test_a_withheld_number_is_said_to_be_that_and_has_no_link(reader, letter):
    words = render(replace(letter, caller_number="anonymous", caller_name=""), reader)
    assert "tel:" not in words.page
    assert "tanpa nomor" in words.text or "withheld" in words.text


@pytest.mark.parametrize("letter", [VOICEMAIL, MISSED])
def test_a_hostile_name_is_text_in_the_page(letter):
    words = render(replace(letter, caller_name="<script>alert('x')</script>&{{ 7*7 }}"))
    assert "<script" not in words.page
    assert "&lt;script&gt;" in words.page
    assert "{{ 7*7 }}" in words.page


@pytest.mark.parametrize("letter", [VOICEMAIL, MISSED])
def test_the_page_fetches_nothing(letter):
    page = render(letter).page
    assert "http:" not in page
    assert "https:" not in page
    assert "src=" not in page


def test_an_administrator_overrides_one_file(tmp_path):
    own = tmp_path / "id" / "voicemail.subject.txt"
    own.parent.mkdir()
    own.write_text("Ada pesan\ndari {{ caller.label }}\n")
    words = render(VOICEMAIL, texts=Texts(tmp_path))
    assert words.subject == "Ada pesan dari Budi (0812-3456-789)"
    assert words.text == render(VOICEMAIL).text


@pytest.mark.parametrize(
    "body",
    [
        *("{{ no_such_thing }}", "{% if %}", "{{ waiting.x.y }}", "{{ 1/0 }}"),
        '{% include "id/voicemail.txt" %}',
        '{{ "%(caller)s" | format(name=1) }}',
    ],
)
def test_a_broken_own_template_is_named(tmp_path, body):
    own = tmp_path / "id" / "voicemail.txt"
    own.parent.mkdir()
    own.write_text(body)
    with pytest.raises(TextsBroken, match=r"id/voicemail\.txt"):
        render(VOICEMAIL, texts=Texts(tmp_path))


def test_an_own_template_that_may_not_be_read_is_named(tmp_path):
    own = tmp_path / "id" / "voicemail.txt"
    own.parent.mkdir()
    own.symlink_to("/proc/self/mem")  # gives nobody what stands at its beginning, root neither
    with pytest.raises(TextsBroken, match=r"id/voicemail\.txt"):
        render(VOICEMAIL, texts=Texts(tmp_path))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reader", [SARI, ENGLISH, replace(SARI, name="")])
def test_every_sample_of_every_kind_can_be_written(kind, reader):
    for letter in KINDS[kind].samples(reader, HEAD):
        words = Texts().render(letter, HEAD)
        assert words.subject.strip() == words.subject != ""
        assert "Klinik Sehat" in words.text
        assert "\n\n\n" not in words.text
        assert f'<html lang="{reader.language}">' in words.page
        for odd in ("None", "{{", "{%"):
            assert odd not in words.text + words.page


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("en/voicemail.txt", "{{ broken"),
        ("en/voicemail.html", "{% if attached %}{{ audio }}{% endif %}"),
        ("id/missed-call.html", "{% if recent > 1 %}{{ resent }}{% endif %}"),
        ("en/text.subject.txt", "{% if caller.name %}{{ name }}{% endif %}"),
        ("id/text.txt", "{% if incomplete %}{{ missing }}{% endif %}"),
        ("en/text.html", "{% for it in earlier %}{{ it.whom.name }}{% endfor %}"),
        ("en/text-unknown.txt", "{% if part %}{{ of }}{% endif %}"),
        ("en/mail-not-taken.reason.html", '{% if reason == "too-long" %}{{ most }}{% endif %}'),
        ("id/broadcast-report.html", "{% if attached %}{{ file }}{% endif %}"),
        ("layout.html", "{{ page }}"),
    ],
)
def test_an_own_template_at_fault_anywhere_in_it_is_found_by_a_sample(tmp_path, file, text):
    own = tmp_path / file
    own.parent.mkdir(exist_ok=True)
    own.write_text(text)
    texts = Texts(tmp_path)
    letters = [
        letter
        for reader in (SARI, ENGLISH)
        for kind in KINDS.values()
        for letter in kind.samples(reader, HEAD)
    ]
    with pytest.raises(TextsBroken):
        _ = [texts.render(letter, HEAD) for letter in letters]


def test_every_template_is_needed_by_a_sample_in_both_languages():
    folder = Path(str(mail.__file__)).parent / "texts"
    shipped = {file.name for file in folder.glob("*/*")}
    used = {
        f"{letter.template}.{ending}"
        for kind in KINDS.values()
        for letter in kind.samples(SARI, HEAD)
        for ending in ("subject.txt", "txt", "html")
    }
    assert shipped == used | {"mail-not-taken.reason.html"}
    assert len(list(folder.glob("*/*"))) == 2 * len(shipped)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Asia/Jakarta", "Minggu, 1 Maret 2026 pukul 07.05 WIB"),
        ("Asia/Makassar", "Minggu, 1 Maret 2026 pukul 08.05 WITA"),
        ("Asia/Bangkok", "Minggu, 1 Maret 2026 pukul 07.05 UTC+7"),
        ("Asia/Kathmandu", "Minggu, 1 Maret 2026 pukul 05.50 UTC+5:45"),
    ],
)
def test_a_moment_in_words(zone, expected):
    moment = datetime(2026, 3, 1, 0, 5, tzinfo=UTC).astimezone(ZoneInfo(zone))
    assert moment_in_words(moment, "id") == expected


@pytest.mark.parametrize(
    ("seconds", "indonesian", "english", "digits"),
    [
        (0, "0 detik", "0 seconds", "0:00"),
        (1, "1 detik", "1 second", "0:01"),
        (59.6, "1 menit", "1 minute", "1:00"),
        (65, "1 menit 5 detik", "1 minute 5 seconds", "1:05"),
        (3600, "1 jam", "1 hour", "1:00:00"),
        (7325, "2 jam 2 menit 5 detik", "2 hours 2 minutes 5 seconds", "2:02:05"),
    ],
)
def test_a_length_in_words(seconds, indonesian, english, digits):
    assert length_in_words(seconds, "id") == indonesian
    assert length_in_words(seconds, "en") == english
    assert clock(seconds) == digits
