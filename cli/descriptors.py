"""How many files and connections the process may have open."""

from __future__ import annotations

import resource
from contextlib import suppress

_ENOUGH = 65_536


def take_descriptors() -> None:
    """Raise the soft limit as far as the hard one lets us.

    systemd and shells leave 1,024. FastAGI alone may take 10,000 connections.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(_ENOUGH, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
