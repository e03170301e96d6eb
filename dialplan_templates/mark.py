"""The mark by which voxpost knows its own files, and sees that a person changed one."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum

_NOTICE = (
    "; Written by voxpost from its site file. Change that, then run "
    "`voxpost generate-config --apply`;\n"
    "; what is changed here stops the next apply.\n\n"
)
_MARK = re.compile(rb"; voxpost-config (\d+) sha256:([0-9a-f]{64})\n")
_FORMAT = 1


class State(StrEnum):
    """Whose file stands in Asterisk's folder."""

    ABSENT = "absent"
    OURS = "ours"
    EDITED = "edited"
    FOREIGN = "foreign"


def with_mark(text: str) -> str:
    """The file to write: a first line with the hash of all that follows, and a notice."""
    body = _NOTICE + text
    return f"; voxpost-config {_FORMAT} sha256:{_hash(body.encode())}\n{body}"


def state_of(content: bytes | None) -> State:
    """Judge a file by its content; None is a file that does not exist."""
    if content is None:
        return State.ABSENT
    match = _MARK.match(content)
    if match is None:
        return State.FOREIGN
    intact = _hash(content[match.end() :]) == match[2].decode()
    return State.OURS if intact else State.EDITED


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
