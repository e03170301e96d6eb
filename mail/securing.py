"""Secures a message's audio in voxpost's own spool, while the telephone may move it about."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from mail.errors import HandoverFailed
from mail.recordings import Recording, folder_stamp, read_recording
from mail.spool import Spool

_SECOND_LOOK = 0.02  # seconds; renumbering moves audio and text one after the other
_LOOKS = 3


class Gone(Exception):
    """The message is not where it was: heard, moved or deleted. It is found in its new place."""


class Securing:
    """Takes recordings, each of them surely of the message that it is taken for."""

    def __init__(self, spool: Spool, pause: Callable[[float], Awaitable[None]]) -> None:
        self._spool = spool
        self._pause = pause

    async def take(self, recording: Recording) -> str | None:
        """Take the audio, and make sure that it is this message's.

        None if it has none.

        Raises:
            Gone: it is not there any more.
            HandoverFailed: it cannot be read or kept, or would not lie still.
        """
        audio: Path | None = None
        folder = recording.text_file.parent
        before = await asyncio.to_thread(folder_stamp, folder)
        for _ in range(_LOOKS):
            name = None
            audio = await asyncio.to_thread(recording.audio)
            if audio is not None:
                name = await self._try_to_secure(audio)
            await self._pause(_SECOND_LOOK)
            if name is not None and audio is not None:
                if await asyncio.to_thread(self._unmoved, recording, name, audio):
                    return name
                await asyncio.to_thread(self._spool.remove, name)
            if not await asyncio.to_thread(_still_there, recording):
                raise Gone
        after = await asyncio.to_thread(folder_stamp, folder)
        if audio is not None or after is None or after != before:
            raise HandoverFailed(f"{recording.text_file} changes all the time. It is tried again.")
        return None

    async def _try_to_secure(self, audio: Path) -> str | None:
        try:
            return await asyncio.to_thread(self._spool.secure, audio)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise HandoverFailed(
                f"cannot secure {audio}: {error.strerror}. The message stays on the "
                "telephone and is tried again; see `voxpost doctor`."
            ) from error

    def _unmoved(self, recording: Recording, name: str, audio: Path) -> bool:
        # Looked at twice: text and audio of two messages may each lie there for a moment.
        return (
            _still_there(recording)
            and self._spool.same_file(name, audio)
            and _still_there(recording)
        )


def _still_there(recording: Recording) -> bool:
    found = read_recording(recording.text_file, recording.mailbox)
    return found is not None and found.msg_id == recording.msg_id
