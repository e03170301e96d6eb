"""A letter as an e-mail: what strangers wrote stays where it belongs (mail/compose.py)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

from endurance.fuzz.draw import Draw
from endurance.fuzz.target import Target
from mail.audio import Audio
from mail.compose import compose
from mail.letters import Letter, Letterhead, MissedCallLetter, Reader, VoicemailLetter
from mail.message import Message
from mail.plain import plain
from mail.texts import Texts
from pbx.people import Language

_AT = datetime(2026, 11, 21, 14, 52, tzinfo=UTC)
_TEXTS = Texts()
_LANGUAGES: tuple[Language, ...] = ("id", "en")
# A number that can be called back, and a name: the page with the most in it.
_HARMLESS = ("Sari", "08123456789", "Budi", "1001", "Klinik Sehat")
_HEADERS = {
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language"),
    *("X-Voxpost-Kind", "X-Voxpost-Mailbox", "X-Voxpost-Caller", "MIME-Version", "Content-Type"),
}


def check_letter(data: bytes) -> None:
    """No name, number or mailbox adds a header, a part, an address, a tag or a byte of 8 bits."""
    draw = Draw(data)
    options = draw.number(256)
    language = _LANGUAGES[options & 1]
    with_audio = bool(options & 4)
    hostile = [draw.text(80) for _ in range(5)]
    message = _written(hostile, language, missed=bool(options & 2), with_audio=with_audio)
    again = _written(hostile, language, missed=bool(options & 2), with_audio=with_audio)
    assert message == again
    harmless = _written(list(_HARMLESS), language, missed=bool(options & 2), with_audio=with_audio)
    _lines_are_plain(message.content)
    mail, other = _read(message), _read(harmless)
    assert Counter(mail.keys()) == Counter(other.keys())
    assert set(mail.keys()) - {"X-Voxpost-Duration"} == _HEADERS
    assert mail["To"].addresses[0].addr_spec == "sari@klinik.example"
    assert len(mail["To"].addresses) == len(mail["From"].addresses) == 1
    assert mail["From"].addresses[0].addr_spec == "voicemail@klinik.example"
    assert _name_in("To", message) == plain(hostile[0], 100)
    shapes = [[part.get_content_type() for part in it.walk()] for it in (mail, other)]
    assert shapes[0] == shapes[1]
    assert not any(part.defects for part in mail.walk())
    assert _tags(mail) <= _tags(other) + Counter(bdi=1)  # around a number without a link


def _written(hostile: list[str], language: Language, *, missed: bool, with_audio: bool) -> Message:
    name, number, caller, mailbox, site = hostile
    reader = Reader(name, "sari@klinik.example", language, ZoneInfo("Asia/Jakarta"))
    head = Letterhead(
        site_name=site,
        sender_name="Voicemail",
        sender_address="voicemail@klinik.example",
        bounce_address="bounce@klinik.example",
        country="ID",
        access_extension="*97",
    )
    letter: Letter
    if missed:
        letter = MissedCallLetter(reader, mailbox, number, caller, _AT)
    else:
        audio = Audio(b"RIFF" * 40, "audio/x-wav", "wav", 1.0) if with_audio else None
        letter = VoicemailLetter(reader, mailbox, number, caller, _AT, 65.4, 3, audio)
    return compose(letter, head, _TEXTS, message_id="<vm-1@klinik.example>", date=_AT)


def _lines_are_plain(content: bytes) -> None:
    assert content.isascii()
    assert b"\0" not in content
    assert not {10, 13} & set(content.replace(b"\r\n", b""))
    assert max(len(line) for line in content.split(b"\r\n")) <= 998


def _read(message: Message) -> EmailMessage:
    return message_from_bytes(message.content, policy=policy.default)


def _name_in(header: str, message: Message) -> str:
    """The display name of an address. policy.default's has a blank between two encoded words."""
    folded = message_from_bytes(message.content, policy=policy.compat32)[header]
    name, _ = parseaddr(folded.replace("\r\n", ""))
    return str(make_header(decode_header(name)))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] += 1
        for name, value in attrs:
            assert not name.startswith("on")
            assert name != "href" or str(value).startswith("tel:")


def _tags(mail: EmailMessage) -> Counter[str]:
    page = mail.get_body(("html",))
    assert page is not None
    reader = _Tags()
    reader.feed(page.get_content())
    return reader.found


TARGETS = (
    Target(
        "mail-letter",
        check_letter,
        512,
        (
            *(b"\r\nBcc: x@y.example\r\n", b"=?utf-8?q?=0D=0ABcc:?=", b"<script>", b'" <x@y.z>'),
            *(b"&lt;", b"'>", b"\r\n.\r\n", b"08123456789", b"anonymous", "é".encode()),
        ),
        examples=60,
    ),
)
