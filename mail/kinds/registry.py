"""The table of kinds. A new one is a file here, its facts in ledger/facts.py, and its line."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.facts import MissedCallFacts, NoticeFacts, TextFacts, VoicemailFacts
from mail.kinds import missed_call, notice, text, voicemail
from mail.kinds.kind import Kind

KINDS: Mapping[str, Kind] = {
    VoicemailFacts.KIND: voicemail,
    MissedCallFacts.KIND: missed_call,
    TextFacts.KIND: text,
    NoticeFacts.KIND: notice,
}
