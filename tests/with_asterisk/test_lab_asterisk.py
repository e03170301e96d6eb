"""The private Asterisk itself: the tests of everything else stand on it."""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.asterisk import PrivateAsterisk
from lab.errors import DidNotStart, LabError
from lab.ports import AsteriskPorts


async def test_it_answers_its_console(any_asterisk: Any) -> None:
    assert "active calls" in await any_asterisk.rx("core show channels")


async def test_it_says_which_version_it_is(any_asterisk: Any) -> None:
    assert any_asterisk.version.split(".")[0] in {"16", "22"}
    assert any_asterisk.version in await any_asterisk.rx("core show version")


async def test_the_manager_greets_on_its_port(any_asterisk: Any) -> None:
    reader, writer = await asyncio.open_connection(any_asterisk.host, any_asterisk.ami_port)
    assert (await reader.readline()).startswith(b"Asterisk Call Manager/")
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("pjsip show endpoints", "lab/lab"),
        ("voicemail show users", "6002"),
        ("manager show users", "voxpost"),
        ("queue show", "support"),
        ("dialplan show speak", "Playback"),
        ("moh show files", "moh"),
    ],
)
async def test_every_part_of_the_configuration_is_taken(
    any_asterisk: Any, command: str, word: str
) -> None:
    assert word in await any_asterisk.rx(command)


async def test_a_global_of_the_dialplan_can_be_set(any_asterisk: Any) -> None:
    await any_asterisk.set_global("LAB_TRIAL", 4711)
    assert "4711" in await any_asterisk.rx("dialplan show globals")


async def test_a_wrong_configuration_is_told_with_asterisks_last_words(
    asterisk22_tree: Any, short_folder: Path, port_finder: Any
) -> None:
    private = PrivateAsterisk(
        asterisk22_tree, short_folder / "bad", AsteriskPorts.pick(port_finder)
    )
    private.prepare()
    (private.etc_dir / "modules.conf").write_text("[modules]\nrequire = no_such_module.so\n")
    with pytest.raises(DidNotStart, match="no_such_module"):
        await private.start()
    assert private.pid is None


async def test_a_path_too_long_for_a_socket_is_told_before_the_start(
    asterisk22_tree: Any, short_folder: Path, port_finder: Any
) -> None:
    folder = short_folder / ("long" * 30)
    private = PrivateAsterisk(asterisk22_tree, folder, AsteriskPorts.pick(port_finder))
    with pytest.raises(LabError, match="Take a shorter folder"):
        await private.start()
    assert not folder.exists()


async def test_a_command_to_an_asterisk_that_does_not_run_is_an_error(
    asterisk22_tree: Any, short_folder: Path, port_finder: Any
) -> None:
    private = PrivateAsterisk(
        asterisk22_tree, short_folder / "off", AsteriskPorts.pick(port_finder)
    )
    private.prepare()
    with pytest.raises(LabError, match="does not run"):
        await private.rx("core show uptime")


ORPHAN = """
import asyncio, sys
from pathlib import Path
from random import Random
from lab import minimal_config
from lab.asterisk import PrivateAsterisk
from lab.ports import AsteriskPorts, PortFinder
from lab.trees import asterisk22

async def main():
    private = PrivateAsterisk(
        asterisk22(Path(sys.argv[1])), Path(sys.argv[2]), AsteriskPorts.pick(PortFinder(Random()))
    )
    minimal_config.write(private.etc_dir, private.ports, "secret")
    await private.start()
    print("pid", private.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_it_ends_when_the_program_that_started_it_is_killed(
    asterisk22_tree: Any, short_folder: Path, pytestconfig: pytest.Config
) -> None:
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ORPHAN),
        *(str(asterisk22_tree.dest.parent), str(short_folder / "orphan")),
        cwd=pytestconfig.rootpath,
        stdout=asyncio.subprocess.PIPE,
    )
    assert owner.stdout is not None
    line = b""
    while not line.startswith(b"pid "):
        line = await owner.stdout.readline()
        assert line, "the owner ended early"
    pid = int(line.split()[1])
    descriptor = os.pidfd_open(pid)
    gone = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, gone.set)
    try:
        owner.kill()
        await owner.wait()
        async with asyncio.timeout(10):
            await gone.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
