"""The outbox: what is to be delivered, who works on it, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, or_, select, update

from ledger.entries import End, Entry, NewEntry, State
from ledger.errors import NoSuchEntry
from ledger.rows import among, insert_entry, read_entry, repeated, set_aside
from ledger.schema import mailboxes, outbox
from ledger.store import Ledger

_LONGEST_DELAY = 7200.0  # seconds; no attempt is ever put off for longer


_SETTLE = (
    update(outbox)
    .where(outbox.c.id == bindparam("entry"), outbox.c.state == State.WAITING)
    .values(
        state=bindparam("to_state"),
        due=bindparam("to_due"),
        settled=bindparam("at"),
        leased_by=None,
        last_error=bindparam("words"),
        attempts=outbox.c.attempts + 1,
        audio=bindparam("to_audio"),
        aftercare=bindparam("to_aftercare"),
    )
)


@dataclass(frozen=True, slots=True)
class Depth:
    """How full the outbox is, for `voxpost status` and the metrics."""

    by_state: dict[State, int]
    oldest_waiting: float | None
    """When the oldest waiting entry was handed over, seconds since 1970."""

    @property
    def waiting(self) -> int:
        return self.by_state.get(State.WAITING, 0)


class Outbox:
    """The outbox of one ledger. Moments are seconds since 1970, given by the caller."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def add(self, entries: Sequence[NewEntry], now: float) -> list[str]:
        """Record entries; returns the sources that were new. Durable once it returns."""

        def work(connection: Connection) -> list[str]:
            return [entry.source for entry in entries if insert_entry(connection, entry, now)]

        return await self._ledger.write(work)

    async def adopted(self) -> set[str]:
        """The mailboxes that voxpost has begun with."""
        return await self._ledger.read(lambda it: set(it.scalars(select(mailboxes.c.name))))

    async def adopt(self, names: Sequence[str], old: Sequence[NewEntry], now: float) -> None:
        """Begin with mailboxes; `old` is what lay there before and is not to be mailed."""

        def work(connection: Connection) -> None:
            for entry in old:
                insert_entry(connection, entry, now)
            found = set(connection.scalars(select(mailboxes.c.name)))
            rows = [{"name": name, "adopted": now} for name in names if name not in found]
            if rows:
                connection.execute(mailboxes.insert(), rows)

        await self._ledger.write(work)

    async def known(self, sources: Iterable[str]) -> set[str]:
        """Which of these sources were handed over before."""
        wanted = list(sources)
        return await self._ledger.read(lambda it: among(it, outbox.c.source, wanted))

    async def lease(self, limit: int, now: float, until: float, owner: str) -> list[Entry]:
        """Take up to `limit` entries that are due; nobody else gets them before `until`.

        What is due hours from now was put there by a clock that was ahead: it is due too. A row
        that cannot be read is set aside, and keeps nobody from the others.
        """

        def work(connection: Connection) -> list[Entry]:
            rows = connection.execute(
                select(outbox)
                .where(
                    outbox.c.state == State.WAITING,
                    or_(outbox.c.due <= now, outbox.c.due > now + _LONGEST_DELAY),
                )
                .order_by(outbox.c.due)
                .limit(limit)
                .with_for_update(skip_locked=True)
            ).all()
            if rows:
                connection.execute(
                    update(outbox)
                    .where(outbox.c.id.in_(repeated([row.id for row in rows])))
                    .values(due=until, leased_by=owner)
                )
            entries = []
            for row in rows:
                try:
                    entries.append(read_entry(row, (until, owner)))
                except (KeyError, TypeError, ValueError) as error:
                    set_aside(
                        connection, row.id, now, f"the ledger's row cannot be read: {error!r}"
                    )
            return entries

        return await self._ledger.write(work)

    async def release_all(self, owner: str, now: float) -> int:
        """Make what this owner had leased due again: its process is gone."""
        return await self._change(
            update(outbox)
            .where(outbox.c.state == State.WAITING, outbox.c.leased_by == owner)
            .values(due=now, leased_by=None)
        )

    async def settle(self, ends: Sequence[End], now: float) -> None:
        """Record how attempts ended. What was dropped by hand meanwhile stays dropped."""
        rows = [
            {
                "entry": end.entry_id,
                "to_state": end.state,
                "to_due": end.due,
                "at": None if end.state is State.WAITING else now,
                "words": end.words,
                "to_audio": end.audio,
                "to_aftercare": end.aftercare,
            }
            for end in ends
        ]
        await self._ledger.write(lambda connection: connection.execute(_SETTLE, rows))

    async def bounced(self, message_id: str, why: str) -> Entry | None:
        """The message came back after the server had taken it; None if it is none of ours.

        Only a delivered entry changes; it is returned as it stands, whatever its state. What the
        mailbox asks for waits until the message is delivered after all.
        """
        await self._change(
            update(outbox)
            .where(outbox.c.message_id == message_id, outbox.c.state == State.DELIVERED)
            .values(
                state=State.BOUNCED,
                last_error=why,
                # Deleted on the telephone, so kept with us: and again, should it be sent again.
                aftercare=case((outbox.c.audio.is_not(None), "delete"), else_=outbox.c.aftercare),
            )
        )
        entries = await self._entries(select(outbox).where(outbox.c.message_id == message_id))
        return entries[0] if entries else None

    async def next_due(self) -> float | None:
        """When the next waiting entry is due, or None when none waits."""

        def work(connection: Connection) -> float | None:
            statement = select(func.min(outbox.c.due)).where(outbox.c.state == State.WAITING)
            due: float | None = connection.scalar(statement)
            return due

        return await self._ledger.read(work)

    async def awaiting_aftercare(self, limit: int, after: int = 0) -> list[Entry]:
        """Delivered entries whose recording is still to be marked heard or deleted, by number.

        after: the number of the last entry that was looked at.
        """
        statement = (
            select(outbox)
            .where(outbox.c.state == State.DELIVERED, outbox.c.aftercare.is_not(None))
            .where(outbox.c.id > after)
            .order_by(outbox.c.id)
            .limit(limit)
        )
        return await self._entries(statement)

    async def aftercare_done(self, entry_id: int) -> None:
        await self._change(update(outbox).where(outbox.c.id == entry_id).values(aftercare=None))

    async def retry(self, entry_id: int, now: float, audio: str | None = None) -> Entry:
        """Deliver a failed, bounced, dropped or skipped entry after all, from the first attempt on.

        audio: its recording in voxpost's spool, where it had none so far.
        """
        states = (State.FAILED, State.BOUNCED, State.DROPPED, State.SKIPPED, State.WAITING)
        values = {} if audio is None else {"audio": audio}
        return await self._by_hand(
            entry_id,
            states,
            state=State.WAITING,
            due=now,
            attempts=0,
            settled=None,
            leased_by=None,
            **values,
        )

    async def drop(self, entry_id: int, now: float) -> Entry:
        """Give an entry up."""
        states = (State.FAILED, State.BOUNCED, State.WAITING)
        return await self._by_hand(
            entry_id, states, state=State.DROPPED, settled=now, aftercare=None, leased_by=None
        )

    async def show(self, entry_id: int) -> Entry:
        entries = await self._entries(select(outbox).where(outbox.c.id == entry_id))
        if not entries:
            raise NoSuchEntry(f"no entry {entry_id}: see `voxpost outbox list`.")
        return entries[0]

    async def newest(self, state: State | None, limit: int) -> list[Entry]:
        """The newest entries, of one state or of all."""
        statement = select(outbox).order_by(outbox.c.id.desc()).limit(limit)
        if state is not None:
            statement = statement.where(outbox.c.state == state)
        return await self._entries(statement)

    async def depth(self) -> Depth:
        def work(connection: Connection) -> Depth:
            counts = connection.execute(
                select(outbox.c.state, func.count()).group_by(outbox.c.state)
            ).all()
            oldest = connection.scalar(
                select(func.min(outbox.c.created)).where(outbox.c.state == State.WAITING)
            )
            return Depth({State(state): count for state, count in counts}, oldest)

        return await self._ledger.read(work)

    async def audio_in_use(self) -> set[str]:
        """Recordings in voxpost's spool that an entry still needs."""

        def work(connection: Connection) -> set[str]:
            statement = select(outbox.c.audio).where(outbox.c.audio.is_not(None))
            return {name for name in connection.scalars(statement) if name is not None}

        return await self._ledger.read(work)

    async def kept_audio(self, settled_before: float) -> dict[int, str]:
        """Recordings of messages delivered before a moment, by entry."""

        def work(connection: Connection) -> dict[int, str]:
            statement = select(outbox.c.id, outbox.c.audio).where(
                outbox.c.audio.is_not(None),
                outbox.c.state == State.DELIVERED,
                outbox.c.settled < settled_before,
            )
            return {row.id: row.audio for row in connection.execute(statement)}

        return await self._ledger.read(work)

    async def forget_audio(self, entries: Sequence[int]) -> None:
        """Their recordings are gone from voxpost's spool."""
        await self._change(
            update(outbox).where(outbox.c.id.in_(repeated(entries))).values(audio=None)
        )

    async def recent(self, extension: str, kind: str, since: float) -> list[Entry]:
        """A person's entries of one kind since a moment, the newest first."""
        statement = (
            select(outbox)
            .where(
                outbox.c.extension == extension,
                outbox.c.kind == kind,
                outbox.c.created >= since,
            )
            .order_by(outbox.c.created.desc())
            .limit(1000)
        )
        return await self._entries(statement)

    async def _by_hand(self, entry_id: int, states: Sequence[State], **values: Any) -> Entry:
        changed = await self._change(
            update(outbox)
            .where(outbox.c.id == entry_id, outbox.c.state.in_(states))
            .values(**values)
        )
        entry = await self.show(entry_id)
        if not changed:
            raise NoSuchEntry(
                f"entry {entry_id} is {entry.state}: only {', '.join(states)} can be."
            )
        return entry

    async def _change(self, statement: Any) -> int:
        def work(connection: Connection) -> int:
            return int(connection.execute(statement).rowcount)

        return await self._ledger.write(work)

    async def _entries(self, statement: Any) -> list[Entry]:
        def work(connection: Connection) -> list[Entry]:
            return [read_entry(row) for row in connection.execute(statement)]

        return await self._ledger.read(work)
