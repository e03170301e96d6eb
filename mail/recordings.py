"""Reads Asterisk's voicemail spool: which messages lie in which mailbox.

The layout is app_voicemail's: SPOOL/voicemail/CONTEXT/NUMBER/FOLDER/msgNNNN.txt with the audio
beside it. `msg_id` identifies a message; the number does not, messages are renumbered.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from mail.caller import unless_withheld
from pbx.numbers import Mailbox, split_mailbox

NEW_FOLDERS = ("INBOX", "Urgent")
FOLDERS = (*NEW_FOLDERS, "Old")
"""Where a message may lie that nobody was mailed of. Old: heard while voxpost was away."""

AUDIO_SUFFIXES = (
    *(".wav", ".wav16", ".sln48", ".sln32", ".sln16", ".g722", ".sln"),
    *(".ulaw", ".alaw", ".ogg", ".mp3", ".WAV", ".gsm"),
)
"""Best first: the recording that is mailed when Asterisk keeps several formats."""

_NUMBERED = re.compile(r"^msg\d{4,}\.txt$")
_CALLER = re.compile(r'^\s*(?:"(?P<quoted>.*)"|(?P<bare>[^<]*?))\s*(?:<(?P<number>[^<>]*)>)?\s*$')
_MAX_TEXT = 64 * 1024  # bytes; Asterisk writes a few hundred


@dataclass(frozen=True, slots=True)
class Recording:
    """A message in a mailbox. `left_at` in seconds since 1970, `duration` in seconds."""

    mailbox: Mailbox
    text_file: Path
    msg_id: str
    caller_number: str
    caller_name: str
    left_at: int
    duration: int

    @property
    def source(self) -> str:
        """What the ledger knows it by. A forwarded copy lies in another mailbox: another one."""
        return f"voicemail:{self.mailbox}:{self.msg_id}"

    def audio(self) -> Path | None:
        """Its audio, in the best format that is there."""
        for suffix in AUDIO_SUFFIXES:
            file = self.text_file.with_suffix(suffix)
            if file.exists():
                return file
        return None


def parse_message(content: bytes, where: Mailbox, text_file: Path) -> Recording | None:
    """Read a msgNNNN.txt. None if it is unfinished or no message file at all.

    It is written complete and then renamed, so what lacks its `[message]` part is not ours.
    """
    fields: dict[str, str] = {}
    # Only "\n" ends a line: a caller's name may hold every other sign that Python takes for one.
    # Asterisk writes what it knows itself after the caller's name, so the last of a key is its own.
    for line in content[:_MAX_TEXT].decode("utf-8", "replace").split("\n"):
        key, equals, value = line.partition("=")
        if equals and not key.lstrip().startswith(";"):
            fields[key.strip()] = value.strip()
    if "origtime" not in fields and "callerid" not in fields:
        return None
    name, number = parse_caller(fields.get("callerid", ""))
    return Recording(
        mailbox=where,
        text_file=text_file,
        msg_id=fields.get("msg_id") or _made_up_id(fields),
        caller_number=number,
        caller_name=name,
        left_at=_whole_number(fields.get("origtime", "")),
        duration=_whole_number(fields.get("duration", "")),
    )


def parse_caller(text: str) -> tuple[str, str]:
    """Split Asterisk's `"Caller Seven" <5550007>` into name and number.

    A number alone stands bare; "Unknown" and the like mean that there is none.
    """
    match = _CALLER.fullmatch(text)
    if match is None:
        return text.strip(), ""
    name = (match["quoted"] if match["quoted"] is not None else match["bare"] or "").strip()
    number = (match["number"] or "").strip()
    if not number and re.fullmatch(r"\+?[0-9*#]+", name):
        return "", name
    return unless_withheld(name), unless_withheld(number)


def scan_mailbox(spool: Path, where: Mailbox, troubles: list[OSError]) -> list[Recording]:
    """All messages of one mailbox that may still have to be mailed. Blocking."""
    box = mailbox_folder(spool, where)
    return [it for name in FOLDERS for it in list_folder(box / name, where, troubles)]


def list_folder(folder: Path, where: Mailbox, troubles: list[OSError]) -> list[Recording]:
    """The messages of one folder; what vanishes meanwhile is left out. Blocking.

    troubles: gets what cannot be read; that keeps nobody from the other messages.
    """
    found: list[Recording] = []
    try:
        files = _text_files(folder)
    except OSError as error:
        troubles.append(error)
        return found
    for file in files:
        try:
            recording = read_recording(file, where)
        except OSError as error:
            troubles.append(error)
        else:
            found += [recording] if recording is not None else []
    return found


def count_new(spool: Path, where: Mailbox) -> int:
    """How many messages nobody has heard yet. Blocking."""
    box = mailbox_folder(spool, where)
    return sum(len(_text_files(box / name)) for name in NEW_FOLDERS)


def folder_stamp(folder: Path) -> int | None:
    """Changes whenever a message comes, goes or is renumbered; None while that is under way.

    Asterisk moves audio and text one after the other, under its lock (main/app.c). Blocking.
    """
    try:
        return None if (folder / ".lock").exists() else folder.stat().st_mtime_ns
    except FileNotFoundError:
        return None


def read_recording(text_file: Path, where: Mailbox) -> Recording | None:
    """One message, or None if it is not (or no longer) there."""
    try:
        content = _beginning_of(text_file)
    except FileNotFoundError:
        return None
    return parse_message(content, where, text_file)


def _beginning_of(file: Path) -> bytes:
    """As much as a message file has.

    Asterisk's user writes where it lies: a pipe would hold us up, and /dev/zero never ends.
    """
    with open(file, "rb", opener=_open_what_lies_there) as source:
        if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
            raise OSError(errno.EINVAL, "is no ordinary file", str(file))
        return source.read(_MAX_TEXT)


def _open_what_lies_there(file: str, flags: int) -> int:
    return os.open(file, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def mailbox_folder(spool: Path, where: Mailbox) -> Path:
    """The mailbox's folder.

    Raises:
        ValueError: `where` is no mailbox name, and could lead out of the spool.
    """
    parts = split_mailbox(where)
    if parts is None:
        raise ValueError(f'"{where}" is no mailbox like 1001@default')
    number, context = parts
    return spool / "voicemail" / context / number


def mailbox_of_source(source: str) -> Mailbox | None:
    """The mailbox in what the ledger knows a voicemail by; None if it is of something else."""
    kind, _, rest = source.partition(":")
    return Mailbox(rest.partition(":")[0]) if kind == "voicemail" else None


def _text_files(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if _NUMBERED.fullmatch(file.name))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _whole_number(text: str) -> int:
    """Up to eleven digits: seconds since 1970 until the year 5138."""
    return int(text) if re.fullmatch("[0-9]{1,11}", text) else 0


def _made_up_id(fields: dict[str, str]) -> str:
    """For messages of before Asterisk 11, which have no msg_id."""
    known = ("origtime", "callerid", "callerchan", "duration")
    text = "\n".join(fields.get(key, "") for key in known)
    return "x" + hashlib.sha256(text.encode()).hexdigest()[:20]
