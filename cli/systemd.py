"""Tells systemd how the service does (sd_notify(3)); does nothing elsewhere."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def notify(state: str) -> None:
    """Send one state line ("READY=1", "WATCHDOG=1", "STATUS=...") to systemd."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    # systemd being busy, or no descriptor being left, is no reason to stop.
    with (
        suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as link,
    ):
        link.setblocking(False)
        link.sendto(state.encode(), address)


def watchdog_seconds() -> float | None:
    """How often systemd wants to hear from us, halved as sd_watchdog_enabled(3) advises."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None  # meant for the process that started us
    text = os.environ.get("WATCHDOG_USEC", "")
    return int(text) / 2_000_000 if text.isdigit() and int(text) > 0 else None
