"""Programs that say when they are ready."""

import sys
from pathlib import Path

import pytest

from lab.errors import DidNotStart
from lab.services import service, start_service

READY = """
import os, socket, time
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
    s.sendto(b"STATUS=soon", os.environ["NOTIFY_SOCKET"])
    s.sendto(b"READY=1\\nSTATUS=up", os.environ["NOTIFY_SOCKET"])
time.sleep(60)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


async def test_a_service_is_in_use_from_when_it_says_that_it_is_ready(tmp_path: Path) -> None:
    async with service("trial", python(READY), tmp_path / "output") as child:
        assert child.is_running()
        assert [file.name for file in tmp_path.iterdir()] == ["output"]
    assert not child.is_running()


async def test_a_service_that_ends_early_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(DidNotStart, match=r"trial ended.*\n.*no licence"):
        await start_service("trial", python("print('no licence')"), tmp_path / "output")


async def test_a_service_that_never_gets_ready_is_told_after_its_time_and_stopped(
    tmp_path: Path,
) -> None:
    words = python("import os, time; print(os.getpid(), flush=True); time.sleep(60)")
    output = tmp_path / "output"
    with pytest.raises(DidNotStart, match="was not ready"):
        await start_service("trial", words, output, timeout=2.0)
    assert not Path(f"/proc/{output.read_text().strip()}").exists()
