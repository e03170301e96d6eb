"""A mailbox with all the messages that Asterisk can number: 0000 to 9999 without one."""

from __future__ import annotations

import os
from pathlib import Path

from ledger.entries import State
from ledger.outbox import Depth
from mail.handover import Handover
from tests.faults.way import BOX, SPEECH, Way

MESSAGES = 9_999
NEW = 200  # of them left today


def fill(way: Way) -> None:
    """Leave them; all but the last NEW lie there for days."""
    inbox = way.folder / "asterisk/voicemail/default/1001/INBOX"
    inbox.mkdir(parents=True)
    sound = way.folder / "sound.wav"
    sound.write_bytes(SPEECH.wav())
    now = int(way.now())
    for number in range(MESSAGES):
        at = now if number >= MESSAGES - NEW else now - 86400 * 3
        os.link(sound, inbox / f"msg{number:04}.wav")
        (inbox / f"msg{number:04}.txt").write_text(
            f"[message]\ncallerid=0812\norigtime={at}\nmsg_id={at}-{number:08}\nduration=2\n"
        )


async def no_pause(_: float) -> None:
    """Nothing moves here."""


async def test_a_full_mailbox_is_taken_over_and_its_new_messages_are_mailed_once(way: Way) -> None:
    fill(way)
    handover = Handover(
        site=way.site, outbox=way.outbox, spool=way.spool(), now=way.now, pause=no_pause
    )
    assert await handover.sweep() == NEW
    assert await handover.mailbox(BOX) == 0
    assert await by_state(way) == {State.SKIPPED: MESSAGES - NEW, State.WAITING: NEW}

    old = Path(way.folder / "asterisk/voicemail/default/1001/INBOX/msg0000.txt")
    old.unlink()  # Asterisk takes no more until one is gone
    last = way.leave(MESSAGES)
    assert await handover.mailbox(BOX) == 1
    assert (await way.newest()).source.endswith(f"-{MESSAGES:08}")
    assert last.name == "msg9999.txt"
    assert await handover.sweep() == 0


async def by_state(way: Way) -> dict[State, int]:
    depth: Depth = await way.outbox.depth()
    return depth.by_state
