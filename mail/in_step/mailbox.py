"""What a mail account says of the mails that are kept in step, and what is done to them there.

A mail is followed wherever its owner moves it. Blocking: over one session, in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from ledger.in_step import Pair, Spot
from mail.imap.errors import ImapRefused
from mail.imap.session import DELETED, SEEN, ImapSession, Selected
from mail.in_step.account import Account
from mail.in_step.merge import DESTRUCTIVE, Action, Side

_SOUGHT = 20  # mails looked for everywhere in one visit; the others have their turn later
_FOLDERS = 300  # looked through at most
_ARRIVAL = 60.0  # seconds between two looks everywhere for mails that have not arrived yet


@dataclass(frozen=True, slots=True)
class Sighting:
    """How a mail stands. sure: False where GONE means only that it was found nowhere."""

    side: Side
    spot: Spot | None = None
    whole: bool = False
    sure: bool = True


UNSEEN = Sighting(Side.UNKNOWN)


@dataclass(slots=True)
class _Remembered:
    """A folder as it stood, and what was read of it then."""

    selected: Selected
    flags: dict[int, frozenset[str]] = field(default_factory=dict)
    asked: set[int] = field(default_factory=set)
    missed: set[str] = field(default_factory=set)
    """Message-IDs that are not in it."""


class MailSide:
    """One person's account. What the server says has not changed is not asked again.

    Arguments:
        clock: seconds, only forward.
    """

    def __init__(self, account: Account, clock: Callable[[], float]) -> None:
        self.account = account
        self._clock = clock
        self._folders: dict[str, _Remembered] = {}
        self._everywhere_after = 0.0
        self._found: dict[int, Sighting] = {}
        self._not_found: set[int] = set()  # by a look that was not complete

    @property
    def inbox_now(self) -> Selected | None:
        """The INBOX as it stood at the last look."""
        known = self._folders.get(self.account.inbox)
        return None if known is None else known.selected

    def look(self, session: ImapSession, pairs: Sequence[Pair]) -> dict[int, Sighting]:
        """How each pair's mail stands, by entry.

        Raises:
            ImapUnreachable, ImapRefused: nothing is known then.
        """
        self._select(session, self.account.inbox)
        pairs = [self._with_spot(pair) for pair in pairs]
        found: dict[int, Sighting] = {}
        for folder in dict.fromkeys(spot.folder for _, spot in self._spots(pairs)):
            if self.account.is_trash(folder):
                continue  # deleted, and not carried yet; or taken out again
            there = [(pair, spot) for pair, spot in self._spots(pairs) if spot.folder == folder]
            found |= self._in_place(session, folder, there)
        found |= self._everywhere(session, [pair for pair in pairs if pair.entry not in found])
        self._found = {}
        return found

    def act(self, session: ImapSession, spot: Spot, action: Action, seen: bool) -> bool:
        """Do something to a mail; whether it stood as it was seen, and the action is done.

        Raises:
            ImapUnreachable, ImapRefused: it is not known to be done.
        """
        if session.selected != spot.folder:
            self._select(session, spot.folder)
        if self._folders[spot.folder].selected.uid_validity != spot.uid_validity:
            return False
        if action in DESTRUCTIVE:
            flags = session.flags([spot.uid]).get(spot.uid)
            if flags is None or DELETED in flags or (SEEN in flags) != seen:
                return False
        if action is Action.MARK_READ:
            session.add_flags([spot.uid], SEEN)
        elif action is Action.MARK_UNREAD:
            session.remove_flags([spot.uid], SEEN)
        elif action is Action.DELETE_MAIL:
            session.delete(spot.uid)
        else:
            session.create(self.account.trash)
            session.move(spot.uid, self.account.trash)
        return True

    def _with_spot(self, pair: Pair) -> Pair:
        """What was found is not looked for again, should the connection break after it."""
        seen = self._found.get(pair.entry)
        if seen is None or (pair.spot is not None and pair.spot.account == self.account.name):
            return pair
        return replace(pair, spot=seen.spot, whole=seen.whole)

    def _spots(self, pairs: Iterable[Pair]) -> list[tuple[Pair, Spot]]:
        """Pairs that were seen in this account, and where."""
        return [
            (pair, pair.spot)
            for pair in pairs
            if pair.spot is not None and pair.spot.account == self.account.name
        ]

    def _in_place(
        self, session: ImapSession, folder: str, there: Sequence[tuple[Pair, Spot]]
    ) -> dict[int, Sighting]:
        """The mails that are where they were."""
        try:
            selected = self._select(session, folder)
        except ImapRefused:
            if folder == self.account.inbox:
                raise
            return {}  # the folder is gone or has another name
        valid = [(pair, spot) for pair, spot in there if spot.uid_validity == selected.uid_validity]
        flags = self._flags(session, folder, {spot.uid for _, spot in valid})
        return {
            pair.entry: Sighting(_side(flags[spot.uid]), spot, pair.whole)
            for pair, spot in valid
            if spot.uid in flags and DELETED not in flags[spot.uid]
        }

    def _everywhere(self, session: ImapSession, sought: Sequence[Pair]) -> dict[int, Sighting]:
        """Look for mails by their Message-ID; what is found in the trash only is deleted."""
        strays = {pair.entry for pair, _ in self._spots(sought)}
        newest_first = sorted(sought, key=lambda it: (it.entry not in strays, -it.entry))
        wanted = {pair.entry: pair for pair in newest_first[:_SOUGHT]}
        if not wanted:
            return {}
        found: dict[int, Sighting] = {}
        in_trash: dict[int, Sighting] = {}
        complete = False
        folders = [self.account.inbox]
        # A filter may have put a new mail anywhere; but mostly it is only not there yet.
        if strays - self._not_found or self._clock() >= self._everywhere_after:
            folders = self._all_folders(session)
            complete = len(folders) <= _FOLDERS
            self._everywhere_after = self._clock() + _ARRIVAL
        for folder in folders[:_FOLDERS]:
            missing = [pair for entry, pair in wanted.items() if entry not in found]
            if not missing:
                break
            try:
                sightings = self._search(session, folder, missing)
            except ImapRefused:
                complete = False
                continue
            if self.account.is_trash(folder):
                in_trash |= sightings
            else:
                found |= sightings
        gone = {it: Sighting(Side.GONE, seen.spot, seen.whole) for it, seen in in_trash.items()}
        nowhere = {it: Sighting(Side.GONE, sure=False) for it in strays & wanted.keys()}
        self._not_found = set() if complete else set(nowhere) - found.keys()
        return (nowhere if complete else {}) | gone | found

    def _all_folders(self, session: ImapSession) -> list[str]:
        """INBOX first, the trash last, those between that mails were seen in before others."""
        names = set(session.folders(self.account.root)) - {self.account.inbox}
        ordered = sorted(names, key=lambda it: (self.account.is_trash(it), it not in self._folders))
        return [self.account.inbox, *ordered]

    def _search(
        self, session: ImapSession, folder: str, pairs: Sequence[Pair]
    ) -> dict[int, Sighting]:
        selected = self._select(session, folder)
        missed = self._folders[folder].missed
        found: dict[int, Sighting] = {}
        for pair in pairs:
            if pair.message_id in missed:
                continue
            uids = session.with_message_id(pair.message_id)
            flags = session.flags(uids) if uids else {}
            live = [uid for uid in uids if uid in flags and DELETED not in flags[uid]]
            if not live:
                missed.add(pair.message_id)
                continue
            spot = Spot(self.account.name, folder, selected.uid_validity, live[0])
            whole = session.has_audio(live[0])
            found[pair.entry] = Sighting(_side(flags[live[0]]), spot, whole)
            if not self.account.is_trash(folder):
                self._found[pair.entry] = found[pair.entry]
        return found

    def _select(self, session: ImapSession, folder: str) -> Selected:
        """Open a folder; what was read of it is forgotten if it has changed since, or may have."""
        try:
            selected = session.select(folder)
        except ImapRefused:
            self._folders.pop(folder, None)
            raise
        known = self._folders.get(folder)
        if known is None or selected.modseq is None or known.selected != selected:
            self._folders[folder] = _Remembered(selected)
        return selected

    def _flags(
        self, session: ImapSession, folder: str, uids: set[int]
    ) -> dict[int, frozenset[str]]:
        known = self._folders[folder]
        if new := uids - known.asked:
            known.flags |= session.flags(new)
            known.asked |= new
        return known.flags


def _side(flags: frozenset[str]) -> Side:
    return Side.READ if SEEN in flags else Side.UNREAD
