"""Fine points of telling own words from another's."""

from __future__ import annotations

import pytest

from mail.intake.body import unflow
from mail.intake.html_words import text_of
from mail.intake.own_words import own_words
from mail.marker import REPLY_MARKER

ATTRIBUTION = "Pada Sen, 23 Nov 2026 pukul 09.15 SMS <6281@sms.klinik.example> menulis:"


@pytest.mark.parametrize(
    ("above", "attribution"),
    [
        ("Baik.", ATTRIBUTION),
        ("Datang jam 09.00 ya", ATTRIBUTION),
        ("Pada jam 9 saja", ATTRIBUTION),
        ("Datang jam 09.00 ya", "SMS <6281@sms.klinik.example> wrote:"),
        ("Ya", "On Mon, Nov 23, 2026 at 9:15\nAM SMS <6281@sms.klinik.example> wrote:"),
        (
            "Ya",
            "On Monday, November 23, 2026 at 09:15:02 AM\nGMT+7, SMS <\n6281@x.example>\nwrote:",
        ),
        ("Ya", "2026-11-23 9:15 GMT+07:00 SMS 0812\n<6281@sms.klinik.example>:"),
        ("Ya", "Pada tanggal 23/11/26 09.15, SMS 0812 menulis:"),
        ("Ya", "Pada hari Senin, 23 November 2026 09.15 WIB, SMS 0812 <a@b.example>\nmenulis:"),
        ("Ya", "Am 23.11.2026 um 09:15 schrieb SMS <6281@sms.klinik.example>:"),
        ("Ya", "On 11/23/26, 9:15 AM, SMS <6281@sms.klinik.example> wrote:"),
    ],
)
@pytest.mark.parametrize("quote", ["> kutip", "\n> kutip", "kutip tanpa tanda", ""])
@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_the_line_before_a_quote_goes_and_own_words_above_it_stay(
    above: str, attribution: str, quote: str, between: str
) -> None:
    assert own_words(f"{above}{between}{attribution}\n{quote}\n") == above


@pytest.mark.parametrize(
    "words",
    [
        "Dengan hormat,\n\nHasil lab sudah jadi.\nSilakan diambil.\nLoket satu.",
        "Salam,\n\nHasil lab sudah jadi.\nSilakan diambil.\nLoket satu.",
        "Informasi jadwal dokter hanya untuk hari ini.",
        "Penting: kirim hasil ke e-mail kami.",
        "Isi formulir ini rahasia dokter.",
        "Tolong cek: dari siapa?",
        "Dari: Jakarta\nKe: Bandung",
        "From: 9 to 12\nTo: the desk",
        "Dikirim lewat JNE kemarin.",
        "On Monday we are closed.",
        "Pada jam 09.00 dokter ada.",
        "Dokter menulis: istirahat 3 hari.",
        "1 > 0 dan a->b",
        "Total ---> Rp5.000",
        "Ya -- besok",
        "Pesan:\n- satu\n- dua",
        "Subject: test saja",
        "Terima kasih\nSari",
        "👍🏽 ok",
        "مرحبا",
    ],
)
def test_own_words_are_left_alone(words: str) -> None:
    assert own_words(words) == words
    assert own_words(f"{words}\n\n{ATTRIBUTION}\n> kutip\n") == words


@pytest.mark.parametrize(
    "line",
    [
        "Penting: mohon balas pesan ini dengan YA sebelum Senin.",
        "Perhatian! Jangan balas pesan ini.",
        "Important: please answer this message today.",
        "Pesan ini berisi informasi jadwal kontrol Anda.",
    ],
)
def test_what_a_person_says_of_his_own_message_cuts_no_words_behind_it(line: str) -> None:
    words = f"Halo Bu,\n{line}\nTerima kasih."
    assert own_words(words) == words


