"""Which numbers may be written to, and what broadcasts make of hostile words."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ledger.broadcast_rows import NumberFate
from ledger.texts import TextState
from pbx.gateways import GatewaySettings
from pbx.site import parse_site
from pbx.sms import Sms
from sms.broadcast.plan import Maker
from sms.broadcast.recipients import BadRow, Recipient
from sms.broadcast.report import ReportFile
from sms.broadcast.template import read_template
from sms.policy import Refusal, read_recipient
from tests.sms.sms_office import site_text

OPEN = ("ID", "DE", "GB", "FR", "NL", "IT", "US", "CH")


def sms_of(folder: Path, *countries: str) -> Sms:
    names = ", ".join(f'"{it}"' for it in countries)
    sms = parse_site(site_text(f"countries = [{names}]"), folder / "site.toml").sms
    assert sms is not None
    return sms


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("0811-000-111", "ID", "+62811000111"),
        ("62811000111", "ID", "+62811000111"),
        (" 6285712345678 ", "ID", "+6285712345678"),
        ("4915123456789", "DE", "+4915123456789"),
        ("07400 123456", "GB", "+447400123456"),
        ("+33612345678", "ID", "+33612345678"),
        ("+31612345678", "ID", "+31612345678"),
        ("3123456789", "IT", "+393123456789"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("+41781234567", "ID", "+41781234567"),
    ],
)
def test_mobile_numbers_of_open_countries_may_be_written_to(
    tmp_path: Path, written: str, country: str, number: str
) -> None:
    assert read_recipient(written, country, sms_of(tmp_path, *OPEN)) == number


@pytest.mark.parametrize(
    "number",
    [
        *("+447012345678", "+15005550123", "+448001234567", "+18005551234", "+443001234567"),
        *("+445612345678", "+447640123456", "+628091234567", "+628001234567", "+6221500600"),
    ],
)
def test_what_is_no_mobile_number_costs_nothing(tmp_path: Path, number: str) -> None:
    refused = read_recipient(number, "ID", sms_of(tmp_path, *OPEN))
    assert refused == Refusal("bad-number", f"{number}, which is no mobile number")


@pytest.mark.parametrize("name", ["X0811111111", "HALO0811234567", "0811111111x5", ""])
def test_a_name_with_a_number_in_it_is_no_number(tmp_path: Path, name: str) -> None:
    assert read_recipient(name, "ID", sms_of(tmp_path)) == Refusal("bad-number", name)


def test_a_number_whose_text_has_hundreds_of_parts_is_left_out_of_a_broadcast(
    tmp_path: Path,
) -> None:
    sms = sms_of(tmp_path)

    def carriage(settings: GatewaySettings, body: str) -> None:
        raise ValueError(settings, body)

    maker = Maker(read_template("x" * 50_000), sms, carriage)  # type: ignore[arg-type]
    made = maker.make(Recipient(7, "+62811000111", ()))
    assert made == BadRow(7, "+62811000111", "too many parts: 327 of 6")


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "words",
    [
        *('=HYPERLINK("http://x")', 'err;=HYPERLINK("http://x")', 'err; "=1+1"', "a|@SUM(1)"),
        *("a,-1", "a\t+1", "'=1", 'a,"=1"', "a;;=1", '";"=1', "a ; '' -2"),
    ],
)
def test_no_words_become_a_formula_whatever_a_spreadsheet_takes_for_the_mark(
    words: str, mark: str
) -> None:
    file = io.StringIO(newline="")
    fate = NumberFate("62811", TextState.FAILED, 1, 0.0, "one", 1.0, words)
    ReportFile(file, ZoneInfo("UTC")).take(fate)
    for row in csv.reader(io.StringIO(file.getvalue()), delimiter=mark):
        assert not any(cell.strip(' "').startswith(("=", "+", "-", "@")) for cell in row)
