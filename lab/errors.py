"""What can go wrong while a lab is set up. Every sentence says what to do."""

from __future__ import annotations


class LabError(Exception):
    """Something of the lab does not work; the text says what, and what to do."""


class Unavailable(LabError):
    """This machine cannot have the part at all: wrong system, a missing tool, not root."""


class DidNotStart(LabError):
    """A program of the lab ended, or was not ready within its time."""
