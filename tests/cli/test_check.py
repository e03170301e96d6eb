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


def test_the_schema_needs_no_site_file(run: Run) -> None:
    result = run("check", "--schema", "--site", "/nowhere/site.toml")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["title"] == "voxpost's site file"


def test_the_site_file_may_be_named_by_the_environment(
    run: Run, site: SiteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOXPOST_SITE", str(site.file))
    assert run("check").exit_code == 0
