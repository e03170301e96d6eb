"""Reads a mail account by IMAP, to see what arrived."""

from __future__ import annotations

import asyncio
import imaplib
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

from lab.accounts import MailUser
from lab.ports import LOOPBACK

TIMEOUT = 10.0  # seconds for one answer of the server
LOOK_AGAIN = 0.1  # seconds


@dataclass(frozen=True)
class FetchedMail:
    """A mail in a mail account, with its IMAP flags."""

    uid: int
    flags: frozenset[str]
    message: EmailMessage

    @property
    def seen(self) -> bool:
        """Whether it was read."""
        return "\\Seen" in self.flags


class ImapReader:
    """Looks into mail accounts at one port, without TLS, each time on a new connection."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def mails(self, user: MailUser) -> list[FetchedMail]:
        """What is in the INBOX, the oldest first; nothing is marked as read."""
        return await asyncio.to_thread(self._wait, user, 0, 0.0)

    async def wait_for(self, user: MailUser, count: int, timeout: float) -> list[FetchedMail]:
        """Wait until the INBOX holds `count` mails, and return them all.

        timeout: seconds. Raises TimeoutError, naming what was there.
        """
        found = await asyncio.to_thread(self._wait, user, count, timeout)
        if len(found) < count:
            there = [str(mail.message["Subject"]) for mail in found]
            raise TimeoutError(
                f"{user.address} has {len(found)} of {count} mails after {timeout:.0f} s: {there}"
            )
        return found

    async def flag(
        self, user: MailUser, uid: int, flag: str = "\\Seen", *, remove: bool = False
    ) -> None:
        """Set a flag, as a person's mail program does when the mail is read, or remove it."""

        def work() -> None:
            with self._inbox(user) as imap:
                imap.uid("STORE", str(uid), "-FLAGS" if remove else "+FLAGS", f"({flag})")

        await asyncio.to_thread(work)

    async def clear(self, user: MailUser) -> None:
        """Delete all that is in the INBOX."""

        def work() -> None:
            with self._inbox(user) as imap:
                for uid in _uids(imap):
                    imap.uid("STORE", str(uid), "+FLAGS", "(\\Deleted)")
                imap.expunge()

        await asyncio.to_thread(work)

    def _inbox(self, user: MailUser) -> imaplib.IMAP4:
        imap = imaplib.IMAP4(LOOPBACK, self._port, timeout=TIMEOUT)
        imap.login(user.address, user.password)
        imap.select("INBOX")
        return imap

    def _wait(self, user: MailUser, count: int, timeout: float) -> list[FetchedMail]:
        until = time.monotonic() + timeout
        with self._inbox(user) as imap:
            while True:
                imap.noop()
                uids = _uids(imap)
                if len(uids) >= count or time.monotonic() >= until:
                    return [_fetch(imap, uid) for uid in uids]
                time.sleep(LOOK_AGAIN)


def _uids(imap: imaplib.IMAP4) -> list[int]:
    _, found = imap.uid("SEARCH", "ALL")
    return [int(uid) for uid in found[0].split()]


def _fetch(imap: imaplib.IMAP4, uid: int) -> FetchedMail:
    _, answer = imap.uid("FETCH", str(uid), "(FLAGS BODY.PEEK[])")
    head, body = next(part for part in answer if isinstance(part, tuple))
    flags = frozenset(flag.decode() for flag in imaplib.ParseFlags(head))
    return FetchedMail(uid, flags, message_from_bytes(body, policy=policy.default))
