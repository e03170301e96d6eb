"""One way to the mail servers, which sends one entry at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ledger.entries import Entry
from mail.errors import MailError
from mail.interfaces import LetterWriter, Route, Written
from mail.message import Message
from mail.outcome import Outcome, Refused, TooLarge, TryLater

_VERSIONS = 6  # ever smaller versions of one message, the last without audio


@dataclass(frozen=True, slots=True)
class Job:
    """An entry to be sent.

    written: its message, where it was written ahead.
    reading: the reading of the site file that this was written from.
    """

    entry: Entry
    written: Written | None
    reading: int

    def written_from(self, reading: int) -> Written | None:
        """Its message, unless the site file was reread since it was written."""
        return self.written if self.reading == reading else None


@dataclass(frozen=True, slots=True)
class Attempt:
    """How it went with an entry. written: None where it could not be written."""

    entry: Entry
    outcome: Outcome
    written: Written | None


class Lane:
    """One task's way. `route` makes a new one from the site file as it is now."""

    def __init__(self, writer: LetterWriter, route: Callable[[], Route], reading: int) -> None:
        self._writer = writer
        self._make_route = route
        self._route = route()
        self._reading = reading

    async def send(self, job: Job, reading: int, following: Job | None = None) -> Attempt:
        """Send one entry; whatever goes wrong is the attempt's outcome.

        Arguments:
            reading: of the site file now; with another than before the connection is made anew.
            following: what this lane will send next, if that is known.
        """
        try:
            if self._reading != reading:
                await self._route.close()
                self._route, self._reading = self._make_route(), reading
            written = job.written_from(reading)
            then = None if following is None else following.written_from(reading)
            outcome = await self._send(job.entry, written, None if then is None else then.message)
            return Attempt(job.entry, *outcome)
        except MailError as error:
            return Attempt(job.entry, Refused(f"cannot be written: {error}", 0), None)
        except Exception as error:  # a fault of ours must not stop the others
            log = structlog.get_logger(part="delivery")
            log.exception("delivery failed", entry=job.entry.id)
            words = f"fault in voxpost: {type(error).__name__}: {error}"
            return Attempt(job.entry, TryLater(words), None)

    async def close(self) -> None:
        """Close the connection; the next entry opens it anew."""
        await self._route.close()

    async def _send(
        self, entry: Entry, written: Written | None, following: Message | None
    ) -> tuple[Outcome, Written]:
        """Send as large as the server takes it."""
        this = written or await self._write(entry, self._route.max_size)
        words = ""
        for _ in range(_VERSIONS):
            outcome = await self._route.send(this.message, following)
            if not isinstance(outcome, TooLarge):
                return outcome, this
            words = outcome.words
            if this.smallest:
                break
            # A server that does not say how much it takes is asked with half, and half again.
            sent = this.message.size
            limit = outcome.limit if outcome.limit and outcome.limit < sent else sent // 2
            this = await self._write(entry, limit)
        return Refused(words, 552), this

    async def _write(self, entry: Entry, limit: int | None) -> Written:
        return await asyncio.to_thread(self._writer.write, entry, limit)
