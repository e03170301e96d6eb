"""What the study reads and makes: Postfix's log, recordings, what processes take."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bench.study.meter import Meter
from bench.study.postfix_log import PostfixLog
from bench.study.recordings import lay_down
from lab.processes import run_program
from lab.speech import Speech
from mail.recordings import scan_mailbox
from pbx.numbers import Mailbox

LINES = b"""\
Nov 22 03:33:10 mail postfix/smtpd[71]: 4AB: client=localhost[127.0.0.1]
Nov 22 03:33:10 mail postfix/cleanup[72]: 4AB: message-id=<1@lab.example>
Nov 22 03:33:10 mail postfix/qmgr[73]: 4AB: from=<a@lab.example>, size=1197804, nrcpt=1 \
(queue active)
Nov 22 03:33:10 mail postfix/lmtp[74]: 4AB: to=<b@lab.example>, relay=127.0.0.1[127.0.0.1]:1, \
delay=0.1, dsn=2.0.0, status=sent (250 2.0.0 <b@lab.example> Saved)
Nov 22 03:33:10 mail postfix/lmtp[74]: 5AB: to=<b@lab.example>, status=deferred (452 4.2.2 full)
Nov 22 03:33:10 mail postfix/qmgr[73]: 4AB: removed
"""


async def test_postfix_says_when_a_mail_was_taken_and_when_it_was_stored(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(LINES)  # of before: not counted
    log = PostfixLog(file)
    following = asyncio.create_task(log.until(1, 10))
    with file.open("ab") as stream:
        for part in (LINES[:300], LINES[300:]):  # a line in two pieces
            stream.write(part)
            stream.flush()
            await asyncio.sleep(0)
    await following
    assert (log.taken, log.stored, log.sizes) == (1, 1, [1197804])
    assert log.taken_at <= log.stored_at


async def test_mails_that_do_not_come_are_an_error_with_both_counts(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.touch()
    with pytest.raises(TimeoutError, match="took 0 and Dovecot stored 0 of 3"):
        await PostfixLog(file).until(3, 0.05)


def test_prepared_recordings_are_voicemail_to_voxpost(tmp_path: Path) -> None:
    inbox = tmp_path / "voicemail/default/2001/INBOX"
    lay_down(inbox, 3, Speech(b"\0\0" * 8000), "mark")
    found = scan_mailbox(tmp_path, Mailbox("2001@default"), [])
    assert sorted(it.msg_id for it in found) == ["mark-0000", "mark-0001", "mark-0002"]
    assert {(it.caller_name, it.duration) for it in found} == {("Budi Santoso", 1)}
    assert all(it.audio() for it in found)


async def test_the_meter_counts_programs_that_have_ended_too() -> None:
    meter = Meter({"we": os.getpid()})
    async with meter.measuring() as usage:
        spin = "import time; end = time.process_time() + 0.1\nwhile time.process_time() < end: pass"
        await run_program([sys.executable, "-I", "-S", "-c", spin])
    assert usage["we"].cpu > 0
    assert usage["we"].memory > 1
