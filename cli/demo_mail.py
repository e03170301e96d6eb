"""Shows the e-mail that the demo brought."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

from lab.speech import read_audio

_HEADERS = ("From", "Reply-To", "To", "Subject", "Date", "Message-ID", "Auto-Submitted")


def headers_of(mail: EmailMessage) -> str:
    names = [*_HEADERS, *(name for name in mail if name.lower().startswith("x-voxpost-"))]
    return "\n".join(f"{name}: {mail[name]}" for name in names if mail[name])


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(preferencelist=("plain",))
    return "" if body is None else str(body.get_content()).strip()


def save_attachment(mail: EmailMessage, folder: Path) -> tuple[Path, str]:
    """Save the recording; returns the file and a line about it.

    Raises:
        LookupError: the mail has no recording.
    """
    for part in mail.iter_attachments():
        name = Path(part.get_filename() or "recording").name
        file = folder / name
        content = part.get_content()
        assert isinstance(content, bytes)
        file.write_bytes(content)
        seconds = read_audio(file).seconds
        kind = part.get_content_type()
        return file, f"{name}: {kind}, {len(content):,} bytes, {seconds:.1f} s of sound"
    raise LookupError("the mail has no recording attached")
