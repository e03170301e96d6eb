"""A site with a spool, a ledger and a mail account, kept in step without an Asterisk."""

from __future__ import annotations

import asyncio
import imaplib
import shutil
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from lab.accounts import MailUser
from lab.zimbra_like import ZimbraLike
from ledger.entries import NewEntry, State
from ledger.facts import VoicemailFacts
from ledger.in_step import InStep, Pair
from ledger.outbox import Outbox
from ledger.schema import in_step
from ledger.store import Ledger
from mail.in_step.engine import KeepInStep
from pbx.model import Site

PEOPLE = {"1001": "alice@lab.example", "1002": "bob@lab.example"}


class FileActions:
    """What Asterisk does to a mailbox, done to its files. `trouble` is raised instead."""

    def __init__(self, spool: Path) -> None:
        self.spool = spool
        self.trouble: Exception | None = None
        self.done: list[str] = []

    def box(self, mailbox: str) -> Path:
        number, _, context = mailbox.partition("@")
        return self.spool / "voicemail" / context / number

    def find(self, mailbox: str, msg_id: str) -> Path | None:
        for file in sorted(self.box(mailbox).glob("*/msg*.txt")):
            if f"msg_id={msg_id}\n" in file.read_text():
                return file
        return None

    def folder_of(self, mailbox: str, msg_id: str) -> str | None:
        file = self.find(mailbox, msg_id)
        return None if file is None else file.parent.name

    def move(self, mailbox: str, msg_id: str, folder: str) -> None:
        file = self.find(mailbox, msg_id)
        assert file is not None
        target = self.box(mailbox) / folder
        target.mkdir(exist_ok=True)
        number = len(list(target.glob("msg*.txt")))
        file.rename(target / f"msg{number:04}.txt")

    async def mark_heard(self, mailbox: str, msg_id: str) -> None:
        self._do("heard")
        if self.folder_of(mailbox, msg_id) in {"INBOX", "Urgent"}:
            self.move(mailbox, msg_id, "Old")

    async def mark_new(self, mailbox: str, msg_id: str) -> None:
        self._do("new")
        if self.folder_of(mailbox, msg_id) == "Old":
            self.move(mailbox, msg_id, "INBOX")

    async def delete(self, mailbox: str, msg_id: str) -> None:
        self._do("delete")
        if (file := self.find(mailbox, msg_id)) is not None:
            file.unlink()

    def _do(self, what: str) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.done.append(what)


@dataclass
class Left:
    """A message that was left, and whose mail was delivered."""

    extension: str
    msg_id: str
    message_id: str

    @property
    def mailbox(self) -> str:
        return f"{self.extension}@default"


