from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.recordings import (
    count_new,
    mailbox_folder,
    parse_caller,
    parse_message,
    read_recording,
    scan_mailbox,
)
from pbx.numbers import Mailbox

BOX = Mailbox("6001@default")

# As Asterisk 16.28 wrote it; 22 has the same keys without macrocontext.
CAPTURED = b""";
; Message Information file
;
[message]
origmailbox=6001
context=lab
macrocontext=
exten=6001
rdnis=unknown
priority=3
callerchan=PJSIP/sipp-00000000
callerid="Caller Seven" <5550007>
origdate=Sat Nov 21 09:59:52 PM UTC 2026
origtime=1795298392
category=
msg_id=1795298392-00000000
flag=
duration=7
"""


def test_a_message_file_as_asterisk_writes_it_is_read() -> None:
    recording = parse_message(CAPTURED, BOX, Path("/spool/INBOX/msg0000.txt"))
    assert recording is not None
    assert recording.msg_id == "1795298392-00000000"
    assert (recording.caller_name, recording.caller_number) == ("Caller Seven", "5550007")
    assert (recording.left_at, recording.duration) == (1795298392, 7)
    assert recording.source == "voicemail:6001@default:1795298392-00000000"


@pytest.mark.parametrize(
    ("text", "name", "number"),
    [
        ('"Sari" <1001>', "Sari", "1001"),
        ('"Bu "Ani" <x>" <0812>', 'Bu "Ani" <x>', "0812"),
        ("Sari <1001>", "Sari", "1001"),
        ("1001", "", "1001"),
        ("+62812345", "", "+62812345"),
        ('"" <0812>', "", "0812"),
        ("Unknown", "", ""),
        ('"Anonymous" <anonymous>', "", ""),
        ('"Private" <unavailable>', "", ""),
        ("", "", ""),
        ("<broken", "<broken", ""),
    ],
)
def test_the_caller_is_read_in_every_form_that_asterisk_writes(
    text: str, name: str, number: str
) -> None:
    assert parse_caller(text) == (name, number)


def test_a_message_of_before_msg_ids_gets_one_that_stays() -> None:
    old = CAPTURED.replace(b"msg_id=1795298392-00000000\n", b"")
    first = parse_message(old, BOX, Path("INBOX/msg0000.txt"))
    moved = parse_message(old, BOX, Path("Old/msg0007.txt"))
    assert first is not None
    assert moved is not None
    assert first.msg_id == moved.msg_id != ""


@pytest.mark.parametrize("sign", ["\u2028", "\u0085", "\x0b", "\x0c", "\x1c", "\r"])
def test_a_callers_name_cannot_forge_the_time_or_the_msg_id(sign: str) -> None:
    name = f"Eve{sign}origtime=7{sign}msg_id=1795300000-00000007{sign}"
    text = CAPTURED.replace(b"Caller Seven", name.encode())
    recording = parse_message(text, BOX, Path("INBOX/msg0000.txt"))
    assert recording is not None
    assert recording.msg_id == "1795298392-00000000"
    assert recording.left_at == 1795298392
    forged = CAPTURED.replace(b'callerid="', b'msg_id=7\norigtime=7\ncallerid="')
    recording = parse_message(forged, BOX, Path("INBOX/msg0000.txt"))
    assert recording is not None
    assert (recording.msg_id, recording.left_at) == ("1795298392-00000000", 1795298392)


@pytest.mark.parametrize("number", [b"9" * 5000, b"-1", b"\xd9\xa3", b"1e9", b""])
def test_a_number_that_is_none_is_no_trouble(number: bytes) -> None:
    text = CAPTURED.replace(b"1795298392\n", number + b"\n").replace(b"=7\n", b"=" + number + b"\n")
    recording = parse_message(text, BOX, Path("INBOX/msg0000.txt"))
    assert recording is not None
    assert (recording.left_at, recording.duration) == (0, 0)


@given(st.binary())
def test_any_bytes_are_a_message_or_none(content: bytes) -> None:
    parse_message(content, BOX, Path("INBOX/msg0000.txt"))
    parse_message(b"[message]\norigtime=1\n" + content, BOX, Path("INBOX/msg0000.txt"))


def test_the_scan_finds_new_and_heard_messages_and_nothing_else(tmp_path: Path) -> None:
    box = mailbox_folder(tmp_path, BOX)
    for folder, name in [
        ("INBOX", "msg0000.txt"),
        ("Urgent", "msg0000.txt"),
        ("Old", "msg0003.txt"),
        ("Work", "msg0000.txt"),
        ("INBOX", "msg0001.wav"),
        ("INBOX", "notes.txt"),
        ("tmp", "msg0000.txt"),
    ]:
        (box / folder).mkdir(parents=True, exist_ok=True)
        (box / folder / name).write_bytes(CAPTURED)
    (box / "INBOX" / "msg0002.txt").write_bytes(b"")
    found = [(r.text_file.parent.name, r.text_file.name) for r in scan_mailbox(tmp_path, BOX, [])]
    assert found == [("INBOX", "msg0000.txt"), ("Urgent", "msg0000.txt"), ("Old", "msg0003.txt")]
    assert count_new(tmp_path, BOX) == 3


def test_an_absent_spool_is_empty(tmp_path: Path) -> None:
    assert scan_mailbox(tmp_path / "none", BOX, []) == []


@pytest.mark.parametrize("name", ["../../etc@default", "1001", "a/b@c", "..@default", "1001@.."])
def test_a_mailbox_name_cannot_lead_out_of_the_spool(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is no mailbox"):
        mailbox_folder(tmp_path, Mailbox(name))


def test_audio_is_found_whatever_voicemail_conf_records(tmp_path: Path) -> None:
    """What audio.py can read and this did not find was mailed without its recording."""
    (tmp_path / "msg0000.txt").write_bytes(CAPTURED)
    for suffix in ("wav16", "sln32", "sln48", "mp3"):
        audio = tmp_path / f"msg0000.{suffix}"
        audio.touch()
        recording = read_recording(tmp_path / "msg0000.txt", BOX)
        assert recording is not None
        assert recording.audio() == audio
        audio.unlink()


@pytest.mark.parametrize("trap", ["pipe", "link without end"])
def test_a_message_file_that_is_none_does_not_hold_up_the_others(tmp_path: Path, trap: str) -> None:
    inbox = mailbox_folder(tmp_path, BOX) / "INBOX"
    inbox.mkdir(parents=True)
    if trap == "pipe":
        os.mkfifo(inbox / "msg0000.txt")
    else:
        (inbox / "msg0000.txt").symlink_to("/dev/zero")
    (inbox / "msg0001.txt").write_bytes(CAPTURED)
    troubles: list[OSError] = []
    found = scan_mailbox(tmp_path, BOX, troubles)
    assert [it.text_file.name for it in found] == ["msg0001.txt"]
    assert [it.filename for it in troubles] == [str(inbox / "msg0000.txt")]
