"""Listens for new voicemail, and does to a mailbox what its owner asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ami.connection import AmiConnection
from ami.errors import ActionFailed
from ami.events import message_waiting
from ami.reply import Reply
from ami.wire import Event
from mail.recordings import NEW_FOLDERS


class VoicemailWatcher:
    """Turns AMI's news into hints: which mailbox to look into, and when to look into all.

    hint: called with `1001@default` when that mailbox says that it holds new messages.
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
        if news is not None and news.new > 0:
            await self._hint(news.address)


class MailboxActions:
    """Changes messages through Asterisk, which then also moves the phone's lamp.

    A message that is not there any more, taken by phone say, is no error. Every method takes a
    mailbox as `1001@default` and raises what AmiConnection.action raises; besides, NotSupported
    where Asterisk lacks the actions (16 does), NotPermitted where the account lacks
    write=user,call (or reporting for call), and ActionFailed.
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
        folder = await self.folder_of(mailbox, msg_id)
        if folder not in NEW_FOLDERS:
            return
        reply = await self._ask("VoicemailMove", mailbox, Folder=folder, ID=msg_id, ToFolder="Old")
        if _failed(reply) and await self.folder_of(mailbox, msg_id) in NEW_FOLDERS:
            raise ActionFailed(reply.action, reply.message, f"is the folder Old of {mailbox} full?")

    async def delete(self, mailbox: str, msg_id: str) -> None:
        """Remove a message from whichever folder it is in."""
        folder = await self.folder_of(mailbox, msg_id)
        if folder is None:
            return
        reply = await self._ask("VoicemailRemove", mailbox, Folder=folder, ID=msg_id)
        if _failed(reply) and (now_in := await self.folder_of(mailbox, msg_id)) is not None:
            advice = f"it is in folder {now_in} of {mailbox}"
            raise ActionFailed(reply.action, reply.message, advice)

    async def _ask(self, action: str, mailbox: str, **fields: str) -> Reply:
        number, _, context = mailbox.partition("@")
        where = {"Mailbox": number, "Context": context or "default"}
        return (await self._connection.action(action, where | fields)).or_fail()


def _failed(reply: Reply) -> bool:
    # app_voicemail answers `Response: Success`, `Message: Message move failed`.
    return reply.message.endswith("failed")
