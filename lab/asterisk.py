"""A private Asterisk: in a folder of its own, as an ordinary user, on loopback ports."""

from __future__ import annotations

import os
from pathlib import Path

import structlog

from lab.errors import DidNotStart, LabError
from lab.packages import PackageTree
from lab.ports import AsteriskPorts
from lab.processes import Child, run_program
from lab.services import start_service

LONGEST_SOCKET_PATH = 107  # unix(7)

FOLDERS = (
    "etc",
    "agi-bin",
    "cache",
    "keys/keys",
    "lib",
    "log/cdr-csv",
    "log/cdr-custom",
    "log/cel-custom",
    "run",
    "spool/monitor",
    "spool/outgoing",
    "spool/recording",
    "spool/tmp",
    "spool/voicemail",
)


class PrivateAsterisk:
    """One Asterisk, from start to stop. The caller fills etc_dir before start().

    tree: an Asterisk's package tree, ensured. run_dir: its folder; a short path, because
    its control socket stands below it. ports: those that its configuration names.

    Use it as `async with PrivateAsterisk(...) as asterisk`. It ends with this process.
    """

    def __init__(self, tree: PackageTree, run_dir: Path, ports: AsteriskPorts) -> None:
        self.tree = tree
        self.run_dir = run_dir.resolve()
        self.ports = ports
        self._child: Child | None = None

    @property
    def etc_dir(self) -> Path:
        """The folder of the configuration files."""
        return self.run_dir / "etc"

    @property
    def spool_dir(self) -> Path:
        """The spool; mailboxes stand in voicemail/CONTEXT/MAILBOX below it."""
        return self.run_dir / "spool"

    @property
    def log_file(self) -> Path:
        """The file of what Asterisk said on its console."""
        return self.run_dir / "log/console"

    @property
    def sounds_dir(self) -> Path:
        """The folder of the English prompts."""
        return self.tree.root / "usr/share/asterisk/sounds/en"

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._child.pid if self._child and self._child.is_running() else None

    def prepare(self) -> None:
        """Make the folders and asterisk.conf; one that is there already stays.

        Raises LabError when the path is too long.
        """
        control = os.fsencode(self.run_dir / "run/asterisk.ctl")
        if len(control) > LONGEST_SOCKET_PATH:
            raise LabError(
                f"{self.run_dir} is too long a path for Asterisk's control socket: "
                f"{len(control)} bytes, at most {LONGEST_SOCKET_PATH}. Take a shorter folder."
            )
        for folder in FOLDERS:
            (self.run_dir / folder).mkdir(parents=True, exist_ok=True)
        conf = self.etc_dir / "asterisk.conf"
        if not conf.exists():
            conf.write_text(self._asterisk_conf())

    async def start(self, timeout: float = 30.0) -> None:
        """Start it and wait until it is fully booted.

        timeout: seconds. Raises DidNotStart with its last words.
        """
        self.prepare()
        command = self._command("-f")
        self._child = await start_service("Asterisk", command, self.log_file, timeout=timeout)
        structlog.get_logger().info("lab asterisk ready", pid=self._child.pid)

    async def stop(self) -> None:
        """Stop it; nothing happens when it does not run."""
        if self._child:
            await self._child.stop()

    async def restart(self) -> None:
        """Stop and start it. Asterisk's own `core restart` would lose the loader."""
        await self.stop()
        await self.start()

    async def rx(self, command: str, timeout: float = 10.0) -> str:
        """Give one command to the console (`asterisk -rx`) and return what it printed.

        timeout: seconds. Raises LabError when Asterisk does not run.
        """
        code, printed = await run_program([*self._command(), "-rx", command], timeout)
        if code != 0 and "Unable to connect to remote asterisk" in printed:
            raise LabError(f"no answer to `{command}`: Asterisk does not run")
        return printed.removesuffix("\n")

    async def version(self) -> str:
        """Its version, as "22.10.1"."""
        code, printed = await run_program([*self._command(), "-V"])
        if code != 0:
            raise DidNotStart(f"Asterisk does not run here: {printed.strip()}")
        return printed.split()[1].split("~")[0].split("+")[0]

    async def __aenter__(self) -> PrivateAsterisk:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _command(self, *options: str) -> list[str]:
        conf = self.etc_dir / "asterisk.conf"
        return [*self.tree.command("usr/sbin/asterisk"), *options, "-C", str(conf)]

    def _asterisk_conf(self) -> str:
        here, root = self.run_dir, self.tree.root
        modules = next(root.glob("usr/lib/*/asterisk/modules"), root / "usr/lib/asterisk/modules")
        return f"""\
[directories]
astetcdir => {self.etc_dir}
astmoddir => {modules}
astvarlibdir => {here}/lib
astdbdir => {here}/lib
astkeydir => {here}/keys
astdatadir => {root}/usr/share/asterisk
astagidir => {here}/agi-bin
astspooldir => {here}/spool
astrundir => {here}/run
astlogdir => {here}/log
astcachedir => {here}/cache

[options]
nocolor = yes
verbose = 3
documentation_language = en_US
transmit_silence = yes
live_dangerously = no

[files]
astctlpermissions = 0660
"""
