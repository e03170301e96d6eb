"""`voxpost sms broadcast`, on a real ledger and without a daemon."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from click.testing import Result

from lab.ports import PortFinder
from ledger.broadcast_steps import BroadcastSteps
from ledger.broadcasts import BroadcastBook
from ledger.number_lists import NumberGroups, StopList
from ledger.outgoing_texts import OutgoingTexts
from ledger.store import Ledger
from ledger.text_standing import nobody
from ledger.text_steps import Step
from ledger.texts import PieceState, TextState
from tests.cli.sms_site import SmsSite

Run = Callable[..., Result]
TEXT = "Halo {nama}"
LIST = "Nama;number\n" + "".join(f"Ibu {at};0811{at:06}\n" for at in range(5))


@pytest.fixture
def site(tmp_path: Path, ports: PortFinder) -> SmsSite:
    site = SmsSite(tmp_path, ports)
    site.make_ledger()
    (tmp_path / "list.csv").write_text(LIST)
    return site


@pytest.fixture
def broadcast(run: Run, site: SmsSite) -> Run:
    def broadcast(*words: object) -> Result:
        return run("sms", "broadcast", *words, "--site", site.file)

    return broadcast


@pytest.fixture
def create(broadcast: Run, site: SmsSite) -> Run:
    def create(*words: object, name: str = "promo", text: str = TEXT) -> Result:
        file = site.folder / "list.csv"
        return broadcast("create", name, "--file", file, "--text", text, *words)

    return create


def data(result: Result) -> Any:
    assert result.stdout.isascii()
    return json.loads(result.stdout)


async def send_some(ledger: Ledger, count: int) -> None:
    """What the daemon would do."""
    steps, outgoing = BroadcastSteps(ledger), OutgoingTexts(ledger)
    for found in await steps.unfinished():
        await steps.run(found.id)
        await steps.release(found.id, limit=count, parts=999, ahead=999, now=time.time())
    claims = await outgoing.turn("stick", room=count, now=time.time(), owner="test", tell=nobody)
    done = [Step(it, PieceState.SENT, TextState.SENT) for it in claims]
    await outgoing.turn("stick", steps=done, now=time.time(), owner="test", tell=nobody)
    for found in await steps.unfinished():
        await steps.release(found.id, limit=0, parts=999, ahead=999, now=time.time())


def test_without_send_it_is_only_looked_at(create: Run, broadcast: Run, site: SmsSite) -> None:
    site.ask(lambda ledger: StopList(ledger).add(["+62811000004"], "text:1", 1.0))
    result = create()
    assert result.exit_code == 0
    assert "texts:     4 numbers get one" in result.stdout
    assert "1 on the stop list" in result.stdout
    assert "parts:     4, 1 to 1 for each number" in result.stdout
    assert "cost:      600" in result.stdout
    assert "+62811000000, 1 part, by stick:\n  Halo Ibu 0\n" in result.stdout
    assert "Nothing is sent yet: add --send." in result.stdout
    assert broadcast("list").stdout == "Nothing there.\n"


def test_a_longer_list_does_not_begin_what_is_scheduled_for_later(
    create: Run, broadcast: Run, site: SmsSite
) -> None:
    def shown() -> Any:
        (found,) = data(broadcast("list", "--json"))
        return found["starts"], found["per_minute"]

    create("--send", "--at", "2099-01-01 08:00", "--per-minute", 5)
    before = shown()
    with (site.folder / "list.csv").open("a") as file:
        file.write("Ibu 9;0811000009\n")
    assert "begins 2099-01-01 08:00" in create("--send").stdout
    assert shown() == before
    with (site.folder / "list.csv").open("a") as file:
        file.write("Ibu 10;0811000010\n")
    create("--send", "--at", "2098-01-01 08:00", "--per-minute", 9)
    assert (shown()[0] < before[0], shown()[1]) == (True, 9)


def test_the_plan_as_data(create: Run) -> None:
    found = data(create("--json", "--per-minute", 2))
    assert found["broadcast"] is None
    plan = found["plan"]
    assert plan["gateways"] == {"stick": {"texts": 5, "parts": 5, "cost": 750.0}}
    assert len(plan["examples"]) == 3
    assert 140 < plan["ends"] - time.time() <= 150


def test_with_send_it_is_in_the_ledger_and_begins_by_itself(
    create: Run, broadcast: Run, site: SmsSite
) -> None:
    result = create("--send")
    assert result.exit_code == 0
    assert "promo: begins 20" in result.stdout
    (listed,) = data(broadcast("list", "--json"))
    assert (listed["state"], listed["texts"], listed["author"]) == (
        "scheduled",
        {"held": 5},
        "info@klinik.example",
    )
    site.ask(lambda ledger: send_some(ledger, 2))
    shown = broadcast("show", "promo")
    assert "state:      running" in shown.stdout
    assert "texts:      5 texts: 3 held, 2 sent" in shown.stdout


def test_the_same_again_sends_to_new_numbers_alone(create: Run, site: SmsSite) -> None:
    create("--send")
    nothing = create("--send")
    assert "there is no new number in the list" in nothing.stdout
    with (site.folder / "list.csv").open("a") as file:
        file.write("Ibu Baru;0812345678\n")
    found = data(create("--send", "--json"))
    assert (found["plan"]["texts"], found["plan"]["known"]) == (1, 5)
    other = create("--send", text="Lain")
    assert (other.exit_code, 'the broadcast "promo" has another text' in other.stderr) == (1, True)


def test_a_list_with_bad_rows_is_not_sent_unless_they_may_be_left_out(
    create: Run, broadcast: Run, site: SmsSite
) -> None:
    with (site.folder / "list.csv").open("a") as file:
        file.write("Siapa;8.11E+10\n;0812345678\nLagi;0811000001\n")
    result = create("--send")
    assert result.exit_code == 1
    assert "Excel wrote 8.11E+10" in result.stdout
    assert "{nama} is empty" in result.stdout
    assert "Nothing is sent: mend the bad rows, or add --skip-bad." in result.stdout
    assert data(broadcast("list", "--json")) == []
    skipped = create("--send", "--skip-bad", "--json")
    assert skipped.exit_code == 0
    plan = data(skipped)["plan"]
    assert (plan["texts"], plan["doubles"], [it["line"] for it in plan["bad"]]) == (5, 1, [7, 8])
    assert create("--send", "--skip-bad", name="other", text="{nama|Ibu}, halo").exit_code == 0


def test_a_group_brings_its_members_and_their_fields(broadcast: Run, site: SmsSite) -> None:
    members = {"+62811000001": {"nama": "Sari"}, "+62811000002": {}}
    site.ask(lambda ledger: NumberGroups(ledger).add("pelanggan", members, "by hand", 1.0))
    words = ("create", "promo", "--group", "pelanggan", "--text", "Halo {nama|Ibu}", "--json")
    examples = data(broadcast(*words))["plan"]["examples"]
    assert [it["body"] for it in examples] == ["Halo Sari", "Halo Ibu"]
    none = broadcast("create", "promo", "--group", "x", "--text", "Halo")
    assert (none.exit_code, 'no group "x"' in none.stderr) == (1, True)


def test_a_template_may_stand_in_a_file(broadcast: Run, site: SmsSite) -> None:
    template = site.folder / "text.txt"
    template.write_bytes("\ufeffHalo {nama}\r\nSampai besok\r\n".encode())
    listing = site.folder / "list.csv"
    words = ("create", "promo", "--file", listing, "--template-file", template)
    assert data(broadcast(*words, "--json"))["plan"]["examples"][0]["body"] == (
        "Halo Ibu 0\nSampai besok"
    )
    template.write_bytes(b"Jos\xe9")
    assert "is not in UTF-8" in broadcast(*words).stderr


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("create", "promo", "--text", "Halo"), 2, "--file or --group"),
        (("create", "promo", "--group", "x"), 2, "--text or --template-file"),
        (("create", "a b", "--group", "x", "--text", "Halo"), 2, "is no name"),
        (("create", "p", "--group", "x", "--text", "H", "--report-to", "x"), 2, "no e-mail"),
        (("create", "p", "--group", "x", "--text", "{a"), 1, "stands alone"),
        (("create", "p", "--group", "x", "--text", "H", "--at", "2001-01-01 09:00"), 1, "passed"),
        (
            ("create", "p", "--group", "x", "--text", "H", "--at", "9999-12-31 23:00"),
            1,
            "too far ahead",
        ),
        (("create", "p", "--file", "/no/such.csv", "--text", "H"), 1, "No such file"),
        (("show", "promo"), 1, 'no broadcast "promo"'),
        (("pause", "promo"), 1, 'no broadcast "promo"'),
        (("show", "promo", "--watch", "--json"), 2, "for people"),
    ],
)
def test_what_cannot_be_says_why(
    broadcast: Run, words: tuple[str, ...], code: int, says: str
) -> None:
    result = broadcast(*words)
    assert (result.exit_code, says in result.stderr) == (code, True)


def test_a_field_that_the_list_has_not_names_those_that_there_are(create: Run) -> None:
    result = create(text="Halo {name}")
    assert result.exit_code == 1
    assert "the list has no field {name}. There are: {Nama}, {number}." in result.stderr


def test_it_is_scheduled_in_the_sites_zone(create: Run) -> None:
    found = data(create("--send", "--at", "2040-11-23 09:00", "--json"))
    assert found["broadcast"]["starts"] == 2237248800.0
    assert found["plan"]["ends"] > found["broadcast"]["starts"]


def test_pause_continue_and_stop(create: Run, broadcast: Run, site: SmsSite) -> None:
    create("--send")
    site.ask(lambda ledger: send_some(ledger, 2))
    assert broadcast("pause", "promo").stdout == "promo: paused.\n"
    assert data(broadcast("continue", "promo", "--json"))["state"] == "scheduled"
    again = broadcast("continue", "promo")
    assert (again.exit_code, "only one that is paused can be" in again.stderr) == (1, True)
    stopped = data(broadcast("stop", "promo", "--json"))
    assert (stopped["state"], stopped["texts"]) == ("stopped", {"dropped": 3, "sent": 2})


def test_the_report_as_figures_as_data_and_as_a_file(
    create: Run, broadcast: Run, site: SmsSite
) -> None:
    create("--send")
    site.ask(lambda ledger: send_some(ledger, 4))
    table = site.folder / "report.csv"
    result = broadcast("report", "promo", "--csv", table)
    assert "promo: running, 5 texts: 1 held, 4 sent." in result.stdout
    assert "4 parts sent, cost 600." in result.stdout
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(it["number"], it["state"]) for it in rows][-2:] == [
        ("+62811000003", "sent"),
        ("+62811000004", "held"),
    ]
    found = data(broadcast("report", "promo", "--json"))
    assert [it["state"] for it in found["numbers"]] == ["sent"] * 4 + ["held"]
    assert found["cost"] == 600.0


def test_the_progress_bar_lives_until_it_is_done(
    create: Run, broadcast: Run, site: SmsSite
) -> None:
    create("--send")
    daemon = Timer(0.2, lambda: site.ask(lambda ledger: send_some(ledger, 5)))
    daemon.start()
    result = broadcast("show", "promo", "--watch")
    daemon.join()
    assert result.exit_code == 0
    assert "5/5" in result.stderr
    assert "state:      done" in result.stdout


def test_orders_to_the_terminal_are_not_shown(create: Run, broadcast: Run) -> None:
    result = create("--send", text="Halo {nama} \x1b[2J")
    assert "\x1b" not in result.stdout
    assert "\x1b" not in broadcast("show", "promo").stdout


def test_a_site_without_an_sms_centre_says_so(run: Run, site: SmsSite) -> None:
    site.write("")
    words = ("sms", "broadcast", "create", "p", "--group", "x", "--text", "H", "--site", site.file)
    result = run(*words)
    assert (result.exit_code, "has no [sms]" in result.stderr) == (3, True)


def test_ten_thousand_go_in_and_out_of_the_plan(broadcast: Run, site: SmsSite) -> None:
    file = site.folder / "many.csv"
    file.write_text("number\n" + "".join(f"0811{at:06}\n" for at in range(10_000)))
    found = data(broadcast("create", "p", "--file", file, "--text", "Halo", "--send", "--json"))
    assert found["plan"]["texts"] == 10_000

    async def held(ledger: Ledger) -> int:
        return (await BroadcastBook(ledger).show("p"))[1].states[TextState.HELD]

    assert site.ask(held) == 10_000
