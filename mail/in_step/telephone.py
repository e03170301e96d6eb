"""What a mailbox's own files say of its messages: new, heard, or gone.

The same for all versions of Asterisk, and it needs no connection.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from mail.errors import MailError
from mail.recordings import NEW_FOLDERS, list_folder, mailbox_folder
from pbx.numbers import Mailbox

_LOOKS = 5
_PAUSE = 0.05  # seconds; renumbering moves files one after the other
_GRAIN = 0.05  # seconds; two changes within it may leave the same time on a folder
_NOT_MESSAGES = {"tmp", "Deleted"}

Stamps = dict[str, int]


class TelephoneUnclear(MailError):
    """The mailbox cannot be read now, so that nothing can be concluded from what is not seen."""


class NoMailbox(TelephoneUnclear):
    """There is no such mailbox: nobody was ever called, or the spool is not there."""


class TelephoneSide:
    """One mailbox. Blocking; what was read is kept while the folders stay as they are.

    Arguments:
        now: seconds since 1970.
    """

    def __init__(
        self,
        spool: Path,
        where: Mailbox,
        now: Callable[[], float],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.spool = spool
        self.where = where
        self._box = mailbox_folder(spool, where)
        self._now = now
        self._pause = pause
        self._stamps: Stamps | None = None
        self._heard: dict[str, bool] = {}

    def has_changed(self) -> bool:
        """Whether a look would show anything new, perhaps."""
        try:
            return self._folders() != self._stamps
        except (OSError, NoMailbox):
            return self._stamps is not None

    def look(self) -> dict[str, bool]:
        """Whether each message was heard, by what the outbox knows it by.

        Everything comes from one moment in which no folder changed. What lies in another folder
        than INBOX and Urgent was heard, or filed by its owner.

        Raises:
            NoMailbox: it is not there.
            TelephoneUnclear: there is no right to read it, or it changes all the time.
        """
        try:
            for _ in range(_LOOKS):
                stamps = self._folders()
                if stamps == self._stamps:
                    return self._heard
                heard = self._read(stamps)
                if self._folders() == stamps:
                    settled = all(self._now() - it / 1e9 > _GRAIN for it in stamps.values())
                    if settled:
                        self._stamps, self._heard = stamps, heard
                        return heard
                self._pause(_PAUSE)
        except FileNotFoundError as error:
            raise NoMailbox(f"there is no {error.filename}.") from error
        except OSError as error:
            raise TelephoneUnclear(f"cannot read {error.filename}: {error.strerror}.") from error
        raise TelephoneUnclear(f"{self._box} changes all the time.")

    def _folders(self) -> Stamps:
        """The mailbox's folders, and when each changed last, in nanoseconds since 1970."""
        found = {
            folder.name: folder.stat().st_mtime_ns
            for folder in self._box.iterdir()
            if folder.name not in _NOT_MESSAGES and folder.is_dir()
        }
        if not found:
            # Asterisk never removes a folder: a spool that is not mounted, or not this one.
            raise NoMailbox(f"{self._box} has no folders.")
        return found

    def _read(self, folders: Stamps) -> dict[str, bool]:
        heard: dict[str, bool] = {}
        troubles: list[OSError] = []
        for name in folders:
            for recording in list_folder(self._box / name, self.where, troubles):
                # In two folders at once it is on its way out of the new ones.
                known = heard.get(recording.source, False)
                heard[recording.source] = known or name not in NEW_FOLDERS
        if troubles:
            raise troubles[0]
        return heard
