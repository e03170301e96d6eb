from __future__ import annotations

import csv
import io
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.site import parse_site
from sms.broadcast.recipients import Recipients, from_csv, from_group, gather
from sms.errors import BadRecipients
from sms.policy import Refusal, read_recipient
from tests.sms.sms_office import site_text

SMS = parse_site(site_text(), Path("site.toml")).sms
assert SMS is not None


def read(written: str) -> str | Refusal:
    assert SMS is not None
    return read_recipient(written, "ID", SMS)


def listed(
    tmp_path: Path, content: str | bytes, *fields: str, column: str = "number"
) -> Recipients:
    file = tmp_path / "list.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return gather(from_csv(file, column), fields, read)


@pytest.mark.parametrize(
    "content",
    [
        "number,name\n0811000111,Sari\n",
        "number;name\r\n0811000111;Sari\r\n",
        "name\tnumber\nSari\t0811000111",
        "sep=;\nnumber;name\n0811000111;Sari\n",
        "\ufeffnumber,name\n0811000111,Sari\n",
        '\ufeffNumber;Name\n\'0811000111;"Sari"\n'.encode("utf-16-le"),
        "\n".join(["number,name", "", " , ", '"=""0811000111""",Sari']),
    ],
)
def test_what_spreadsheets_export_is_read(tmp_path: Path, content: str | bytes) -> None:
    found = listed(tmp_path, content, "name")
    assert [(it.number, it.values) for it in found.found] == [("+62811000111", ("Sari",))]
    assert found.bad == []


@pytest.mark.parametrize(
    "written",
    [
        "0811000111",
        "+62811000111",
        "62811000111",
        "811000111",
        "0062811000111",
        "0811-000-111",
        "(0811) 000 111",
        "0811.000.111",
        "+62 811\u2013000\u2013111",
    ],
)
def test_a_number_as_people_write_it(tmp_path: Path, written: str) -> None:
    found = listed(tmp_path, f"number\n{written}\n")
    assert [it.number for it in found.found] == ["+62811000111"]


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("8.11E+10", "Excel wrote 8.11E+10 and lost the other digits"),
        ('"8,11E+10"', "Excel wrote 8,11E+10 and lost the other digits"),
        ("811000111.0", "has decimals"),
        ("", "the cell is empty"),
        ("0811000111 / 0812000222", "no number that a text can go to"),
        ("021 5550123", "which is no mobile number"),
        ("+15551234567", "no number"),
        ("+6591234567", "a country that sms.countries does not open"),
        ("Sari", "no number"),
        ("=HYPERLINK(1)", "no number"),
    ],
)
def test_a_bad_row_says_its_line_and_why(tmp_path: Path, written: str, why: str) -> None:
    found = listed(tmp_path, f'number,name\n0811000111,"Sari\nDewi"\n{written},x\n')
    (bad,) = found.bad
    assert bad.line == 4
    assert why in bad.why
    assert len(found.found) == 1


@pytest.mark.parametrize("written", ["0812345678/9", "0812-345-678 / 79", "+62812345678/679"])
def test_two_numbers_in_one_cell_are_not_put_together_to_a_strangers(
    tmp_path: Path, written: str
) -> None:
    found = listed(tmp_path, f"number,name\n{written},Sari\n")
    assert found.found == []
    assert "two numbers" in found.bad[0].why


def test_a_number_that_stands_there_twice_counts_once(tmp_path: Path) -> None:
    found = listed(tmp_path, "number,name\n0811000111,Sari\n+62811000111,Budi\n", "name")
    assert [(it.number, it.values) for it in found.found] == [("+62811000111", ("Sari",))]
    assert found.doubles == 1


def test_another_column_may_hold_the_numbers(tmp_path: Path) -> None:
    found = listed(tmp_path, "HP,number\n0811000111,7\n", "number", column="hp")
    assert [(it.number, it.values) for it in found.found] == [("+62811000111", ("7",))]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("0811000111\n0812000222\n", 'has no column "number". There are: 0811000111'),
        ("number,name,Name\n", 'the column "name" is there twice'),
        (b"number,name\n0811000111,Jos\xe9\n", "is not in UTF-8"),
        ('number,name\n0811000111,"Sa"ri\n', "line 2 is no CSV"),
        ('number\n"0811000111\n', "line 2 is no CSV"),
        (b"\xff\xfen", "is not in UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(
    tmp_path: Path, content: str | bytes, words: str
) -> None:
    with pytest.raises(BadRecipients, match=r"list\.csv") as caught:
        listed(tmp_path, content)
    assert words in str(caught.value)


def test_a_short_row_has_empty_fields(tmp_path: Path) -> None:
    found = listed(tmp_path, "number,name,time\n0811000111\n", "name", "time")
    assert found.found[0].values == ("", "")


def test_a_value_is_one_line_without_control_characters(tmp_path: Path) -> None:
    found = listed(tmp_path, 'number,name\n0811000111," Ibu\n Sari\x07 👩\u200d🔬 "\n', "name")
    assert found.found[0].values == ("Ibu Sari 👩\u200d🔬",)


def test_a_group_brings_its_numbers_and_fields() -> None:
    listing = from_group([("+62811000111", {"Name": "Sari"}), ("+62811000222", {"time": "9"})])
    assert listing.fields == ["number", "Name", "time"]
    found = gather(listing, ["name", "number"], read)
    assert [it.values for it in found.found] == [("Sari", "+62811000111"), ("", "+62811000222")]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_any_file_is_read_or_refused_with_a_sentence(content: bytes, headed: bool) -> None:
    with TemporaryDirectory() as folder, suppress(BadRecipients):
        listed(Path(folder), b"number,name\n" * headed + content, "name")


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(CELL, max_size=8), st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]))
def test_what_a_program_writes_as_csv_is_read_whole(names: list[str], mark: str, end: str) -> None:
    file = io.StringIO(newline="")
    table = csv.writer(file, delimiter=mark, lineterminator=end, quoting=csv.QUOTE_ALL)
    table.writerow(["number", "name"])
    table.writerows([f"0811{at:06}", name] for at, name in enumerate(names))
    with TemporaryDirectory() as folder:
        found = listed(Path(folder), file.getvalue(), "name")
    assert [it.number for it in found.found] == [f"+62811{at:06}" for at in range(len(names))]
    spaces = [" ".join(it.values[0].split()) for it in found.found]
    assert spaces == [it.values[0] for it in found.found]
