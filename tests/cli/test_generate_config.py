"""`voxpost generate-config`, without an Asterisk."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tests.cli.site_folder import SECRETS, SiteFolder

Run = Callable[..., Result]

NOTHING = "0 of 13 files would change.\n"


def contents(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.glob("*.conf")}


@pytest.mark.parametrize("words", [[], ["--diff", "--apply"], ["--diff", "--output", "x"]])
def test_one_thing_at_a_time_is_asked_for(run: Run, site: SiteFolder, words: list[str]) -> None:
    result = run("generate-config", "--site", site.file, *words)
    assert result.exit_code == 2
    assert "Say one of --output DIR, --diff or --apply." in result.stderr


def test_files_are_written_once_and_then_stand(run: Run, site: SiteFolder) -> None:
    output = site.folder / "out"
    first = run("generate-config", "--site", site.file, "--output", output)
    assert (first.exit_code, first.stdout.split()[0] == first.stdout.split()[2]) == (0, True)
    again = run("generate-config", "--site", site.file, "--output", output)
    assert again.stdout.startswith("0 of ")
    assert all((file.stat().st_mode & 0o007) == 0 for file in output.iterdir())
    data = json.loads(
        run("generate-config", "--site", site.file, "--output", output, "--json").stdout
    )
    assert (data["folder"], data["names"]) == (str(output), [])


def test_a_file_of_somebody_elses_is_replaced_by_force_alone(run: Run, site: SiteFolder) -> None:
    output = site.folder / "out"
    output.mkdir()
    (output / "extensions.conf").write_text("[mine]\n")
    refused = run("generate-config", "--site", site.file, "--output", output)
    assert refused.exit_code == 1
    assert "not written by voxpost: extensions.conf" in refused.stderr
    assert contents(output) == {"extensions.conf": "[mine]\n"}
    assert run("generate-config", "--site", site.file, "--output", output, "--force").exit_code == 0
    assert "[mine]" not in (output / "extensions.conf").read_text()


def test_the_difference_hides_secrets_and_changes_nothing(run: Run, site: SiteFolder) -> None:
    config = site.folder / "etc"
    run("generate-config", "--site", site.file, "--output", config)
    assert run("generate-config", "--site", site.file, "--diff").stdout == NOTHING
    before = contents(config)
    (site.folder / "ami.secret").write_text("another-s3cret")
    site.write('[[people]]\nextension = 1002\nname = "Budi"\n')
    text = run("generate-config", "--site", site.file, "--diff")
    data = run("generate-config", "--site", site.file, "--diff", "--json")
    assert contents(config) == before
    assert "voicemail.conf: changed" in text.stdout
    assert any(it["changed"] for it in json.loads(data.stdout))
    for said in (text.stdout, data.stdout):
        assert "1002" in said
        assert not any(secret in said for secret in (*SECRETS.values(), "another-s3cret"))


def test_applying_without_asterisk_changes_nothing_and_says_what_to_do(
    run: Run, site: SiteFolder
) -> None:
    config = site.folder / "etc"
    config.mkdir()
    (config / "extensions.conf").write_text("[mine]\n")
    result = run("generate-config", "--site", site.file, "--apply")
    assert result.exit_code == 4
    assert f"127.0.0.1:{site.ports['ami']}" in result.stderr
    assert "Nothing was changed" in result.stderr
    assert "--output" in result.stderr
    assert contents(config) == {"extensions.conf": "[mine]\n"}


def test_applying_without_its_secret_names_the_key(run: Run, site: SiteFolder) -> None:
    (site.folder / "apply.secret").unlink()
    result = run("generate-config", "--site", site.file, "--apply")
    assert result.exit_code == 3
    assert "asterisk.ami.apply_secret_file" in result.stderr


def test_a_folder_that_cannot_be_written_is_named(run: Run, site: SiteFolder) -> None:
    (site.folder / "file").write_text("")
    result = run("generate-config", "--site", site.file, "--output", site.folder / "file/etc")
    assert (result.exit_code, "file/etc" in result.stderr) == (1, True)


def test_a_value_that_asterisk_cannot_hold_names_the_site_files_key(
    run: Run, site: SiteFolder
) -> None:
    site.write('[voicemail]\naccess_extension = "*43"\n')
    result = run("generate-config", "--site", site.file, "--diff")
    assert (result.exit_code, "voicemail.access_extension" in result.stderr) == (3, True)
