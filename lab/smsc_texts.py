"""What the lab's SMSC brings to an account, and how it answers what the account submits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import smpp34


@dataclass(frozen=True, slots=True)
class Answer:
    """What is done with a submit_sm.

    Arguments:
        status: of the answer; the text is taken when it is 0.
        says: whether there is an answer.
        cuts: whether the link is cut, after the answer if there is one.
    """

    status: int = 0
    says: bool = True
    cuts: bool = False


ACCEPT = Answer()
THROTTLE = Answer(0x58)
STALL = Answer(says=False)
DROP = Answer(says=False, cuts=True)


@dataclass(frozen=True, slots=True)
class Text:
    """What is brought to the account: a text, or with esm_class 4 a receipt."""

    source: str
    destination: str
    octets: bytes
    data_coding: int = 0
    esm_class: int = 0
    options: Mapping[int, bytes] = field(default_factory=dict)
    source_ton: int = 1

    def encode(self, sequence: int) -> bytes:
        pdu = smpp34.DeliverSm(
            self.source,
            self.destination,
            self.octets,
            source_addr_ton=self.source_ton,
            source_addr_npi=1,
            dest_addr_ton=1,
            dest_addr_npi=1,
            esm_class=self.esm_class,
            data_coding=self.data_coding,
            tlvs=[smpp34.Tlv(tag, value) for tag, value in self.options.items()],
            sequence_number=sequence,
        )
        octets: bytes = pdu.encode()
        return octets


def receipt_of(text: smpp34.SubmitSm, message_id: str) -> Text:
    """The receipt of a text that was taken, as nearly all SMSCs write it (appendix B)."""
    words = (
        f"id:{message_id} sub:001 dlvrd:001 submit date:2601020304 done date:2601020305 "
        "stat:DELIVRD err:000 text:"
    )
    return Text(text.destination_addr, text.source_addr, words.encode(), esm_class=4)
