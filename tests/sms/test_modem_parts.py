"""The modem gateway's parts that need no modem: answers, codes, PINs, delays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.modem_pdu import deliver_pdu
from pbx.backoff import Backoff
from pbx.secret import Secret
from sms.gateway import Incoming, NotNow, Refused, Report, Unknown
from sms.gateways.modem.commands import Commands
from sms.gateways.modem.errors import PinSpent, SimTrouble
from sms.gateways.modem.library import CmsError
from sms.gateways.modem.line import Reply
from sms.gateways.modem.patience import Patience
from sms.gateways.modem.pins import Pins, PinTries
from sms.gateways.modem.refusals import fate_of
from sms.gateways.modem.replies import (
    Kept,
    is_whole,
    read_counts,
    read_list,
    read_network,
    read_one,
    read_operator,
    read_reference,
    read_signal,
    read_sim,
    read_stores,
)
from sms.gateways.modem.taking import Taking, key_of, read_pdu

PDU = "07919471222207F0040C9194711032547600006210512103540408C834888E2ECBCB"
LENGTH = 26


class ScriptedPort:
    """Answers commands from a table; what it was asked is in `asked`."""

    def __init__(self, answers: dict[str, list[str]]) -> None:
        self.asked: list[str] = []
        self._answers = answers

    def ask(self, command: str) -> list[str]:
        self.asked.append(command)
        if command not in self._answers:
            raise CmsError(command, 321)
        return [*self._answers[command], "OK"]


def commands(answers: dict[str, list[str]]) -> tuple[Commands, ScriptedPort]:
    port = ScriptedPort(answers)
    scripted: Any = port
    return Commands(scripted, network=1), port


@pytest.mark.parametrize("head", ["7,1,,", '7,0,"Bapak, Budi 12",', "7,1,", "7, 1, , "])
def test_a_list_is_read_as_modems_write_it(head: str) -> None:
    lines = [f"+CMGL: {head}{LENGTH}", PDU.lower(), f"+CMGL:8,1,,{LENGTH}", PDU, "OK"]
    assert read_list(lines) == [Kept(7, PDU, True), Kept(8, PDU, True)]


def test_what_follows_an_answer_before_anybody_looks_is_no_part_of_it() -> None:
    reply = Reply()
    for line in ("+CSQ: 21,0", "OK", "\ufffdgarbage", "ERROR"):
        reply.take(line)
    assert reply.lines == ["+CSQ: 21,0", "OK"]


def test_drafts_and_texts_that_were_sent_are_left_alone() -> None:
    assert read_list(["+CMGL: 1,2,,26", PDU, "+CMGL: 2,3,,26", PDU, "OK"]) == []


@pytest.mark.parametrize("line", [PDU[:-2], PDU[:-1], "", "\ufffd\ufffd", PDU + "00"])
def test_a_pdu_that_is_not_whole_is_known_and_shifts_no_other(line: str) -> None:
    lines = [f"+CMGL: 7,1,,{LENGTH}", *([line] if line else []), "+CMGL: 8,1,,26", PDU, "OK"]
    first, second = read_list(lines)
    assert (first.index, first.whole) == (7, False)
    assert second == Kept(8, PDU, True)


@settings(deadline=None)
@given(st.lists(st.one_of(st.text(max_size=20), st.just("+CMGL: 1,1,,3"), st.just(PDU))))
def test_no_answer_makes_a_reader_fail(lines: list[str]) -> None:
    for kept in read_list(lines):
        read_pdu(kept.raw, 0.0)
    for read in (read_counts, read_network, read_one, read_operator, read_signal, read_stores):
        read(lines)


def test_answers_are_read() -> None:
    assert read_one([f"+CMGR: 0,,{LENGTH}", PDU, "OK"]) == PDU
    assert read_one(["OK"]) is None
    assert read_stores(['+CPMS: ("SM","ME","MT"),("SM")', "OK"]) == ["SM", "ME", "MT"]
    assert read_counts(["+CPMS: 3,23,0,23", "OK"]) == (3, 23)
    assert read_counts(['+CPMS: "ME",3,23,"ME",3,23', "OK"]) == (3, 23)
    assert read_reference(["+CMGS: 255", "OK"]) == 255
    assert read_signal(["+CSQ: 21,0"]) == -71
    assert read_signal(["+CSQ: 99,99"]) is None
    assert read_operator(['+COPS: 0,0,"TELKOMSEL",2']) == "TELKOMSEL"
    assert read_network(["+CREG: 0,5"]) == "roaming"
    assert read_sim(["+CPIN: SIM PIN2"]) == "SIM PIN2"
    assert is_whole("00", 0)


def test_a_text_is_deleted_only_while_its_index_still_holds_it() -> None:
    kept = Kept(3, PDU, True)
    other = PDU[:-2] + "00"
    for stands, deleted in ((PDU, True), (other, False), (None, False)):
        answer = [] if stands is None else ["+CMGR: 1,,26", stands]
        ours, port = commands({"AT+CMGR=3": answer, "AT+CMGD=3": []})
        ours.delete(kept)
        assert ("AT+CMGD=3" in port.asked) is deleted


def test_storages_that_cannot_be_read_are_left_out() -> None:
    offered = ['+CPMS: ("SM","ME","SR","MT"),("SM")']
    ours, _ = commands({"AT+CPMS=?": offered, 'AT+CPMS="SM"': ["+CPMS: 1,20,1,20,1,20"]})
    assert ours.stores() == ["SM"]
    ours, _ = commands({"AT+CPMS=?": ['+CPMS: ("MT")'], 'AT+CPMS="MT"': ["+CPMS: 1,20"]})
    assert ours.stores() == ["MT"]
    for answers in ({}, {"AT+CPMS=?": offered}):
        ours, _ = commands(answers)
        with pytest.raises(SimTrouble):
            ours.stores()


def test_what_was_spoilt_on_its_way_from_the_modem_is_read_again_and_not_deleted() -> None:
    spoilt = PDU[:20] + "\ufffd" + PDU[21:]
    answers = {
        'AT+CPMS="ME"': ["+CPMS: 1,20"],
        "AT+CMGL=4": ["+CMGL: 0,1,,26", spoilt],
        "AT+CMGR=0": ["+CMGR: 1,,26", PDU],
        "AT+CMGD=0": [],
    }
    brought: list[Incoming | Report] = []

    def give(came: Incoming | Report) -> bool:
        brought.append(came)
        return True

    taking = Taking("m", give=give, between=lambda: False, now=lambda: 0.0)
    ours, port = commands(answers)
    assert not taking.sweep(ours, ["ME"])
    assert (brought, "AT+CMGD=0" in port.asked) == ([], False)
    ours, port = commands({**answers, "AT+CMGL=4": ["+CMGL: 0,1,,26", PDU]})
    assert taking.sweep(ours, ["ME"])
    assert (len(brought), "AT+CMGD=0" in port.asked) == (1, True)


def test_a_storage_that_fails_does_not_hide_another() -> None:
    taking = Taking("m", give=lambda _: True, between=lambda: False, now=lambda: 0.0)
    ours, port = commands({'AT+CPMS="SM"': ["+CPMS: 0,20"], "AT+CMGL=4": []})
    assert not taking.sweep(ours, ["ME", "SM"])
    assert taking.errors == 1
    assert port.asked[-1] == "AT+CMGL=4"


def test_a_key_is_of_the_pdu_alone() -> None:
    assert key_of(PDU) == key_of(PDU.lower()) != key_of(PDU[:-2] + "00")
    text = read_pdu(deliver_pdu("+628123456789", "halo", 1_700_000_000), 0.0)
    assert isinstance(text, Incoming)
    assert (text.sent_at, text.body) == (1_700_000_000, "halo")


def test_a_sign_that_voicemail_waits_is_no_empty_text() -> None:
    sign = "07919471222207F0040C919471103254760000" + "62105121035404" + "00"
    text = read_pdu(sign.replace("760000", "7600C8"), 0.0)
    assert isinstance(text, Incoming)
    assert text.body is None
    assert text.trouble is not None
    assert text.trouble.endswith("voicemail waits")


@settings(deadline=None)
@given(st.sampled_from(["CMS", "CME", None, "XXX"]), st.integers(0, 1000), st.booleans())
def test_an_error_leaves_a_fate_open_only_where_the_modem_had_the_text(
    family: str | None, code: int, given: bool
) -> None:
    fate = fate_of(family, code, given=given)
    assert isinstance(fate, NotNow | Refused | Unknown)
    assert given or not isinstance(fate, Unknown)
    assert str(code) in fate.words or family is None


@pytest.mark.parametrize(
    ("family", "code"),
    [(None, None), ("CMS", 332), ("CMS", 500), ("CMS", 513), ("CMS", 197), ("CME", 31)],
)
def test_an_error_that_does_not_say_that_the_text_stayed_here_is_not_tried_again(
    family: str | None, code: int | None
) -> None:
    """Some modems answer so when the network's own answer was lost: it would arrive twice."""
    assert isinstance(fate_of(family, code, given=True), Unknown)
    assert isinstance(fate_of(family, code, given=False), NotNow)


