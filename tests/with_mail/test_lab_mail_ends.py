"""The mail server leaves nothing behind."""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

OWNER = """
import asyncio, sys
from pathlib import Path
from random import Random
from lab.accounts import MailUser
from lab.mail_ports import MailPorts
from tests.free_ports import free_ports
from lab.ports import PortFinder
from lab.zimbra_like import ZimbraLike

async def main():
    ports = MailPorts.pick(free_ports())
    server = ZimbraLike(Path(sys.argv[1]), ports, [MailUser("a@lab.example", "p")])
    await server.start()
    print("ports", ports.submission, ports.imap, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def _is_open(port: str) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", int(port))
    except OSError:
        return False
    writer.close()
    return True


async def test_both_programs_end_when_the_program_that_started_them_is_killed(
    mail_server: Any, pytestconfig: pytest.Config
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="voxmail"))
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OWNER, str(folder)),
        cwd=pytestconfig.rootpath,
        stdout=asyncio.subprocess.PIPE,
    )
    assert owner.stdout is not None
    line = await owner.stdout.readline()
    word, *ports = line.decode().split()
    assert word == "ports"
    owner.kill()
    await owner.wait()
    async with asyncio.timeout(15):
        for port in ports:
            while await _is_open(port):
                await asyncio.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)
