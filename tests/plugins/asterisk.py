"""A real Asterisk 22, and 16, with the minimal configuration (lab/minimal_config.py)."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from lab import minimal_config
from lab.asterisk import PrivateAsterisk
from lab.packages import PackageTree
from lab.phone import Phone
from lab.ports import AsteriskPorts, PortFinder
from lab.trees import asterisk16 as tree16
from lab.trees import asterisk22 as tree22
from tests.free_ports import free_ports

Tier = Callable[[str], AbstractContextManager[None]]
SECRET = "lab-secret"


@dataclass(frozen=True)
class RunningAsterisk:
    """What a test may know of the Asterisk it talks to. Nothing here changes in a session."""

    private: PrivateAsterisk
    version: str

    host = "127.0.0.1"
    ami_secret = SECRET
    ami_user = "lab"  # may do all
    least_user = "voxpost"  # may do what voxpost needs; the same secret

    @property
    def ami_port(self) -> int:
        return self.private.ports.ami

    @property
    def sip_port(self) -> int:
        return self.private.ports.sip

    @property
    def ports(self) -> AsteriskPorts:
        return self.private.ports

    @property
    def run_dir(self) -> Path:
        return self.private.run_dir

    @property
    def etc_dir(self) -> Path:
        return self.private.etc_dir

    @property
    def spool_dir(self) -> Path:
        return self.private.spool_dir

    @property
    def sounds_dir(self) -> Path:
        """Return the folder of the prompts; lab.speech.from_prompt makes speech of them."""
        return self.private.sounds_dir

    def mailbox_dir(self, mailbox: str, folder: str = "INBOX") -> Path:
        """Return where the messages of a mailbox stand."""
        return self.spool_dir / "voicemail/default" / mailbox / folder

    async def rx(self, command: str) -> str:
        """Give one command to the console and return what it printed."""
        return await self.private.rx(command)

    async def set_global(self, name: str, value: str | int) -> None:
        """Set a global variable of the dialplan, as AGI_PORT."""
        await self.private.rx(f"dialplan set global {name} {value}")


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """Return a folder with a short path, as a unix socket has room for 108 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="vox"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def port_finder() -> PortFinder:
    return free_ports()


@pytest.fixture(scope="session")
def asterisk22_tree(lab_folder: Path, tier: Tier) -> PackageTree:
    tree = tree22(lab_folder)
    with tier("asterisk"):
        tree.ensure(print)
    return tree


@pytest.fixture(scope="session")
def asterisk16_tree(lab_folder: Path, tier: Tier) -> PackageTree:
    tree = tree16(lab_folder)
    with tier("asterisk"):
        tree.ensure(print)
    return tree


async def _running(
    tree: PackageTree, run_dir: Path, ports: AsteriskPorts
) -> AsyncIterator[RunningAsterisk]:
    private = PrivateAsterisk(tree, run_dir, ports)
    minimal_config.write(private.etc_dir, ports, SECRET)
    async with private:
        yield RunningAsterisk(private, await private.version())


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def asterisk(
    asterisk22_tree: PackageTree, short_folder: Path, port_finder: PortFinder
) -> AsyncIterator[RunningAsterisk]:
    """An Asterisk 22 that runs for the whole session."""
    ports = AsteriskPorts.pick(port_finder)
    async for running in _running(asterisk22_tree, short_folder / "22", ports):
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def asterisk16(
    asterisk16_tree: PackageTree, short_folder: Path, port_finder: PortFinder
) -> AsyncIterator[RunningAsterisk]:
    """An Asterisk 16 that runs for the whole session."""
    ports = AsteriskPorts.pick(port_finder)
    async for running in _running(asterisk16_tree, short_folder / "16", ports):
        yield running


@pytest.fixture(scope="session")
def phone(asterisk22_tree: PackageTree, port_finder: PortFinder) -> Phone:
    """A phone that calls either Asterisk: `await phone.call("6001", asterisk.sip_port)`."""
    return Phone(asterisk22_tree, port_finder)


@pytest.fixture(scope="session", params=["asterisk", "asterisk16"])
def any_asterisk(request: pytest.FixtureRequest) -> RunningAsterisk:
    """Each of the two in turn."""
    running = request.getfixturevalue(request.param)
    assert isinstance(running, RunningAsterisk)
    return running
