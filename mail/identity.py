"""Names that a message keeps, however often it is tried."""

from __future__ import annotations

import hashlib


def message_id(source: str, domain: str) -> str:
    """The e-mail's Message-ID (RFC 5322): the same for the same source, whenever it is asked."""
    digest = hashlib.sha256(source.encode("utf-8", "surrogateescape")).hexdigest()[:40]
    return f"<{digest}@{domain}>"
