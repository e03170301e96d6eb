"""Doctor: the gateways, the addresses that e-mails and callbacks come to, what texts wait for.

Sends no text, and opens no modem: the daemon has it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cli.file_access import User, daemon_user, group_name
from cli.findings import Finding, bad, good, odd
from cli.opening import opened_ledger
from cli.status import ask_daemon
from cli.tables import counted, span
from ledger.errors import LedgerError
from ledger.text_book import TextBook, TextDepth
from ledger.texts import TextState
from pbx.gateways import (
    GatewaySettings,
    KannelBoxGateway,
    KannelGateway,
    ModemGateway,
    PlaySmsGateway,
)
from pbx.model import Site
from pbx.secret import SecretUnusable
from pbx.sms import Sms
from sms.gateways.http import Reply, form_of, new_session, place_of, post
from sms.gateways.playsms.wire import read_answer

_TIMEOUT = 3.0  # seconds
_WAITS_LONG = 600.0  # seconds
_LATE = 300.0  # seconds beyond the time that parts are waited for
_STOPPED = "Right while `voxpost run` is stopped; else see its log."


async def examine_sms(site: Site) -> AsyncIterator[Finding]:
    """Findings about [sms]; none without it."""
    sms = site.sms
    if sms is None:
        return
    daemon = await asyncio.to_thread(ask_daemon, site)
    known: dict[str, Any] = ((daemon or {}).get("sms") or {}).get("gateways", {})
    for gateway in sms.gateways:
        async for finding in _gateway(site, gateway):
            yield finding
        if gateway.name in known:
            yield _as_daemon_says(gateway, known[gateway.name])
    async for finding in _listeners(sms):
        yield finding
    try:
        async with opened_ledger(site, must_exist=True) as ledger:
            depth = await TextBook(ledger).depth(time.time())
    except LedgerError:
        return  # said already
    for finding in _waiting(sms, depth):
        yield finding


async def _gateway(site: Site, gateway: GatewaySettings) -> AsyncIterator[Finding]:
    subject = f"gateway {gateway.name}"
    if isinstance(gateway, ModemGateway):
        yield await asyncio.to_thread(_modem, subject, gateway, daemon_user(site))
    elif isinstance(gateway, PlaySmsGateway):
        yield await _playsms(subject, gateway)
    elif isinstance(gateway, KannelGateway):
        url = urlsplit(gateway.url)
        port = url.port or (443 if url.scheme == "https" else 80)
        yield await _port(subject, "smsbox", url.hostname or "", port)
    else:
        what = "bearerbox" if isinstance(gateway, KannelBoxGateway) else "the SMSC"
        yield await _port(subject, what, gateway.host, gateway.port)


def _modem(subject: str, gateway: ModemGateway, user: User) -> Finding:
    """Whether the device is there and may be used; it is not opened."""
    device = gateway.device
    found = sorted(Path(device.anchor).glob(str(device.relative_to(device.anchor))))
    if not found:
        remedy = "Plug it in; `ls /dev/serial/by-id` shows the names that last. Set device to one."
        return bad(subject, f"{gateway.device} is not there", remedy)
    usable = [device for device in found if user.may_read_and_write(device)]
    if usable:
        return good(subject, f"{usable[0]} is there, {user.name} may use it")
    group = group_name(found[0])
    remedy = f"Put {user.name} into the group {group}: usermod -a -G {group} {user.name}"
    if group == "root" or found[0].stat().st_mode & 0o060 != 0o060:
        # root's group may do more than send texts, and without the group's right it is no help.
        remedy = 'Give the port to a group of its own, by udev: GROUP="dialout", MODE="0660".'
    return bad(subject, f"{found[0]} is there, but {user.name} may not use it", remedy)


async def _playsms(subject: str, gateway: PlaySmsGateway) -> Finding:
    """Ask for the credit: it logs in, and changes nothing."""
    try:
        token = gateway.login_secret().read()
    except SecretUnusable:
        return bad(subject, "not asked, without its token", "See the secret above.")
    form = form_of({"u": gateway.username, "h": token, "op": "cr"})
    url = f"{gateway.url}{'&' if '?' in gateway.url else '?'}app=ws"
    async with new_session() as session:
        outcome = await post(session, url, *form, connect=_TIMEOUT, whole=2 * _TIMEOUT)
    if not isinstance(outcome, Reply):
        return bad(subject, outcome.words, "Does it run, and may this machine reach it?")
    answer = read_answer(outcome.body)
    if outcome.status == 200 and answer is None and '"credit"' in outcome.body:
        return good(subject, "PlaySMS answers, logged in")
    if outcome.status != 200 or answer is None or not answer.error:
        what = f"{place_of(gateway.url)} answers {outcome.status}, but not as PlaySMS"
        return bad(subject, what, "Set url to its index.php.")
    what = f"PlaySMS says error {answer.error} {answer.words}"
    return bad(subject, what, "Compare username and token_file with its account.")


async def _port(subject: str, what: str, host: str, port: int) -> Finding:
    trouble = await _connect(host, port)
    if trouble is None:
        return good(subject, f"{what} answers at {host}:{port}")
    remedy = f"Does it run, and may this machine reach port {port}?"
    return bad(subject, f"{what} does not answer at {host}:{port}: {trouble}", remedy)


def _as_daemon_says(gateway: GatewaySettings, said: dict[str, Any]) -> Finding:
    subject = f"gateway {gateway.name}"
    if said["state"] == "up":
        return good(subject, f"up, says the daemon; {said['sent']} sent since its start")
    what = f"{said['state']}, says the daemon: {said['words']}"
    return bad(subject, what, "Mend what it says; it tries again by itself.")


async def _listeners(sms: Sms) -> AsyncIterator[Finding]:
    where = f"{sms.http_host}:{sms.http_port}"
    if await _connect(sms.http_host, sms.http_port) is None:
        yield good("sms web service", f"{where} answers")
    else:
        yield odd("sms web service", f"nobody listens on {where}", _STOPPED)
    if sms.mail is None:
        yield good("sms by e-mail", "off: without [sms.mail], no e-mail becomes a text")
        return
    where = f"{sms.mail.host}:{sms.mail.port}"
    greeting = await _greeting(sms.mail.host, sms.mail.port)
    example = f"+62811000111@{sms.mail.domain}"
    if greeting.startswith("220"):
        what = f"{sms.mail.protocol} at {where} answers; write to {example}"
        yield good("sms by e-mail", what)
    elif greeting:
        what = f"{where} is no {sms.mail.protocol} of ours: {greeting}"
        yield bad("sms by e-mail", what, "Set sms.mail.port to a free one, or sms.mail.peers.")
    else:
        yield odd("sms by e-mail", f"nobody answers on {where}", _STOPPED)


def _waiting(sms: Sms, depth: TextDepth) -> Iterator[Finding]:
    now = time.time()
    well = True
    if unknown := depth.by_state.get(TextState.UNKNOWN):
        well = False
        what = f"{counted(unknown, 'text', 'texts')} may have been sent or not"
        remedy = "`voxpost sms list --state unknown`, then `sms retry ID` or `sms drop ID`."
        yield odd("texts", what, remedy)
    if depth.oldest_waiting is not None and now - depth.oldest_waiting > _WAITS_LONG:
        well = False
        what = f"the oldest waits for {span(now - depth.oldest_waiting)}"
        yield odd("texts", what, "Is a gateway up? `voxpost sms list --state waiting` says more.")
    late = sms.join_within_minutes * 60 + _LATE
    if depth.oldest_part is not None and now - depth.oldest_part > late:
        well = False
        what = f"{counted(depth.parts, 'part', 'parts')} of long texts wait for too long"
        yield odd("texts", what, "`voxpost run` makes texts of them; does it run?")
    if well:
        waiting = depth.by_state.get(TextState.WAITING, 0)
        yield good("texts", f"{waiting} waiting, none unknown")


async def _connect(host: str, port: int) -> str | None:
    """Why nobody answers there; None where somebody does."""
    try:
        async with asyncio.timeout(_TIMEOUT):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            await writer.wait_closed()
    except TimeoutError:
        return "no answer in time"
    except OSError as error:
        return error.strerror or str(error)
    return None


async def _greeting(host: str, port: int) -> str:
    """The first line of who answers there; empty where nobody does."""
    try:
        async with asyncio.timeout(_TIMEOUT):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                line = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return ""
    return line.decode("ascii", "replace").strip()[:100]
