from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami.errors import NotAsterisk
from ami.framer import Framer
from ami.wire import Event, Packet, Response

BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def feed_all(chunks: list[bytes], wanted: set[bytes], max_packet: int = 1 << 20) -> list[Packet]:
    framer = Framer(wanted, max_packet=max_packet)
    return [packet for chunk in chunks for packet in framer.feed(chunk)]


STREAM = (
    BANNER
    + b"Response: Success\r\nActionID: 1\r\nEventList: start\r\n\r\n"
    + "Event: Row\r\nActionID: 1\r\nName: José 🎧\r\n\r\n".encode()
    + b"Event: Row\r\nActionID: 1\r\nName: Jos\xe9\r\n\r\n"
    + b"Event: Noise\r\nChannel: PJSIP/x\r\n\r\n" * 3
    + b"Event: Wanted\r\nV: a\r\nV: b\r\nEmpty: \r\n\r\n"
    + b"Response: Success\r\nActionID: raw\r\nMessage: Message move failed\n\r\n\r\n"
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_the_same_packets_come_however_the_stream_is_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    chunks = [STREAM[a:b] for a, b in pairwise(edges)]
    assert feed_all(chunks, {b"Wanted"}) == feed_all([STREAM], {b"Wanted"})


def test_a_utf8_character_split_over_two_reads_is_not_dropped() -> None:
    framer = Framer({b"Row"})
    data = BANNER + "Event: Row\r\nName: José\r\n\r\n".encode()
    split = data.index(b"\xc3") + 1
    assert framer.feed(data[:split]) == []
    (event,) = framer.feed(data[split:])
    assert event.get("Name") == "José"


def test_invalid_bytes_do_not_vanish_silently() -> None:
    (event,) = feed_all([BANNER, b"Event: Row\r\nName: Jos\xe9\r\n\r\n"], {b"Row"})
    assert event.get("Name") == "Jos�"


def test_a_bare_lf_inside_the_message_line_of_voicemail_move_is_no_line_end() -> None:
    raw = b"Response: Success\r\nActionID: raw\r\nMessage: Message move failed\n\r\n\r\n"
    (reply,) = feed_all([BANNER, raw], set())
    assert isinstance(reply, Response)
    assert reply.get("message") == "Message move failed"


def test_what_nobody_wants_is_skipped_but_counted() -> None:
    framer = Framer({b"Wanted"})
    packets = framer.feed(STREAM, replies_pending=False)
    assert [type(packet) for packet in packets] == [Response, Event, Response]
    assert framer.events_seen == 6


def test_rows_of_a_list_are_kept_although_nobody_subscribed_to_them() -> None:
    rows = [packet for packet in feed_all([STREAM], set()) if isinstance(packet, Event)]
    assert [row.get("Name") for row in rows] == ["José 🎧", "Jos�"]


def test_an_action_id_on_the_last_line_is_found_too() -> None:
    (row,) = feed_all([BANNER, b"Event: QueueParams\r\nMax: 0\r\nActionID: x\r\n\r\n"], set())
    assert row.action_id == "x"


def test_repeated_keys_are_all_there() -> None:
    (event,) = feed_all([BANNER, b"Event: E\r\nV: a\r\nv: b\r\nV: a\r\n\r\n"], {b"E"})
    assert event.all("V") == ["a", "b", "a"]
    assert event.get("V") == "a"


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_packet_past_the_cap_is_thrown_away_and_the_next_one_comes(size: int) -> None:
    data = b"Event: E\r\nV: " + b"x" * 5000 + b"\r\n\r\n" + b"Event: E\r\nV: next\r\n\r\n"
    framer = Framer({b"E"}, max_packet=2000)
    packets = framer.feed(BANNER)
    for at in range(0, len(data), size):
        packets += framer.feed(data[at : at + size])
        assert len(framer._tail) <= 2000 + size
    assert [packet.get("V") for packet in packets] == ["next"]
    assert framer.oversized == 1


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n", b"SSH-2.0", b"A" * 300])
def test_what_is_not_asterisk_is_told_from_its_first_bytes(greeting: bytes) -> None:
    with pytest.raises(NotAsterisk, match="host and port"):
        Framer(set()).feed(greeting)


@given(st.lists(st.binary(max_size=200), max_size=10))
def test_no_bytes_make_it_fail(chunks: list[bytes]) -> None:
    feed_all([BANNER, *chunks], {b"E"})


def test_the_version_stands_in_the_banner() -> None:
    framer = Framer(set())
    framer.feed(BANNER[:10])
    assert framer.ami_version is None
    framer.feed(BANNER[10:])
    assert framer.ami_version == "11.0.0"


def test_a_first_line_that_is_only_the_beginning_of_the_banner_is_refused():
    with pytest.raises(NotAsterisk):
        Framer(set()).feed(b"As\r\nEvent: FullyBooted\r\n\r\n")


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_blank_line_too_many_is_the_same_wherever_the_bytes_are_cut(cut: int) -> None:
    stream = b"Event: A\r\nX: 1\r\n\r\n\r\nEvent: B\r\n\r\nEvent: C\r\n\r\n"
    whole = feed_all([BANNER, stream], {b"C"})
    assert feed_all([BANNER, stream[:cut], stream[cut:]], {b"C"}) == whole
