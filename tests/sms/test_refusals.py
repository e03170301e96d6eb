from __future__ import annotations

from typing import get_args

import pytest

from ledger.notices import Reason
from pbx.sms import Sms
from sms.policy import Refusal, read_recipient
from sms.refusals import sentence


@pytest.mark.parametrize("reason", get_args(Reason))
def test_every_reason_has_a_sentence_with_its_figures(reason: Reason) -> None:
    said = sentence(Refusal(reason, "3 {of} 2"))
    assert said.endswith((".", ")"))
    assert "3 {of} 2" in said or reason == "no-words"
    assert sentence(Refusal(reason))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("0215550000", "no text can go to +62215550000, which is no mobile number: write a"),
        ("1001", "no text can go to 1001: write a"),
    ],
)
def test_a_landline_is_not_quoted_as_part_of_a_sentence_in_a_sentence(
    written: str, said: str
) -> None:
    sms = Sms.model_validate(
        {
            "desk": "info@klinik.example",
            "gateways": [{"name": "stick", "kind": "modem", "device": "/dev/ttyUSB0"}],
        }
    )
    refusal = read_recipient(written, "ID", sms)
    assert isinstance(refusal, Refusal)
    assert sentence(refusal).startswith(said)
