"""Doctor: the account that bounces come back to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from cli.findings import Finding, bad, good
from mail.errors import MailError
from mail.imap.dialling import Login
from mail.imap.session import ImapSession
from pbx.bounces import Bounces
from pbx.imap import ImapServer
from pbx.model import Site

_SUBJECT = "bounces"


async def examine_bounces(site: Site) -> AsyncIterator[Finding]:
    bounces, server = site.mail.bounces, site.mail.imap
    if bounces is None or server is None:
        yield good(_SUBJECT, f"not read: what comes back to {site.mail.bounce_address}")
        return
    try:
        unread = await asyncio.to_thread(_look, bounces, server)
    except MailError as error:
        remedy = "Mend mail.bounces: username, password_file or folder."
        yield bad(_SUBJECT, str(error), remedy)
        return
    yield good(_SUBJECT, f"{bounces.username}, {bounces.folder}: {unread} unread")


def _look(bounces: Bounces, server: ImapServer) -> int:
    session = ImapSession(server, Login(bounces.username, bounces.login_secret()))
    try:
        session.open()
        session.select(bounces.folder)
        return len(session.unseen())
    finally:
        session.close()
