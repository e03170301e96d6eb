"""The voicemail spool: msgNNNN.txt, and the head of a recording."""

from __future__ import annotations

from pathlib import Path

from endurance.fuzz.draw import Draw
from endurance.fuzz.target import Target
from mail.caller import read_caller
from mail.recordings import parse_caller, parse_message
from mail.riff import mended, read_wav
from pbx.numbers import Mailbox

_BOX = Mailbox("1001@default")
_FILE = Path("/spool/voicemail/default/1001/INBOX/msg0000.txt")


def check_file(data: bytes) -> None:
    """Any bytes are a message or none; what is read fits the ledger and a letter."""
    found = parse_message(data, _BOX, _FILE)
    if found is None:
        return
    assert found.msg_id
    assert found.source == f"voicemail:{_BOX}:{found.msg_id}"
    assert 0 <= found.left_at < 10**11
    assert 0 <= found.duration < 10**11
    assert "\n" not in found.msg_id + found.caller_name + found.caller_number
    read_caller(found.caller_number, found.caller_name, "ID")


def check_forged(data: bytes) -> None:
    """Whatever a caller is called, line breaks included: Asterisk's own lines are believed."""
    draw = Draw(data)
    digits = draw.some(8).hex() or "0"
    caller = draw.rest()
    found = parse_message(
        b";\n; Message Information file\n;\n[message]\norigmailbox=1001\ncontext=voxpost-person\n"
        b"exten=away\ncallerchan=PJSIP/phone-1002-00000000\ncallerid=" + caller + b"\n"
        b"origdate=Sat Nov 21 09:59:52 PM UTC 2026\norigtime=1795298392\ncategory=\n"
        b"msg_id=1795298392-" + digits.encode() + b"\nflag=\nduration=7\n",
        _BOX,
        _FILE,
    )
    assert found is not None
    assert found.msg_id == f"1795298392-{digits}"
    assert (found.left_at, found.duration) == (1795298392, 7)


def check_caller(data: bytes) -> None:
    """Any text is a name and a number, and neither is more than what stood there."""
    text = data.decode("utf-8", "replace")
    for part in parse_caller(text):
        assert part in text
        assert part == part.strip()
    if not {'"', "<", ">", "\n"} & set(text) and text.strip():
        _, number = parse_caller(f'"{text}" <+6281>')
        assert number == "+6281"


def check_wav(data: bytes) -> None:
    """A head that is read is true of the bytes, and a mended one tells the truth."""
    wav = read_wav(data)
    if wav is None:
        return
    assert 0 < wav.size <= len(data) - wav.start
    assert wav.duration > 0
    whole = mended(data, wav)
    assert whole[wav.start : wav.start + wav.size] == data[wav.start : wav.start + wav.size]
    again = read_wav(whole)
    assert again is not None
    assert again.true
    assert again.size == wav.size
    assert mended(whole, again) == whole


_WORDS = (
    *(b"[message]\n", b"callerid=", b"origtime=", b"msg_id=", b"duration=", b"flag=", b"\n"),
    *(b'"Budi" <0812>', b"<", b">", b'"', b"Unknown", b"category="),
)

TARGETS = (
    Target("voicemail-file", check_file, 2048, _WORDS),
    Target("voicemail-forged", check_forged, 1024, _WORDS),
    Target("voicemail-caller", check_caller, 256, _WORDS),
    Target(
        "wav-head", check_wav, 512, (b"RIFF", b"WAVE", b"fmt ", b"data", b"LIST", b"\x10\0\0\0")
    ),
)
