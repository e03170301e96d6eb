"""What an e-mail says, before it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any, Self
from zoneinfo import ZoneInfo

from pbx.model import Site
from pbx.people import Language, Person


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all letters of a site have in common.

    Arguments:
        sender_name, sender_address: From.
        bounce_address: envelope sender.
        country: ISO 3166, two letters: how numbers are written.
        access_extension: what people dial to listen by telephone.
    """

    site_name: str
    sender_name: str
    sender_address: str
    bounce_address: str
    country: str
    access_extension: str

    @classmethod
    def of(cls, site: Site) -> Self:
        name, address = parseaddr(site.mail.sender)
        return cls(
            site_name=site.site.name,
            sender_name=name,
            sender_address=address,
            bounce_address=site.mail.bounce_address,
            country=site.site.country,
            access_extension=site.voicemail.access_extension,
        )


@dataclass(frozen=True, slots=True)
class Reader:
    """Who the letter is for. name: empty for an address alone; it is checked when composed."""

    name: str
    address: str
    language: Language
    zone: ZoneInfo

    @classmethod
    def at(cls, address: str, site: Site, person: Person | None = None) -> Self:
        """A person, or whoever reads at an address: in the site's language and zone."""
        if person is None:
            return cls("", address, site.site.language, ZoneInfo(site.site.timezone))
        return cls(person.name, address, site.language_of(person), site.zone_of(person))


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter.

    Arguments:
        content_type: as its header says it, with its parameters.
        file_name: printable ASCII without quotes.
        inline: web clients show their player in the page.
    """

    content: bytes = field(repr=False)
    content_type: str
    file_name: str
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter before it is put into words and into bytes.

    Arguments:
        kind: X-Voxpost-Kind.
        template: stem of its templates' names: "voicemail" for id/voicemail.html.
        context: what its templates can use besides what all can.
        headers: X- headers of its own, ASCII.
        sender_name: From's name; the site's when empty. The address is always the site's: another
            would not pass DMARC.
        reply_to: name and address; None: no Reply-To.
        references: Message-IDs of its conversation, oldest first; odd ones are left out.
        answers: it is an answer to the last of them, which a program gave (RFC 3834).
    """

    reader: Reader
    kind: str
    template: str
    context: dict[str, Any]
    headers: tuple[tuple[str, str], ...] = ()
    sender_name: str = ""
    reply_to: tuple[str, str] | None = None
    references: tuple[str, ...] = ()
    answers: bool = False
    attachment: Attachment | None = None
