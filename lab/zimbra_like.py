"""A mail server that behaves as Zimbra's does: Postfix and Dovecot, set up alike.

What a sender and a reader of Zimbra meet, on loopback and high ports; both programs are the
host's, the folders and settings are the lab's own.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from lab import dovecot, postfix
from lab.accounts import MailUser
from lab.certificates import Certificates
from lab.dovecot import Dovecot
from lab.errors import DidNotStart, Unavailable
from lab.imap_reader import FetchedMail, ImapReader
from lab.mail_ports import MailPorts
from lab.policy import Greylist, PolicyServer
from lab.ports import LOOPBACK
from lab.postfix import Postfix
from lab.processes import Child

MISSING = "run `python -m lab.prepare --tests` as root"
DELIVERED = "Logged out (state=READY)"  # how Dovecot ends an LMTP session


def need_mail_programs() -> None:
    """Raise Unavailable where this machine or this user cannot run the mail server."""
    for program in (postfix.CONTROL, dovecot.PROGRAM, dovecot.SIEVE_COMPILER):
        if not program.exists():
            raise Unavailable(f"{program} is missing: {MISSING}")
    if os.geteuid() != 0:
        raise Unavailable("Postfix and Dovecot start as root alone")


class ZimbraLike:
    """One mail server, from start to stop; needs root.

    folder: its own. ports: its doors. users: who has a mail account; their domains are the
    server's. give_up_after: how long a mail is tried, in Postfix's words. one_at_a_time: to each
    mail account; where several arrive together, Dovecot forgets some of the Message-IDs that it
    has seen, and Zimbra none.

    Use it as `async with ZimbraLike(...) as server`. It ends with this process.
    """

    def __init__(
        self,
        folder: Path,
        ports: MailPorts,
        users: Sequence[MailUser],
        *,
        give_up_after: str = "5d",
        one_at_a_time: bool = False,
    ) -> None:
        self.folder = folder.resolve()
        self.ports = ports
        self.users = {user.address: user for user in users}
        self.certificates = Certificates(self.folder)
        self.reader = ImapReader(ports.imap)
        self._dovecot = Dovecot(self.folder / "dovecot", ports, users, self.certificates)
        self._postfix = Postfix(
            self.folder / "postfix",
            ports,
            sorted({user.domain for user in users}),
            self.certificates,
            give_up_after=give_up_after,
            one_at_a_time=one_at_a_time,
        )
        self._policy = PolicyServer(ports.policy, Greylist())
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """Start all of it and wait until every door answers. Raises LabError."""
        need_mail_programs()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)  # its programs work as other users
        if not self.certificates.ca_file.exists():  # those who trust it go on doing so
            self.certificates.write()
        async with AsyncExitStack() as stack:
            stack.enter_context(self._policy)
            stack.push_async_callback(self._dovecot.stop)
            await self._dovecot.start()
            stack.push_async_callback(self._postfix.stop)
            await self._postfix.start()
            await _answers(self.ports.imap, b"* OK", self._dovecot.child)
            await _answers(self.ports.submission, b"220 ", self._postfix.child)
            self._stack = stack.pop_all()

    async def stop(self) -> None:
        """Stop all of it."""
        await self._stack.aclose()

    async def __aenter__(self) -> ZimbraLike:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def mails(self, address: str) -> list[FetchedMail]:
        """What is in an address's INBOX, the oldest first."""
        return await self.reader.mails(self.users[address])

    async def wait_for_mail(
        self, address: str, count: int = 1, timeout: float = 20.0
    ) -> list[FetchedMail]:
        """Wait until an address's INBOX holds `count` mails, and return them all.

        timeout: seconds. Raises TimeoutError.
        """
        return await self.reader.wait_for(self.users[address], count, timeout)

    async def clear(self, address: str) -> None:
        """Delete all that is in an address's INBOX."""
        await self.reader.clear(self.users[address])

    async def route(self, domain: str, next_hop: str) -> None:
        """Send a domain's mail to a next hop, as "lmtp:inet:127.0.0.1:12345"."""
        await self._postfix.route(domain, next_hop)

    @property
    def pids(self) -> Mapping[str, int]:
        """The first process of each program, to see what they take. Raises LabError."""
        return {"postfix": self._postfix.child.pid, "dovecot": self._dovecot.child.pid}

    def log(self) -> str:
        """What both programs logged."""
        return self._postfix.log() + self._dovecot.log()

    async def wait_for_log(self, text: str, count: int = 1, timeout: float = 20.0) -> None:
        """Wait until Dovecot has logged a text `count` times, as what became of a Message-ID.

        timeout: seconds. Raises TimeoutError.
        """
        async with asyncio.timeout(timeout):
            while True:
                if self._dovecot.log().count(text) >= count:
                    return
                await asyncio.sleep(0.05)

    def deliveries(self) -> int:
        """How many deliveries to Dovecot have ended, its list of known ids written."""
        return self._dovecot.log().count(DELIVERED)

    async def wait_for_delivery(self, after: int) -> None:
        """Wait until more deliveries than `after` have ended. Raises TimeoutError."""
        await self.wait_for_log(DELIVERED, count=after + 1)

    def remove(self) -> None:
        """Delete the folder, with all mail in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


async def _answers(port: int, greeting: bytes, child: Child, timeout: float = 20.0) -> None:
    # Neither program tells when it is ready; its greeting does.
    async with asyncio.timeout(timeout):
        while child.is_running():
            try:
                reader, writer = await asyncio.open_connection(LOOPBACK, port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
                continue
            try:
                if (await reader.readline()).startswith(greeting):
                    return
            finally:
                writer.close()
                await writer.wait_closed()
    raise DidNotStart(f"{child.name} ended. Its last words:\n{child.last_words()}")
