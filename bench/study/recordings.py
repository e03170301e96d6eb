"""Recordings as Asterisk leaves them in a mailbox, made in advance."""

from __future__ import annotations

import os
import time
from pathlib import Path

from lab.speech import Speech


def lay_down(folder: Path, count: int, speech: Speech, mark: str) -> None:
    """Fill an empty folder of a mailbox with `count` messages, and have them on the disk.

    mark: what makes their ids different from those of other times.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sound = speech.wav()
    for number in range(count):
        name = f"msg{number:04}"
        (folder / f"{name}.wav").write_bytes(sound)
        (folder / f"{name}.txt").write_text(_facts(f"{mark}-{number:04}", speech.seconds))
    os.sync()


def _facts(message: str, seconds: float) -> str:
    # As app_voicemail writes it; msg_id is what a message is known by.
    return (
        "[message]\n"
        "context=lab\n"
        'callerid="Budi Santoso" <08121234567>\n'
        f"origtime={time.time():.0f}\n"
        f"duration={seconds:.0f}\n"
        f"msg_id={message}\n"
    )
