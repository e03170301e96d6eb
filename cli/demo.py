"""`voxpost demo`: a call's recording and a text arrive as e-mails, on this machine alone."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import click
import structlog

from cli.demo_mail import headers_of, save_attachment, text_of
from cli.demo_site import (
    CALLER_LOGIN,
    PIN,
    RECIPIENT,
    SENDER,
    DemoPorts,
    DemoSite,
    write_demo_site,
)
from cli.demo_text import show_text
from cli.exits import Exit, fail, says_errors
from cli.program import own_program
from cli.stations import StationFailed, Stations
from lab.asterisk import PrivateAsterisk
from lab.certificates import Certificates
from lab.maildir import MaildirServer, ReceivedMail
from lab.modem_client import ModemControl, simulated_modem
from lab.phone import Login, Phone
from lab.places import lab_home
from lab.ports import AsteriskPorts, PortFinder, free_ports
from lab.processes import run_program
from lab.services import service
from lab.speech import from_prompt
from lab.trees import asterisk22

_SPEECH = 5.0  # seconds
_GREETING = 8.5  # seconds of Sari's greeting and Asterisk's instructions, until after the beep
_MAIL_WITHIN = 15.0  # seconds


@click.command()
@click.option("--keep", is_flag=True, help="Stay up afterwards, to call with a softphone.")
@says_errors
def demo(keep: bool) -> None:
    """Show a real call's recording arrive as an e-mail, and a text that is answered by e-mail.

    Fetches a private Asterisk into .lab/ (VOXPOST_LAB names another folder), needs no root,
    and leaves no process behind.
    """
    structlog.configure(processors=[_drop])  # the stations tell it
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd's
    try:
        asyncio.run(_demo(keep=keep))
    except StationFailed as failure:
        fail(str(failure), Exit.FAILED)
    except KeyboardInterrupt:
        click.echo("\nStopped.")


def _drop(*_: object) -> dict[str, object]:
    raise structlog.DropEvent


@dataclass(slots=True)
class _Parts:
    """What the stations build up."""

    folder: Path
    finder: PortFinder
    asterisk: PrivateAsterisk
    phone: Phone
    site: DemoSite
    mail_server: MaildirServer
    ports: DemoPorts


async def _demo(*, keep: bool) -> None:
    stations = Stations()
    async with AsyncExitStack() as stack:
        parts = await _prepare(stations)
        modem = await _start(stations, stack, parts)
        hung_up = await _call(stations, parts)
        mail = await _receive(stations, parts, hung_up)
        audio = _show(stations, parts, mail)
        log = parts.folder / "voxpost.log"
        text = await show_text(stations, modem, parts.mail_server, parts.ports.texts, log)
        shutil.copyfile(text, parts.folder / "text.eml")
        _say_what_to_open(stations, parts, audio)
        if keep:
            _say_what_to_dial(stations, parts)
            await asyncio.Event().wait()
    stations.heading("It works. Nothing was left running.")
    stations.show("`make demo KEEP=1` stays up, so that you can call with a softphone.")


async def _prepare(stations: Stations) -> _Parts:
    home = lab_home(os.environ, Path.cwd())
    folder = home / "demo"
    finder = free_ports(os.environ)
    with stations.station("Asterisk 22") as station:
        tree = asterisk22(home)
        await asyncio.to_thread(tree.ensure, station.doing)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        asterisk = PrivateAsterisk(tree, folder / "pbx", AsteriskPorts.pick(finder))
        asterisk.prepare()
        station.done(f"{await asterisk.version()}, stock Debian, private in {tree.root}")
    with stations.station("Site file") as station:
        certificates = Certificates(folder)
        certificates.write()
        ports = DemoPorts(finder.one(), finder.one(), finder.one(), finder.one())
        modem = folder / "modem/port"
        site = write_demo_site(folder, asterisk, ports, ca_file=certificates.ca_file, modem=modem)
        mail_server = MaildirServer(
            folder / "mail",
            ports.smtp,
            passwords={SENDER: site.smtp_password},
            tls=certificates.server_context(),
        )
        _record_greeting(asterisk)
        station.done(str(site.file))
    phone = Phone(tree, finder)
    return _Parts(folder, finder, asterisk, phone, site, mail_server, ports)


def _record_greeting(asterisk: PrivateAsterisk) -> None:
    """Sari has recorded a greeting of her own: Asterisk's takes five seconds more."""
    greeting = asterisk.spool_dir / "voicemail/default/1001/unavail.wav"
    greeting.parent.mkdir(parents=True)
    greeting.write_bytes(from_prompt(asterisk.sounds_dir, 1.0, "vm-isunavail").wav())


