"""What putting configuration live needs of Asterisk: reload a module, and look what it took."""

from __future__ import annotations

from ami.connection import AmiConnection
from ami.errors import ActionFailed, NotPermitted, ReloadRefused
from ami.wire import Event

_TIMEOUT = 60.0  # seconds for one reload or list


class Reloader:
    """Reloads modules and asks Asterisk what it now has, over an account of its own.

    The account needs write=system,reporting.
    Every method raises what AmiConnection.action raises, and NotPermitted or NotSupported.
    """

    def __init__(self, connection: AmiConnection) -> None:
        self._connection = connection

    async def reload(self, module: str) -> None:
        """Reload one module, `pbx_config` say.

        Raises ReloadRefused with Asterisk's words. Asterisk also says yes to a file with
        faults in it: ask afterwards whether it has what it should.
        """
        reply = await self._connection.action("Reload", {"Module": module}, timeout=_TIMEOUT)
        try:
            reply.or_fail()
        except NotPermitted:
            raise
        except ActionFailed as refusal:
            raise ReloadRefused(module, refusal.words) from None

    async def dialplan(self, context: str) -> set[str]:
        """The extensions and patterns of a context; empty if there is no such context."""
        try:
            rows = await self._list("ShowDialPlan", Context=context)
        except ActionFailed as refusal:
            if refusal.words.startswith("Did not find"):
                return set()
            raise
        # Rows of includes and switches have no extension.
        return {row.get("Extension") for row in rows if row.get("Extension")}

    async def endpoints(self) -> set[str]:
        """The names of the PJSIP endpoints."""
        try:
            rows = await self._list("PJSIPShowEndpoints")
        except ActionFailed as refusal:
            if refusal.words.startswith("No endpoints"):
                return set()
            raise
        return {row.get("ObjectName") for row in rows}

    async def voicemail_users(self) -> set[str]:
        """The mailboxes, as `1001@default`."""
        rows = await self._list("VoicemailUsersList")
        return {f"{row.get('VoiceMailbox')}@{row.get('VMContext')}" for row in rows}

    async def active_calls(self) -> int:
        """How many calls are up now."""
        reply = await self._connection.action("CoreStatus", timeout=_TIMEOUT)
        return int(reply.or_fail().get("CoreCurrentCalls", "0"))

    async def _list(self, action: str, **fields: str) -> tuple[Event, ...]:
        reply = await self._connection.action(action, fields, timeout=_TIMEOUT)
        return reply.or_fail().events
