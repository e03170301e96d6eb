"""The study's report: page, charts and data."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.study.charts import CHARTS
from bench.study.data import (
    BARE,
    PEER,
    VOXPOST,
    WITH,
    WITHOUT,
    CallRun,
    MailRun,
    Percentiles,
    RtpRun,
    Study,
    Use,
    VoicemailRun,
)
from bench.study.page import page
from bench.study.report import read_data, write_report
from bench.study.summary import call_points, good_sound, highest

NONE = Percentiles(0, None, None, None, None)
USAGE = {
    "asterisk": Use(40.0, 90.0),
    "voxpost": Use(12.5, 70.0),
    "postfix": Use(3.0, 12.0),
    "dovecot": Use(1.0, 9.0),
    "load": Use(20.0, 0.0),
}


def delays(middle: float) -> Percentiles:
    return Percentiles(100, middle, 2 * middle, 4 * middle, 8 * middle)


def calls(way: str, asked: int, carried: float, *, failed: int = 0) -> CallRun:
    ringing = delays(asked / 100) if carried else NONE
    return CallRun(way, asked, carried, asked * 3, failed, failed, ringing, ringing, USAGE)


def mails(sender: str, size: str, stored: float) -> MailRun:
    count = 1_197_804 if size == "1.2 MB" else 10_231
    return MailRun(sender, size, count, 100, 100, 1.5 * stored, stored, USAGE)


STUDY = Study(
    date="2026-11-22",
    quick=False,
    minutes=9.5,
    machine={"Processor": "Some | Thing", "Cores": "2"},
    rest=USAGE,
    calls=[
        *(calls(way, 200, 199.0 + number) for way in (WITHOUT, WITH, BARE) for number in range(3)),
        *(calls(WITHOUT, 400, 399.0 + number) for number in range(3)),
        calls(WITH, 400, 399.0),
        calls(WITH, 400, 310.0, failed=7),
        calls(WITH, 400, 0.0, failed=1200),
        *(calls(BARE, 400, 300.0) for _ in range(3)),
    ],
    mails=[
        *(mails(VOXPOST, "10 KB", 9000.0 + 10 * number) for number in range(3)),
        *(mails(PEER, "10 KB", 12000.0) for _ in range(3)),
        *(mails(VOXPOST, "1.2 MB", 2500.0) for _ in range(3)),
        *(mails(PEER, "1.2 MB", 3000.0) for _ in range(3)),
    ],
    voicemails=VoicemailRun(8, 8, delays(120.0)),
    rtp=[
        RtpRun(0, 0, 300, 0.0, delays(0.1), delays(0.02), USAGE),
        RtpRun(800, 800, 300, 0.0, delays(0.4), delays(0.2), USAGE),
        RtpRun(1000, 950, 300, 12.5, NONE, NONE, USAGE),
    ],
)


def row(text: str, *cells: str) -> list[str]:
    """The cells of the first table row that begins with some."""
    for line in text.splitlines():
        found = [cell.strip() for cell in line.strip("|").split(" | ")]
        if found[: len(cells)] == list(cells):
            return found[len(cells) :]
    raise AssertionError(f"no row {cells} in\n{text}")


def test_the_page_sets_the_findings_beside_the_thesis() -> None:
    text = page(STUDY)
    assert row(text, f"calls carried, {WITH}") == ["200 a second", "200 a second"]
    assert row(text, f"calls carried, {WITHOUT}")[-1] == "400 a second (the most that was tried)"
    stored = row(text, "voicemail mails of 1.2 MB, in the mail account")
    assert stored == ["252 a minute", "2,500 (2,500 to 2,500) a minute"]
    assert "hardware differs" in text
    assert row(text, "the same beside `smtp-source` without TLS, 10 KB")[-1] == "0.75 of it"
    assert row(text, "background calls beside which one can talk")[-1] == "800"


def test_a_figure_is_the_median_with_the_least_and_the_most() -> None:
    assert row(page(STUDY), "200", WITH)[0] == "200 (199 to 201)"
    assert row(page(STUDY), "400", WITH)[:2] == ["310 (0.00 to 399)", "1207 of 3600"]


def test_what_nothing_was_measured_of_is_none() -> None:
    nothing = replace(STUDY, calls=[calls(WITHOUT, 200, 0.0, failed=600)])
    text = page(nothing)
    assert row(text, "200", WITHOUT)[-1] == "none"
    assert row(text, f"calls carried, {WITHOUT}")[-1] == "none of the rates tried"


def test_one_rate_that_is_not_carried_ends_the_search_for_the_highest() -> None:
    points = call_points([calls(WITH, 100, 100), calls(WITH, 200, 150), calls(WITH, 300, 300)])
    best = highest(points, WITH)
    assert best is not None
    assert best.asked == 100


def test_sound_is_good_while_all_calls_are_up_and_packets_come_whole_and_in_time() -> None:
    good = RtpRun(100, 100, 300, 1.0, delays(75.0), NONE, USAGE)
    assert good_sound(good)
    assert not good_sound(replace(good, lost_percent=1.1))
    assert not good_sound(replace(good, round_trip=delays(75.1)))
    assert not good_sound(replace(good, calls=99))
    assert not good_sound(replace(good, round_trip=NONE))


def test_the_machine_is_named_and_a_bar_does_not_break_its_row() -> None:
    assert "| Processor | Some \\| Thing |" in page(STUDY)


def test_only_a_quick_run_says_that_it_is_one() -> None:
    assert "quick run" not in page(STUDY)
    assert "quick run" in page(replace(STUDY, quick=True))


def test_every_row_has_as_many_cells_as_its_table_has_heads() -> None:
    heads = 0
    for line in page(STUDY).splitlines():
        cells = line.replace("\\|", "").count("|")
        if cells and not heads:
            heads = cells
        assert cells in (heads, 0)
        heads = heads if cells else 0


def test_the_report_is_a_page_its_charts_and_its_data(tmp_path: Path) -> None:
    index = write_report(STUDY, tmp_path / "study")
    text = index.read_text()
    for name in CHARTS:
        assert f"({name}.svg)" in text
        ElementTree.parse(index.with_name(f"{name}.svg"))
    assert read_data(index.parent) == STUDY
    assert json.loads((index.parent / "data.json").read_text())["machine"]["Cores"] == "2"


@pytest.mark.parametrize("name", CHARTS)
def test_every_axis_with_figures_has_a_label(name: str) -> None:
    for axes in CHARTS[name](STUDY).axes:
        assert axes.get_xlabel() or axes.get_xticklabels()[0].get_text()
        assert axes.get_ylabel() or name == "use"


def test_the_same_figures_give_the_same_charts(tmp_path: Path) -> None:
    first, second = (write_report(STUDY, tmp_path / name).parent for name in ("a", "b"))
    for name in CHARTS:
        assert (first / f"{name}.svg").read_bytes() == (second / f"{name}.svg").read_bytes()
