"""Text of strangers, for a terminal."""

from __future__ import annotations


def plain(text: str) -> str:
    """Text of strangers (callers, servers) on one line, and without orders to the terminal."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
