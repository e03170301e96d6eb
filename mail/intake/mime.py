"""Takes an e-mail apart that anybody may have written: in linear time, without exceptions.

Source: RFC 5322, RFC 2045 to 2047, RFC 2231. The standard library reads the values of headers;
its parser of whole messages calls itself for each level of nesting and looks for the boundary of
every level in every line.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

_HEAD = 128 * 1024  # bytes of one part's header that are looked at
_FIELDS = 500
_VALUE = 16 * 1024  # characters of one field
_DEPTH = 12
_PARTS = 100  # of one multipart
_ALL_PARTS = 300
_BODY = 1024 * 1024  # bytes of one part that are decoded
_FIELD = re.compile(r"([!-9;-~]{1,100})[ \t]*:(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a header in their order; names in small letters, values unfolded."""

    all: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """The first of a name; empty if there is none."""
        return next((value for key, value in self.all if key == name), "")

    def each(self, name: str) -> list[str]:
        """All of a name."""
        return [value for key, value in self.all if key == name]

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self.all)


@dataclass(frozen=True, slots=True)
class Part:
    """An e-mail, or a part of one."""

    fields: Fields
    body: bytes

    @property
    def kind(self) -> str:
        """Such as text/plain; what has none, or one that is no kind, is that (RFC 2045, 5.2)."""
        kind = self.fields.get("content-type").partition(";")[0].strip().lower()
        return kind if re.fullmatch(r"[!-.0-~]+/[!-.0-~]+", kind) else "text/plain"

    @property
    def disposition(self) -> str:
        """inline, attachment, or empty."""
        return self.fields.get("content-disposition").partition(";")[0].strip().lower()

    @property
    def has_name(self) -> bool:
        """Whether it is named as a file."""
        return bool(self.parameter("name") or self.parameter("filename", "content-disposition"))

    def parameter(self, name: str, field: str = "content-type") -> str:
        """A parameter of a field; empty if there is none (RFC 2231)."""
        value = self.fields.get(field)[:2000]
        if name not in value.lower():
            return ""
        holder = Message()
        try:
            holder["x"] = value
            found = holder.get_param(name, "", "x")
            return str(found[2] if isinstance(found, tuple) else found or "")
        except Exception:  # its parser raises many kinds on broken continuations and charsets
            return ""

    def decoded(self) -> bytes:
        """The body without its transfer encoding, as far as it can be read."""
        how = self.fields.get("content-transfer-encoding").partition(";")[0].strip().lower()
        if how == "base64":
            return _base64(self.body[:_BODY])
        if how == "quoted-printable":
            return binascii.a2b_qp(self.body[:_BODY])
        return self.body[:_BODY]

    def parts(self) -> list[Part]:
        """What a multipart is made of."""
        boundary = self.parameter("boundary").rstrip()
        if not self.kind.startswith("multipart/") or not boundary:
            return []
        limit = re.escape(boundary.encode("utf-8", "replace"))
        found: list[Part] = []
        begin: int | None = None
        for match in re.finditer(rb"^--%b(--)?[ \t]*(?:\r?\n|\Z)" % limit, self.body, re.MULTILINE):
            if begin is not None:
                found.append(read_part(self.body[begin : match.start()]))
            begin = None if match[1] else match.end()
            if begin is None or len(found) == _PARTS:
                return found
        if begin is not None:  # cut off on its way
            found.append(read_part(self.body[begin:]))
        return found


def read_part(content: bytes) -> Part:
    """Read a header, and let the body stand."""
    fields: list[tuple[str, str]] = []
    name, values, at = "", [""], 0
    for _ in range(_FIELDS * 20):
        end = content.find(b"\n", at)
        line = content[at:] if end < 0 else content[at:end]
        at = len(content) if end < 0 else end + 1
        text = line[:_VALUE].rstrip(b"\r").decode("utf-8", "replace")
        folded = text[:1] in {" ", "\t"}
        if folded and text.strip():
            values.append(text)
            continue
        if name and len(fields) < _FIELDS:
            fields.append((name, "".join(values)[:_VALUE].strip()))
        field = None if folded else _FIELD.fullmatch(text)
        name, values = (field[1].lower(), [field[2]]) if field else ("", [""])
        if not text.strip() or at > _HEAD:
            break
        if at >= len(content):
            if name:
                fields.append((name, values[0].strip()))
            break
    return Part(Fields(tuple(fields)), content[at:])


def leaves(mail: Part) -> Iterator[tuple[Part, tuple[str, ...]]]:
    """The parts that are none of several, in their order, with the kinds of what they are in.

    A letter inside a letter is one part: what another wrote.
    """
    left = _ALL_PARTS
    waiting: list[tuple[Part, tuple[str, ...]]] = [(mail, ())]
    while waiting and left:
        left -= 1
        part, inside = waiting.pop()
        inner = part.parts() if len(inside) < _DEPTH else []
        if not inner:
            yield part, inside
        waiting.extend((it, (*inside, part.kind)) for it in reversed(inner))


def _base64(body: bytes) -> bytes:
    # a2b_base64 skips what is no base64, and raises where the end is missing.
    for padding in (b"", b"=", b"==", b"A=="):
        try:
            return binascii.a2b_base64(body + padding)
        except binascii.Error:
            continue
    return b""
