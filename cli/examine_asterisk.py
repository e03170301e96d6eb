"""Doctor: the manager accounts and each privilege, the versions, the clock, FastAGI."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from ami.connection import AmiConnection
from ami.errors import ActionFailed, AmiError, LoginRefused, NotPermitted, NotSupported
from ami.reload import Reloader
from cli.ami_session import manager_session
from cli.findings import Finding, bad, good, odd
from cli.manager_accounts import ami_settings, apply_settings
from pbx.model import Site
from pbx.secret import SecretUnusable

_DRIFT = 5.0  # seconds that two clocks may differ
_LOGIN = "Is it in manager.conf? `voxpost generate-config --diff` shows what should stand there."
# What the daemon asks, and the class that manager.conf must grant for it.
_NOBODY = {"Mailbox": "0", "Context": "voxpost-doctor"}
_NOTHING = {"Folder": "INBOX", "ID": "voxpost-doctor"}
_QUESTIONS: tuple[tuple[str, dict[str, str], str], ...] = (
    ("VoicemailUsersList", {}, "call or reporting"),
    ("CoreShowChannels", {}, "reporting"),
    ("VoicemailRefresh", _NOBODY, "user"),
    ("VoicemailMove", {**_NOBODY, **_NOTHING, "ToFolder": "Old"}, "user"),
    ("VoicemailRemove", {**_NOBODY, **_NOTHING}, "user"),
)


async def examine_asterisk(site: Site) -> AsyncIterator[Finding]:
    async for finding in _daemon_account(site):
        yield finding
    async for finding in _apply_account(site):
        yield finding
    yield await _agi(site)


async def _daemon_account(site: Site) -> AsyncIterator[Finding]:
    subject = f"AMI {site.asterisk.ami.username}"
    try:
        settings = ami_settings(site)
    except SecretUnusable:
        return  # said already
    try:
        async with manager_session(settings) as connection:
            yield good(subject, f"logged in at {settings.where}")
            yield _version(site, connection)
            for action, fields, privilege in _QUESTIONS:
                yield await _privilege(connection, subject, action, fields, privilege)
            yield await _clock(connection)
    except AmiError as error:
        yield bad(subject, str(error), _remedy(error))


async def _apply_account(site: Site) -> AsyncIterator[Finding]:
    ami = site.asterisk.ami
    subject = f"AMI {ami.apply_username}"
    if not ami.apply_login_secret().given:
        remedy = "Set asterisk.ami.apply_secret_file, if you want `generate-config --apply`."
        yield odd(subject, "no secret in the site file", remedy)
        return
    try:
        settings = apply_settings(site)
    except SecretUnusable:
        return
    try:
        async with manager_session(settings) as connection:
            await Reloader(connection).active_calls()
            await Reloader(connection).dialplan("voxpost-people")
            yield good(subject, "logged in, may reload and look")
    except AmiError as error:
        yield bad(subject, str(error), _remedy(error))


def _remedy(error: Exception) -> str:
    if isinstance(error, LoginRefused):
        return f"{_LOGIN} Is the secret the same?"
    return f"Does Asterisk run, with AMI on? {_LOGIN}"


def _version(site: Site, connection: AmiConnection) -> Finding:
    found = connection.status.asterisk_version
    if found == str(site.asterisk.version):
        return good("Asterisk version", found)
    return odd(
        "Asterisk version",
        f"{found or 'unknown'}; the site file says {site.asterisk.version}",
        "Set asterisk.version, then generate the configuration anew.",
    )


async def _privilege(
    connection: AmiConnection, subject: str, action: str, fields: dict[str, str], privilege: str
) -> Finding:
    try:
        (await connection.action(action, fields)).or_fail()
    except NotSupported:
        return good(subject, f"{action}: this Asterisk does not have it; done by files")
    except NotPermitted:
        what = f"{action} is not permitted"
        return bad(subject, what, f"Grant write={privilege} in manager.conf.")
    except ActionFailed:
        pass  # there is no such mailbox, of course; but it may be asked
    except AmiError as error:
        return bad(subject, f"{action}: {error}", _remedy(error))
    return good(subject, f"may {action}")


async def _clock(connection: AmiConnection) -> Finding:
    reply = await connection.action("Ping")
    text = reply.get("Timestamp")
    drift = abs(time.time() - float(text)) if text.replace(".", "", 1).isdigit() else 0.0
    if drift > _DRIFT:
        return odd("clock", f"{drift:.0f} s from Asterisk's", "Run NTP on both machines.")
    return good("clock", "as Asterisk's")


async def _agi(site: Site) -> Finding:
    agi = site.asterisk.agi
    where = f"{agi.host}:{agi.port}"
    try:
        async with asyncio.timeout(3):
            _, writer = await asyncio.open_connection(agi.host, agi.port)
        writer.close()
        await writer.wait_closed()
    except (OSError, TimeoutError):
        what = f"nobody listens on {where}"
        return odd("FastAGI", what, "Right while `voxpost run` is stopped; calls go on without.")
    return good("FastAGI", f"{where} answers")
