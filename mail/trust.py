"""Whom to believe that it is the mail server: the certificates that TLS trusts."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path


def trusted(ca_file: Path | None) -> ssl.SSLContext:
    """What verifies a server's certificate: by the system's authorities, and the file's. Blocking.

    Shared by all connections, as it takes 20 ms and a megabyte; a file that was replaced is reread.

    Raises:
        OSError: the file cannot be used (ssl.SSLError is one).
    """
    return _context(ca_file, 0 if ca_file is None else ca_file.stat().st_mtime_ns)


@lru_cache(4)
def _context(ca_file: Path | None, _stamp: int) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context
