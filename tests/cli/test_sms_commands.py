"""`voxpost sms`, on a real ledger and without a daemon."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from lab.ports import PortFinder
from ledger.arrivals import NewPart
from ledger.incoming_texts import IncomingTexts
from ledger.outgoing_texts import OutgoingTexts
from ledger.store import Ledger
from ledger.text_standing import nobody
from ledger.text_steps import Step
from ledger.texts import PieceState, TextState
from tests.cli.sms_site import SmsSite
from tests.ledger.test_texts_in import Reader

Run = Callable[..., Result]
NOW = 1_795_300_000.0


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


def data(result: Result) -> Any:
    assert result.stdout.isascii()
    return json.loads(result.stdout)


def test_a_text_is_put_into_the_ledger_for_the_daemon(sms: Run) -> None:
    result = sms("send", "0812-3456-789", "Halo, besok jam 9 😀")
    assert (result.exit_code, result.stdout) == (
        0,
        "1 to +628123456789: waits for `voxpost run`.\n",
    )
    (text,) = data(sms("list", "--json"))
    assert (text["state"], text["gateway"], text["body"], text["price"]) == (
        "waiting",
        "stick",
        "Halo, besok jam 9 😀",
        150.0,
    )
    assert (text["origin"], text["author"], text["extension"]) == ("command", "", "")


def test_a_persons_text_is_his_and_he_is_told_when_it_fails(sms: Run) -> None:
    text = data(sms("send", "08123456789", "Halo", "--as", "1001", "--json"))["text"]
    assert (text["extension"], text["author"]) == ("1001", "sari@klinik.example")


def test_the_text_may_come_from_standard_input_or_a_file(sms: Run, tmp_path: Path) -> None:
    assert sms("send", "08123456789", "--file", "-", stdin="  Dua\nbaris \n\n").exit_code == 0
    (tmp_path / "text").write_text("Dari berkas")
    assert sms("send", "08123456789", "--file", tmp_path / "text").exit_code == 0
    assert [it["body"] for it in data(sms("list", "--json"))] == ["Dari berkas", "Dua\nbaris"]


@pytest.mark.parametrize("words", [[], ["Halo", "--file", "-"], ["Halo", "--id", ""]])
def test_no_text_two_texts_and_an_empty_id_are_wrong_command_lines(
    sms: Run, words: list[str]
) -> None:
    assert sms("send", "08123456789", *words).exit_code == 2


def test_what_is_no_utf8_is_a_wrong_command_line(sms: Run, tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"caf\xe9")
    assert sms("send", "08123456789", "--file", tmp_path / "text").exit_code == 2


def test_the_same_id_is_never_sent_twice(sms: Run) -> None:
    assert sms("send", "08123456789", "Halo", "--id", "invoice-7").exit_code == 0
    again = sms("send", "08123456789", "Halo", "--id", "invoice-7")
    assert (again.exit_code, again.stdout) == (0, "1: known, it is waiting; not sent again.\n")
    assert data(sms("send", "08123456789", "x", "--id", "invoice-7", "--json"))["known"] is True
    assert len(data(sms("list", "--json"))) == 1


@pytest.mark.parametrize(
    ("words", "reason", "said"),
    [
        (["02112345678", "Halo"], "bad-number", "no mobile number"),
        (["1001", "Halo"], "bad-number", "write a mobile number like +62811000111"),
        (["+447400123456", "Halo"], "country-not-open", "sms.countries"),
        (["08123456789", " \n "], "no-words", "nothing to send"),
        (["08123456789", "x" * 500], "too-long", "4 of 3"),
        (["08123456789", "Halo", "--as", "1002"], "not-allowed", "Budi may not send"),
        (["08123456789", "Halo", "--as", "77"], "not-a-person", "77 is nobody"),
    ],
)
def test_a_refusal_says_what_and_what_to_do(
    sms: Run, words: list[str], reason: str, said: str
) -> None:
    for more in ([], ["--dry-run"]):
        result = sms("send", *words, *more)
        assert (result.exit_code, result.stdout) == (1, "")
        assert said in result.stderr
        told = data(sms("send", *words, *more, "--json"))
        assert (told["ok"], told["reason"]) == (False, reason)
    assert data(sms("list", "--json")) == []


def test_the_cap_of_a_person_counts_for_those_that_wait(sms: Run) -> None:
    for which in range(2):
        said = sms("send", "08123456789", "x" * 300, "--as", "1001", "--id", which)
        assert said.exit_code == 0
    for more in ([], ["--dry-run"]):
        result = sms("send", "08123456789", "x" * 300, "--as", "1001", *more)
        assert (result.exit_code, "would be 6 of 5" in result.stderr) == (1, True)


def test_a_dry_run_shows_gateway_parts_and_cost_and_sends_nothing(sms: Run) -> None:
    result = sms("send", "08123456789", "x" * 200, "--dry-run")
    assert result.exit_code == 0
    for words in ("by gateway:  stick", "parts:       2, 200 characters", "cost:        300"):
        assert words in result.stdout
    assert data(sms("send", "08123456789", "x", "--dry-run", "--json"))["text"]["parts"] == 1
    assert data(sms("list", "--json")) == []


def test_texts_are_listed_by_state_and_number_without_orders_to_the_terminal(
    sms: Run, site: SmsSite
) -> None:
    site.ask(_came_in)
    sms("send", "08123456789", "Halo")
    table = sms("list").stdout
    assert "\x1b" not in table
    assert [row.split()[:4] for row in table.splitlines()[1:]] == [
        ["2", "waiting", "to", "+628123456789"],
        ["1", "received", "from", "TELKOMSEL"],
    ]
    assert [it["id"] for it in data(sms("list", "--number", "0812 3456 789", "--json"))] == [2]
    assert [it["id"] for it in data(sms("list", "--number", "TELKOMSEL", "--json"))] == [1]
    assert [it["id"] for it in data(sms("list", "--state", "received", "--json"))] == [1]
    assert sms("list", "--state", "failed").stdout == "Nothing there.\n"


def test_a_text_is_shown_with_its_pieces_or_with_its_raw_parts(sms: Run, site: SmsSite) -> None:
    site.ask(_came_in)
    sms("send", "08123456789", "Halo")
    site.ask(_unknown)
    shown = sms("show", 1).stdout
    assert "0791ABCD" in shown
    assert "  | Promo \ufffd[2J" in shown
    shown = sms("show", 2).stdout
    assert "state:         unknown" in shown
    assert "1 of 1" in shown
    assert "no answer of the modem" in shown
    assert data(sms("show", 2, "--json"))["pieces_sent"][0]["state"] == "unknown"
    assert data(sms("show", 1, "--json"))["raw_parts"][0]["raw"] == "0791ABCD"
    assert sms("show", 77).exit_code == 1


def test_what_may_have_been_sent_is_sent_again_only_when_somebody_says_so(
    sms: Run, site: SmsSite
) -> None:
    sms("send", "08123456789", "Halo")
    sms("send", "08123456789", "Halo lagi")
    site.ask(_unknown)
    sms("drop", 2)
    refused = sms("retry", 1, 2, stdin="n\n")
    assert refused.exit_code == 1
    assert "arrives twice: 1." in refused.stderr
    assert "2 to +628123456789: waits for" in refused.stdout
    assert data(sms("show", 1, "--json"))["state"] == "unknown"
    assert sms("retry", 1, stdin="").exit_code == 1
    assert sms("retry", 1, stdin="y\n").exit_code == 0
    assert data(sms("show", 1, "--json"))["state"] == "waiting"


def test_with_yes_nothing_is_asked(sms: Run, site: SmsSite) -> None:
    sms("send", "08123456789", "Halo")
    site.ask(_unknown)
    result = sms("retry", 1, "--yes", "--json")
    assert [it["state"] for it in data(result)["changed"]] == ["waiting"]


def test_one_that_cannot_be_keeps_no_other_from_it(sms: Run) -> None:
    sms("send", "08123456789", "Halo")
    result = sms("drop", 77, 1)
    assert (result.exit_code, "1 to +628123456789: dropped." in result.stdout) == (1, True)
    assert "no text 77" in result.stderr
    assert sms("drop", 1).exit_code == 1


@pytest.mark.parametrize(
    "words",
    [["list"], ["show", 1], ["retry", 1], ["drop", 1], ["send", "08123456789", "x"]],
)
def test_where_no_daemon_ever_ran_no_ledger_is_made(
    run: Run, tmp_path: Path, ports: PortFinder, words: list[object]
) -> None:
    site = SmsSite(tmp_path / "fresh", ports)
    result = run("sms", *words, "--site", site.file)
    assert (result.exit_code, "`voxpost run` makes it" in result.stderr) == (5, True)
    assert not site.state.exists()


def test_a_site_without_sms_is_told_what_it_lacks(run: Run, site: SmsSite) -> None:
    site.write()
    result = run("sms", "send", "08123456789", "x", "--site", site.file)
    assert (result.exit_code, "has no [sms]" in result.stderr) == (3, True)


async def _came_in(ledger: Ledger) -> None:
    part = NewPart("stick", "k", "0791ABCD", "TELKOMSEL", None, NOW, "Promo \x1b[2J")
    await IncomingTexts(ledger).take_in(part, NOW, Reader())


async def _unknown(ledger: Ledger) -> None:
    texts = OutgoingTexts(ledger)
    claim, *others = await texts.turn("stick", room=9, now=2e9, owner="here", tell=nobody)
    await texts.release(others)
    step = Step(claim, PieceState.UNKNOWN, TextState.UNKNOWN, "no answer of the modem")
    await texts.turn("stick", steps=[step], now=NOW, owner="here", tell=nobody)


def test_the_gateways_are_listed_in_the_order_of_the_site_file(sms: Run) -> None:
    found = data(sms("gateways", "--json"))
    assert [it["name"] for it in found] == ["stick"]
    assert all(it["callbacks"] == [] for it in found)


def test_the_addresses_that_gateways_call_wait_for_the_daemons_secret(
    sms: Run, site: SmsSite
) -> None:
    result = sms("gateways", "--callbacks")
    assert result.exit_code != 0
    assert "`voxpost run` makes it" in result.stderr
    assert not (site.state / "sms.secret").exists()
