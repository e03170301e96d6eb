"""Kannel's box protocol: frames from a bearerbox that may send anything."""

# ruff: noqa: PT017 - what a refusal says is checked as well

from __future__ import annotations

from endurance.fuzz.draw import Draw
from endurance.fuzz.target import Target
from sms.gateway import Incoming, Report
from sms.gateways.kannel_box.errors import BadFrame
from sms.gateways.kannel_box.frames import Ack, Frames, Sms, SmsType, decode, encode
from sms.gateways.kannel_box.incoming import read_sms

_NOW = 1_700_000_000.0


def check_link(data: bytes) -> None:
    """Any octets, cut anywhere, are frames or BadFrame; what is read can be written again."""
    draw = Draw(data)
    cut = draw.number(200)
    octets = draw.rest()
    found = _bodies(octets[:cut], octets[cut:])
    assert found == _bodies(octets)
    for body in (*found, octets):
        try:
            frame = decode(body)
        except BadFrame as error:
            assert str(error)
            continue
        if frame is not None:
            assert decode(encode(frame)[4:]) == frame
        if isinstance(frame, Sms):
            _check_sms(frame)


def _bodies(*some: bytes) -> list[bytes]:
    frames = Frames()
    found: list[bytes] = []
    try:
        for octets in some:
            found += frames.feed(octets)
    except BadFrame as error:
        assert str(error)
        return []
    return found


def _check_sms(sms: Sms) -> None:
    assert decode(encode(Ack(0, sms.time, sms.id))[4:]) == Ack(0, sms.time, sms.id)
    brought = read_sms(sms, _NOW)
    if isinstance(brought, Incoming):
        assert brought.body is not None or brought.trouble
        (brought.body or "").encode()
        brought.sender.encode()
        assert brought.sent_at > 0
        if brought.concat:
            assert 1 <= brought.concat.number <= brought.concat.total <= 255
    elif isinstance(brought, Report):
        assert brought.reference
        assert len(brought.words) <= 200


_WORDS = (
    *(b"\xff\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\1", b"\0\0\0\2", b"\0\0\0\3", b"\0\0\0\x24"),
    *(b"UTF-16BE", b"+62811", b"\x05\x00\x03\x01\x02\x01", b"815-0", b"voxpost"),
    encode(Sms(SmsType.MO, b"3ae2e531-b8c2-4687-bd4c-9f85cfc88926", b"+62811", b"100")),
    encode(Sms(SmsType.REPORT_MO, b"id", data=b"ACK/", dlr_mask=1, dlr_url=b"815-0")),
)

TARGETS = (Target("kannel-box", check_link, 600, _WORDS),)
