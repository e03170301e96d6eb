"""Doctor: who can read secrets, Asterisk's voicemail spool, our own folder, and the ledger."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import shutil
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

from cli.check import named_secrets
from cli.findings import Finding, bad, good, odd
from cli.opening import SPOOL_FOLDER, opened_ledger, opened_spool
from ledger.errors import LedgerError, NoLedgerYet
from ledger.outbox import Outbox
from mail.recordings import AUDIO_SUFFIXES
from pbx.model import Site

_ROOM = 500 * 1024 * 1024  # bytes; some hundreds of long messages


async def examine_files(site: Site) -> AsyncIterator[Finding]:
    for finding in await asyncio.to_thread(lambda: [*_folders(site)]):
        yield finding
    try:
        async with opened_ledger(site, must_exist=True) as ledger:
            depth = await Outbox(ledger).depth()
        yield good("ledger", f"opens; {depth.waiting} waiting")
    except NoLedgerYet as error:
        yield odd("ledger", str(error), "Right if `voxpost run` has never run here.")
    except LedgerError as error:
        yield bad("ledger", str(error), "Set service.state_dir to a folder that voxpost may write.")


def _open_to_all(site: Site) -> Iterator[Finding]:
    """Secrets that every user of this machine may read, Asterisk's too."""
    files = {secret.file for secret in named_secrets(site) if secret.file is not None}
    for file in sorted(files):
        with suppress(OSError):
            if file.stat().st_mode & stat.S_IROTH:
                yield odd("secret", f"everybody can read {file}", f"chmod 640 {file}")


def _folders(site: Site) -> Iterator[Finding]:
    yield from _open_to_all(site)
    voicemail = site.asterisk.spool_dir / "voicemail"
    if not voicemail.is_dir():
        yield odd(
            "voicemail spool",
            f"{voicemail} is not there yet",
            "Right if nobody has left a message; else set asterisk.spool_dir.",
        )
    elif not os.access(voicemail, os.R_OK | os.X_OK):
        yield bad(
            "voicemail spool",
            f"{voicemail} cannot be read",
            "Put voxpost's user into Asterisk's group, and let the group read the spool.",
        )
    else:
        yield good("voicemail spool", f"{voicemail} can be read")
    own = site.service.state_dir
    if not own.exists():
        # Not made here: doctor may be root, and the daemon is not.
        yield odd("own spool", f"{own} is not there yet", "`voxpost run` makes it, if it may.")
        return
    try:
        opened_spool(site)
        if not os.access(own / SPOOL_FOLDER, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        yield bad(
            "own spool",
            f"{own}: {error.strerror}",
            "Make it, owned by voxpost's user, or set service.state_dir.",
        )
        return
    yield _linkable(voicemail, own)
    free = shutil.disk_usage(own).free
    room = f"{free / 1e9:.1f} GB free in {own}"
    yield good("room", room) if free > _ROOM else odd("room", room, "Make some room.")


def _linkable(voicemail: Path, own: Path) -> Finding:
    """Whether a recording can be taken by hard link, which costs nothing, or must be copied."""
    recording = next(
        (file for file in voicemail.rglob("msg*") if file.suffix in AUDIO_SUFFIXES), None
    )
    if recording is None:
        same = voicemail.exists() and voicemail.stat().st_dev == own.stat().st_dev
        return good("taking recordings", "by hard link" if same else "by copy; none there to try")
    trial = own / f".doctor-{secrets.token_hex(8)}"
    try:
        os.link(recording, trial)
    except OSError as error:
        if os.access(recording, os.R_OK):
            return odd(
                "taking recordings",
                f"by copy: {error.strerror}",
                "Works. Hard links need one file system and the right to write the recording.",
            )
        return bad(
            "taking recordings",
            f"{recording} cannot be read",
            "Put voxpost's user into Asterisk's group.",
        )
    trial.unlink()
    return good("taking recordings", "by hard link")
