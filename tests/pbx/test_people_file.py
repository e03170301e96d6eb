"""The people file: CSV as spreadsheets write it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.errors import Problem, SiteError
from pbx.model import Site
from pbx.people_file import read_people
from tests.pbx.conftest import HEAD, SARI

SITE = f'people_file = "people.csv"\n{HEAD}'
SAME = [("1001", "Sari"), ("0102", "Budi, the Second")]


@pytest.mark.parametrize(
    "content",
    [
        b'extension,name\n1001,Sari\n0102,"Budi, the Second"\n',
        b"extension;name\r\n1001;Sari\r\n0102;Budi, the Second\r\n",
        b'\xef\xbb\xbf"Extension";"Name"\r\n"1001";"Sari"\r\n"0102";"Budi, the Second"\r\n',
        b"sep=;\r\nextension;name\r\n1001;Sari\r\n0102;Budi, the Second\r\n",
        b"extension\tname\n1001\tSari\n0102\tBudi, the Second\n",
        b'extension,name,email\n1001,Sari,\n,,\n\n0102 , "Budi, the Second" \n'.replace(
            b', "Budi, the Second" ', b',"Budi, the Second"'
        ),
        b"name;extension;email;;\nSari;1001;;;\nBudi, the Second;0102\n",
    ],
    ids=["commas", "semicolons", "Excel", "sep=", "tabs", "empty rows", "short rows"],
)
def test_each_spreadsheets_csv_gives_the_same_people(
    load: Callable[..., Site], content: bytes
) -> None:
    site = load(SITE, content)
    assert [(person.extension, person.name) for person in site.people] == SAME


def test_every_column_reaches_its_key(load: Callable[..., Site], tmp_path: Path) -> None:
    header = (
        "extension,name,email,language,timezone,pin,attach,after_delivery,"
        "phone_password_file,phone_transport,may_dial"
    )
    row = '1001,Sari,s@k.example,en,Asia/Makassar,4242,mp3,heard,p.secret,tcp,"internal, local"'
    (sari,) = load(SITE, f"{header}\n{row}\n").people
    assert sari.voicemail is not False
    assert sari.pin_secret().read() == "4242"
    assert (sari.voicemail.attach, sari.voicemail.after_delivery) == ("mp3", "heard")
    assert sari.phone is not None
    assert sari.phone.password_file == tmp_path / "p.secret"
    assert sari.phone.transport == "tcp"
    assert sari.may_dial == ("internal", "local")


@pytest.mark.parametrize(
    ("content", "line", "key", "words"),
    [
        ("extension,name\n1001,A\n1,B\n", 3, "extension", "2 to 8 digits"),
        ("extension,name,pin\n1001,A,12\n", 2, "pin", "4 to 12 digits"),
        ("extension,name,phone_password\n1001,A,short\n", 2, "phone_password", "at least 8"),
        ("extension,name,may_dial\n1001,A,moon\n", 2, "may_dial", '"moon"'),
        ("extension,name\n1001,\n", 2, "name", "missing"),
        ("extension,name\n1001,A,B\n", 2, "", "3 cells"),
        ("extension,name\n1001,A\n1002,B\n1001,C\n", 4, "people.1001", "the other on line 2"),
        ('extension,name\n1001,"A\nB"\n', 3, "name", "line break"),
        ("extension,name,emial\n", 1, "", 'unknown column "emial"'),
        ("extension\n1001\n", 1, "", 'no column "name"'),
        ("extension,name,name\n", 1, "", 'column "name" twice'),
        ("", 1, "", 'no column "extension"'),
        (f"extension,name\n1001,{'x' * 140_000}\n", None, "", "is not CSV"),
    ],
)
def test_a_fault_names_the_line_and_the_column(
    problems: Callable[..., list[Problem]],
    tmp_path: Path,
    *,
    content: str,
    line: int | None,
    key: str,
    words: str,
) -> None:
    (problem,) = problems(SITE, content)
    assert problem.file == tmp_path / "people.csv"
    assert (problem.line, problem.key) == (line, key)
    assert words in f"{problem.what} {problem.remedy}"


def test_the_same_extension_in_both_files_names_both(
    problems: Callable[..., list[Problem]], tmp_path: Path
) -> None:
    (problem,) = problems(SITE + SARI, "extension,name\n1001,Sari\n")
    assert (problem.file.name, problem.line) == ("people.csv", 2)
    assert f"the other in {tmp_path}/site.toml:11" in problem.what


def test_a_csv_in_an_old_code_page_says_how_to_save_it(
    problems: Callable[..., list[Problem]],
) -> None:
    (problem,) = problems(SITE, "extension;name\n1001;José\n".encode("cp1252"))
    assert (problem.line, "CSV UTF-8" in problem.remedy) == (2, True)


def test_a_people_file_that_is_not_there_is_named(problems: Callable[..., list[Problem]]) -> None:
    (problem,) = problems(SITE)
    assert problem.file.name == "people.csv"
    assert "does not exist" in problem.what
    assert "people_file" in problem.remedy
    assert "init" not in problem.remedy  # it would offer to replace the site file


def test_no_secret_of_the_people_file_stands_in_a_message(
    problems: Callable[..., list[Problem]],
) -> None:
    content = "extension,name,pin,phone_password\n1001,A,hunter2,hunter2\n"
    assert all("hunter2" not in str(problem) for problem in problems(SITE, content))


def test_ten_thousand_people_load(load: Callable[..., Site]) -> None:
    rows = "".join(f"{10000 + i},Person {i},p{i}@k.example,4242\n" for i in range(10_000))
    begun = time.perf_counter()
    site = load(SITE, f"extension,name,email,pin\n{rows}")
    print(f"\n10,000 people in {time.perf_counter() - begun:.2f} s")  # noqa: T201
    assert len(site.by_extension) == 10_000


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from('extension,name;1001\n\r\t"\0=sep é'), max_size=60), st.booleans())
def test_junk_is_people_or_an_error_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, junk: str, with_header: bool
) -> None:
    file = tmp_path_factory.getbasetemp() / "junk.csv"
    file.write_text(("extension,name\n" if with_header else "") + junk, newline="")
    try:
        rows = read_people(file, file.parent)
    except SiteError:
        return
    assert all(row.person.name for row in rows)
