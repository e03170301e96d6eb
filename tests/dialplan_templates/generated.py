"""Sites for the tests, and a private Asterisk that runs on nothing but generated files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ami.connection import AmiConnection
from ami.reload import Reloader
from ami.settings import AmiSettings
from dialplan_templates.apply import Applied, Applier
from dialplan_templates.asterisk_log import AsteriskLog
from dialplan_templates.expected import expected_of
from dialplan_templates.mark import with_mark
from dialplan_templates.render import render
from lab.asterisk import PrivateAsterisk
from lab.packages import PackageTree
from lab.ports import AsteriskPorts
from pbx.model import Site

APPLY_SECRET = "apply-secret"
PORTS = AsteriskPorts(5038, 5060, 8088, 10000, 10100, 4573, 5062)

Tables = dict[str, Any]


def person(extension: int, **keys: Any) -> Tables:
    """A person's table: telephone, mailbox, PIN."""
    return {
        "extension": str(extension),
        "name": f"Person {extension}",
        "voicemail": {"pin": "4242"},
        "phone": {"password": f"sip-password-{extension}"},
        **keys,
    }


def site_of(
    people: Sequence[Tables] = (),
    *,
    ports: AsteriskPorts = PORTS,
    run_dir: Path = Path("/nowhere"),
    **tables: Any,
) -> Site:
    """A site on loopback ports, its Asterisk's folders below run_dir."""
    asterisk = {
        "config_dir": run_dir / "etc",
        "spool_dir": run_dir / "spool",
        "log_dir": run_dir / "log",
        "ami": {"port": ports.ami, "secret": "ami-secret", "apply_secret": APPLY_SECRET},
        "agi": {"port": ports.agi},
        **tables.pop("asterisk", {}),
    }
    phones = {
        "bind": "127.0.0.1",
        "udp_port": ports.sip,
        "tcp_port": ports.sip,
        "http_port": ports.http,
        "rtp_first": ports.rtp_first,
        "rtp_last": ports.rtp_last,
    }
    return Site.model_validate(
        {
            "site": {"name": "Klinik Sehat", "domain": "klinik.example"},
            "mail": {"smtp": {"host": "mail.klinik.example"}, "from": "V <v@klinik.example>"},
            "asterisk": asterisk,
            "phones": phones,
            "people": list(people),
            **tables,
        }
    )


def render_site(site: Site, command: Path = Path("/bin/false")) -> dict[str, str]:
    return render(site, site_file=Path("/etc/voxpost/site.toml"), command=command)


@dataclass
class GeneratedPbx:
    """A running Asterisk, and applying to it over AMI."""

    private: PrivateAsterisk
    ports: AsteriskPorts
    command: Path
    said_at_start: tuple[str, ...] = field(default=())

    def site(self, people: Sequence[Tables], **tables: Any) -> Site:
        return site_of(people, ports=self.ports, run_dir=self.private.run_dir, **tables)

    async def rx(self, command: str) -> str:
        return await self.private.rx(command)

    async def apply(self, site: Site, *, force: bool = False) -> Applied:
        async with self.reloader() as reloader:
            applier = Applier(
                config_dir=self.private.etc_dir,
                log_dir=self.private.run_dir / "log",
                reloader=reloader,
                now=lambda: datetime.now(UTC),
            )
            return await applier.apply(
                render_site(site, self.command), expected_of(site), force=force
            )

    @asynccontextmanager
    async def reloader(self) -> AsyncIterator[Reloader]:
        """The account that manager.conf gives to applying."""
        settings = AmiSettings(
            "127.0.0.1", self.ports.ami, "voxpost-apply", APPLY_SECRET, events=False
        )
        connection = AmiConnection(settings)
        keeping = asyncio.create_task(connection.run())
        try:
            yield Reloader(connection)
        finally:
            connection.close()
            await asyncio.wait([keeping])


@asynccontextmanager
async def generated_pbx(
    tree: PackageTree,
    run_dir: Path,
    ports: AsteriskPorts,
    people: Sequence[Tables],
    *,
    command: Path = Path("/bin/false"),
    **tables: Any,
) -> AsyncIterator[GeneratedPbx]:
    """Start an Asterisk whose folder holds the generated files, marked, and asterisk.conf."""
    pbx = GeneratedPbx(PrivateAsterisk(tree, run_dir, ports), ports, command)
    pbx.private.prepare()
    rendered = render_site(pbx.site(people, **tables), command)
    for name, text in rendered.items():
        (pbx.private.etc_dir / name).write_text(with_mark(text))
    log = AsteriskLog(pbx.private.run_dir / "log")
    async with pbx.private:
        pbx.said_at_start = log.complaints([""])
        yield pbx


@dataclass
class Asked:
    """One AGI session: the script, and the variables that were looked at."""

    script: str
    variables: dict[str, str]


class AgiStub:
    """A FastAGI server that notes what it is asked, and answers as told.

    answers: variables to set. frozen: take the connection and never answer.
    """

    LOOKED_AT = ("VOXPOST_MAILBOX", "VOXPOST_EXTENSION", "VMSTATUS", "VM_MESSAGEFILE", "DIALSTATUS")

    def __init__(self, answers: dict[str, str] | None = None, *, frozen: bool = False) -> None:
        self.asked: asyncio.Queue[Asked] = asyncio.Queue()
        self._answers = {"VOXPOST_RESULT": "done", **(answers or {})}
        self._frozen = frozen

    @asynccontextmanager
    async def listening(self, port: int) -> AsyncIterator[AgiStub]:
        server = await asyncio.start_server(self._session, "127.0.0.1", port)
        try:
            yield self
        finally:
            server.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, IndexError):
            head = (await reader.readuntil(b"\n\n")).decode()
            script = head.split("agi_network_script: ")[1].splitlines()[0]
            values: dict[str, str] = {}
            if not self._frozen:
                for name in self.LOOKED_AT:
                    said = await _ask(reader, writer, f"GET VARIABLE {name}")
                    values[name] = said.partition("(")[2].rstrip().removesuffix(")")
                for name, value in self._answers.items():
                    await _ask(reader, writer, f'SET VARIABLE {name} "{value}"')
            self.asked.put_nowait(Asked(script, values))
            if self._frozen:
                await reader.read()
        writer.close()


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, command: str) -> str:
    writer.write(command.encode() + b"\n")
    line = b"HANGUP\n"
    while line == b"HANGUP\n":
        line = await reader.readuntil(b"\n")
    return line.decode()
