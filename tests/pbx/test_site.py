"""What a good site file says, however it is written."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pbx.errors import SiteError
from pbx.model import Site
from pbx.site import json_schema, parse_site
from tests.pbx.conftest import HEAD, SARI

# The site file's example in the design, verbatim in its keys.
EXAMPLE = """\
[site]
name = "Klinik Sehat"
domain = "klinik.example"
country = "ID"              # how local numbers are read
language = "id"             # e-mail texts: id, en
timezone = "Asia/Jakarta"

[asterisk]
version = 22
ami = { host = "127.0.0.1", port = 5038, username = "voxpost", secret_file = "ami.secret" }

[mail]
smtp = { host = "mail.klinik.example", port = 587, security = "starttls", \
username = "voxpost@klinik.example", password_file = "smtp.secret" }
from = "Voicemail <voicemail@klinik.example>"

[[people]]
extension = "1001"
name = "Sari"
email = "sari@klinik.example"
voicemail = { pin_file = "1001.pin", attach = "mp3", after_delivery = "keep" }
may_dial = ["internal", "local", "mobile"]
"""

Load = Callable[..., Site]


def test_the_example_of_the_design_loads(load: Load, tmp_path: Path) -> None:
    site = load(EXAMPLE)
    (sari,) = site.people
    assert site.mail.sender_address == "voicemail@klinik.example"
    assert site.attach_of(sari) == "mp3"
    assert sari.voicemail is not False
    assert sari.voicemail.pin_file == tmp_path / "1001.pin"
    assert sari.may_dial == ("internal", "local", "mobile")


def test_relative_paths_are_relative_to_the_site_file_and_absolute_ones_stay(
    load: Load, tmp_path: Path
) -> None:
    text = HEAD + '[service]\nstate_dir = "state"\n[asterisk]\nspool_dir = "/srv/spool"\n'
    site = load(text)
    assert site.service.state_dir == tmp_path / "state"
    assert site.asterisk.spool_dir == Path("/srv/spool")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + (HEAD + SARI).encode(),
        (HEAD + SARI).replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + (HEAD + SARI).replace("\n", "\r\n").encode(),
        (HEAD + SARI).replace("\n", "\r").encode(),
    ],
    ids=["BOM", "CRLF", "BOM and CRLF", "CR"],
)
def test_a_file_of_another_system_is_read(load: Load, content: bytes) -> None:
    assert [person.name for person in load(content).people] == ["Sari"]


@pytest.mark.parametrize(
    "written",
    [
        'smtp.host = "mail.klinik.example"\nsmtp.port = 25',
        'smtp = [{ host = "mail.klinik.example", port = 25 }]',
        'smtp = [\n  { host = "mail.klinik.example", port = 25 },\n]',
    ],
)
def test_the_mail_server_may_be_written_in_any_way_that_toml_has(load: Load, written: str) -> None:
    (server,) = load(HEAD.replace('smtp = { host = "mail.klinik.example" }', written)).mail.smtp
    assert (server.host, server.port) == ("mail.klinik.example", 25)


def test_an_extension_may_be_written_as_a_number(load: Load) -> None:
    site = load(HEAD + '[[people]]\nextension = 1001\nname = " Sari "\n')
    assert [(person.extension, person.name) for person in site.people] == [("1001", "Sari")]


def test_a_person_without_options_has_the_sites(load: Load) -> None:
    text = HEAD + '[voicemail]\nattach = "none"\nafter_delivery = "heard"\n' + SARI
    site = load(text + '[[people]]\nextension = "1002"\nname = "B"\nvoicemail = false\n')
    sari, budi = site.people
    assert (site.attach_of(sari), site.after_delivery_of(sari)) == ("none", "heard")
    assert (site.language_of(sari), site.zone_of(sari).key) == ("id", "Asia/Jakarta")
    assert budi.mailbox("default") is None
    assert site.person_of_mailbox("1001@default") == sari
    for name in ("1002@default", "1001@other", "1001", "../x@default", "1009@default"):
        assert site.person_of_mailbox(name) is None


def test_office_hours_are_judged_in_the_sites_own_time(load: Load) -> None:
    office = (
        '[office]\nhours = ["mon-fri 08:00-17:00"]\nholidays = [2026-12-25]\n'
        "open_destination = 1001\nclosed_destination = 1001\n"
    )
    site = load(HEAD + SARI + office)
    assert site.office is not None
    assert site.office.holidays == (date(2026, 12, 25),)
    assert site.office_is_open(datetime(2026, 11, 23, 1, 0, tzinfo=UTC))  # Monday 08:00 there
    assert not site.office_is_open(datetime(2026, 11, 22, 23, 0, tzinfo=UTC))
    assert not site.office_is_open(datetime(2026, 12, 25, 3, 0, tzinfo=UTC))
    assert load(HEAD).office_is_open(datetime(2026, 12, 25, 3, 0, tzinfo=UTC))


def test_the_json_schema_is_one_and_takes_the_example() -> None:
    schema = json.loads(json_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(tomllib.loads(EXAMPLE))
    several = EXAMPLE.replace("smtp = {", "smtp = [{").replace(
        'secret" }\nfrom', 'secret" }]\nfrom'
    )
    validator.validate(tomllib.loads(several.replace('extension = "1001"', "extension = 1001")))
    wrong = tomllib.loads(EXAMPLE)
    wrong["people"][0]["nmae"] = "x"
    assert not validator.is_valid(wrong)


def test_the_schema_explains_every_key() -> None:
    schema = json.loads(json_schema())
    silent = [
        f"{name}.{key}"
        for name, model in schema["$defs"].items()
        for key, field in model.get("properties", {}).items()
        if not field.get("description") and "$ref" not in field
    ]
    assert silent == []


KEYS = st.sampled_from(
    ["site", "mail", "people", "people_file", "office", "voicemail", "extension", "smtp", "x", ""]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def _toml(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value, ensure_ascii=False)
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case dict():
            pairs = (f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items())
            return f"{{ {', '.join(pairs)} }}"
        case _:
            return str(value)


@settings(max_examples=150, deadline=None)
@given(tables=st.dictionaries(KEYS, VALUES, max_size=5), tail=st.sampled_from(["", HEAD, SARI]))
@example(tables={"people_file": "a\0b"}, tail=HEAD)
def test_toml_of_any_shape_is_a_site_or_an_error_of_the_file(
    tables: dict[str, Any], tail: str
) -> None:
    text = "\n".join(f"{json.dumps(key)} = {_toml(value)}" for key, value in tables.items())
    _load_or_refuse(f"{text}\n{tail}")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([*HEAD, *SARI, "\0", "{", '"""', "\r", "é", "0"]), max_size=200))
def test_junk_is_a_site_or_an_error_of_the_file(signs: list[str]) -> None:
    _load_or_refuse("".join(signs))


def _load_or_refuse(text: str) -> None:
    try:
        parse_site(text, Path("/nowhere/site.toml"))
    except SiteError as error:
        said = [problem.what for problem in error.problems]
    else:
        said = ["a site"]
    assert said
    assert all(said)