@dataclass
class Office:
    folder: Path
    ledger: Ledger
    server: dict[str, Any]
    voicemail: dict[str, Any] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.spool = self.folder / "asterisk"
        self.actions = FileActions(self.spool)
        self.pairs = InStep(self.ledger)

    def site(self) -> Site:
        people = [
            {
                "extension": extension,
                "name": f"Person {extension}",
                "email": email,
                "imap_password": self.passwords.get(email, f"{email.partition('@')[0]}-password"),
            }
            for extension, email in PEOPLE.items()
        ]
        return Site.model_validate(
            {
                "site": {"name": "Klinik", "domain": "lab.example"},
                "asterisk": {"spool_dir": str(self.spool)},
                "mail": {
                    "smtp": {"host": "localhost"},
                    "from": "Voicemail <voicemail@lab.example>",
                    "imap": {"host": "localhost", "timeout": 3, "period": 1} | self.server,
                },
                "voicemail": {"read_is_heard": True} | self.voicemail,
                "people": people,
            }
        )

    async def leave(self, extension: str = "1001", folder: str = "INBOX") -> Left:
        """A message on the telephone, and its entry in the ledger, delivered."""
        left = Left(extension, str(uuid.uuid4()), f"<{uuid.uuid4()}@lab.example>")
        box = self.actions.box(left.mailbox) / folder
        box.mkdir(parents=True, exist_ok=True)
        number = len(list(box.glob("msg*.txt")))
        (box / f"msg{number:04}.txt").write_text(
            f"[message]\ncallerid=0812\norigtime={int(time.time())}\nmsg_id={left.msg_id}\n"
        )
        facts = VoicemailFacts(left.mailbox, left.msg_id, "0812", "", 0, 2, 1)
        entry = NewEntry(
            source=f"voicemail:{left.mailbox}:{left.msg_id}",
            extension=extension,
            recipient=PEOPLE[extension],
            message_id=left.message_id,
            facts=facts,
            state=State.DELIVERED,
        )
        await Outbox(self.ledger).add([entry], time.time())
        return left

    @asynccontextmanager
    async def running(self) -> AsyncIterator[KeepInStep]:
        engine = KeepInStep(site=self.site, ledger=self.pairs, actions=self.actions)
        task = asyncio.create_task(engine.run())
        try:
            yield engine
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(self, done: Callable[[], Any], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while not await asyncio.to_thread(done):
                await asyncio.sleep(0.05)

    async def rows(self) -> list[Any]:
        return await self.ledger.read(lambda it: list(it.execute(in_step.select())))

    async def until_rows(self, done: Callable[[list[Any]], bool]) -> list[Any]:
        async with asyncio.timeout(20):
            while not done(rows := await self.rows()):
                await asyncio.sleep(0.05)
        return rows

    async def agreed(self, read: bool) -> None:
        """Wait until all open pairs were seen on both sides and agree."""
        await self.until_rows(
            lambda rows: bool(rows) and all(it.read is read and it.folder for it in rows)
        )

    async def open_pairs(self, extension: str = "1001") -> list[Pair]:
        return await self.pairs.open_pairs(extension)


class MailProgram:
    """A person's mail program: Python's own imaplib, not the client under test."""

    def __init__(self, server: ZimbraLike, user: MailUser) -> None:
        self.imap = imaplib.IMAP4("127.0.0.1", server.ports.imap, timeout=10)
        self.imap.login(user.address, user.password)
        self.imap.select("INBOX")

    def deliver(self, left: Left, folder: str = "INBOX", audio: bool = True) -> None:
        mail = EmailMessage()
        mail["Message-ID"] = left.message_id
        mail["Subject"] = "Voicemail"
        mail.set_content("Somebody called.")
        if audio:
            mail.add_attachment(b"RIFF", maintype="audio", subtype="x-wav", filename="a.wav")
        self.imap.append(folder, "", "", mail.as_bytes().replace(b"\n", b"\r\n"))

    def uid(self, left: Left, folder: str = "INBOX") -> str | None:
        if self.imap.select(f'"{folder}"')[0] != "OK":
            return None
        found = self.imap.uid("SEARCH", "HEADER", "Message-ID", left.message_id)[1][0]
        return found.split()[0].decode() if found else None

    def flags(self, left: Left, folder: str = "INBOX") -> str | None:
        uid = self.uid(left, folder)
        if uid is None:
            return None
        return str(self.imap.uid("FETCH", uid, "(FLAGS)")[1][0])

    def seen(self, left: Left, folder: str = "INBOX") -> bool:
        return "Seen" in (self.flags(left, folder) or "")

    def store(self, left: Left, flags: str, folder: str = "INBOX") -> None:
        uid = self.uid(left, folder)
        assert uid is not None
        self.imap.uid("STORE", uid, flags[0] + "FLAGS", flags[1:])

    def move(self, left: Left, target: str, folder: str = "INBOX") -> None:
        self.imap.create(target)
        uid = self.uid(left, folder)
        assert uid is not None
        self.imap.uid("COPY", uid, target)
        self.delete(left, folder)

    def delete(self, left: Left, folder: str = "INBOX") -> None:
        self.store(left, "+\\Deleted", folder)
        self.imap.expunge()

    def clear(self) -> None:
        for line in self.imap.list()[1]:
            name = line.decode().rpartition(' "/" ')[2].strip('"')
            if name != "INBOX" and not name.startswith("shared"):
                self.imap.delete(f'"{name}"')
        self.imap.select("INBOX")
        self.imap.store("1:*", "+FLAGS", "\\Deleted") if self.imap.search(None, "ALL")[1][
            0
        ] else None
        self.imap.expunge()

    def close(self) -> None:
        self.imap.logout()


def remove_spool(office: Office) -> None:
    shutil.rmtree(office.spool)
