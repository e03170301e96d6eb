"""What the fuzzer has found once; the inputs stay, whatever becomes of the corpora."""

import pytest

from endurance.fuzz.registry import ALL

FINDINGS = {
    "half a letter in a caller id": ("filter-caller-name", b"a" * 78 + "é".encode()),
    "a form too short to be one": (
        "wav-head",
        b"RIFF,\0\0\0WAVEfmt \x03\0\0\0abc\x01data\0\0\0\x54\x03\0\x01\0",
    ),
    "brackets and line breaks for minutes": (
        "agi-replies",
        b"\0200 result=1 (" + b") a=b" * 400 + b" x\n" * 700,
    ),
    "a NUL in a Message-ID": ("dsn", b"X-Failed-Recipients: a@b\nIn-Reply-To: <c\0@d>\n\n"),
}


@pytest.mark.parametrize(("name", "data"), FINDINGS.values(), ids=list(FINDINGS))
def test_what_was_found_once_is_not_found_again(name: str, data: bytes) -> None:
    ALL[name].check(data)
