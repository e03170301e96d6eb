"""The box protocol's frames: what bearerbox sends, and octets that nobody sent."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.gateways import KannelBoxGateway
from sms.gateway import Incoming, NotNow, Outgoing, Refused, Report, Sent, Unknown
from sms.gateways.kannel_box.errors import BadFrame
from sms.gateways.kannel_box.frames import (
    LONGEST,
    Ack,
    Admin,
    Command,
    Frames,
    Heartbeat,
    Sms,
    SmsType,
    decode,
    encode,
)
from sms.gateways.kannel_box.incoming import read_sms
from sms.gateways.kannel_box.outgoing import fate_of, sms_of
from sms.piece import Piece

integers = st.integers(-(2**31), 2**31 - 1)
strings = st.none() | st.binary(max_size=40)
texts = st.builds(
    Sms,
    sms_type=integers,
    id=strings,
    **dict.fromkeys(("sender", "receiver", "header", "data"), strings),
    time=integers,
    **dict.fromkeys(("smsc_id", "service", "account"), strings),
    **dict.fromkeys(("coding", "dlr_mask"), integers),
    **dict.fromkeys(("dlr_url", "charset", "box_id"), strings),
)
frames = (
    texts
    | st.builds(Heartbeat, integers)
    | st.builds(Admin, integers, strings)
    | st.builds(Ack, integers, integers, strings)
)

IDENTIFIED = bytes.fromhex("00000011 00000001 00000003 00000005") + b"boxid"
"""As mtbatch was seen to write it."""
MT = (
    bytes.fromhex("000000d3 00000002 00000003") + b"100" + bytes.fromhex("00000005") + b"62812"
    b"\0\0\0\0" + bytes.fromhex("0000000d") + "Halo [€] é".encode() + b"\xff" * 4 + b"\0\0\0\x03out"
    b"" + b"\xff" * 8 + b"\0\0\0\x03svc\0\0\0\x03acc"
    b"\0\0\0$3ae2e531-b8c2-4687-bd4c-9f85cfc88926\0\0\0\x02" + b"\xff" * 8 + b"\0\0\0\0"
    b"" + b"\xff" * 12 + b"\0\0\0\x1f\0\0\0\x0chttp://x/?%d" + b"\xff" * 16 + b"\0\0\0\x05boxid"
    b"" + b"\xff" * 24
)
"""The same of a text."""


def test_frames_are_what_mtbatch_writes() -> None:
    assert encode(Admin(Command.IDENTIFY, b"boxid")) == IDENTIFIED
    text = Sms(
        sms_type=SmsType.MT_PUSH,
        id=b"3ae2e531-b8c2-4687-bd4c-9f85cfc88926",
        sender=b"100",
        receiver=b"62812",
        header=b"",
        data="Halo [€] é".encode(),
        smsc_id=b"out",
        service=b"svc",
        account=b"acc",
        coding=0,
        dlr_mask=31,
        dlr_url=b"http://x/?%d",
        box_id=b"boxid",
    )
    assert encode(text) == MT
    assert decode(MT[4:]) == text


@given(frames)
def test_what_is_written_is_read(frame: Heartbeat | Admin | Ack | Sms) -> None:
    (body,) = Frames().feed(encode(frame))
    assert decode(body) == frame
    assert decode(body + b"what a later Kannel adds") == frame


@given(st.lists(frames, max_size=5), st.data())
def test_frames_are_found_however_they_are_cut(
    several: list[Heartbeat | Admin | Ack | Sms], data: st.DataObject
) -> None:
    octets = b"".join(map(encode, several))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=8)))
    reader = Frames()
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(octets)], strict=True):
        found += [decode(body) for body in reader.feed(octets[start:end])]
    assert found == several


@given(st.binary(max_size=300))
def test_any_octets_are_a_frame_or_bad(octets: bytes) -> None:
    try:
        frame = decode(octets)
    except BadFrame as error:
        assert str(error)  # noqa: PT017
        return
    if isinstance(frame, Sms):
        brought = read_sms(frame, 5.0)
        if isinstance(brought, Incoming):
            assert brought.body is not None or brought.trouble


def test_a_datagram_of_a_wapbox_is_left() -> None:
    assert decode(bytes.fromhex("00000004")) is None


@pytest.mark.parametrize("length", [-1, LONGEST + 1, 0x47455420])
def test_a_frame_without_end_is_refused_at_once(length: int) -> None:
    with pytest.raises(BadFrame, match="octets"):
        list(Frames().feed(length.to_bytes(4, "big", signed=True)))


def test_a_piece_names_itself_where_kannel_has_an_address() -> None:
    section = {"name": "k", "kind": "kannel-box", "number": "100", "smsc": "out"}
    settings = KannelBoxGateway.model_validate(section)
    piece = Piece("Привет", "ucs2", b"\x05\0\x03\x01\x02\x01")
    identity = str(uuid.uuid4())
    sms = sms_of(Outgoing("815-0", "+62811", None, piece), settings, identity)
    assert (sms.dlr_url, sms.dlr_mask, sms.box_id) == (b"815-0", 19, b"voxpost")
    assert (sms.coding, sms.charset, sms.header) == (2, b"UTF-16BE", piece.header)
    assert sms.data == "Привет".encode("utf-16-be")
    assert (sms.sender, sms.receiver, sms.smsc_id) == (b"100", b"+62811", b"out")
    assert sms.id == identity.encode()


@pytest.mark.parametrize(
    ("nack", "kind"), [(0, Sent), (1, Refused), (2, NotNow), (3, Sent), (7, Unknown), (-1, Unknown)]
)
def test_each_ack_has_its_fate(nack: int, kind: type) -> None:
    assert isinstance(fate_of(nack), kind)


@pytest.mark.parametrize(("mask", "state"), [(1, "delivered"), (2, "failed"), (16, "failed")])
def test_a_report_names_its_piece(mask: int, state: str) -> None:
    sms = Sms(SmsType.REPORT_MO, b"id", data=b"NACK/ no\nroute", dlr_mask=mask, dlr_url=b"815-0")
    report = read_sms(sms, 5.0)
    assert isinstance(report, Report)
    assert (report.reference, report.state, report.words) == ("815-0", state, "NACK/ no route")


def test_what_is_neither_text_nor_report_is_nothing() -> None:
    for sms in (
        Sms(SmsType.MT_PUSH, b"id"),
        Sms(SmsType.REPORT_MO, b"id", dlr_mask=1),
        Sms(SmsType.REPORT_MO, b"id", dlr_mask=64, dlr_url=b"815-0"),
    ):
        assert read_sms(sms, 5.0) is None
