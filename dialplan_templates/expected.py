"""What Asterisk must know after an apply; a template of the administrator's may have lost it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dialplan_templates.values import extension_lengths
from pbx.model import Site
from pbx.numbers import ECHO_TEST, TIME_TEST


@dataclass(frozen=True, slots=True)
class Expected:
    """Contexts with their extensions, PJSIP endpoints, and mailboxes ("1001@default")."""

    dialplan: Mapping[str, frozenset[str]]
    endpoints: frozenset[str]
    mailboxes: frozenset[str]


def expected_of(site: Site) -> Expected:
    """What a site needs, whatever the templates look like."""
    people = {f"_{'X' * length}" for length in extension_lengths(site)}
    dialplan = {
        "voxpost-services": frozenset({site.voicemail.access_extension, ECHO_TEST, TIME_TEST}),
        "voxpost-person": frozenset({"ring", "record", "h"}),
    }
    if site.office is not None:
        people.add(site.office.extension)
        dialplan["voxpost-office"] = frozenset({"s"})
    if people:
        dialplan["voxpost-people"] = frozenset(people)
    boxes = (person.mailbox(site.voicemail.context) for person in site.people)
    return Expected(
        dialplan,
        frozenset(person.endpoint for person in site.people if person.phone is not None),
        frozenset(box for box in boxes if box is not None),
    )
