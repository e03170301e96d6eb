"""An action that waits for its answer."""

from __future__ import annotations

import asyncio

from panoramisk.actions import Action

from ami.errors import ActionFailed
from ami.reply import Reply
from ami.wire import ActionFields, Event, Packet, Response, encode_action

# Rows of one list that we hold in memory; 1,000 endpoints or queue members are far below it.
MAX_ROWS = 100_000


class PendingAction(Action):  # type: ignore[misc]  # panoramisk has no types
    """panoramisk's Action (its ids, its future), with its text and its end decided by us.

    Raises UnsafeValue at once if a field cannot be sent.
    """

    def __init__(self, name: str, fields: ActionFields) -> None:
        # Only the name is given to the base: its repr is logged, and fields may be secret.
        super().__init__({"Action": name})
        self.name = name
        self.encoded = encode_action(name, self.action_id, fields)
        self.future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._response: Response | None = None
        self._rows: list[Event] = []

    def __str__(self) -> str:
        # The base checks no value for CR or LF.
        return self.encoded.decode()

    def owns(self, packet: Packet) -> bool:
        """Whether a packet with our id is part of the answer.

        OriginateResponse is not: it may even come before the response.
        """
        return isinstance(packet, Response) or self._response is not None

    def add_message(self, packet: Packet) -> bool:
        """Take a part of the answer; True when that was the last.

        The base guesses from words whether more will come, and waits for ever when a caller
        asked for a list and got one error. `EventList: start` is what Asterisk says itself.
        """
        if isinstance(packet, Response):
            self._response = packet
            return packet.event_list != "start" and self._finish()
        if packet.event_list in {"complete", "cancelled"}:
            return self._finish()
        self._rows.append(packet)
        if len(self._rows) > MAX_ROWS:
            if not self.future.done():
                self.future.set_exception(ActionFailed(self.name, f"more than {MAX_ROWS} rows"))
            return True
        return False

    def _finish(self) -> bool:
        if self._response is not None and not self.future.done():
            self.future.set_result(Reply(self.name, self._response, tuple(self._rows)))
        return True
