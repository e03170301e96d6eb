"""Children of the lab: started, waited for, ended."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from lab.processes import Child, run_program, tail

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("stubborn", flush=True)
time.sleep(60)
"""


def python(code: str, folder: Path) -> Child:
    return Child("trial", [sys.executable, "-c", code], folder / "output")


async def test_a_stubborn_child_is_killed_after_the_grace(tmp_path: Path) -> None:
    child = python(STUBBORN, tmp_path)
    while "stubborn" not in child.last_words():
        await asyncio.sleep(0.01)
    await child.stop(grace=0.1)
    assert await child.ended() == -signal.SIGKILL


async def test_a_child_may_be_stopped_twice(tmp_path: Path) -> None:
    child = python("", tmp_path)
    assert await child.ended() == 0
    await child.stop()
    await child.stop()


async def test_a_program_that_takes_too_long_is_killed() -> None:
    with pytest.raises(TimeoutError):
        await run_program([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.2)


async def test_a_programs_words_and_exit_code_come_back() -> None:
    assert await run_program([sys.executable, "-c", "print('hi'); exit(3)"]) == (3, "hi\n")


def test_the_tail_of_a_file_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert tail(tmp_path / "none", 3) == ""
    (tmp_path / "some").write_text("".join(f"{i}\n" for i in range(1000)))
    assert tail(tmp_path / "some", 2) == "998\n999"


async def test_a_keeper_ends_its_program_and_tells_its_exit_code(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "exit(3)"]
    assert await Child("trial", command, tmp_path / "output", changes_user=True).ended() == 3
    sleeper = [sys.executable, "-c", "print('up', flush=True); import time; time.sleep(60)"]
    child = Child("trial", sleeper, tmp_path / "output", changes_user=True)
    while "up" not in child.last_words():
        await asyncio.sleep(0.01)
    await child.stop(grace=10)
    assert await child.ended() != 0


OWNER = """
import asyncio, sys
from pathlib import Path
from lab.processes import Child
code = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(60)"
output = Path(sys.argv[1])
child = Child("trial", [sys.executable, "-c", code], output, changes_user=sys.argv[2] == "stay")
while "pid" not in child.last_words():
    pass
print(child.last_words(), flush=True)
import time
time.sleep(60)
"""


@pytest.mark.parametrize("way", ["become", "stay"])
async def test_a_child_ends_when_its_owner_is_killed(
    tmp_path: Path, way: str, pytestconfig: pytest.Config
) -> None:
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OWNER, str(tmp_path / "output"), way),
        cwd=pytestconfig.rootpath,
        stdout=asyncio.subprocess.PIPE,
    )
    assert owner.stdout is not None
    pid = int((await owner.stdout.readline()).split()[1])
    owner.kill()
    await owner.wait()
    async with asyncio.timeout(10):
        while Path(f"/proc/{pid}").exists():
            await asyncio.sleep(0.02)
