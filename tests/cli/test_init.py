"""`voxpost init`."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from pbx.site import load_site

Run = Callable[..., Result]

ANSWERS = {
    "--name": "Klinik Sehat",
    "--domain": "klinik.example",
    "--country": "ID",
    "--language": "id",
    "--timezone": "Asia/Jakarta",
    "--smtp-host": "mail.klinik.example",
    "--person": "Sari",
    "--email": "sari@klinik.example",
}


def words(file: Path, **changed: str) -> list[str]:
    answers = ANSWERS | {f"--{key.replace('_', '-')}": value for key, value in changed.items()}
    return ["init", "--site", str(file), *(word for pair in answers.items() for word in pair)]


def test_the_file_it_writes_is_good_and_configures_asterisk(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "new/folder/site.toml"
    result = run(*words(file))
    assert result.exit_code == 0
    for name in ("site.toml", "ami.secret", "ami-apply.secret", "1001.phone", "1001.pin"):
        assert str(file.with_name(name)) in result.stdout
    checked = run("check", "--site", file)
    assert (checked.exit_code, "1 person, 1 mailbox" in checked.stdout) == (0, True)
    output = tmp_path / "etc"
    assert run("generate-config", "--site", file, "--output", output).exit_code == 0
    assert file.with_name("1001.pin").read_text().strip() in (output / "voicemail.conf").read_text()


def test_its_sms_centre_is_good_once_its_comment_signs_are_gone(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    assert run(*words(file)).exit_code == 0
    before, sms, after = re.split(r"(?=# \[sms\]\n)|(?=\n# Many people)", file.read_text())
    (tmp_path / "sim.pin").write_text("1234\n")
    file.write_text(before + re.sub(r"(?m)^# (?=\[|\w+ = )", "", sms) + after)
    checked = run("check", "--site", file)
    assert (checked.exit_code, "1 person" in checked.stdout) == (0, True), checked.output
    assert "[sms]\n" in file.read_text()
    assert '\n[[sms.keywords]]\nword = "INFO"\n' in file.read_text()


@pytest.mark.parametrize(
    ("account", "sender"),
    [
        ("voxpost@klinik.example", "voxpost@klinik.example"),
        ("voxpost", "voicemail@klinik.example"),
        ("", "voicemail@klinik.example"),
    ],
)
def test_it_sends_as_its_own_account_and_not_as_one_that_zimbra_refuses_with_553(
    run: Run, tmp_path: Path, account: str, sender: str
) -> None:
    file = tmp_path / "site.toml"
    assert run(*words(file, smtp_user=account)).exit_code == 0
    assert load_site(file).mail.sender_address == sender


def test_it_asks_for_what_was_not_said(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    answers = "Klinik\nklinik.example\n\nen\n\nmail.klinik.example\nSari\nsari@klinik.example\n"
    assert run("init", "--site", file, stdin=answers).exit_code == 0
    site = load_site(file)
    assert (site.site.country, site.site.language, site.site.timezone) == (
        "ID",
        "en",
        "Asia/Jakarta",
    )


def test_nobody_there_to_answer_ends_it(run: Run, tmp_path: Path) -> None:
    assert run("init", "--site", tmp_path / "site.toml", stdin="").exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays_unless_forced(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text("mine")
    result = run(*words(file))
    assert (result.exit_code, file.read_text()) == (3, "mine")
    assert "--force" in result.stderr
    assert list(tmp_path.iterdir()) == [file]
    assert run(*words(file), "--force").exit_code == 0
    assert load_site(file).site.name == "Klinik Sehat"


def test_secrets_that_are_there_stay(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    run(*words(file))
    before = (tmp_path / "ami.secret").read_text()
    result = run(*words(file), "--force")
    assert (tmp_path / "ami.secret").read_text() == before
    assert "ami.secret" not in result.stdout


def test_strangers_cannot_read_the_secrets(run: Run, tmp_path: Path) -> None:
    run(*words(tmp_path / "site.toml"))
    secrets = [file for file in tmp_path.iterdir() if file.name != "site.toml"]
    assert len(secrets) == 4
    for file in secrets:
        assert stat.S_IMODE(file.stat().st_mode) & 0o037 == 0
        assert len(file.read_text().strip()) >= 6
    assert len({file.read_text() for file in secrets}) == 4


@pytest.mark.parametrize(
    "name",
    [
        'Klinik "Sehat" \\ #1',
        'Klinik = [x] {y} \' """',
        "クリニック 😀",
        "Klinik; drop => 1, 2",
        "${EXTEN} {{ 7 * 7 }}",
    ],
)
def test_a_hostile_name_comes_back_as_it_was(run: Run, tmp_path: Path, name: str) -> None:
    file = tmp_path / "site.toml"
    assert run(*words(file, name=name, person=name)).exit_code == 0
    site = load_site(file)
    assert (site.site.name, site.people[0].name) == (name, name)


@pytest.mark.parametrize(
    ("answer", "value", "said"),
    [
        ("extension", "../../etc/cron.d/x", "people[0].extension"),
        ("extension", "1", "2 to 8 digits"),
        ("domain", "klinik.example>\nBcc: x", "site.domain"),
        ("domain", "klinik.example:25", "site.domain"),
        ("email", "sari", "no e-mail address"),
        ("timezone", "WIB", "no time zone"),
        ("country", "UK", "no country"),
        ("person", "a\nb", "line break"),
        ("name", " ", "site.name"),
        ("smtp_host", "mail.klinik.example:587", "a port stands in a key of its own"),
    ],
)
def test_a_bad_answer_writes_nothing(
    run: Run, tmp_path: Path, answer: str, value: str, said: str
) -> None:
    result = run(*words(tmp_path / "new/site.toml", **{answer: value}))
    assert result.exit_code == 3
    assert "Nothing was written" in result.stderr
    assert said in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run(*words(tmp_path / "file/site.toml"))
    assert result.exit_code == 3
    assert "--site FILE" in result.stderr


def test_the_password_that_only_the_administrator_knows_is_asked_for(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "site.toml"
    result = run(*words(file, smtp_user="voxpost@klinik.example"))
    assert f"password of voxpost@klinik.example into {tmp_path}/smtp.secret" in result.stdout
    checked = run("check", "--site", file)
    assert (checked.exit_code, "smtp.secret: No such file" in checked.stderr) == (3, True)
    (tmp_path / "smtp.secret").write_text("x")
    assert run("check", "--site", file).exit_code == 0
