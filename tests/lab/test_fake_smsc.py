"""What fakesmsc prints."""

import pytest

from lab.errors import LabError
from lab.fake_smsc import CameOut, read_line


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("100 +62 text two words", CameOut("100", "+62", b"", b"two words")),
        ("100 +62 text ", CameOut("100", "+62", b"", b"")),
        ("100 +62 ucs-2 %00a%04%1F", CameOut("100", "+62", b"", b"\0a\x04\x1f")),
        ("100 +62 udh %05%00+ data a+%26", CameOut("100", "+62", b"\x05\0 ", b"a &")),
    ],
)
def test_a_line_is_read_to_the_octet(line: str, text: CameOut) -> None:
    assert read_line(line.encode()) == text


@pytest.mark.parametrize("line", ["100 +62 odd x", " ", "a text's second line"])
def test_a_line_that_is_none_is_an_error(line: str) -> None:
    with pytest.raises(LabError, match="not understood"):
        read_line(line.encode())
