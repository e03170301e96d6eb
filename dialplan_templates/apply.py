"""Puts rendered files live, as a transaction: Asterisk takes all of it, or all is put back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

import structlog

from dialplan_templates.asterisk_log import AsteriskLog
from dialplan_templates.compare import FileChange, compare, refuse_what_is_not_ours
from dialplan_templates.errors import ApplyRefused, CannotWrite
from dialplan_templates.expected import Expected
from dialplan_templates.modules import READERS, modules_of, restart_reason
from dialplan_templates.transaction import (
    FileTransaction,
    forget_old_backups,
    one_at_a_time,
    recover,
)


class Reloader(Protocol):
    """What an apply needs of a running Asterisk; ami.reload.Reloader is one.

    Every method may raise any Exception; its text is shown to the administrator as Asterisk's
    words.
    """

    async def reload(self, module: str) -> None:
        """Reload one module; raises when Asterisk says that it cannot."""

    async def dialplan(self, context: str) -> set[str]:
        """The extensions and patterns of a context; empty where there is no such context."""

    async def endpoints(self) -> set[str]:
        """The names of the PJSIP endpoints."""

    async def voicemail_users(self) -> set[str]:
        """The mailboxes, as "1001@default"."""

    async def active_calls(self) -> int:
        """How many calls are up."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply did.

    Arguments:
        changed: names of the files written.
        reloaded: modules that were reloaded.
        restart: reasons why Asterisk must still be restarted; empty if all is live.
        backup: folder with the old files, None if nothing was written.
        calls_before, calls_after: calls that were up.
        log_read: False if Asterisk's log could not be read, so that what it skipped with a
            warning would not be seen.
    """

    changed: tuple[str, ...] = ()
    reloaded: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    backup: Path | None = None
    calls_before: int = 0
    calls_after: int = 0
    log_read: bool = True


class Applier:
    """Applies configurations to one Asterisk.

    Arguments:
        config_dir, log_dir: Asterisk's folders.
        reloader: the running Asterisk.
        now: the clock, for the backup's name.
        time_limit: seconds for Asterisk to take everything.
        log_delay: seconds that Asterisk's log may lag behind.
    """

    def __init__(
        self,
        *,
        config_dir: Path,
        log_dir: Path,
        reloader: Reloader,
        now: Callable[[], datetime],
        time_limit: float = 120.0,
        log_delay: float = 0.3,
    ) -> None:
        self._config_dir = config_dir
        self._log_dir = log_dir
        self._reloader = reloader
        self._now = now
        self._time_limit = time_limit
        self._log_delay = log_delay

    async def apply(
        self, rendered: Mapping[str, str], expected: Expected, *, force: bool = False
    ) -> Applied:
        """Write what differs, reload what reads it, and ask whether it was taken.

        Arguments:
            rendered: files without mark, from render().
            expected: from expected_of().
            force: also replace files that are not ours or were changed by hand.

        Raises:
            NotOurs: without force; nothing was changed.
            CannotWrite, AnotherApply: nothing was changed.
            ApplyRefused: Asterisk did not take it; everything was put back and reloaded.
        """
        with one_at_a_time(self._config_dir):
            await asyncio.to_thread(recover, self._config_dir)
            changes = await asyncio.to_thread(compare, rendered, self._config_dir)
            if not force:
                refuse_what_is_not_ours(changes)
            todo = sorted((c for c in changes if c.changed), key=lambda c: _ORDER[c.name])
            if not todo:
                return Applied()
            # Asked first: if Asterisk does not answer, nothing is touched.
            calls = await self._reloader.active_calls()
            applied = await self._exchange(todo, expected, calls)
            await asyncio.to_thread(forget_old_backups, self._config_dir)
        structlog.get_logger().info(
            "config.applied", files=applied.changed, restart=bool(applied.restart)
        )
        return applied

    async def _exchange(
        self, todo: Sequence[FileChange], expected: Expected, calls: int
    ) -> Applied:
        transaction = FileTransaction(self._config_dir, todo, self._now())
        log = AsteriskLog(self._log_dir)
        modules = modules_of(change.name for change in todo)
        try:
            # Not cut off in the middle of the renames; what follows can be.
            await _to_its_end(asyncio.to_thread(transaction.begin))
            async with asyncio.timeout(self._time_limit):
                await self._take(todo, modules, expected, log)
                calls_after = await self._reloader.active_calls()
        except CannotWrite:
            raise
        except BaseException as error:
            trouble = await _to_its_end(self._put_back(transaction, modules))
            if isinstance(error, Exception):
                refusal = _refusal(error, [*_hint(todo), *trouble], restored=not trouble)
                structlog.get_logger().error("config.refused", words=refusal.words)
                raise refusal from error
            raise
        await asyncio.to_thread(transaction.finish)
        return Applied(
            changed=tuple(change.name for change in todo),
            reloaded=modules,
            restart=tuple(reason for change in todo if (reason := restart_reason(change))),
            backup=transaction.backup,
            calls_before=calls,
            calls_after=calls_after,
            log_read=log.readable,
        )

    async def _take(
        self,
        todo: Sequence[FileChange],
        modules: Sequence[str],
        expected: Expected,
        log: AsteriskLog,
    ) -> None:
        """Reload, and ask what was taken. Raises ApplyRefused with Asterisk's words."""
        refusal: list[str] = []
        try:
            for module in modules:
                await self._reloader.reload(module)
            refusal = await self._missing(modules, expected)
        except Exception as error:  # the log may say why, so it is read first
            refusal = [_say(error)]
        await asyncio.sleep(self._log_delay)
        sources = {source for change in todo for source in READERS[change.name].sources}
        words = (*await asyncio.to_thread(log.complaints, sources), *refusal)
        if words:
            raise ApplyRefused(words)

    async def _missing(self, modules: Sequence[str], expected: Expected) -> list[str]:
        missing: list[str] = []
        if "pbx_config" in modules:
            for context, extensions in expected.dialplan.items():
                there = await self._reloader.dialplan(context)
                missing += _absent(f"extensions.conf: context {context}", extensions, there)
        if "res_pjsip" in modules:
            there = await self._reloader.endpoints()
            missing += _absent("pjsip.conf: endpoints", expected.endpoints, there)
        if "app_voicemail" in modules:
            there = await self._reloader.voicemail_users()
            missing += _absent("voicemail.conf: mailboxes", expected.mailboxes, there)
        return missing

    async def _put_back(self, transaction: FileTransaction, modules: Sequence[str]) -> list[str]:
        """Restore and reload; what went wrong meanwhile."""
        trouble: list[str] = []
        try:
            await asyncio.to_thread(transaction.put_back)
        except OSError as error:
            trouble.append(f"{error.filename}: {error.strerror}. See {transaction.backup}.")
        for module in modules:
            try:
                async with asyncio.timeout(self._time_limit):
                    await self._reloader.reload(module)
            except Exception as error:  # whatever it is, the others still need their reload
                trouble.append(f"reload of {module} with the old file: {_say(error)}")
        return trouble


