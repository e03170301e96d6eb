"""Free ports."""

import socket
from contextlib import closing
from random import Random

import pytest

from lab import ports
from lab.errors import LabError
from lab.ports import AsteriskPorts, PortFinder


def test_no_port_is_given_twice() -> None:
    finder = PortFinder(Random(1))
    given = [finder.one() for _ in range(50)]
    assert len(set(given)) == 50


def test_a_port_that_is_in_use_is_not_given() -> None:
    taken = PortFinder(Random(2)).one()
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as occupant:
        occupant.bind((ports.LOOPBACK, taken))
        assert PortFinder(Random(2)).one() != taken


def test_ports_are_of_the_share_that_was_asked_for() -> None:
    finder = PortFinder(Random(7), range(20001, 20101))
    given = [finder.one() for _ in range(40)]
    assert all(20001 <= port < 20101 for port in given)


def test_programs_side_by_side_look_at_the_ports_that_they_are_told() -> None:
    finder = ports.free_ports({"VOXPOST_LAB_PORTS": "20001-20101"})
    assert all(20001 <= finder.one() < 20101 for _ in range(40))
    assert ports.FIRST <= ports.free_ports({}).one() < ports.LAST
    for wrong in ("12000", "21000-12000", "x-y", "0-99"):
        with pytest.raises(LabError, match="VOXPOST_LAB_PORTS"):
            ports.free_ports({"VOXPOST_LAB_PORTS": wrong})


def test_a_run_of_ports_begins_even_and_overlaps_no_other() -> None:
    finder = PortFinder(Random(3))
    first, second = finder.run_of(100), finder.run_of(100)
    assert first % 2 == second % 2 == 0
    assert abs(first - second) >= 100


def test_a_run_that_is_too_long_is_an_error() -> None:
    length = ports.LAST - ports.FIRST + 2
    with pytest.raises(LabError, match=f"no {length} free ports"):
        PortFinder(Random(5)).run_of(length)


def test_room_stays_for_a_long_run_however_many_ports_were_given() -> None:
    finder = PortFinder(Random(6))
    given = {finder.one() for _ in range(200)}
    first = finder.run_of(1000)
    assert given.isdisjoint(range(first, first + 1000))


def test_an_asterisk_has_ports_of_its_own() -> None:
    finder = PortFinder(Random(4))
    one, other = AsteriskPorts.pick(finder), AsteriskPorts.pick(finder, rtp=20)
    assert one.rtp_last - one.rtp_first == 99
    assert len({one.ami, one.sip, one.http, other.ami, other.sip, other.http}) == 6
