"""What people are mailed: a text that failed or is unknown, a gateway that is down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from ledger.entries import NewEntry
from ledger.facts import NoticeFacts
from ledger.texts import Text, TextState
from mail.identity import message_id
from mail.intake.reading import IncomingMail
from pbx.model import Site
from sms.policy import Refusal


def text_notice(site: Site, text: Text, state: TextState, words: str, at: int) -> NewEntry:
    """A text failed, or may have gone out. To who asked for it, else to the administrator.

    at: the piece that did.
    """
    about = "text-unknown" if state is TextState.UNKNOWN else "text-not-sent"
    facts = NoticeFacts(
        about=about,
        fields={
            "number": text.number,
            "id": text.id,
            "body": text.body,
            "words": words,
            "part": at + 1,
            "parts": text.pieces,
        },
        references=() if text.message_id is None else (text.message_id,),
    )
    source = f"{about}:{text.id}:{text.due:.0f}"  # tried by hand again, it is told of again
    extension = text.extension if text.author else ""
    recipient = text.author or _administrator(site)
    return NewEntry(source, extension, recipient, message_id(source, site.site.domain), facts)


def gateway_down(site: Site, name: str, words: str, since: float) -> NewEntry:
    """A gateway is down. since: seconds since 1970."""
    fields: dict[str, str | int] = {"name": name, "words": words, "since": int(since)}
    return _to_administrator(site, "gateway-down", fields)


def gateway_up(site: Site, name: str, words: str, since: float) -> NewEntry:
    """A gateway that was down is up again. since: seconds since 1970."""
    fields: dict[str, str | int] = {"name": name, "words": words, "since": int(since)}
    return _to_administrator(site, "gateway-up", fields)


def keyword_call_failed(site: Site, word: str, text: Text, words: str, now: float) -> NewEntry:
    """A program was not told of a text. One notice a day for each keyword, of its first text."""
    day = datetime.fromtimestamp(now, ZoneInfo(site.site.timezone)).date()
    source = f"keyword-call-failed:{word}:{day.isoformat()}"
    facts = NoticeFacts(
        about="keyword-call-failed",
        fields={
            "name": word,
            "number": text.number,
            "id": text.id,
            "words": words,
            "since": int(text.created),
        },
    )
    return NewEntry(source, "", _administrator(site), message_id(source, site.site.domain), facts)


def _to_administrator(site: Site, about: str, fields: Mapping[str, str | int]) -> NewEntry:
    source = f"{about}:{fields['name']}:{fields['since']}"
    identity = message_id(source, site.site.domain)
    return NewEntry(source, "", _administrator(site), identity, NoticeFacts(about, fields))


def _administrator(site: Site) -> str:
    assert site.sms is not None, "there are no texts without [sms]"
    return site.sms.alarm_address


def mail_notice(
    site: Site, refusal: Refusal, mail: IncomingMail, number: str, writer: tuple[str, str]
) -> NewEntry:
    """An e-mail did not become a text. writer: extension, or empty, and mail account."""
    fields: dict[str, str | int] = {
        "number": number,
        "reason": refusal.reason,
        "original_subject": mail.subject,
        "parts": refusal.parts,
        "limit": refusal.limit,
    }
    return _answer(site, "mail-not-taken", fields, mail, writer)


def attachments_notice(
    site: Site, mail: IncomingMail, number: str, writer: tuple[str, str]
) -> NewEntry:
    """An e-mail became a text without its files. writer: extension, or empty, and mail account."""
    fields: dict[str, str | int] = {
        "number": number,
        "original_subject": mail.subject,
        "attachments": mail.attachments,
    }
    return _answer(site, "attachments-not-sent", fields, mail, writer)


def _answer(
    site: Site,
    about: str,
    fields: Mapping[str, str | int],
    mail: IncomingMail,
    writer: tuple[str, str],
) -> NewEntry:
    extension, address = writer
    facts = NoticeFacts(about, fields, (*mail.references, mail.message_id)[-10:])
    source = f"{about}:{fields['number']}:{mail.message_id}"[:255]
    return NewEntry(source, extension, address, message_id(source, site.site.domain), facts)
