"""What Asterisk took from callers, against what is in the mail accounts."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

from endurance.kills_site import KillsSite
from lab.errors import LabError
from lab.site_sections import DOMAIN
from lab.speech import read_audio
from mail.identity import message_id
from mail.recordings import FOLDERS, list_folder, mailbox_folder
from pbx.numbers import Mailbox

_SAME_LENGTH = 0.2  # seconds that a recording may gain or lose as mp3
_DROPPED = "Marked message to be discarded"  # Pigeonhole's words for a known Message-ID
_STORED = "status=sent"  # Postfix' words
_STORE_WITHIN = 60.0  # seconds


@dataclass
class Verdict:
    """What came out, message by message.

    accepted: by Asterisk, with their msg_id. arrived: mails in the accounts. sent_again: mails
    that the server took although it had them, as nobody could tell. dropped: those of them that
    it dropped by their Message-ID. smaller: arrived as mp3 instead of wav, as SIZE wanted it.
    missing, twice, unknown: Message-IDs. damaged: Message-IDs with what is wrong with the sound.
    unheard: still new on the telephone, although delivered and to be marked heard.
    """

    accepted: int = 0
    arrived: int = 0
    sent_again: int = 0
    dropped: int = 0
    smaller: int = 0
    unheard: int = 0
    missing: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        faults = (self.missing, self.twice, self.unknown, self.damaged, self.unheard)
        return not any(faults) and self.dropped == self.sent_again


def accepted_by_asterisk(site: KillsSite, extension: str) -> Mapping[str, Path]:
    """The messages in a mailbox: the Message-ID that each must have, and its sound."""
    where = Mailbox(f"{extension}@default")
    troubles: list[OSError] = []
    found: dict[str, Path] = {}
    for name in FOLDERS:
        folder = mailbox_folder(site.asterisk.spool_dir, where) / name
        for recording in list_folder(folder, where, troubles):
            audio = recording.audio()
            assert audio is not None, recording
            found[message_id(recording.source, DOMAIN)] = audio
    assert not troubles, troubles
    return found


def count_accepted(site: KillsSite) -> int:
    return sum(len(accepted_by_asterisk(site, extension)) for extension in site.extensions)


async def examine(site: KillsSite) -> Verdict:
    """Read every mailbox and every mail account."""
    taken = site.unruly.taken
    await _stored(site, taken.total())
    verdict = Verdict(
        sent_again=taken.total() - len(taken), dropped=site.mail.log().count(_DROPPED)
    )
    for extension in site.extensions:
        left = accepted_by_asterisk(site, extension)
        mails = [it.message for it in await site.mail.mails(site.address(extension))]
        await asyncio.to_thread(_compare, verdict, left, mails)
        if extension in site.heard:
            new = site.asterisk.spool_dir / "voicemail/default" / extension / "INBOX"
            verdict.unheard += len(list(new.glob("msg*.txt")))
    return verdict


async def _stored(site: KillsSite, count: int) -> None:
    """Wait until what Postfix took is with Dovecot, which alone knows what is a duplicate."""
    async with asyncio.timeout(_STORE_WITHIN):
        while site.mail.log().count(_STORED) < count:  # noqa: ASYNC110 - a log tells nobody
            await asyncio.sleep(0.5)


def _compare(verdict: Verdict, left: Mapping[str, Path], mails: list[EmailMessage]) -> None:
    verdict.accepted += len(left)
    verdict.arrived += len(mails)
    ids = Counter(str(mail["Message-ID"]) for mail in mails)
    verdict.missing += [it for it in left if it not in ids]
    verdict.unknown += [it for it in ids if it not in left]
    verdict.twice += [it for it, count in ids.items() if count > 1]
    for mail in mails:
        audio = left.get(str(mail["Message-ID"]))
        if audio is not None:
            _listen(verdict, mail, audio)


def _listen(verdict: Verdict, mail: EmailMessage, audio: Path) -> None:
    name = mail["Message-ID"]
    part = next(iter(mail.iter_attachments()), None)
    if part is None:
        verdict.damaged.append(f"{name}: no recording")
        return
    content = part.get_content()
    assert isinstance(content, bytes)
    if content == audio.read_bytes():
        return
    verdict.smaller += 1
    try:
        with tempfile.NamedTemporaryFile(suffix=Path(part.get_filename() or "").suffix) as file:
            file.write(content)
            file.flush()
            heard = read_audio(Path(file.name)).seconds
        spoken = read_audio(audio).seconds
    except LabError as error:
        verdict.damaged.append(f"{name}: {error}")
        return
    if abs(heard - spoken) > _SAME_LENGTH:
        verdict.damaged.append(f"{name}: {heard:.2f} s of {spoken:.2f} s")
