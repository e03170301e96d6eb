from __future__ import annotations

from typing import get_args

import pytest

from ledger.notices import Reason
from sms.policy import Refusal
from sms.refusals import sentence


@pytest.mark.parametrize("reason", get_args(Reason))
def test_every_reason_has_a_sentence_with_its_figures(reason: Reason) -> None:
    said = sentence(Refusal(reason, "3 {of} 2"))
    assert said.endswith((".", ")"))
    assert "3 {of} 2" in said or reason == "no-words"
    assert sentence(Refusal(reason))
