"""What each part of a site file cannot know of the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pbx.errors import Problem
from pbx.faults import dotted
from pbx.locate import Lines
from pbx.model import Site
from pbx.numbers import ECHO_TEST, TIME_TEST
from pbx.office import Office
from pbx.people import Person
from pbx.sms_contradictions import BECOMES_TEXT, MAIL_ACCOUNT, becomes_text, sms_contradictions

Place = tuple[Path, int | None]
"""A file and a line of it."""


def contradictions(
    file: Path, lines: Lines, site: Site, places: Sequence[Place]
) -> Iterable[Problem]:
    """Every contradiction between parts.

    Arguments:
        places: where each of the site's people stands.
    """
    yield from _people(site.people, places)
    yield from _lost_recordings(site, places)
    yield from _swallowed(site, places)
    yield from _in_step(site, places)
    yield from _service_number(file, lines, site)
    if site.office is not None:
        yield from _office(file, lines, site, site.office)
    for location, what, remedy in sms_contradictions(site):
        yield Problem(file, dotted(location), what, remedy, lines.of(location))
    yield from _ports(file, lines, site)


def _people(people: Sequence[Person], places: Sequence[Place]) -> Iterator[Problem]:
    extensions: dict[str, Place] = {}
    logins: dict[str, Place] = {}
    for person, (file, line) in zip(people, places, strict=True):
        key = f"people.{person.extension}"
        if person.extension in extensions:
            what = f"two people have this extension{_also(extensions[person.extension], file)}."
            yield Problem(file, key, what, "Give one of them another.", line)
        extensions.setdefault(person.extension, (file, line))
        if person.phone is None or person.phone.username is None:
            continue
        login = person.phone.username
        if login in logins:
            what = f'two telephones have the username "{login}"{_also(logins[login], file)}.'
            yield Problem(file, f"{key}.phone.username", what, "Give one of them another.", line)
        logins.setdefault(login, (file, line))


def _lost_recordings(site: Site, places: Sequence[Place]) -> Iterator[Problem]:
    """A mail without the recording, and then the recording deleted: nobody could hear it."""
    for person, (file, line) in zip(site.people, places, strict=True):
        without = site.attach_of(person) == "none"
        if without and person.voicemail and site.after_delivery_of(person) == "delete":
            key = f"people.{person.extension}.voicemail.after_delivery"
            what = "would delete recordings that attach = none keeps out of the e-mail."
            yield Problem(file, key, what, "Choose keep or heard, or attach the audio.", line)


def _swallowed(site: Site, places: Sequence[Place]) -> Iterator[Problem]:
    """A person's mail that would come back to us: we take it, and nobody ever reads it."""
    if site.sms is None:
        return
    for person, (file, line) in zip(site.people, places, strict=True):
        if person.email is not None and becomes_text(person.email, site.sms):
            key, what = f"people.{person.extension}.email", f"{person.email} {BECOMES_TEXT}"
            yield Problem(file, key, what, MAIL_ACCOUNT, line)


def _in_step(site: Site, places: Sequence[Place]) -> Iterator[Problem]:
    """What read_is_heard needs of the rest."""
    for person, (file, line) in zip(site.people, places, strict=True):
        if not site.read_is_heard_of(person):
            continue
        for what, remedy in _in_step_faults(site, person):
            yield Problem(
                file, f"people.{person.extension}.voicemail.read_is_heard", what, remedy, line
            )


def _in_step_faults(site: Site, person: Person) -> Iterator[tuple[str, str]]:
    after = site.after_delivery_of(person)
    if site.mail.imap is None:
        yield "needs to know where mail is read.", "Add [mail.imap]."
    elif site.mail.imap.access == "own" and not person.imap_secret().given:
        remedy = "Add imap_password_file, or set mail.imap.access to master or shared."
        yield "needs this person's password for IMAP.", remedy
    if after != "keep":
        what = f"and after_delivery = {after}: the mail would be marked read before anybody read it"
        yield f"{what}.", "Choose after_delivery = keep, or read_is_heard = false."
    if site.attach_of(person) == "none" and site.when_deleted_of(person) == "delete":
        what = "would delete recordings that attach = none keeps out of the e-mail."
        yield what, "Choose when_deleted = keep or move, or attach the audio."


def _also(other: Place, file: Path) -> str:
    where, line = other
    if where == file:
        return "" if line is None else f", the other on line {line}"
    return f", the other in {where}" + ("" if line is None else f":{line}")


def _service_number(file: Path, lines: Lines, site: Site) -> Iterator[Problem]:
    number = site.voicemail.access_extension
    taken = {ECHO_TEST, TIME_TEST, *(person.extension for person in site.people)}
    if site.office is not None:
        taken.add(site.office.extension)
    if number in taken:
        place = lines.of(("voicemail", "access_extension"))
        key = "voicemail.access_extension"
        yield Problem(file, key, f"{number} is taken.", "Choose a free number.", place)


def _office(file: Path, lines: Lines, site: Site, office: Office) -> Iterator[Problem]:
    def problem(key: str, what: str, remedy: str) -> Problem:
        return Problem(file, f"office.{key}", what, remedy, lines.of(("office", key)))

    people = {person.extension: person for person in site.people}
    for key in ("open_destination", "closed_destination"):
        number = getattr(office, key)
        if number not in people:
            remedy = "Name the extension of one of the people."
            yield problem(key, f"nobody has extension {number}.", remedy)
    closed = people.get(office.closed_destination)
    if closed is not None and closed.voicemail is False:
        what = f"{closed.extension} has no mailbox to answer while the office is closed."
        yield problem("closed_destination", what, "Name somebody with a mailbox.")
    if office.extension in people:
        what = f"{office.extension} is a person's extension."
        yield problem("extension", what, "Choose a free number.")


def _ports(file: Path, lines: Lines, site: Site) -> Iterator[Problem]:
    """Two listeners on this machine's loopback cannot share a port."""
    loopback = {"127.0.0.1", "::1", "localhost"}
    asterisk, service = site.asterisk, site.service
    listeners = [
        ("asterisk.ami.port", asterisk.ami.host, asterisk.ami.port),
        ("asterisk.agi.port", asterisk.agi.host, asterisk.agi.port),
        ("service.http_port", service.http_host, service.http_port),
    ]
    if site.sms is not None:
        listeners.append(("sms.http_port", site.sms.http_host, site.sms.http_port))
    if site.sms is not None and site.sms.mail is not None:
        listeners.append(("sms.mail.port", site.sms.mail.host, site.sms.mail.port))
    seen: dict[int, str] = {}
    for key, host, port in listeners:
        if host not in loopback:
            continue
        if port in seen:
            what = f"{port} is also {seen[port]}."
            yield Problem(file, key, what, "Choose another.", lines.of(key.split(".")))
        seen.setdefault(port, key)
