"""`voxpost sms groups` and `stoplist`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from lab.ports import PortFinder
from tests.cli.sms_site import SmsSite

Run = Callable[..., Result]
CSV = (
    "Nama;number\nBudi \x1b[2J;0811 000 222\nAni;0812-3456-789\nSiapa;12\nBudi lagi;+62811000222\n"
)


@pytest.fixture
def site(tmp_path: Path, ports: PortFinder) -> SmsSite:
    site = SmsSite(tmp_path, ports)
    site.make_ledger()
    return site


@pytest.fixture
def sms(run: Run, site: SmsSite) -> Run:
    def sms(*words: object, stdin: str | None = None) -> Result:
        return run("sms", *words, "--site", site.file, stdin=stdin)

    return sms


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    (tmp_path / "list.csv").write_text(CSV)
    return tmp_path / "list.csv"


def data(result: Result) -> Any:
    assert result.stdout.isascii()
    return json.loads(result.stdout)


def test_a_csv_file_becomes_a_group_with_its_columns_as_fields(sms: Run, csv: Path) -> None:
    result = sms("groups", "import", "promo", csv)
    assert (result.exit_code, result.stdout) == (1, "promo: 2 numbers added, 0 known.\n")
    assert "row 4, 12: no number that a text can go to" in result.stderr
    members = data(sms("groups", "show", "promo", "--json"))
    assert [(it["number"], it["fields"]["nama"]) for it in members] == [
        ("+62811000222", "Budi [2J"),
        ("+628123456789", "Ani"),
    ]
    assert {it["how"] for it in members} == {"import of list.csv"}
    assert "Ani" in sms("groups", "show", "promo").stdout


def test_the_stop_list_knows_a_number_without_its_plus(sms: Run) -> None:
    added = data(sms("stoplist", "add", "62811000222", "+62811000222", "0811000222", "--json"))
    assert added["added"] == ["+62811000222"]
    assert data(sms("stoplist", "show", "62811000222", "--json"))[0]["stopped"] is True
    assert sms("stoplist", "remove", "62811000222", "--because", "mistyped").exit_code == 0
    assert sms("stoplist", "add", "X0811000222").exit_code == 1


def test_numbers_are_added_and_removed_each_in_its_own_right(sms: Run) -> None:
    assert sms("groups", "add", "promo", "0811000222", "0811 000 222").exit_code == 0
    partly = sms("groups", "add", "promo", "12", "0811000333")
    assert (partly.exit_code, "1 number added" in partly.stdout) == (1, True)
    assert data(sms("groups", "list", "--json")) == {"promo": 2}
    gone = sms("groups", "remove", "promo", "0811000222", "0811000999")
    assert (gone.exit_code, "+62811000999 is not in promo" in gone.stderr) == (1, True)
    assert sms("groups", "remove", "promo", "--all").stdout == "promo: 1 number removed.\n"
    assert sms("groups", "list").stdout == "Nothing there.\n"
    assert sms("groups", "remove", "promo", "--all").exit_code == 1


@pytest.mark.parametrize(
    "words",
    [
        ["add", "a b", "0811000222"],
        ["add", "promo"],
        ["remove", "promo"],
        ["remove", "promo", "0811000222", "--all"],
        ["import", "promo", "/no/such/file.csv"],
    ],
)
def test_wrong_command_lines(sms: Run, words: list[str]) -> None:
    assert sms("groups", *words).exit_code == 2


def test_a_file_without_the_column_is_told(sms: Run, csv: Path) -> None:
    result = sms("groups", "import", "promo", csv, "--column", "telepon")
    assert (result.exit_code, 'no column "telepon"' in result.stderr) == (1, True)


def test_who_is_on_the_stop_list_gets_no_text(sms: Run) -> None:
    assert sms("stoplist", "add", "0811000222", "--because", "rang us").exit_code == 0
    (stopped,) = data(sms("stoplist", "list", "--json"))
    assert (stopped["number"], stopped["how"]) == ("+62811000222", "by command: rang us")
    for more in ([], ["--dry-run"]):
        refused = sms("send", "0811000222", "Halo", *more)
        assert (refused.exit_code, "must say START himself" in refused.stderr) == (1, True)


def test_a_number_leaves_the_stop_list_only_for_a_reason_that_is_kept(sms: Run) -> None:
    sms("stoplist", "add", "0811000222")
    assert sms("stoplist", "remove", "0811000222").exit_code == 2
    assert sms("stoplist", "remove", "0811000222", "--because", " ").exit_code == 2
    assert sms("stoplist", "remove", "0811000222", "--because", "mistyped").exit_code == 0
    again = sms("stoplist", "remove", "0811000222", "--because", "mistyped")
    assert (again.exit_code, "is not on the stop list" in again.stderr) == (1, True)
    history = data(sms("stoplist", "show", "0811000222", "--json"))
    assert [(it["stopped"], it["how"]) for it in history] == [
        (True, "by command"),
        (False, "by command: mistyped"),
    ]
    shown = sms("stoplist", "show", "0811000222").stdout
    assert "mistyped" in shown
    assert "never on the list" in sms("stoplist", "show", "0811000999").stdout


def test_a_stop_list_of_another_system_is_imported(sms: Run, csv: Path) -> None:
    csv.write_text(CSV + "Kantor;(021) 1234 5678\n")
    result = sms("stoplist", "import", csv, "--json")
    assert result.exit_code == 1
    told = data(result)
    assert told["added"] == ["+62811000222", "+628123456789", "+622112345678"]
    assert [it["line"] for it in told["bad"]] == [4]
    assert len(sms("stoplist", "list").stdout.splitlines()) == 4


def test_a_customer_who_asks_for_it_is_forgotten(sms: Run) -> None:
    sms("groups", "add", "promo", "0811000222")
    sms("stoplist", "add", "0811000222", "--because", "his letter")
    assert sms("forget", "0811000222", stdin="n\n").exit_code == 1
    assert data(sms("groups", "show", "promo", "--json"))
    result = sms("forget", "0811 000 222", stdin="y\n")
    said = "+62811000222: forgot 0 texts, 0 records of e-mails, and that it was in 1 group.\n"
    assert (result.exit_code, result.stdout) == (0, said)
    assert data(sms("stoplist", "show", "0811000222", "--json"))
    sms("send", "+628123456789", "Halo", "--as", "1001")
    result = sms("forget", "+628123456789", "--yes", "--json")
    assert result.exit_code == 1
    assert data(result)["unsettled"] == 1
    assert "1 text is still to be sent: drop" in result.stderr
