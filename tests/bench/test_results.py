"""What the benchmark writes, and what it says of its targets."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from bench import main as bench
from bench.ami_stream import END, ONE_IN, WANTED, one_in_fifty
from bench.main import main
from bench.place import Place
from bench.report import as_data, merged, on_screen, page, read_results, write_results
from bench.result import Result
from bench.rows.hang_up_to_mail import percentile
from bench.table import ROWS, Row

FASTER = Result("calls", "calls/s", ours=95, peer=100, target=0.95, against="a bare server")
SLOWER = Result("events", "events/s", ours=94, peer=100, target=0.95, against="panoramisk")
SMALL = Result("memory", "MB", ours=80, target=80)
LARGE = Result("help", "ms", ours=150.1, target=150)


async def nothing(_: Place) -> list[Result]:
    return []


def test_a_ratio_that_is_the_target_reaches_it() -> None:
    assert (FASTER.ratio, FASTER.reached, SLOWER.reached) == (0.95, True, False)


def test_without_a_peer_the_target_is_the_most_that_ours_may_be() -> None:
    assert (SMALL.ratio, SMALL.reached, LARGE.reached) == (None, True, False)


def test_results_come_back_from_their_file(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    assert read_results(file) == []
    data = as_data({"calls": [FASTER], "at-rest": [SMALL, LARGE]})
    write_results(file, data)
    assert read_results(file) == data
    first = json.loads(file.read_text())[0]
    assert {"name", "ours", "peer", "ratio", "target", "unit"} <= first.keys()


def test_a_row_measured_again_replaces_its_results_and_keeps_the_others() -> None:
    old = as_data({"calls": [SLOWER], "gone": [LARGE], "at-rest": [SMALL]})
    new = as_data({"calls": [FASTER]})
    both = merged(old, new, ["at-rest", "calls"])
    assert [(data["row"], data["name"]) for data in both] == [
        ("at-rest", "memory"),
        ("calls", "calls"),
    ]


def test_the_page_names_the_machine_the_peer_and_how_it_was_measured() -> None:
    rows = [Row("calls", nothing, "By telephone."), Row("other", nothing, "Not at all.")]
    text = page(as_data({"calls": [FASTER]}), rows, {"Processor": "Abacus 3"})
    assert (
        "| calls, against a bare server | 95 calls/s | 100 calls/s | 0.95 | ≥ 0.95 | yes |" in text
    )
    assert "| Processor | Abacus 3 |" in text
    assert "**calls.** By telephone." in text
    assert "Not at all." not in text


def test_the_screen_tells_what_was_missed() -> None:
    out = io.StringIO()
    Console(file=out, width=120).print(on_screen({"at-rest": [SMALL, LARGE]}))
    memory, help_ = (line for line in out.getvalue().splitlines() if "MB" in line or "ms" in line)
    assert "yes" in memory
    assert "no" in help_


def test_every_row_has_a_name_of_its_own_and_says_how_it_is_measured() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert all(row.how.endswith(".") for row in ROWS)


def test_an_unknown_row_is_refused_with_the_rows_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["no-such-row"])
    assert "at-rest" in capsys.readouterr().err


async def test_a_row_that_fails_does_not_keep_the_others_from_being_measured(
    tmp_path: Path,
) -> None:
    async def fails(_: Place) -> list[Result]:
        raise OSError("no room")

    async def works(place: Place) -> list[Result]:
        assert place.folder.is_dir()
        return [SMALL]

    console = Console(file=io.StringIO(), width=120)
    rows = [Row("fails", fails, "."), Row("works", works, ".")]
    tree = bench.asterisk22(tmp_path)
    measured, failed = await bench.measure_all(rows, tree, 1.0, console)
    assert (list(measured), failed) == (["works"], ["fails"])


def test_the_stream_has_one_wanted_event_in_fifty() -> None:
    wanted = f"Event: {WANTED}\r\nMailbox: 1@d".encode()
    others = [f"Event: Newstate\r\nNumber: {number}".encode() for number in range(7)]
    recorded = END.join([b"Response: Success", *others, wanted, b"Event: FullyBooted\r\n", b""])
    stream = one_in_fifty(recorded)
    assert len(stream) == ONE_IN
    assert [wanted + END == packet for packet in stream].count(True) == 1
    assert stream[-1] == wanted + END
    assert not any(b"FullyBooted" in packet for packet in stream)


def test_a_recording_without_a_wanted_event_is_refused() -> None:
    with pytest.raises(ValueError, match=WANTED):
        one_in_fifty(b"Event: Newstate\r\nA: b" + END)


def test_a_percentile_is_by_nearest_rank() -> None:
    values = [float(number) for number in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([7.0], 0.99)) == (
        50,
        99,
        7,
    )