@pytest.fixture
def tries(tmp_path: Path) -> PinTries:
    return PinTries(tmp_path / "tries", b"key")


def test_a_new_pin_may_be_tried_after_one_was_refused(tmp_path: Path, tries: PinTries) -> None:
    file = tmp_path / "pin"
    file.write_text("0000")
    pins = Pins(Secret("pin", file=file), tries)
    pins.trying(pins.read())
    pins.refused("0000")
    with pytest.raises(PinSpent, match=r"remove .*/tries/[0-9a-f]{32}"):
        pins.read()
    file.write_text("4711")
    assert pins.read() == "4711"


def test_a_pin_that_nobody_answered_is_tried_once_more(tries: PinTries) -> None:
    pins = Pins(Secret("pin", value="4711"), tries)
    for _ in range(2):
        pins.trying(pins.read())
    with pytest.raises(PinSpent):
        pins.read()


def test_tries_are_counted_over_restarts(tries: PinTries) -> None:
    """Each restart, and each change of the gateway's section, was one more wrong PIN."""
    for _ in range(2):
        pins = Pins(Secret("pin", value="4711"), tries)
        pins.trying(pins.read())
    with pytest.raises(PinSpent):
        Pins(Secret("pin", value="4711"), tries).read()
    assert Pins(Secret("other.pin", value="4711"), tries).read() == "4711"