@pytest.mark.parametrize(
    "rest",
    [
        *("-- \nSari", "--\nSari", "—\nSari", "Sent from my iPad", "Dikirim dari iPhone saya"),
        *(
            "Dikirim dari Yahoo Mail di Android",
            "Sent from Mail for Windows",
            "[Sent from my Galaxy]",
        ),
        *(
            "Sent from Outlook for iOS<https://aka.ms/x>",
            "Get Outlook for iOS",
            "Dikirim dari ponsel saya",
        ),
        *(
            "Dapatkan Outlook untuk Android",
            "Powered by Telkomsel BlackBerry®",
            "Sent with Proton Mail",
        ),
        "This message may contain confidential information.",
        "CONFIDENTIALITY NOTICE: The contents of this email are secret.",
        "The information contained in this e-mail is privileged.",
        "Pesan ini bersifat rahasia.",
        "E-mail ini beserta lampirannya hanya ditujukan kepada penerima.",
        "Informasi dalam e-mail ini bersifat rahasia.",
        "PENTING: e-mail ini dan lampirannya rahasia.",
        "PERHATIAN: Pesan ini mengandung informasi yang bersifat rahasia.",
        "CAUTION: This email originated from outside of the organization.",
        "IMPORTANT: this message is intended for the addressee only.",
        "Please consider the environment before printing this e-mail.",
        "Virus-free. www.avast.com",
        "________________________________\nFrom: x",
        "-----Original Message-----\nx",
        "----- Pesan Asli -----\nx",
        "----- Forwarded Message -----\nx",
        "Begin forwarded message:\nx",
        "*From:* SMS <a@b.example>\n*Sent:* Monday\n*To:* Sari\n*Subject:* x\n\nkutip",
        "Dari: SMS <a@b.example>\nTanggal: Senin\nKepada: Sari\n\nkutip",
        "From: SMS\nSent: Monday\nTo: Sari;\n Budi;\n Anna\nSubject: x\nkutip",
        "Date: Monday\nFrom: SMS\nSubject: x\nkutip",
    ],
)
def test_what_stands_below_own_words_goes(rest: str) -> None:
    assert own_words(f"Ya, ada.\n\n{rest}\n\nlagi\n") == "Ya, ada."
    assert own_words(f"{rest}\n") == ""


def test_a_quoted_line_that_was_broken_goes_whole() -> None:
    long = "> " + "kata " * 13 + "kata"
    assert own_words(f"Ya.\n\n{long}\nterakhir\n> lagi\n") == "Ya."


def test_our_own_line_cuts_whatever_is_below_it() -> None:
    assert own_words(f"Ya.\n{REPLY_MARKER}\nkutip") == "Ya."
    assert own_words(f"Ya.\n{REPLY_MARKER.replace(' ', '  ')} x\nkutip") == "Ya."
    assert own_words(f"Ya.\n> {REPLY_MARKER}\n> kutip\nTidak.") == "Ya.\n\nTidak."
    assert own_words(REPLY_MARKER) == ""


def test_lines_that_were_broken_to_fit_a_screen_are_joined() -> None:
    words = (
        "Hasil lab sudah jadi dan dapat diambil mulai besok pagi di loket satu dengan membawa kartu"
    )
    broken = words.replace("loket satu ", "loket satu\n")
    assert own_words(broken) == words
    assert own_words("Satu.\nDua.\n\n\n\nTiga.") == "Satu.\nDua.\n\nTiga."


def test_nothing_unseen_stays() -> None:
    assert own_words("a\0b\x1bc\ud800d\u200be\u00a0f\u2028g\rh") == "abcde f\ng\nh"


def test_flowed_text_is_joined() -> None:
    assert unflow("satu \ndua\ntiga", delete_space=False) == "satu dua\ntiga"
    assert unflow("sa \ntu", delete_space=True) == "satu"
    assert unflow("> a \n> b\n>> c\nd \n-- \ne", delete_space=False) == "> a b\n>> c\nd \n-- \ne"
    assert unflow(" >bukan kutipan", delete_space=False) == ">bukan kutipan"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("a<br>b<div>c</div>d<p>e</p><p>f", "a\nb\nc\nd\ne\nf\n"),
        ("a &amp; b &#128077; &nbsp;c", "a & b 👍 \u00a0c\n"),
        ("  a\n   b <pre>c\n  d</pre>", "a b\nc\nd\n"),
        ("a<script>x</script><style>y</style><!-- z -->b", "ab\n"),
        ("a<blockquote>b<blockquote>c</blockquote>d</blockquote>e", "a\n>\ne\n"),
        ("a<blockquote>b", "a\n>\n"),
        ("a<div style='display: none'>b</div>c", "ac\n"),
        ("a<div class='x gmail_quote'><div>b</div></div>c", "a\n>\nc\n"),
        ("a<hr id=zwchr>b", "a\n>\n"),
        ("a<div id='x_divRplyFwdMsg'>b</div>c", "a\n>\n"),
        ("a<table><tr><td>b<td>c</table>", "a\nb c\n"),
        ("1 < 2 & 3 > 2", "1 < 2 & 3 > 2\n"),
        ("a<![x]>b<![endif]>c", "abc\n"),
        ("a<![b", "a"),
        ("<title>x</title>", ""),
    ],
)
def test_a_page_becomes_lines(page: str, text: str) -> None:
    assert text_of(page).rstrip() == text.rstrip()
