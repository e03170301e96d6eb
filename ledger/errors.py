"""What can go wrong with the ledger."""

from __future__ import annotations


class LedgerError(Exception):
    """Base of the ledger's errors."""


class LedgerUnusable(LedgerError):
    """The ledger cannot be opened: the sentence says which, why, and what to do."""


class NoLedgerYet(LedgerUnusable):
    """`voxpost run` has never run here."""


class LedgerInUse(LedgerError):
    """Another `voxpost run` works on this ledger."""


class BroadcastRefused(LedgerError):
    """A broadcast of this name stands in the ledger, and cannot be added to."""


class NoSuchEntry(LedgerError):
    """No entry has this number, or not in the state that the command needs."""