async def _start(stations: Stations, stack: AsyncExitStack, parts: _Parts) -> ModemControl:
    with stations.station("Configuration") as station:
        words = ["generate-config", "--output", str(parts.asterisk.etc_dir)]
        code, printed = await run_program(_voxpost(parts, *words), 60)
        if code:
            raise RuntimeError(printed.strip())
        station.done(f"voxpost generate-config: {printed.strip()}")
    with stations.station("Asterisk starts", parts.asterisk.log_file) as station:
        await stack.enter_async_context(parts.asterisk)
        ports = parts.asterisk.ports
        station.done(f"SIP on 127.0.0.1:{ports.sip}, manager on {ports.ami}")
    with stations.station("Mail server") as station:
        await stack.enter_async_context(parts.mail_server)
        station.done(f"127.0.0.1:{parts.mail_server.port}, STARTTLS and password, keeps a Maildir")
    with stations.station("Modem") as station:
        folder = parts.folder / "modem"
        modem = await stack.enter_async_context(simulated_modem(folder, link=folder / "port"))
        station.done(f"a simulated GSM modem on {modem.link}")
    log = parts.folder / "voxpost.log"
    with stations.station("voxpost starts", log) as station:
        command = _voxpost(parts, "run", "--log", "json")
        await stack.enter_async_context(service("voxpost", command, log))
        station.done(f"health on http://127.0.0.1:{parts.ports.http}/status, log {log}")
    return modem


async def _call(stations: Stations, parts: _Parts) -> float:
    """Budi calls Sari, who does not answer, and speaks after the beep."""
    with stations.station("The call", parts.asterisk.log_file) as station:
        station.doing("Budi (1002) calls Sari (1001), hears the greeting and speaks")
        result = await parts.phone.call(
            "1001",
            parts.asterisk.ports.sip,
            speech=from_prompt(parts.asterisk.sounds_dir, _SPEECH),
            speak_after=_GREETING,
            caller_name="Budi Santoso",
            login=Login(CALLER_LOGIN, parts.site.phone_password),
        )
        hung_up = time.time()
        if not result.answered:
            raise RuntimeError(f"the call was not answered: {result.words}")
        station.done(f"Budi (1002) to Sari (1001), {_SPEECH:.0f} s of speech after the beep")
    return hung_up


async def _receive(stations: Stations, parts: _Parts, hung_up: float) -> ReceivedMail:
    log = parts.folder / "voxpost.log"
    with stations.station("The e-mail", log) as station:
        mail = await parts.mail_server.wait_for_message(
            lambda it: it.recipient == RECIPIENT, _MAIL_WITHIN
        )
        milliseconds = max(0.0, mail.file.stat().st_mtime - hung_up) * 1000
        station.done(f"in {RECIPIENT}'s mail account {milliseconds:.0f} ms after the hang-up")
    return mail


def _show(stations: Stations, parts: _Parts, received: ReceivedMail) -> Path:
    """Show the e-mail; returns its recording."""
    mail = received.read()
    stations.heading("The e-mail that arrived")
    stations.show(headers_of(mail))
    stations.show("")
    stations.show(text_of(mail))
    with stations.station("The recording") as station:
        audio, line = save_attachment(mail, parts.folder)
        station.done(line)
    shutil.copyfile(received.file, parts.folder / "voicemail.eml")
    return audio


def _say_what_to_open(stations: Stations, parts: _Parts, audio: Path) -> None:
    stations.heading("To open")
    stations.show(
        f"e-mails    {parts.folder / 'voicemail.eml'}\n"
        f"           {parts.folder / 'text.eml'}\n"
        f"recording  {audio}"
    )


def _say_what_to_dial(stations: Stations, parts: _Parts) -> None:
    stations.heading("It stays up. Stop it with Ctrl-C.")
    command = " ".join(_voxpost(parts, "status"))
    stations.show(
        f"Softphone   server 127.0.0.1:{parts.asterisk.ports.sip} (UDP or TCP)\n"
        f"            user {CALLER_LOGIN}, password {parts.site.phone_password}\n"
        f"Dial        1001 to leave Sari a message, *43 for an echo, *60 for the time\n"
        f"            (Sari's PIN is {PIN})\n"
        f"Mail        {parts.folder / 'mail' / RECIPIENT}\n"
        f"Status      {command}\n"
        f"Logs        {parts.folder / 'voxpost.log'}\n"
        f"            {parts.asterisk.log_file}"
    )


def _voxpost(parts: _Parts, command: str, *words: str) -> list[str]:
    return [str(own_program()), command, "--site", str(parts.site.file), *words]