def test_tries_that_were_accepted_or_not_looked_at_do_not_count(tries: PinTries) -> None:
    pins = Pins(Secret("pin", value="4711"), tries)
    for _ in range(5):
        pins.trying(pins.read())
        pins.not_tried("4711")
        pins.trying(pins.read())
        pins.accepted("4711")
    assert pins.read() == "4711"


def test_what_is_remembered_of_a_pin_does_not_tell_it(tmp_path: Path, tries: PinTries) -> None:
    pins = Pins(Secret("pin", value="4711"), tries)
    pins.trying("4711")
    (file,) = (tmp_path / "tries").iterdir()
    assert "4711" not in file.name + file.read_text()
    assert (tmp_path / "tries").stat().st_mode & 0o077 == 0


def test_a_pin_is_not_tried_where_that_cannot_be_recorded(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    pins = Pins(Secret("pin", value="4711"), PinTries(tmp_path / "file", b"key"))
    with pytest.raises(SimTrouble):
        pins.trying("4711")


def test_delays_grow_to_their_limit_and_begin_anew() -> None:
    delays = Backoff(1, 60, lambda: 1.0)
    assert [delays.next_delay() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    delays.reset()
    assert delays.next_delay() == 1
    patience = Patience()
    usual = Backoff(patience.first_delay, patience.longest_delay, lambda: 0.0)
    assert usual.next_delay() == 0.5
