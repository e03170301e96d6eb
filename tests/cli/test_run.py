"""`voxpost run` as a process: a real mail server, voicemail left by hand, no Asterisk."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from cli.run import _Signals
from lab.maildir import MaildirServer
from lab.ports import PortFinder
from tests.cli.daemon_process import DaemonProcess, running
from tests.cli.holding_server import HoldingServer
from tests.cli.site_folder import SECRETS, SiteFolder, voxpost


@pytest.fixture
async def mail_server(site: SiteFolder) -> AsyncIterator[MaildirServer]:
    async with MaildirServer(site.folder / "mail", site.ports["smtp"]) as server:
        yield server


async def arrived(server: MaildirServer) -> None:
    await server.wait_for_message(lambda mail: mail.recipient == "sari@klinik.example", 20)


async def get(site: SiteFolder, page: str) -> tuple[int, str]:
    url = f"http://127.0.0.1:{site.ports['http']}/{page}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


async def status_of(site: SiteFolder) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((await get(site, "status"))[1])
    return data


async def test_a_voicemail_in_the_spool_is_delivered_and_everything_is_told(
    site: SiteFolder, mail_server: MaildirServer
) -> None:
    site.leave_voicemail(0)
    async with running(site.file, {"WATCHDOG_USEC": "4000000"}) as daemon:
        await arrived(mail_server)
        await daemon.logged("delivered")
        await daemon.told_systemd("WATCHDOG=1")

        assert await get(site, "health") == (200, '{"healthy": true}')
        metrics = (await get(site, "metrics"))[1]
        for line in (
            "voxpost_delivered_total 1.0",
            'voxpost_outbox{state="delivered"} 1.0',
            "voxpost_ami_connected 0.0",
        ):
            assert line in metrics.splitlines()
        status = await asyncio.to_thread(voxpost, "status", "--site", site.file)
        assert status.returncode == 1  # no Asterisk
        assert "asterisk:    NOT connected" in status.stdout
        assert "mail:        1 delivered" in status.stdout
        data = await asyncio.to_thread(voxpost, "status", "--site", site.file, "--json")
        assert json.loads(data.stdout)["daemon"]["delivery"]["delivered"] == 1

        daemon.signal(signal.SIGTERM)
        await daemon.told_systemd("STOPPING=1")
        assert await daemon.ended() == 0
    assert all(json.loads(line)["event"] for line in daemon.lines)
    assert not any(secret in daemon.log for secret in SECRETS.values())


async def test_sighup_takes_a_good_site_file_and_keeps_the_old_one_for_a_broken_one(
    site: SiteFolder, mail_server: MaildirServer
) -> None:
    async with running(site.file) as daemon:
        site.write('emial = "x"\n')
        daemon.signal(signal.SIGHUP)
        (refused,) = await daemon.logged("site file not taken")
        assert refused["level"] == "error"
        assert "people[0].emial: is not a key" in refused["problems"][0]

        site.leave_voicemail(0)
        site.write('[[people]]\nextension = 1002\nname = "Budi"\n')
        daemon.signal(signal.SIGHUP)
        (reread,) = await daemon.logged("site file reread")
        assert reread["people"] == 2
        await arrived(mail_server)  # the sweep after rereading
        daemon.signal(signal.SIGINT)
        assert await daemon.ended() == 0


async def test_a_second_daemon_on_the_same_state_dir_exits_5_and_harms_nothing(
    site: SiteFolder,
) -> None:
    async with running(site.file):
        second = await asyncio.to_thread(voxpost, "run", "--site", site.file)
        assert second.returncode == 5
        assert "another voxpost (process " in second.stderr
        assert "Traceback" not in second.stderr
        assert (await get(site, "health"))[0] == 200


@pytest.mark.parametrize("name", ["http", "agi"])
async def test_a_port_that_is_taken_exits_1_and_names_it(site: SiteFolder, name: str) -> None:
    with socket.create_server(("127.0.0.1", site.ports[name])):
        done = await asyncio.to_thread(voxpost, "run", "--site", site.file)
    assert done.returncode == 1
    assert str(site.ports[name]) in done.stderr
    assert "choose another port" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("key", ["sms.http_port", "sms.mail.port"])
async def test_a_taken_port_of_the_sms_centre_is_not_called_one_of_another_part(
    site: SiteFolder, ports: PortFinder, key: str
) -> None:
    web, mail = ports.one(), ports.one()
    site.write(
        f'[sms]\ndesk = "info@klinik.example"\nhttp_port = {web}\n'
        f'[sms.mail]\ndomain = "sms.klinik.example"\nport = {mail}\n'
        '[[sms.gateways]]\nname = "stick"\nkind = "modem"\ndevice = "/dev/voxpost-none"\n'
    )
    with socket.create_server(("127.0.0.1", {"sms.http_port": web, "sms.mail.port": mail}[key])):
        done = await asyncio.to_thread(voxpost, "run", "--site", site.file)
    assert done.returncode == 1
    assert key in done.stderr.splitlines()[-1]


async def test_killed_with_a_voicemail_waiting_it_is_delivered_once_after_the_next_start(
    site: SiteFolder,
) -> None:
    site.leave_voicemail(0)
    async with running(site.file) as daemon:
        await daemon.logged("will be tried again")  # no mail server yet
        daemon.signal(signal.SIGKILL)
        assert await daemon.ended() == -signal.SIGKILL
    await retry_now(site)
    async with MaildirServer(site.folder / "mail", site.ports["smtp"]) as server:
        async with running(site.file) as daemon:
            await arrived(server)
            await daemon.logged("delivered")
            daemon.signal(signal.SIGTERM)
            assert await daemon.ended() == 0
        async with running(site.file) as daemon:
            assert (await status_of(site))["outbox"]["by_state"] == {"delivered": 1}
        assert len(server.received) == 1


async def retry_now(site: SiteFolder) -> None:
    done = await asyncio.to_thread(voxpost, "outbox", "retry", "1", "--site", site.file)
    assert done.returncode == 0


class KillingServer(MaildirServer):
    """Keeps the mail, and kills the daemon before it can read the 250."""

    victim: DaemonProcess | None = None
    offered = 0

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.offered += 1
        answer = await super().handle_DATA(server, session, envelope)
        if self.victim is not None:
            victim, self.victim = self.victim, None
            victim.signal(signal.SIGKILL)
            await victim.ended()
        return answer


async def test_sigterm_lets_what_is_on_the_wire_arrive(site: SiteFolder) -> None:
    site.leave_voicemail(0)
    server = HoldingServer(site)
    async with server, running(site.file) as daemon:
        await asyncio.wait_for(server.asked.wait(), 20)
        daemon.signal(signal.SIGTERM)
        await daemon.told_systemd("STOPPING=1")
        server.may_answer.set()
        assert await daemon.ended() == 0
        await daemon.logged("delivered")
    listed = await asyncio.to_thread(voxpost, "outbox", "list", "--site", site.file, "--json")
    assert [it["state"] for it in json.loads(listed.stdout)] == ["delivered"]


async def test_killed_between_the_servers_250_and_the_commit_it_is_in_the_mailbox_once(
    site: SiteFolder,
) -> None:
    server = KillingServer(site.folder / "mail", site.ports["smtp"])
    async with server:
        async with running(site.file) as daemon:
            server.victim = daemon
            site.leave_voicemail(0)
            daemon.signal(signal.SIGHUP)
            await arrived(server)
            assert await daemon.ended() == -signal.SIGKILL
        async with running(site.file) as daemon:
            await daemon.logged("delivered")
    assert (server.offered, len(server.received)) == (2, 1)


def test_a_broken_site_file_exits_3_with_its_line(site: SiteFolder) -> None:
    site.write('emial = "x"\n')
    done = voxpost("run", "--site", site.file)
    assert (done.returncode, "people[0].emial" in done.stderr) == (3, True)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("state_dir", ["ami.secret", "ami.secret/state", "/proc/voxpost"])
def test_a_state_dir_that_cannot_be_made_exits_5_and_names_the_key(
    site: SiteFolder, state_dir: str
) -> None:
    site.write(state_dir=state_dir)
    done = voxpost("run", "--site", site.file)
    assert done.returncode == 5
    assert "set service.state_dir" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_ledger_that_is_none_exits_5(site: SiteFolder) -> None:
    site.state.mkdir()
    (site.state / "ledger.sqlite").write_text("no database, and long enough to be one" * 40)
    done = voxpost("run", "--site", site.file)
    assert (done.returncode, "ledger.sqlite" in done.stderr) == (5, True)
    assert "Traceback" not in done.stderr


def test_a_state_dir_that_cannot_be_made_exits_5(site: SiteFolder) -> None:
    site.state.write_text("not a folder")
    done = voxpost("run", "--site", site.file)
    assert done.returncode == 5
    assert "Traceback" not in done.stderr


class FakeDaemon:
    """Notes what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def reread(self) -> None:
        self.told.append("reread")

    def stop(self) -> None:
        self.told.append("stop")


async def test_a_signal_that_comes_before_the_daemon_is_there_is_kept_for_it() -> None:
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    signals = _Signals(loop)
    try:
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
        while len(signals._early) < 2:
            await asyncio.sleep(0)
        daemon = FakeDaemon()
        signals.obeyed_by(daemon)  # type: ignore[arg-type]
        assert sorted(daemon.told) == ["reread", "stop"]
    finally:
        for number, handler in zip(numbers, before, strict=True):
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
