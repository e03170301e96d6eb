"""Listens for new voicemail, and does to a mailbox what its owner asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ami.connection import AmiConnection
from ami.errors import ActionFailed
from ami.events import message_waiting
from ami.reply import Reply
from ami.wire import Event
from mail.recordings import NEW_FOLDERS

_LISTENING = {"voicemailmain", "voicemailplaymsg"}


class VoicemailWatcher:
    """Turns AMI's news into hints: which mailbox to look into, and when to look into all.

    hint: called with `1001@default` when that mailbox says what it holds, also that nothing is new.
    sweep: called after each (re)connect and when events were missed.
    """

    def __init__(
        self,
        connection: AmiConnection,
        hint: Callable[[str], Awaitable[None]],
        sweep: Callable[[], Awaitable[None]],
    ) -> None:
        self._hint = hint
        connection.on("MessageWaiting", self._waiting)
        connection.on_connected(sweep)

    async def _waiting(self, event: Event) -> None:
        news = message_waiting(event)
        if news is not None:
            await self._hint(news.address)


class MailboxActions:
    """Changes messages through Asterisk, which then also moves the phone's lamp.

    A message that is not there any more, taken by phone say, is no error. Every method takes a
    mailbox as `1001@default` and raises what AmiConnection.action raises; besides, NotSupported
    where Asterisk lacks the actions (16 does), NotPermitted where the account lacks
    write=user,call,reporting, and ActionFailed.
    """

    def __init__(self, connection: AmiConnection) -> None:
        self._connection = connection

    async def folder_of(self, mailbox: str, msg_id: str) -> str | None:
        """The folder that a message is in now, or None if it is gone."""
        summary = await self._ask("VoicemailBoxSummary", mailbox)
        for row in summary.events:
            if row.get("ID") == msg_id:
                return row.get("Folder")
        return None

    async def mark_heard(self, mailbox: str, msg_id: str) -> None:
        """Move a new message to Old.

        One in another folder was heard, or filed by its owner: it stays where it is.
        """
        await self._move(mailbox, msg_id, NEW_FOLDERS, "Old")

    async def mark_new(self, mailbox: str, msg_id: str) -> None:
        """Move a heard message back to INBOX."""
        await self._move(mailbox, msg_id, ("Old",), "INBOX")

    async def delete(self, mailbox: str, msg_id: str) -> None:
        """Remove a message from whichever folder it is in."""
        folder = await self.folder_of(mailbox, msg_id)
        if folder is None:
            return
        reply = await self._ask("VoicemailRemove", mailbox, Folder=folder, ID=msg_id)
        if _failed(reply) and (now_in := await self.folder_of(mailbox, msg_id)) is not None:
            advice = f"it is in folder {now_in} of {mailbox}"
            raise ActionFailed(reply.action, reply.message, advice)

    async def refresh(self, mailbox: str) -> None:
        """Have Asterisk count what lies in a mailbox, and tell its telephones."""
        await self._ask("VoicemailRefresh", mailbox)

    async def is_listened_to(self, mailbox: str) -> bool:
        """Whether somebody is in a mailbox by telephone.

        Until that call ends, Asterisk remembers by number what was heard and what is to be
        deleted. Who renumbers meanwhile, Asterisk's own actions included, has it delete others.
        """
        reply = (await self._connection.action("CoreShowChannels")).or_fail()
        return any(_listens(row, mailbox) for row in reply.events)

    async def _move(self, mailbox: str, msg_id: str, sources: tuple[str, ...], target: str) -> None:
        folder = await self.folder_of(mailbox, msg_id)
        if folder not in sources:
            return
        fields = {"Folder": folder, "ID": msg_id, "ToFolder": target}
        reply = await self._ask("VoicemailMove", mailbox, **fields)
        if _failed(reply) and await self.folder_of(mailbox, msg_id) in sources:
            advice = f"is the folder {target} of {mailbox} full?"
            raise ActionFailed(reply.action, reply.message, advice)

    async def _ask(self, action: str, mailbox: str, **fields: str) -> Reply:
        number, _, context = mailbox.partition("@")
        where = {"Mailbox": number, "Context": context or "default"}
        return (await self._connection.action(action, where | fields)).or_fail()


def _listens(channel: Event, mailbox: str) -> bool:
    if channel.get("Application").lower() not in _LISTENING:
        return False
    arguments = channel.get("ApplicationData").partition(",")[0]
    number, _, context = arguments.partition("@")
    # Without a number the caller is asked for one; it may be this.
    return not number or f"{number}@{context or 'default'}" == mailbox


def _failed(reply: Reply) -> bool:
    # app_voicemail answers `Response: Success`, `Message: Message move failed`.
    return reply.message.endswith("failed")
