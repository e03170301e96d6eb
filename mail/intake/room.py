"""How many bytes of e-mails may be in memory, over all conversations."""

from __future__ import annotations

from types import TracebackType

from mail.intake.handler import Answer

TOO_LARGE = Answer(552, "5.3.4 The message is too large")
NO_ROOM = Answer(452, "4.3.1 Too many messages at once, try again later")


class Room:
    """The memory that messages may take.

    Arguments:
        most: bytes over all messages.
        largest: bytes of one message.
    """

    def __init__(self, most: int, largest: int) -> None:
        self.most = max(most, largest)
        self.largest = largest
        self.used = 0

    def has(self, count: int) -> bool:
        """Whether a message of this size would fit now."""
        return self.used + count <= self.most


class Share:
    """What one message takes of the room, given back at the end of `with`."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._taken = 0
        self.refusal = NO_ROOM
        """Why there was no room."""

    def take(self, count: int) -> bool:
        """Whether there is room for more bytes. Once there is none, all are given back."""
        if self._taken + count > self._room.largest:
            self.refusal = TOO_LARGE
        elif self._room.has(count):
            self._taken += count
            self._room.used += count
            return True
        self.give_back()
        return False

    def give_back(self) -> None:
        self._room.used -= self._taken
        self._taken = 0

    def __enter__(self) -> Share:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.give_back()
