"""One call as a script sees it, over FastAGI and in a process alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from agi import wire
from agi.errors import CommandRefused
from agi.replies import Reply

GET_VARIABLE_BYTES: Final = 1023  # of a value are all that GET VARIABLE shows


class Channel(Protocol):
    """How commands reach Asterisk: a FastAGI connection or the process's own pipes."""

    @property
    def hung_up(self) -> bool:
        """Whether Asterisk has said so, as far as it was read."""
        ...

    async def execute(self, command: bytes) -> Reply:
        """Send one command line and return its own reply, never another one's.

        Raises CallEnded when the connection is gone, ProtocolError when it is no AGI.
        """
        ...

    async def send_last(self, command: bytes) -> None:
        """Send a command whose reply nobody waits for, before closing. Raises CallEnded."""
        ...


class Call:
    """What a script asks of Asterisk and tells it.

    env holds the agi_ lines, args the arguments of AGI() in order, script the path of the
    request.
    """

    def __init__(
        self,
        channel: Channel,
        env: Mapping[str, str],
        script: str,
        *,
        args: tuple[str, ...] = (),
    ) -> None:
        self._channel = channel
        self.env = env
        self.script = script
        self.args = args

    @property
    def hung_up(self) -> bool:
        """Whether Asterisk has said HANGUP, up to the last answer. Variables still work then."""
        return self._channel.hung_up

    async def get_variable(self, name: str) -> str | None:
        """A channel variable ("VMSTATUS") or function ("CALLERID(num)"); None when not set.

        A name with "${" in it is an expression and is expanded by Asterisk, unset parts being
        empty: never build one from what a caller can say. Raises CallEnded, CommandRefused,
        UnsafeArgument.
        """
        if "${" in name:
            return (await self._ask(wire.command("GET FULL VARIABLE", name))).value or ""
        # GET FULL VARIABLE answers "" for what is not set; only GET VARIABLE tells the two
        # apart, but cuts a long value without a word (both seen on 16 and 22).
        reply = await self._ask(wire.command("GET VARIABLE", name))
        if reply.result != "1":
            return None
        value = reply.value or ""
        if len(value.encode()) < GET_VARIABLE_BYTES:
            return value
        return await self.get_variable(f"${{{name}}}")

    async def set_variable(self, name: str, value: str) -> None:
        """Set a channel variable or writable function; Asterisk does not expand the value.

        Raises CallEnded, CommandRefused, UnsafeArgument.
        """
        await self._ask(wire.command("SET VARIABLE", name, value))

    async def set_variable_at_end(self, name: str, value: str) -> None:
        """Set a variable as the last word of a session; no reply is waited for.

        Raises CallEnded, UnsafeArgument.
        """
        await self._channel.send_last(wire.command("SET VARIABLE", name, value))

    async def verbose(self, text: str, level: int = 3) -> None:
        """Write a line to Asterisk's console and log, at level 1 to 4.

        Raises CallEnded, CommandRefused, UnsafeArgument.
        """
        await self._ask(wire.command("VERBOSE", text, level))

    async def _ask(self, command: bytes) -> Reply:
        reply = await self._channel.execute(command)
        if reply.code != 200:
            raise CommandRefused(reply.code, reply.text)
        return reply
