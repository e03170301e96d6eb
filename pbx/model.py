"""The site file's model. Every field's docstring is its line in the reference."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field

from pbx.asterisk import Asterisk
from pbx.fields import Country, DomainName, HostName, Port, Section, SitePath, Text, Zone
from pbx.mail import Mail
from pbx.numbers import Extension, split_mailbox
from pbx.office import Office
from pbx.people import Language, Person
from pbx.phones import Phones
from pbx.sms import Sms
from pbx.voicemail import AfterDelivery, Attach, Voicemail, WhenDeleted


class SiteInfo(Section):
    """Who and where the site is."""

    name: Text
    """Name of the organisation, as people read it in e-mails."""
    domain: DomainName
    """The site's mail domain; Message-IDs are made in it."""
    country: Country = "ID"
    """Country (ISO 3166, two letters): how local numbers are read."""
    language: Language = "id"
    """Language of e-mails: id or en."""
    timezone: Zone = "Asia/Jakarta"
    """Time zone of office hours and of times in e-mails."""


class Service(Section):
    """voxpost itself."""

    state_dir: SitePath = Path("/var/lib/voxpost")
    """The ledger and the audio still to be delivered lie here. Back it up."""
    ledger_url: str | None = Field(None, repr=False)
    """SQLAlchemy URL of the ledger; a SQLite file in state_dir when left out."""
    keep_days: int = Field(365, ge=30, le=36500)
    """Days for which mails and texts stay in the ledger once they are done with."""
    http_host: HostName = "127.0.0.1"
    """Address of health and metrics."""
    http_port: Port = 9437
    """Their port."""
    templates_dir: SitePath | None = None
    """Folder with your own versions of the configuration templates."""


class Site(Section):
    """The whole site file."""

    site: SiteInfo
    """Who and where the site is."""
    asterisk: Asterisk = Asterisk()
    """The Asterisk that voxpost stands beside."""
    mail: Mail
    """How e-mails leave, and how it is seen that they were read."""
    voicemail: Voicemail = Voicemail()
    """Voicemail for everybody; a person's own options come first."""
    office: Office | None = None
    """The main number; left out: there is none."""
    phones: Phones = Phones()
    """Transports for people's telephones (PJSIP)."""
    service: Service = Service()
    """voxpost itself."""
    sms: Sms | None = None
    """The SMS centre; left out: there is none."""
    people: tuple[Person, ...] = ()
    """People with an extension."""
    people_file: SitePath | None = None
    """CSV file with more people."""

    @cached_property
    def by_extension(self) -> dict[Extension, Person]:
        return {person.number: person for person in self.people}

    def person_of_mailbox(self, name: str) -> Person | None:
        """The person whose mailbox it is ("1001@default"), or None."""
        parts = split_mailbox(name)
        if parts is None or parts[1] != self.voicemail.context:
            return None
        person = self.by_extension.get(Extension(parts[0]))
        return person if person is not None and person.voicemail is not False else None

    def language_of(self, person: Person) -> Language:
        return person.language or self.site.language

    def zone_of(self, person: Person) -> ZoneInfo:
        return ZoneInfo(person.timezone or self.site.timezone)

    def attach_of(self, person: Person) -> Attach:
        own = person.voicemail.attach if person.voicemail else None
        return own or self.voicemail.attach

    def after_delivery_of(self, person: Person) -> AfterDelivery:
        own = person.voicemail.after_delivery if person.voicemail else None
        return own or self.voicemail.after_delivery

    def read_is_heard_of(self, person: Person) -> bool:
        """Whether this person's mails and telephone messages are kept in step."""
        if not person.voicemail or person.email is None:
            return False
        own = person.voicemail.read_is_heard
        return self.voicemail.read_is_heard if own is None else own

    def when_deleted_of(self, person: Person) -> WhenDeleted:
        own = person.voicemail.when_deleted if person.voicemail else None
        return own or self.voicemail.when_deleted

    def office_is_open(self, moment: datetime) -> bool:
        """Whether the office is open at an aware moment; always, where no hours are set."""
        if self.office is None:
            return True
        return self.office.is_open(moment, ZoneInfo(self.site.timezone))
