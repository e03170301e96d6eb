"""What the lab's mail servers have in common."""

from __future__ import annotations

HOST = "mail.lab.example"  # the name that they call themselves by
SIZE = 10_240_000  # bytes of the largest mail, Zimbra's default
