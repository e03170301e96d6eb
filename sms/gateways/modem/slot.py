"""The text that is to be sent next, handed from the event loop to the modem's thread."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from sms.gateway import Fate
from sms.pdu.values import Submit


@dataclass(frozen=True, slots=True)
class Job:
    """A text to send; its fate is cancelled when nobody waits for it any more."""

    submit: Submit
    fate: Future[Fate] = field(default_factory=Future)


class Slot:
    """Room for one text, open while the modem is there."""

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._job: Job | None = None
        self._open = False

    def open(self) -> None:
        """Take texts from now on."""
        with self._gate:
            self._open = True

    def offer(self, job: Job) -> bool:
        """Put a text in; False: closed, or another one is there."""
        with self._gate:
            if not self._open or self._job is not None:
                return False
            self._job = job
            return True

    def take(self) -> Job | None:
        """The text to send now, if somebody still waits for it. `done` makes room again."""
        job = self._job
        if job is None or job.fate.set_running_or_notify_cancel():
            return job
        self.done()
        return None

    def done(self) -> None:
        """The text has its fate."""
        with self._gate:
            self._job = None

    def close(self, fate: Fate) -> None:
        """Take no more texts; one that was not begun with has this fate."""
        with self._gate:
            self._open = False
            job, self._job = self._job, None
        if job is not None and job.fate.set_running_or_notify_cancel():
            job.fate.set_result(fate)