Result = TypeVar("Result")

_ORDER = {name: place for place, name in enumerate(READERS)}


def _absent(what: str, expected: frozenset[str], there: set[str]) -> list[str]:
    lost = sorted(expected - there)
    if not lost:
        return []
    more = f" and {len(lost) - 5} more" if len(lost) > 5 else ""
    return [f"{what}: Asterisk does not have {', '.join(lost[:5])}{more}"]


def _refusal(error: Exception, more: Sequence[str], *, restored: bool) -> ApplyRefused:
    words = error.words if isinstance(error, ApplyRefused) else (_say(error),)
    return ApplyRefused((*words, *more), restored=restored)


def _hint(todo: Sequence[FileChange]) -> list[str]:
    """On a first apply the modules that are asked may not even be loaded."""
    if all(change.name != "modules.conf" for change in todo):
        return []
    return [
        "modules.conf changes too, and Asterisk reads it only when it starts: if a module is "
        "missing, write the files with --output and restart Asterisk."
    ]


def _say(error: Exception) -> str:
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer in time"
    return str(error) or type(error).__name__


async def _to_its_end(work: Awaitable[Result]) -> Result:
    """Let work finish that must not be left half done; a cancellation is passed on after it."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
        except Exception:  # noqa: S112 - task.result() raises it below
            continue
    if cancelled is not None and not task.cancelled():
        task.exception()
        raise cancelled
    return task.result()
