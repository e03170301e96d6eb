"""Takes a mail apart that anybody may have written: in linear time, without exceptions.

The standard library's parser calls itself for each level of nesting, and is slow where somebody
wants it to be. A bounce needs little of MIME (RFC 2045, RFC 2046), and that little is here.
"""

from __future__ import annotations

import binascii
import quopri
import re
from dataclasses import dataclass

_READ = 512 * 1024  # bytes; what a bounce says stands before the message that it returns
_LINES = 2000  # of one header; the rest is taken for body
_PARTS = 30
_PARAMETER = re.compile(r';\s*([a-z-]+)\s*=\s*(?:"([^"]{0,300})"|([^\s;"]{1,300}))', re.IGNORECASE)
_FIELD = re.compile(r"([!-9;-~]{1,100})[ \t]*:(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Part:
    """A mail or a part of one. Names of fields and kinds are in small letters."""

    fields: dict[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """Such as text/plain."""
        found = self.fields.get("content-type", "text/plain").partition(";")[0]
        return found.strip().lower()

    def parameter(self, name: str) -> str:
        """Of the kind, as the boundary; empty if there is none."""
        for key, quoted, bare in _PARAMETER.findall(self.fields.get("content-type", "")[:4000]):
            if key.lower() == name:
                return str(quoted or bare)
        return ""

    def decoded(self) -> bytes:
        """The body without its transfer encoding; as it stands where that is broken."""
        how = self.fields.get("content-transfer-encoding", "").strip().lower()
        try:
            if how == "base64":
                return binascii.a2b_base64(self.body)
            if how == "quoted-printable":
                return quopri.decodestring(self.body)
        except (binascii.Error, ValueError):
            pass
        return self.body

    def text(self) -> str:
        """The body as text; what its character set makes of other letters is not looked at."""
        return self.decoded().decode("utf-8", "replace")

    def parts(self) -> list[Part]:
        """What a multipart is made of."""
        boundary = self.parameter("boundary").rstrip()
        if not self.kind.startswith("multipart/") or not boundary:
            return []
        limit = b"--" + boundary.encode("utf-8", "replace")
        found: list[list[bytes]] = []
        for line in self.body.splitlines(keepends=True):
            if line.startswith(limit):
                rest = line[len(limit) :].strip()
                if rest == b"--" or len(found) == _PARTS:
                    break
                if not rest:
                    found.append([])
                    continue
            if found:
                found[-1].append(line)
        return [read_part(b"".join(lines)) for lines in found]


def read_part(content: bytes) -> Part:
    """Read a mail, as far as it is looked at."""
    content = content[:_READ]
    fields: dict[str, str] = {}
    name, at = "", 0
    for _ in range(_LINES):
        end = content.find(b"\n", at)
        line = content[at:] if end < 0 else content[at:end]
        text = line.rstrip(b"\r").decode("utf-8", "replace")
        at = len(content) if end < 0 else end + 1
        if not text:
            break
        if text[0] in " \t":
            if name:
                fields[name] = f"{fields[name]}{text}"[:8000]
            continue
        field = _FIELD.fullmatch(text)
        name = field[1].lower() if field and field[1].lower() not in fields else ""
        if field and name:
            fields[name] = field[2].strip()
        if at >= len(content):
            break
    return Part(fields, content[at:])
