"""A real Postfix and Dovecot, set up as Zimbra's (lab/zimbra_like.py)."""

import os
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest_asyncio

from lab.accounts import MailUser
from lab.mail_ports import MailPorts
from lab.prepare import install_mail_programs
from lab.zimbra_like import ZimbraLike, need_mail_programs
from tests.free_ports import free_ports

USERS = (
    MailUser("alice@lab.example", "alice-password"),
    MailUser("bob@lab.example", "bob-password"),
    MailUser("voicemail@lab.example", "voicemail-password"),
    MailUser("full@lab.example", "full-password", quota=20_000),
)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mail_server(
    tier: Callable[[str], AbstractContextManager[None]],
) -> AsyncIterator[ZimbraLike]:
    """A mail server for the whole session: users alice, bob, voicemail and full@lab.example.

    A mail that cannot be delivered is tried for 8 seconds, then bounces (Zimbra: 5 days).
    Mail stays from test to test: `await mail_server.clear(address)` first, and take a
    Message-ID of your own, as one that is known is dropped.
    """
    folder = Path(tempfile.mkdtemp(prefix="voxmail"))
    server = ZimbraLike(folder, MailPorts.pick(free_ports()), USERS, give_up_after="8s")
    with tier("mail"):
        if os.geteuid() == 0:
            install_mail_programs(print)
        need_mail_programs()
        await server.start()
    yield server
    await server.stop()
    server.remove()
