"""Doctor: mailboxes that are nearly full, locks that stay, and changing them by files."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

from cli.findings import Finding, bad, good, odd
from mail.recordings import FOLDERS, mailbox_folder
from pbx.model import Site

_FORGOTTEN = 60.0  # seconds; Asterisk holds a lock for an instant
_NEARLY_FULL = 0.9
_ACTIONS_SINCE = 20  # major version; before, it depends on the minor one
_LAMP_FILES = ("voicemail.conf", "vm_general.inc")  # the second is what FreePBX includes
_POLLS = re.compile(r"^\s*pollmailboxes\s*=>?\s*(?:yes|true|y|t|on|1)\b", re.I | re.M)


async def examine_mailboxes(site: Site) -> AsyncIterator[Finding]:
    for finding in await asyncio.to_thread(lambda: [*_findings(site)]):
        yield finding


def _findings(site: Site) -> Iterator[Finding]:
    boxes = (person.mailbox(site.voicemail.context) for person in site.people)
    folders = [
        folder
        for where in boxes
        if where is not None
        for name in FOLDERS
        if (folder := mailbox_folder(site.asterisk.spool_dir, where) / name).is_dir()
    ]
    yield from _locks(folders)
    yield from _nearly_full(folders, site.voicemail.max_messages)
    if site.asterisk.version < _ACTIONS_SINCE and folders:
        yield _writable(folders)
        if site.asterisk.version == 16:
            yield _lamp(site.asterisk.config_dir)


def _locks(folders: list[Path]) -> Iterator[Finding]:
    for folder in folders:
        lock = folder / ".lock"
        try:
            age = time.time() - lock.lstat().st_mtime
        except OSError:
            continue
        if age > _FORGOTTEN:
            yield bad(
                "mailbox lock",
                f"{lock} has stood for {age:.0f} s: every message left there is lost",
                "If nobody listens to that mailbox now, remove the file.",
            )


def _nearly_full(folders: list[Path], most: int) -> Iterator[Finding]:
    for folder in folders:
        try:
            count = sum(1 for _ in folder.glob("msg*.txt"))
        except OSError:
            continue
        if count >= most * _NEARLY_FULL:
            yield odd(
                "mailbox full" if count >= most else "mailbox nearly full",
                f"{folder} has {count} of {most} messages; then callers are turned away",
                "Who only reads e-mail never empties it: set after_delivery = heard or delete.",
            )


def _writable(folders: list[Path]) -> Finding:
    locked = [folder for folder in folders if not os.access(folder, os.W_OK | os.X_OK)]
    if not locked:
        return good("mailboxes by files", "can be changed")
    return odd(
        "mailboxes by files",
        f"{locked[0]} cannot be written",
        "after_delivery = heard or delete needs it: see docs/voicemail-by-files.md.",
    )


def _lamp(config_dir: Path) -> Finding:
    """Asterisk 16 tells telephones of what was done by files only if it polls."""
    for name in _LAMP_FILES:
        with suppress(OSError):
            if _POLLS.search((config_dir / name).read_text(encoding="utf-8", errors="replace")):
                return good("lamp", "follows what is done by files")
    return odd(
        "lamp",
        "no pollmailboxes = yes seen in voicemail.conf: it does not follow what is done by files",
        "Add it to [general]: see docs/voicemail-by-files.md.",
    )
