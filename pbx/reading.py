"""Reads the text of a file that an administrator wrote, on whatever machine that was."""

from __future__ import annotations

from pathlib import Path

from pbx.errors import Problem, SiteError

_NO_SITE_FILE = "Write one with `voxpost init`, or name yours with --site or VOXPOST_SITE."


def read_text(file: Path, if_none: str = _NO_SITE_FILE) -> str:
    """The text, without byte order mark, its lines ended by a line feed.

    if_none: what to do where there is no such file.

    Raises:
        SiteError: it cannot be read, or is not UTF-8.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise SiteError.single(file, "", "does not exist.", if_none) from None
    except OSError as error:
        raise SiteError.single(file, "", f"cannot be read: {error.strerror}.") from error
    except ValueError as error:  # a NUL in the name
        raise SiteError.single(file, "", f"cannot be read: {error}.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"is not UTF-8 text: byte {error.object[error.start]:#04x} is none."
        remedy = 'Save it as UTF-8; in Excel, as "CSV UTF-8".'
        raise SiteError([Problem(file, "", what, remedy, line)]) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
