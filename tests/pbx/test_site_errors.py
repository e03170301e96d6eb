"""Every fault of a site file names the file, the key, the line and the remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pbx.errors import Problem, SiteError
from pbx.model import Site
from pbx.site import load_site
from tests.pbx.conftest import HEAD, SARI

Problems = Callable[..., list[Problem]]

# What is added to (or changed in) a good file; then line, key, what, remedy.
FAULTS: list[tuple[str, int, str, str, str]] = [
    ("[asterisk]\nversoin = 22\n", 9, "asterisk.versoin", "not a key", "Is it version?"),
    ("[asterisk]\nversion = 21\n", 9, "asterisk.version", "16, 18, 20 or 22. It is 21.", ""),
    ("[asterisk.ami]\nport = 0\n", 9, "asterisk.ami.port", "greater than or equal to 1", ""),
    (
        '[asterisk]\nami = { host = "a b" }\n',
        9,
        "asterisk.ami.host",
        'It is "a b"',
        "host name",
    ),
    ("[voicemail]\nring_seconds = 2\n", 9, "voicemail.ring_seconds", "5. It is 2.", ""),
    ('[voicemail]\nattach = "flac"\n', 9, "voicemail.attach", '"flac"', ""),
    ('[[people]]\nextension = "1001"\n', 8, "people[0].name", "is missing.", "Add it."),
    (
        '[[people]]\nname = "x"\nextension = 1\n',
        10,
        "people[0].extension",
        'It is "1".',
        "2 to 8 digits",
    ),
    (f'{SARI}email = "sari@"\n', 12, "people[0].email", "no e-mail address", ""),
    (f'{SARI}email = "Säri@klinik.example"\n', 12, "people[0].email", "no e-mail", ""),
    (
        f"{SARI}voicemail = true\n",
        12,
        "people[0].voicemail",
        "wrong shape",
        "false for no mailbox",
    ),
    (f'{SARI}[people.voicemail]\npin = "12"\n', 13, "people[0].voicemail.pin", "form", "4 to 12"),
    (f'{SARI}voicemail.pin = "12"\n', 12, "people[0].voicemail.pin", "form", "4 to 12"),
    (f'{SARI}timezone = "Mars/North"\n', 12, "people[0].timezone", "no time zone", ""),
    (f'{SARI}may_dial = "internal"\n', 12, "people[0].may_dial", "shape", "list"),
    (f"{SARI}name2 = 1\n", 12, "people[0].name2", "not a key", "Is it name?"),
    (f'{SARI}people_file = "p.csv"\n', 12, "people[0].people_file", "not a key", "top of the file"),
    ('[people]\nextension = "1001"\n', 8, "people", "wrong shape", "[[people]]"),
    (
        f'{SARI}[office]\nhours = ["mo 8"]\nopen_destination = 1001\nclosed_destination = 1001\n',
        13,
        "office.hours[0]",
        "is not like",
        "",
    ),
    (
        f'{SARI}[office]\nopen_destination = "1009"\nclosed_destination = "1001"\n',
        13,
        "office.open_destination",
        "nobody has extension 1009",
        "one of the people",
    ),
    (
        f'{SARI}[office]\nextension = "1001"\nopen_destination = 1001\nclosed_destination = 1001\n',
        13,
        "office.extension",
        "a person's",
        "free number",
    ),
    (
        f'{SARI}[office]\nopen_greeting = "../x"\nopen_destination = 1001\n'
        "closed_destination = 1001\n",
        13,
        "office.open_greeting",
        "right form",
        "sound file",
    ),
    (
        f"{SARI}voicemail = false\n[office]\nopen_destination = 1001\nclosed_destination = 1001\n",
        15,
        "office.closed_destination",
        "no mailbox",
        "somebody with a mailbox",
    ),
    (
        f'{SARI}[voicemail]\naccess_extension = "1001"\n',
        13,
        "voicemail.access_extension",
        "1001 is taken",
        "free number",
    ),
    (
        f'{SARI}[voicemail]\naccess_extension = "*43"\n',
        13,
        "voicemail.access_extension",
        "*43 is taken",
        "free number",
    ),
    (f"{SARI}{SARI}", 14, "people.1001", "two people", "another"),
    (
        f'{SARI}phone = {{ username = "a" }}\n[[people]]\nextension = 1002\nname = "B"\n'
        'phone = { username = "a" }\n',
        14,
        "people.1002.phone.username",
        'username "a"',
        "another",
    ),
    ("[service]\nhttp_port = 4573\n", 9, "service.http_port", "also asterisk.agi.port", "another"),
    ('[phones]\ntls_key = "k.pem"\n', 8, "phones", "must both be set", ""),
]


@pytest.mark.parametrize(("added", "line", "key", "what", "remedy"), FAULTS)
def test_a_fault_names_its_line_key_and_remedy(
    problems: Problems, tmp_path: Path, *, added: str, line: int, key: str, what: str, remedy: str
) -> None:
    (problem,) = problems(HEAD + added)
    assert problem.file == tmp_path / "site.toml"
    assert (problem.key, problem.line) == (key, line)
    assert what in problem.what
    assert remedy in problem.remedy
    assert str(problem).startswith(f"{tmp_path}/site.toml:{line}: {key}: ")


@pytest.mark.parametrize(
    ("old", "new", "line", "key"),
    [
        ('"klinik.example"', '"klinik.example:25"', 3, "site.domain"),
        ('"klinik.example"', '"klínik.example"', 3, "site.domain"),
        ('name = "Klinik Sehat"', 'name = "  "', 2, "site.name"),
        ('name = "Klinik Sehat"', 'name = "Klinik\\nSehat"', 2, "site.name"),
        ('name = "Klinik Sehat"', 'name = "a\\u2028b"', 2, "site.name"),
        ('domain = "', 'country = "UK"\ndomain = "', 3, "site.country"),
        ('domain = "', 'country = "id"\ndomain = "', 3, "site.country"),
        ('{ host = "mail.klinik.example" }', '"mail.klinik.example"', 6, "mail.smtp"),
        ('{ host = "mail.klinik.example" }', '{ host = "m", port = 99999 }', 6, "mail.smtp.port"),
        ('{ host = "mail.klinik.example" }', '{ host = "m", timeout = inf }', 6, "mail.smtp"),
        ('{ host = "mail.klinik.example" }', "[]", 6, "mail.smtp"),
        ('{ host = "mail.klinik.example" }', '[{ host = "m", x = 1 }]', 6, "mail.smtp[0].x"),
        ('"Voicemail <voicemail@klinik.example>"', '"Voicemail"', 7, "mail.from"),
    ],
)
def test_a_spoilt_head_names_its_line_and_key(
    problems: Problems, old: str, new: str, line: int, key: str
) -> None:
    (problem,) = problems(HEAD.replace(old, new))
    assert problem.line == line
    assert problem.key.startswith(key)


def test_an_empty_file_says_what_is_missing(problems: Problems) -> None:
    assert [problem.key for problem in problems("")] == ["site", "mail"]


def test_every_fault_is_told_at_once(problems: Problems) -> None:
    text = HEAD.replace("klinik.example>", ">") + '[voicemail]\nattach = "x"\nring_seconds = 1\n'
    keys = {problem.key for problem in problems(text)}
    assert keys == {"mail.from", "voicemail.attach", "voicemail.ring_seconds"}


@pytest.mark.parametrize(
    ("text", "line", "remedy"),
    [
        ("[[people]]\nextension = 0123\n", 9, 'extension = "0123"'),
        ("x = {\n  a = 1,\n}\n", 8, "{ } stands on one line"),
        ("name = Klinik Sehat\n", 8, "quotes"),
        ("name = “Klinik”\n", 8, "straight quotes"),
        ("password = s3cret!\n", 8, "quotes"),
        ('[site]\nname = "again"\n', 8, "Mend that line"),
        ('name = "open\n', 8, "Mend that line"),
    ],
)
def test_what_is_no_toml_names_its_line_and_what_was_meant(
    problems: Problems, text: str, line: int, remedy: str
) -> None:
    (problem,) = problems(HEAD + text)
    assert problem.line == line
    assert "is not TOML" in problem.what
    assert remedy in problem.remedy
    assert "s3cret" not in str(problem)


@pytest.mark.parametrize("junk", ["a = " + "[" * 5000, "a = " + "9" * 5000, "\x00", "\ud7ff = 1"])
def test_junk_that_trips_the_parser_is_an_error_of_the_file(problems: Problems, junk: str) -> None:
    (problem,) = problems(junk)
    assert "is not TOML" in problem.what


@pytest.mark.parametrize(
    ("content", "line"), [(HEAD.encode("utf-16"), 1), (HEAD.encode() + b'x = "Jos\xe9"', 8)]
)
def test_another_encoding_than_utf_8_names_the_line(
    problems: Problems, content: bytes, line: int
) -> None:
    (problem,) = problems(content)
    assert (problem.line, "UTF-8" in problem.remedy) == (line, True)


@pytest.mark.parametrize("key", ["ring_seconds", "context", "x"])
def test_a_number_too_long_to_print_is_an_error_of_its_key(problems: Problems, key: str) -> None:
    (problem,) = problems(f"{HEAD}[voicemail]\n{key} = 0x{'f' * 5000}\n")
    assert problem.line == 9


def test_a_file_that_is_not_there_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match=r"does not exist.*voxpost init"):
        load_site(tmp_path / "site.toml")
    with pytest.raises(SiteError, match="Is a directory"):
        load_site(tmp_path)
    with pytest.raises(SiteError, match="null byte"):
        load_site(tmp_path / "a\0b")


@pytest.mark.parametrize(
    "text",
    [
        HEAD + f'{SARI}phone = "hunter2hunter2"\n',
        HEAD + f'{SARI}phone = {{ password = "hunter2" }}\n',
        HEAD + f'{SARI}voicemail = {{ pin = "hunter2" }}\n',
        HEAD + f"{SARI}voicemail = {{ pin = 4242424 }}\n",
        HEAD + f'{SARI}voicemail = "hunter2"\n',
        HEAD + '[asterisk.ami]\nsecret = "hunter2"\n',
        HEAD + '[asterisk]\nami = "hunter2"\n',
        HEAD + "[service]\nledger_url = 4242424\n",
        HEAD + '[asterisk.ami]\nsecret = "hunter2hunter2"\nsecret_file = "x"\n',
        HEAD.replace('example" }', 'example", password = ["hunter2"] }'),
        HEAD.replace('example" }', 'example", pasword = "hunter2" }'),
    ],
)
def test_a_secret_never_stands_in_a_message(problems: Problems, text: str) -> None:
    for problem in problems(text):
        assert "hunter2" not in str(problem)
        assert "4242424" not in str(problem)


def test_a_secret_in_two_places_is_refused(problems: Problems) -> None:
    text = HEAD + f'{SARI}voicemail = {{ pin = "4242", pin_file = "x" }}\n'
    (problem,) = problems(text)
    assert problem.what == "has both pin and pin_file: keep one of them."


def test_no_secret_stands_in_the_models_repr(load: Callable[..., Site]) -> None:
    site = load(
        HEAD.replace('example" }', 'example", username = "u", password = "hunter2" }')
        + '[asterisk.ami]\nsecret = "hunter2hunter2"\napply_secret = "hunter2hunter2"\n'
        + '[service]\nledger_url = "postgresql://u:hunter2@h/d"\n'
        + f'{SARI}voicemail = {{ pin = "424242" }}\nphone = {{ password = "hunter2hunter2" }}\n'
    )
    assert "hunter2" not in repr(site)
    assert "424242" not in repr(site)
    assert "hunter2" not in repr(site.mail.smtp[0].auth_secret())


def test_a_password_is_not_sent_in_clear_over_the_network(problems: Problems) -> None:
    smtp = '{ host = "mail.klinik.example", security = "plain", username = "u" }'
    (problem,) = problems(HEAD.replace('{ host = "mail.klinik.example" }', smtp))
    assert "in clear" in problem.what
