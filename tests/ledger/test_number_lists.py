from __future__ import annotations

import pytest

from ledger.number_lists import NumberGroups, StopList
from ledger.store import Ledger
from tests.ledger.sms_office import NOW


@pytest.fixture
def stops(ledger: Ledger) -> StopList:
    return StopList(ledger)


@pytest.fixture
def groups(ledger: Ledger) -> NumberGroups:
    return NumberGroups(ledger)


async def test_who_stops_twice_stopped_when_he_first_did(stops: StopList) -> None:
    assert await stops.add(["+621", "+622"], "list of 2025", NOW) == ["+621", "+622"]
    assert await stops.add(["+622", "+623"], "again", NOW + 9) == ["+623"]
    assert [(it.number, it.since, it.how) for it in await stops.all()] == [
        ("+623", NOW + 9, "again"),
        ("+621", NOW, "list of 2025"),
        ("+622", NOW, "list of 2025"),
    ]


async def test_the_reason_why_a_number_came_from_the_list_is_kept(stops: StopList) -> None:
    await stops.add(["+621"], "text:modem:a", NOW)
    assert await stops.remove("+621", "mistyped, it was +622", NOW + 1)
    assert not await stops.remove("+621", "again", NOW + 2)
    assert await stops.all() == []
    history = await stops.history("+621")
    assert [(it.at, it.stopped, it.how) for it in history] == [
        (NOW, True, "text:modem:a"),
        (NOW + 1, False, "mistyped, it was +622"),
    ]


async def test_thousands_of_numbers_at_once(stops: StopList, groups: NumberGroups) -> None:
    numbers = [f"+62{number:09}" for number in range(3000)]
    assert len(await stops.add(numbers, "import", NOW)) == 3000
    assert len(await groups.add("all", {it: {"n": it} for it in numbers}, "x", NOW)) == 3000
    assert len(await groups.add("all", {it: {} for it in numbers}, "x", NOW)) == 0
    assert len(await groups.remove("all", None)) == 3000
    assert await groups.sizes() == {}


async def test_new_fields_replace_a_members_old_ones_and_none_leave_them(
    groups: NumberGroups,
) -> None:
    await groups.add("promo", {"+621": {"name": "Budi"}, "+622": {}}, "csv", NOW)
    assert await groups.add("promo", {"+621": {}, "+622": {"name": "Ani 😀"}}, "x", NOW) == []
    members = await groups.members("promo")
    assert [(it.number, it.fields, it.how) for it in members] == [
        ("+621", {"name": "Budi"}, "csv"),
        ("+622", {"name": "Ani 😀"}, "csv"),
    ]


async def test_only_those_who_were_in_a_group_leave_it(groups: NumberGroups) -> None:
    await groups.add("a", {"+621": {}, "+622": {}}, "x", NOW)
    await groups.add("b", {"+621": {}}, "x", NOW)
    assert await groups.remove("a", ["+621", "+629"]) == ["+621"]
    assert await groups.sizes() == {"a": 1, "b": 1}
    assert await groups.members("none") == []
