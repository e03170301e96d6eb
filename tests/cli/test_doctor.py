"""`voxpost doctor` where nothing can be reached."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from click.testing import Result

from lab.maildir import MaildirServer
from tests.cli.site_folder import SECRETS, SiteFolder, voxpost

Run = Callable[..., Result]


def test_everything_unreachable_is_found_with_a_remedy_each(run: Run, site: SiteFolder) -> None:
    result = run("doctor", "--site", site.file)
    assert result.exit_code == 1
    assert result.stdout.count("bad  ") == 3
    lines = result.stdout.splitlines()
    for at, line in enumerate(lines):
        if line.startswith(("bad", "odd")):
            assert lines[at + 1].lstrip().startswith("->"), line
    assert not any(secret in result.output for secret in SECRETS.values())


def test_findings_as_data(run: Run, site: SiteFolder) -> None:
    result = run("doctor", "--site", site.file, "--json")
    findings = {it["subject"]: it for it in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert findings["site file"]["grade"] == "ok"
    assert findings["AMI voxpost"]["grade"] == "bad"
    assert findings["AMI voxpost-apply"]["grade"] == "bad"
    assert findings["mail 127.0.0.1"]["grade"] == "bad"
    assert findings["FastAGI"]["grade"] == "odd"
    assert findings["ledger"]["grade"] == "odd"
    assert all(it["remedy"] for it in findings.values() if it["grade"] != "ok")


def test_it_leaves_nothing_behind_that_the_daemon_may_not_write(run: Run, site: SiteFolder) -> None:
    before = sorted(site.folder.rglob("*"))
    run("doctor", "--site", site.file)
    assert sorted(site.folder.rglob("*")) == before


def test_secrets_that_cannot_be_read_are_told_once_each(run: Run, site: SiteFolder) -> None:
    for name in SECRETS:
        (site.folder / name).unlink()
    result = run("doctor", "--site", site.file)
    assert result.exit_code == 1
    assert all(result.stdout.count(f"{name}:") == 1 for name in SECRETS)


def test_a_secret_that_everybody_can_read_is_odd(run: Run, site: SiteFolder) -> None:
    for name in SECRETS:
        (site.folder / name).chmod(0o640)
    assert "everybody can read" not in run("doctor", "--site", site.file).stdout
    (site.folder / "1001.pin").chmod(0o644)
    said = run("doctor", "--site", site.file).stdout
    file = site.folder / "1001.pin"
    assert f"everybody can read {file}" in said
    assert f"-> chmod 640 {file}" in said


def test_a_state_dir_that_is_a_file_is_told(run: Run, site: SiteFolder) -> None:
    site.write(state_dir="ami.secret")
    result = run("doctor", "--site", site.file)
    assert result.exit_code == 1
    assert "bad  own spool:" in result.stdout
    assert "bad  ledger:" in result.stdout or "odd  ledger:" in result.stdout


def test_a_mailbox_that_is_nearly_full_is_told_before_callers_are_turned_away(
    run: Run, site: SiteFolder
) -> None:
    site.write("[voicemail]\nmax_messages = 10\n")
    for number in range(8):
        site.leave_voicemail(number)
    assert "nearly full" not in run("doctor", "--site", site.file).stdout
    site.leave_voicemail(8)
    said = run("doctor", "--site", site.file).stdout
    assert "odd  mailbox nearly full" in said
    assert "INBOX has 9 of 10 messages; then callers are turned away" in said


def test_it_says_how_recordings_are_taken(run: Run, site: SiteFolder) -> None:
    site.state.mkdir()
    site.leave_voicemail(0)
    result = run("doctor", "--site", site.file)
    assert "taking recordings:     by hard link" in result.stdout
    assert list(Path(site.state).glob(".doctor*")) == []


@pytest.mark.parametrize(
    ("version", "text", "grade"),
    [
        (16, "[general]\npollmailboxes=yes\n", "ok"),
        (16, "[general]\n pollmailboxes => True ; for the lamp\n", "ok"),
        (16, "[general]\n;pollmailboxes = yes\npollmailboxes = no\n", "odd"),
        (16, None, "odd"),
        (18, None, None),
    ],
)
def test_a_lamp_that_would_not_follow_on_asterisk_16_is_told(
    run: Run, site: SiteFolder, version: int, text: str | None, grade: str | None
) -> None:
    written = site.file.read_text()
    site.file.write_text(written.replace("[asterisk]\n", f"[asterisk]\nversion = {version}\n"))
    site.leave_voicemail(0)
    if text is not None:
        (site.folder / "etc").mkdir()
        (site.folder / "etc/voicemail.conf").write_text(text)
    result = run("doctor", "--site", site.file, "--json")
    grades = {it["subject"]: it["grade"] for it in json.loads(result.stdout)}
    assert grades.get("lamp") == grade


def test_a_broken_text_is_told(run: Run, site: SiteFolder) -> None:
    own = site.folder / "texts/id/broadcast-report.html"
    own.parent.mkdir(parents=True)
    own.write_text("{% if attached %}{{ file }}{% endif %}")
    with_own = site.file.read_text().replace("[mail]\n", '[mail]\ntexts_dir = "texts"\n')
    site.file.write_text(with_own)
    result = run("doctor", "--site", site.file, "--json")
    assert result.exit_code == 1
    findings = {it["subject"]: it for it in json.loads(result.stdout)}
    assert findings["e-mail texts"]["grade"] == "bad"
    assert "id/broadcast-report.html" in findings["e-mail texts"]["what"]


class PickyServer(MaildirServer):
    """Lets nobody write as voicemail@, as one that checks senders does."""

    async def handle_MAIL(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        return "553 5.7.1 Sender address rejected: not owned by user"


@pytest.mark.parametrize(
    ("kind", "grade", "words"),
    [
        (MaildirServer, "ok", "voicemail@klinik.example may write to sari@klinik.example"),
        (PickyServer, "bad", "553 5.7.1 Sender address rejected: not owned by user"),
    ],
)
async def test_a_sender_that_the_mail_server_does_not_let_write_is_found_before_a_mail_fails(
    site: SiteFolder, kind: type[MaildirServer], grade: str, words: str
) -> None:
    async with kind(site.folder / "mail", site.ports["smtp"]) as server:
        done = await asyncio.to_thread(voxpost, "doctor", "--site", site.file)
        assert server.received == []
    (line,) = [it for it in done.stdout.splitlines() if "sender:" in it]
    assert line.split()[0] == grade
    assert words in line
