"""The phone, as far as no call is needed."""

from pathlib import Path
from random import Random

import pytest

from lab.call_result import read_result
from lab.errors import LabError
from lab.packages import PackageTree
from lab.phone import Phone
from lab.ports import PortFinder


def line(second: float, direction: str, cseq: str, first: str) -> str:
    return f"2026-01-01\t00:00:00\t{second}\t{direction}\tid\tCSeq:{cseq}\t{first}\n"


def test_the_length_of_a_call_counts_from_the_answer() -> None:
    log = (
        line(10.0, "S", "1 INVITE", "INVITE sip:6001@127.0.0.1 SIP/2.0")
        + line(10.5, "R", "1 INVITE", "SIP/2.0 180 Ringing")
        + line(11.0, "R", "1 INVITE", "SIP/2.0 200 OK")
        + line(14.0, "S", "2 BYE", "BYE sip:6001@127.0.0.1 SIP/2.0")
        + line(14.5, "R", "2 BYE", "SIP/2.0 200 OK")
    )
    result = read_result(log, finished=True, words="")
    assert (result.code, result.answered, result.seconds) == (200, True, 3.5)
    assert result.hung_up == 14.0


def test_the_answer_to_a_cancel_is_no_answer_to_the_call() -> None:
    log = line(1.0, "R", "1 CANCEL", "SIP/2.0 200 OK") + line(
        1.1, "R", "1 INVITE", "SIP/2.0 487 Request Terminated"
    )
    result = read_result(log, finished=True, words="")
    assert (result.code, result.answered, result.seconds) == (487, False, 0.0)


@pytest.mark.parametrize("log", ["", "torn", "a\tb\n"])
def test_a_log_without_an_answer_has_no_code(log: str) -> None:
    assert read_result(log, finished=False, words="why").code is None


@pytest.mark.parametrize("name", ["", "[call_id]", 'a"b', "a\r\nVia: b", "]]>", "<sip:x>", "a\0"])
async def test_a_name_that_would_change_the_sip_message_is_refused(
    tmp_path: Path, name: str
) -> None:
    phone = Phone(PackageTree(tmp_path, "suite", ()), PortFinder(Random(5)))
    with pytest.raises(LabError, match="cannot say"):
        await phone.call("100", 5060, caller_name=name)
    with pytest.raises(LabError, match="cannot say"):
        await phone.call("100", 5060, caller_number=name)
