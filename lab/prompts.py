"""Prompts of its own for a private Asterisk, so that a call takes seconds less."""

from __future__ import annotations

from pathlib import Path

from lab.asterisk import PrivateAsterisk
from lab.speech import Speech

_INSTRUCTIONS = "vm-intro"  # what is said before the beep: five seconds


def greet(asterisk: PrivateAsterisk, extension: str, speech: Speech) -> None:
    """Give a mailbox a greeting."""
    file = asterisk.spool_dir / "voicemail/default" / extension / "unavail.wav"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(speech.wav())


def instruct(asterisk: PrivateAsterisk, speech: Speech) -> None:
    """Say this in the place of the instructions before the beep. Once, before it is started."""
    conf = asterisk.etc_dir / "asterisk.conf"
    theirs, own = asterisk.tree.root / "usr/share/asterisk", asterisk.run_dir / "data"
    _link_all(theirs, own, but="sounds")
    _link_all(asterisk.sounds_dir, own / "sounds/en", but=_INSTRUCTIONS)
    (own / f"sounds/en/{_INSTRUCTIONS}.wav").write_bytes(speech.wav())
    conf.write_text(conf.read_text().replace(f"astdatadir => {theirs}\n", f"astdatadir => {own}\n"))


def _link_all(source: Path, folder: Path, *, but: str) -> None:
    folder.mkdir(parents=True)
    for file in source.resolve().iterdir():
        if file.stem != but:
            (folder / file.name).symlink_to(file)
