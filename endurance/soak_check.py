"""What a soak must have left behind: every message once, an empty outbox, a calm log."""

from __future__ import annotations

import asyncio
import imaplib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

from endurance.soak_calls import Made, Tally
from endurance.soak_cuts import Done, Kind
from endurance.soak_site import PEOPLE, SoakSite
from lab.accounts import MailUser
from lab.ports import LOOPBACK
from lab.site_sections import DOMAIN
from ledger.entries import Entry, State
from ledger.outbox import Outbox
from ledger.store import open_ledger, sqlite_url
from mail.identity import message_id
from mail.recordings import FOLDERS, list_folder, mailbox_folder
from pbx.numbers import Mailbox

_EVERYTHING = 1_000_000  # entries
_DROPPED = "Marked message to be discarded"  # Pigeonhole's words for a known Message-ID
_AT_WORK = 3.0  # seconds that Asterisk may still have work with a call that has ended
_NEVER = re.compile(r"Traceback|Task was destroyed|never retrieved")

_EXPLAINS: dict[str, frozenset[Kind]] = {}
"""Which cuts explain an event of level error; what is not here is explained by none."""


@dataclass
class Findings:
    """What was found. left: on the telephone; delivered: by the ledger. dropped: mails that the
    server had already, as nobody could tell after a cut. faults: in words; none is good."""

    left: int = 0
    delivered: int = 0
    dropped: int = 0
    faults: list[str] = field(default_factory=list)


async def entries_of(site: SoakSite) -> list[Entry]:
    """All that stands in the ledger."""
    ledger = await open_ledger(sqlite_url(site.ledger_file), must_exist=True)
    try:
        return await Outbox(ledger).newest(None, _EVERYTHING)
    finally:
        await ledger.close()


async def examine(site: SoakSite, tally: Tally, cuts: Sequence[Done]) -> Findings:
    """Compare Asterisk's spool, the ledger, the mail accounts and the log."""
    found = Findings(dropped=site.mail.log().count(_DROPPED))
    entries = await entries_of(site)
    unsettled = Counter(str(it.state) for it in entries if it.state is not State.DELIVERED)
    if unsettled:
        found.faults.append(f"in the ledger, not delivered: {dict(unsettled)}")
    owed = sum(it.aftercare is not None for it in entries)
    if owed:
        found.faults.append(f"{owed} mailboxes are not in step")
    for extension, after in PEOPLE.items():
        mine = [entry for entry in entries if entry.extension == extension]
        known = {entry.message_id for entry in mine}
        left = _left(site, extension)
        user = site.mail.users[site.address(extension)]
        ids = await asyncio.to_thread(_message_ids, site.mail.ports.imap, user)
        found.left += len(left)
        found.delivered += len(mine)
        found.faults += _compared(extension, left, known, ids)
        found.faults += _counted(extension, mine, tally.made, cuts)
        if after == "delete" and left:
            found.faults.append(f"{extension}: {len(left)} delivered messages were not deleted")
    found.faults += [f"voxpost ended with {code}" for code in site.lives if code]
    found.faults += await asyncio.to_thread(lambda: list(unexplained(site.log_file, cuts)))
    return found


def _left(site: SoakSite, extension: str) -> set[str]:
    """The Message-IDs that the messages in a mailbox must have."""
    where = Mailbox(f"{extension}@default")
    box = mailbox_folder(site.asterisk.spool_dir, where)
    found = [it for name in FOLDERS for it in list_folder(box / name, where, [])]
    return {message_id(recording.source, DOMAIN) for recording in found}


def _compared(extension: str, left: set[str], known: set[str], ids: Counter[str]) -> Iterator[str]:
    for fault, those in (
        ("on the telephone, not in the ledger", left - known),
        ("not in the mail account", (left | known) - ids.keys()),
        ("in the mail account, nobody knows of it", ids.keys() - left - known),
        ("twice in the mail account", {it for it, count in ids.items() if count > 1}),
    ):
        if those:
            yield f"{extension}: {fault}: {len(those)}, such as {min(those)}"


def _counted(
    extension: str, entries: list[Entry], calls: Sequence[Made], cuts: Sequence[Done]
) -> Iterator[str]:
    """Each call must have come to a voicemail or a missed call, unless Asterisk itself fell."""
    falls = [cut for cut in cuts if cut.kind is Kind.ASTERISK]
    whole = [
        call
        for call in calls
        if call.extension == extension
        and not any(call.began <= it.ended and it.began <= call.ended + _AT_WORK for it in falls)
    ]
    if len(entries) < len(whole):
        yield f"{extension}: {len(whole)} calls came to {len(entries)} entries in the ledger"


def _message_ids(port: int, user: MailUser) -> Counter[str]:
    with imaplib.IMAP4(LOOPBACK, port, timeout=60) as imap:
        imap.login(user.address, user.password)
        _, (count, *_rest) = imap.select("INBOX", readonly=True)
        if not int(count or b"0"):
            return Counter()
        _, rows = imap.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
    heads = (message_from_bytes(row[1]) for row in rows if isinstance(row, tuple))
    return Counter(str(head["Message-ID"]).strip() for head in heads)


def unexplained(log: Path, cuts: Sequence[Done]) -> Iterator[str]:
    """Errors in the log that no cut explains, each kind of event once."""
    seen: set[str] = set()
    for line in log.read_text(errors="replace").splitlines():
        event = _event(line)
        if event is None:
            if _NEVER.search(line) and line not in seen:
                seen.add(line)
                yield f"in the log: {line[:300]}"
            continue
        name = str(event.get("event"))
        if event.get("level") not in {"error", "critical"} or name in seen:
            continue
        if not _is_explained(name, str(event.get("timestamp")), cuts):
            seen.add(name)
            yield f"in the log, and no cut explains it: {line[:300]}"


def _event(line: str) -> dict[str, Any] | None:
    with suppress(ValueError):
        data = json.loads(line)
        if isinstance(data, dict):
            return data
    return None


def _is_explained(name: str, stamp: str, cuts: Sequence[Done]) -> bool:
    moment = datetime.fromisoformat(stamp).timestamp()
    return any(cut.kind in _EXPLAINS.get(name, ()) and cut.covers(moment) for cut in cuts)
