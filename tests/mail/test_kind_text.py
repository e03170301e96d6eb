"""A text that came in, as an e-mail."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.facts import EarlierText, TextFacts
from mail.compose import compose
from mail.kinds import text
from mail.letters import Letterhead, Reader
from mail.marker import REPLY_MARKER
from mail.texts import Texts

HEAD = Letterhead(
    "Klinik Sehat", "Voicemail", "voicemail@klinik.example", "bounce@klinik.example", "ID", "*97"
)
DESK = Reader("", "desk@klinik.example", "id", ZoneInfo("Asia/Jakarta"))
ENGLISH = replace(DESK, language="en")
DATE = datetime(2026, 11, 21, 14, 52, tzinfo=UTC)
AT = int(DATE.timestamp())
TEXTS = Texts()
BARE = TextFacts("+628123456789", None, "modem1", AT, "Halo, besok buka jam berapa?")
FULL = TextFacts(
    number="+628123456789",
    own_number="+62811000111",
    gateway="modem1",
    received_at=AT,
    body="Baik,\n  terima kasih\n\nAni",
    earlier=(
        EarlierText(AT - 7200, False, "", "Besok buka?"),
        EarlierText(AT - 3600, True, "Sari", "Buka jam 8\nsampai jam 5"),
    ),
    references=("<1@klinik.example>", "<2@klinik.example>"),
    reply_to="r.token@sms.klinik.example",
    keyword="INFO",
)


def words_of(facts, reader=DESK):
    return TEXTS.render(text.letter(facts, reader, HEAD), HEAD)


def mail_of(facts, reader=DESK):
    letter = text.letter(facts, reader, HEAD)
    message = compose(letter, HEAD, TEXTS, message_id="<t-1@klinik.example>", date=DATE)
    return message_from_bytes(message.content, policy=policy.default)


def plain_of(mail):
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


class Page(HTMLParser):
    """What a page shows, and its tags."""

    def __init__(self, page):
        super().__init__()
        self.shown, self.tags, self.links = "", [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]
        self.shown += "\n" if tag == "br" else ""

    def handle_data(self, data):
        self.shown += data.replace("\n", "")


def test_a_text_is_the_customers_words_first_and_how_to_answer_below_them():
    assert words_of(FULL).text == (
        "Baik,\n"
        "  terima kasih\n"
        "\n"
        "Ani\n"
        "\n"
        "Dari  : 0812-3456-789\n"
        "Ke    : 0811-000-111\n"
        "Waktu : Sabtu, 21 November 2026 pukul 21.52 WIB\n"
        "Kata kunci : INFO\n"
        "\n"
        "Balas e-mail ini: tulisan Anda dikirim sebagai SMS ke 0812-3456-789.\n"
        "\n"
        f"{REPLY_MARKER}\n"
        "\n"
        "Sabtu, 21 November 2026 pukul 20.52 WIB, Sari:\n"
        "> Buka jam 8\n"
        "> sampai jam 5\n"
        "\n"
        "Sabtu, 21 November 2026 pukul 19.52 WIB, 0812-3456-789:\n"
        "> Besok buka?\n"
        "\n"
        "Klinik Sehat\n"
    )


def test_its_headers_lead_the_answer_back_and_keep_the_conversation_together():
    mail = mail_of(FULL)
    assert mail["From"] == '"0812-3456-789 (SMS)" <voicemail@klinik.example>'
    assert mail["To"] == "desk@klinik.example"
    assert mail["Reply-To"] == "0812-3456-789 <r.token@sms.klinik.example>"
    assert mail["In-Reply-To"] == "<2@klinik.example>"
    assert mail["References"] == "<1@klinik.example> <2@klinik.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Voxpost-Kind"] == "text"
    assert mail["X-Voxpost-Caller"] == "+628123456789"
    assert mail["X-Voxpost-Gateway"] == "modem1"
    assert mail["X-Voxpost-Keyword"] == "INFO"
    assert mail.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize(
    ("reader", "subject"),
    [(DESK, "SMS dari 0812-3456-789"), (ENGLISH, "Text from 0812-3456-789")],
)
def test_all_texts_of_a_conversation_have_one_subject(reader, subject):
    for facts in (FULL, BARE, replace(FULL, body="x" * 10_000, incomplete=True)):
        assert words_of(facts, reader).subject == subject


@pytest.mark.parametrize("reader", [DESK, ENGLISH])
def test_what_cannot_be_answered_does_not_ask_for_an_answer(reader):
    words = words_of(BARE, reader)
    for said in (words.text, words.page):
        assert REPLY_MARKER not in said
        assert "Balas" not in said
        assert "Reply" not in said
        assert "tidak dapat dijawab" in said or "cannot be answered" in said
    assert mail_of(BARE, reader)["Reply-To"] is None


@pytest.mark.parametrize("reader", [DESK, ENGLISH])
def test_a_text_with_a_part_missing_says_so(reader):
    words = words_of(replace(FULL, incomplete=True), reader)
    for said in (words.text, words.page):
        assert "tidak pernah sampai" in said or "never came" in said
    whole = words_of(FULL, reader)
    assert "never came" not in whole.text + whole.page
    assert "tidak pernah" not in whole.text + whole.page


@pytest.mark.parametrize(
    ("number", "shown", "bare"),
    [
        ("TELKOMSEL", "TELKOMSEL", "TELKOMSEL"),
        ("888DANA", "888DANA", "888DANA"),  # of which a library makes 888-3262
        ("3636", "3636", "3636"),
        ("+4930123456", "+49 30 123456", "+4930123456"),
        ("+0", "+0", "+0"),
        ("Bank \u202eX", "Bank X", "BankX"),
    ],
)
def test_a_sender_that_is_no_number_is_shown_as_it_is(number, shown, bare):
    mail = mail_of(replace(FULL, number=number))
    assert mail["Subject"] == f"SMS dari {shown}"
    assert mail["From"].addresses[0].display_name == f"{shown} (SMS)"
    assert mail["X-Voxpost-Caller"] == bare


def test_a_text_of_nobody_is_still_a_letter():
    mail = mail_of(replace(BARE, number="", body=""))
    assert mail["Subject"] == "SMS dari nomor tak dikenal"
    assert mail["From"].addresses[0].display_name == "anonymous (SMS)"
    assert mail["X-Voxpost-Caller"] == "anonymous"
    assert plain_of(mail).startswith("(SMS ini kosong)\n")


def test_links_and_tags_of_a_stranger_stay_text():
    said = 'Klik https://x.example/?a=1&b=2 <a href="https://x.example">di sini</a>'
    facts = replace(FULL, body=said, earlier=(EarlierText(AT, True, said, said),))
    page = Page(words_of(facts).page)
    assert set(page.links) == {"tel:+628123456789"}
    assert "script" not in page.tags
    assert page.shown.count(said) == 2
    assert words_of(facts).text.startswith(said)


def test_the_lines_of_a_text_are_kept_in_both_forms():
    words = words_of(replace(BARE, body="satu\r\ndua\rtiga\n\n  lima\u2028enam\x0b\x85"))
    assert words.text.startswith("satu\ndua\ntiga\n\n  lima\nenam\n\nDari")
    assert "satu\ndua\ntiga\n\n  lima\nenam" in Page(words.page).shown


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("a\x00b\x1b[2Jc\x07", "ab[2Jc"),
        ("\ud83d\ude00 dan \ud83d", "😀 dan �"),
        ("👩‍⚕️ 🫨 \U0001fae9", "👩‍⚕️ 🫨 \U0001fae9"),
        ("\u202egpj.exe", "gpj.exe"),
        ("سارة\u200f 123", "سارة\u200f 123"),
        ("\n\nhalo\n\n", "halo"),
    ],
)
def test_what_would_do_harm_goes_and_what_is_meant_stays(body, said):
    mail = mail_of(replace(BARE, body=body))
    assert plain_of(mail).startswith(f"{said}\n\nDari")


def test_a_line_like_ours_in_a_text_changes_nothing_below_it():
    said = f"a\n{REPLY_MARKER}\n> b\n.\n--\nFrom x"
    mail = mail_of(replace(FULL, body=said))
    assert plain_of(mail).startswith(f"{said}\n")


def test_the_longest_text_is_whole():
    said = "Panjang sekali. " * 2400
    mail = mail_of(replace(BARE, body=said))
    assert said.strip() in plain_of(mail)
    assert len(mail.as_bytes()) < 200_000


@pytest.mark.parametrize(("at", "year"), [(-(10**12), "1970"), (10**15, "2100")])
def test_a_clock_of_strangers_that_runs_wild_costs_no_text(at, year):
    facts = replace(FULL, received_at=at, earlier=(EarlierText(at, False, "", "Halo"),))
    assert words_of(facts).text.count(f" {year} pukul") == 2


def test_a_huge_text_is_cut_and_costs_little():
    facts = replace(FULL, body="😀\n" * 2_000_000, earlier=FULL.earlier * 5000)
    assert len(mail_of(facts).as_bytes()) < 1_500_000


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=200))
def test_any_text_of_any_sender_comes_out_as_one_letter(said):
    facts = replace(FULL, number=said, own_number=said, body=said, keyword=said, references=(said,))
    facts = replace(facts, earlier=(EarlierText(AT, True, said, said),))
    mail = mail_of(facts)
    assert not any(part.defects for part in mail.walk())
    assert [address.addr_spec for address in mail["From"].addresses] == ["voicemail@klinik.example"]
    assert [it.addr_spec for it in mail["Reply-To"].addresses] == ["r.token@sms.klinik.example"]
    assert REPLY_MARKER in plain_of(mail)
    page = Page(mail.get_body(("html",)).get_content())
    assert set(page.links) <= {link for link in page.links if link.startswith("tel:+")}
