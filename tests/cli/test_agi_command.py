"""`voxpost agi` as Asterisk starts it: a process, AGI on stdin and stdout."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Mapping

from ledger.entries import Entry
from ledger.outbox import Outbox
from ledger.store import open_ledger, sqlite_url
from tests.cli.site_folder import ROOT, SiteFolder, voxpost

COMMAND = re.compile(r'^(GET VARIABLE "?\w+"?|SET VARIABLE "?\w+"? ".*"|VERBOSE .*)$')


def answer(
    site: SiteFolder, script: str, variables: Mapping[str, str], *arguments: str
) -> tuple[int, list[str], str]:
    """Be Asterisk: returns the exit code, what was asked, and stderr."""
    words = ["agi", "--site", str(site.file), script, *arguments]
    head = "agi_request: voxpost\nagi_uniqueid: 1.2\nagi_accountcode: \n"
    head += "".join(f"agi_arg_{at}: {word}\n" for at, word in enumerate(words, start=1))
    asked: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-m", "cli", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(f"{head}\n")
        process.stdin.flush()
        for line in process.stdout:
            asked.append(line.rstrip("\n"))
            name = line.split()[2].strip('"')
            known = line.startswith("GET") and name in variables
            process.stdin.write(
                f"200 result=1 ({variables[name]})\n" if known else "200 result=1\n"
            )
            process.stdin.flush()
        process.stdin.close()
        stderr = process.stderr.read()
        return process.wait(), asked, stderr


def entries(site: SiteFolder) -> list[Entry]:
    async def read() -> list[Entry]:
        ledger = await open_ledger(sqlite_url(site.state / "ledger.sqlite"))
        try:
            return await Outbox(ledger).newest(None, 10)
        finally:
            await ledger.close()

    return asyncio.run(read())


def test_a_missed_call_is_handed_over_and_stdout_carries_agi_alone(site: SiteFolder) -> None:
    said = {"DIALSTATUS": "NOANSWER", "CALLERID(num)": "0812", "CALLERID(name)": "Budi"}
    code, asked, stderr = answer(site, "missed-call", said, "1001")
    assert (code, "Traceback" in stderr) == (0, False)
    assert asked
    assert asked[-1] == 'SET VARIABLE "VOXPOST_RESULT" "done"'
    (missed,) = entries(site)
    assert (missed.kind, missed.extension, missed.recipient) == (
        "missed-call",
        "1001",
        "sari@klinik.example",
    )


def test_a_voicemail_is_handed_over(site: SiteFolder) -> None:
    msg_id = site.leave_voicemail(0)
    said = {"VMSTATUS": "SUCCESS", "VOXPOST_MAILBOX": "1001@default", "VM_MESSAGEFILE": "x"}
    code, asked, _ = answer(site, "voicemail-left", said)
    assert (code, asked[-1]) == (0, 'SET VARIABLE "VOXPOST_RESULT" "done"')
    (voicemail,) = entries(site)
    assert voicemail.source == f"voicemail:1001@default:{msg_id}"
    assert voicemail.audio is not None
    assert (site.state / "spool" / voicemail.audio).exists()


def test_a_script_that_nobody_knows_lets_the_call_go_on(site: SiteFolder) -> None:
    code, asked, stderr = answer(site, "no-such-script", {})
    assert code == 2
    assert "no-such-script" in stderr
    assert "voicemail-left" in stderr
    assert all(line.startswith("SET VARIABLE") for line in asked)


def test_a_site_file_that_is_broken_says_so_on_stderr_alone(site: SiteFolder) -> None:
    site.write('emial = "x"\n')
    code, asked, stderr = answer(site, "office-hours", {})
    assert (code, asked, "people[0].emial" in stderr) == (3, [], True)


def test_a_state_dir_that_cannot_be_made_says_so_on_stderr_alone(site: SiteFolder) -> None:
    site.write(state_dir="ami.secret")
    code, asked, stderr = answer(site, "office-hours", {})
    assert (code, asked) == (5, [])
    assert "Traceback" not in stderr
    assert "ami.secret" in stderr


def test_started_by_a_person_it_says_that_it_is_for_asterisk(site: SiteFolder) -> None:
    done = voxpost("agi", "--site", site.file, "office-hours")
    assert (done.returncode, done.stdout) == (2, "")
    assert "not_started_by_asterisk" in done.stderr
