"""What the ledger keeps of each kind of message."""

from __future__ import annotations

import pytest

from ledger.facts import (
    EarlierText,
    Facts,
    MissedCallFacts,
    NoticeFacts,
    TextFacts,
    VoicemailFacts,
    read_facts,
    write_facts,
)
from ledger.notices import NOTICES, whole_fields

DOWN = {"name": "modem1", "words": "no answer", "since": 5}
ALL: list[Facts] = [
    VoicemailFacts("1001@default", "1-0", "0812", "José 😀", 1, 7, 1),
    MissedCallFacts("0812", "Bu \ud83d Ani", 5, 3),
    TextFacts("TELKOMSEL", None, "modem1", 5, "Halo \ud83d\r\n\x00"),
    TextFacts(
        number="+628123456789",
        own_number="+62811000111",
        gateway="modem1",
        received_at=5,
        body="",
        incomplete=True,
        earlier=(EarlierText(1, False, "", "a"), EarlierText(2, True, "Sari", "b")),
        references=("<1@a>", "<2@a>"),
        reply_to="r.token@sms.klinik.example",
        keyword="INFO",
    ),
    NoticeFacts("gateway-down", DOWN),
    NoticeFacts("gateway-down", DOWN, ("<1@a>",), ("list.csv", "a,b\r\n")),
]


@pytest.mark.parametrize("facts", ALL)
def test_facts_come_out_of_the_ledger_as_they_went_in(facts: Facts) -> None:
    payload = write_facts(facts)
    assert payload.isascii()
    assert read_facts(facts.KIND, payload) == facts


@pytest.mark.parametrize("facts", ALL)
def test_every_kind_tells_in_a_line_what_it_is_about(facts: Facts) -> None:
    assert "\n" not in facts.who
    assert all("\n" not in value for value in facts.details.values())


def test_a_notice_is_listed_by_what_it_names_first() -> None:
    fields = {"words": "no answer", "since": 5, "name": "modem1"}
    assert NoticeFacts("gateway-down", fields).who == "modem1"


@pytest.mark.parametrize(
    ("about", "fields", "words"),
    [
        ("no-such", DOWN, "no-such.*gateway-down"),
        ("gateway-down", {"name": "modem1", "words": "x"}, "since"),
        ("gateway-down", DOWN | {"since": "5"}, "since"),
        ("gateway-down", DOWN | {"since": True}, "since"),
        ("gateway-down", DOWN | {"price": 5}, "price"),
        ("gateway-down", DOWN | {"words": 5}, "words"),
        ("mail-not-taken", {"reason": "why", "original_subject": ""}, "why.*no reason"),
    ],
)
def test_a_notice_with_other_fields_than_its_own_is_refused(
    about: str, fields: dict[str, str | int], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        NoticeFacts(about, fields)


def test_the_first_field_of_a_notice_names_something() -> None:
    assert all(next(iter(fields.values())) is str for fields in NOTICES.values())


def test_a_field_that_may_be_left_out_has_a_value_all_the_same() -> None:
    fields = whole_fields("gateway-up", {"name": "modem1", "since": 5})
    assert fields == {"name": "modem1", "since": 5, "words": ""}
