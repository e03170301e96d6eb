"""Greylisting."""

import socket

from lab.policy import LATER, Greylist, PolicyServer, read_request
from lab.ports import LOOPBACK
from tests.free_ports import free_ports

REQUEST = b"request=smtpd_access_policy\nsender=a@b\nrecipient=c@d\n\n"


def test_who_comes_first_is_asked_to_come_back_and_then_let_in() -> None:
    greylist = Greylist()
    first = {"sender": "a@b", "recipient": "c@d"}
    assert greylist.decide(first) == LATER
    assert greylist.decide(first) == "dunno"
    assert greylist.decide({"sender": "a@b", "recipient": "e@f"}) == LATER


def test_a_request_ends_at_the_empty_line() -> None:
    lines = iter([b"a=1\n", b"b=x=y\r\n", b"\n", b"c=3\n"])
    assert read_request(lines) == {"a": "1", "b": "x=y"}


def test_postfix_may_ask_many_times_on_one_connection() -> None:
    port = free_ports().one()
    with (
        PolicyServer(port, Greylist()),
        socket.create_connection((LOOPBACK, port), timeout=5) as connection,
        connection.makefile("rwb") as stream,
    ):
        answers = []
        for _ in range(2):
            stream.write(REQUEST)
            stream.flush()
            answers.append(stream.readline())
            assert stream.readline() == b"\n"
    assert answers == [f"action={LATER}\n".encode(), b"action=dunno\n"]
