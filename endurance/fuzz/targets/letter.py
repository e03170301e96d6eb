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
from ledger.facts import EarlierText, MissedCallFacts, NoticeFacts, TextFacts, VoicemailFacts
from mail.audio import Audio
from mail.compose import compose
from mail.kinds import missed_call, notice, text, voicemail
from mail.letters import Letter, Letterhead, Reader
from mail.message import Message
from mail.plain import plain
from mail.texts import Texts
from pbx.people import Language

_AT = datetime(2026, 11, 21, 14, 52, tzinfo=UTC)
_TEXTS = Texts()
_ANSWERS = "r.token@sms.klinik.example"
_LANGUAGES: tuple[Language, ...] = ("id", "en")
# A number that can be called back, and a name: the page with the most in it.
_HARMLESS = ("Sari", "08123456789", "Budi", "1001", "Klinik Sehat")
_HEADERS = {
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language"),
    *("X-Voxpost-Kind", "MIME-Version", "Content-Type"),
}
_THREADING = {"In-Reply-To", "References"}  # left out where a Message-ID is none
# A name in the place of a number with a link, and as many line ends as there are.
_MORE_TAGS = Counter(bdi=1, strong=1, br=1000)


def check_letter(data: bytes) -> None:
    """No name, number or mailbox adds a header, a part, an address, a tag or a byte of 8 bits."""
    draw = Draw(data)
    options = draw.number(256)
    hostile = [draw.text(80) for _ in range(5)]
    message, again = _written(hostile, options), _written(hostile, options)
    assert message == again
    _lines_are_plain(message.content)
    mail, other = _read(message), _read(_written(list(_HARMLESS), options))
    assert set(mail.keys()) - _THREADING == set(other.keys())
    assert set(mail.keys()) >= _HEADERS
    assert len(mail.keys()) == len(set(mail.keys()))
    assert mail["To"].addresses[0].addr_spec == "sari@klinik.example"
    assert len(mail["To"].addresses) == len(mail["From"].addresses) == 1
    assert mail["From"].addresses[0].addr_spec == "voicemail@klinik.example"
    if mail["Reply-To"] is not None:
        assert [it.addr_spec for it in mail["Reply-To"].addresses] == [_ANSWERS]
    assert _name_in("To", message) == plain(hostile[0], 100)
    shapes = [[part.get_content_type() for part in it.walk()] for it in (mail, other)]
    assert shapes[0] == shapes[1]
    assert not any(part.defects for part in mail.walk())
    assert _tags(mail) <= _tags(other) + _MORE_TAGS


def _written(hostile: list[str], options: int) -> Message:
    """options: bit 0 is the language, bits 1 and 3 are the kind, bit 2 is an attachment."""
    name, number, caller, mailbox, site = hostile
    language = _LANGUAGES[options & 1]
    reader = Reader(name, "sari@klinik.example", language, ZoneInfo("Asia/Jakarta"))
    head = Letterhead(
        site_name=site,
        sender_name="Voicemail",
        sender_address="voicemail@klinik.example",
        bounce_address="bounce@klinik.example",
        country="ID",
        access_extension="*97",
    )
    at = int(_AT.timestamp())
    letter: Letter
    match options >> 1 & 5:
        case 0:
            audio = Audio(b"RIFF" * 40, "audio/x-wav", "wav", 1.0) if options & 4 else None
            left = VoicemailFacts(f"{mailbox}@default", "1-0", number, caller, at, 65, 3)
            letter = voicemail.letter(left, reader, head, audio)
        case 1:
            letter = missed_call.letter(
                MissedCallFacts(number, caller, at, 1), mailbox, reader, head
            )
        case 4:
            told = (EarlierText(at, True, name, caller), EarlierText(at, False, "", caller))
            letter = text.letter(
                TextFacts(
                    *(number, mailbox, mailbox, at, caller, True, told),
                    *((mailbox, f"<{number}@{site}>"), _ANSWERS if options & 4 else None, mailbox),
                ),
                reader,
                head,
            )
        case _:
            fields: dict[str, str | int] = {"number": number, "id": 815, "body": caller}
            letter = notice.letter(
                NoticeFacts(
                    "text-not-sent",
                    fields | {"words": mailbox, "part": 1, "parts": 2},
                    (mailbox, f"<{number}@{site}>"),
                    (mailbox, caller) if options & 4 else None,
                ),
                reader,
                head,
            )
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
