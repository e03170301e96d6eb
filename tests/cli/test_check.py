"""`voxpost check`."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from tests.cli.site_folder import SECRETS, SiteFolder

Run = Callable[..., Result]


def test_a_good_site_is_summed_up(run: Run, site: SiteFolder) -> None:
    result = run("check", "--site", site.file)
    assert result.exit_code == 0
    said = "is good: 1 person, 1 mailbox, 1 of them with a mail account."
    assert result.stdout == f"{site.file} {said}\n"
    data = json.loads(run("check", "--site", site.file, "--json").stdout)
    assert data == {"ok": True, "people": 1, "problems": []}


def test_every_problem_is_told_with_its_line(run: Run, site: SiteFolder) -> None:
    site.write('emial = "x"\nlanguage = "fr"\n')
    result = run("check", "--site", site.file)
    assert result.exit_code == 3
    assert "people[0].emial: is not a key of the site file. Is it email?" in result.stderr
    assert "people[0].language: should be 'id' or 'en'." in result.stderr
    assert not result.stdout


def test_problems_as_data(run: Run, site: SiteFolder) -> None:
    site.write('emial = "x"\n')
    result = run("check", "--site", site.file, "--json")
    data = json.loads(result.stdout)
    (problem,) = data["problems"]
    assert (result.exit_code, data["ok"]) == (3, False)
    assert (problem["file"], problem["key"]) == (str(site.file), "people[0].emial")
    assert site.file.read_text().splitlines()[problem["line"] - 1] == 'emial = "x"'


def test_every_secret_that_cannot_be_read_is_named(run: Run, site: SiteFolder) -> None:
    for name in SECRETS:
        (site.folder / name).unlink()
    result = run("check", "--site", site.file)
    assert result.exit_code == 3
    assert all(name in result.stderr for name in SECRETS)
    data = json.loads(run("check", "--site", site.file, "--json").stdout)
    assert len(data["problems"]) == len(SECRETS)


def test_a_telephone_without_a_password_is_named(run: Run, site: SiteFolder) -> None:
    site.write('[[people]]\nextension = 1002\nname = "B"\nphone = { transport = "tcp" }\n')
    result = run("check", "--site", site.file)
    assert result.exit_code == 3
    assert "people.1002.phone.password is not set" in result.stderr


SMS = '[sms]\ndesk = "info@klinik.example"\n[[sms.gateways]]\nname = "it"\n'
MODEM = f'{SMS}kind = "modem"\ndevice = "/dev/ttyUSB0"\n'
SMPP = f'{SMS}kind = "smpp"\nhost = "smsc.example"\nsystem_id = "klinik"\n'


@pytest.mark.parametrize(
    ("sms", "content"),
    [
        (f'{MODEM}[[sms.api]]\nusername = "simrs"\ntoken_file = "it"\n', "abc"),
        (f'{MODEM}pin_file = "it"\n', "12"),
        (f'{MODEM}pin_file = "it"\n', "1234 "),  # the SIM would count it as a wrong one
        (f'{SMPP}password_file = "it"\n', "longer-than-eight"),
        (f'{MODEM}[[sms.keywords]]\nword = "A"\njoin = "a"\ncall_secret_file = "it"\n', "abc"),
    ],
)
def test_a_short_token_or_an_impossible_pin_in_a_file_is_refused_as_in_the_site_file(
    run: Run, site: SiteFolder, *, sms: str, content: str
) -> None:
    (site.folder / "it").write_text(f"{content}\n")
    site.write(sms)
    result = run("check", "--site", site.file)
    assert result.exit_code == 3
    assert f"what stands in {site.folder / 'it'} is not of the right form" in result.stderr


IMAP = 'imap = { host = "mail.klinik.example" }\n'
MASTER = IMAP.replace(" }", ', access = "master", username = "a", password_file = "none" }')
BOUNCES = f'{IMAP}bounces = {{ username = "v", password_file = "none" }}\n'
OWN = f"{IMAP}\n[[people]]\nextension = 1002\nname = 'B'\nimap_password_file = 'none'\n"


@pytest.mark.parametrize("mail", [MASTER, BOUNCES, OWN])
def test_a_secret_for_imap_that_is_not_there_is_no_good_site(
    run: Run, site: SiteFolder, mail: str
) -> None:
    site.file.write_text(site.file.read_text().replace("[service]\n", f"{mail}[service]\n"))
    result = run("check", "--site", site.file)
    assert result.exit_code == 3
    assert f"cannot read {site.folder / 'none'}: No such file" in result.stderr


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("[service]\n", "templates_dir"),
        ("from = ", "texts_dir"),
        ("from = ", "imap = { host = 'm', ca_file = 'nowhere' }\n#"),
    ],
)
def test_a_folder_or_certificate_that_is_not_there_is_named(
    run: Run, site: SiteFolder, table: str, key: str
) -> None:
    text = site.file.read_text()
    line = f'{key} = "nowhere"\n'
    at = text.index(table) + (len(table) if table.startswith("[") else 0)
    site.file.write_text(text[:at] + line + text[at:])
    result = run("check", "--site", site.file)
    assert result.exit_code == 3
    assert f"{site.folder / 'nowhere'} is not there, or cannot be read" in result.stderr
    found = json.loads(run("doctor", "--site", site.file, "--json").stdout)
    assert "named file" in [it["subject"] for it in found if it["grade"] == "bad"]


def test_the_schema_needs_no_site_file(run: Run) -> None:
    result = run("check", "--schema", "--site", "/nowhere/site.toml")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["title"] == "voxpost's site file"


def test_the_site_file_may_be_named_by_the_environment(
    run: Run, site: SiteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOXPOST_SITE", str(site.file))
    assert run("check").exit_code == 0
