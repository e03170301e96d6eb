"""Exchanging files as one: never half, never lost, never readable by everybody."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dialplan_templates.compare import compare
from dialplan_templates.errors import AnotherApply, CannotWrite
from dialplan_templates.mark import with_mark
from dialplan_templates.transaction import (
    BACKUPS,
    FileTransaction,
    forget_old_backups,
    one_at_a_time,
    recover,
)

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
NEW = {"manager.conf": "[new]\n", "rtp.conf": "[new]\n", "cdr.conf": "[new]\n"}


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    (tmp_path / "manager.conf").write_text(with_mark("[old]\n"))
    (tmp_path / "rtp.conf").write_text("[foreign]\n")
    return tmp_path


def transaction(etc: Path) -> FileTransaction:
    return FileTransaction(etc, compare(NEW, etc), NOW)


def there(etc: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in etc.iterdir() if file.is_file()}


def test_it_writes_and_backs_up(etc: Path) -> None:
    before = there(etc)
    exchange = transaction(etc)
    exchange.begin()
    exchange.finish()
    assert there(etc) == {name: with_mark(text).encode() for name, text in NEW.items()}
    kept = there(exchange.backup)
    assert json.loads(kept.pop("manifest.json"))["existed"]["cdr.conf"] is False
    assert kept == before
    assert not (etc / BACKUPS / "unfinished").exists()


def test_it_puts_back_and_removes_what_was_not_there(etc: Path) -> None:
    before = there(etc)
    exchange = transaction(etc)
    exchange.begin()
    exchange.put_back()
    assert there(etc) == before


@pytest.mark.parametrize("step", range(1, 4))
def test_a_crash_between_two_renames_is_mended_by_the_next_apply(
    etc: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    before = there(etc)
    with pytest.raises(KeyboardInterrupt):
        crash_at_rename(monkeypatch, step, transaction(etc).begin)
    for name, content in there(etc).items():
        if not name.startswith("."):
            assert content in (before.get(name), with_mark("[new]\n").encode())
    recover(etc)
    assert {n: c for n, c in there(etc).items() if not n.startswith(".")} == before
    assert not (etc / BACKUPS / "unfinished").exists()


def crash_at_rename(monkeypatch: pytest.MonkeyPatch, step: int, run: Callable[[], None]) -> None:
    count = 0
    rename = Path.replace

    def counted(path: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == step:
            raise KeyboardInterrupt
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", counted)
        run()


def test_after_a_crash_what_a_person_changed_since_stays(etc: Path) -> None:
    transaction(etc).begin()  # and no finish(): the program died while Asterisk was asked
    edited = (etc / "manager.conf").read_text() + "; mine\n"
    (etc / "manager.conf").write_text(edited)
    recover(etc)
    assert (etc / "manager.conf").read_text() == edited
    assert (etc / "rtp.conf").read_text() == "[foreign]\n"
    assert not (etc / "cdr.conf").exists()


def test_a_disk_that_is_full_leaves_everything_as_it_was(
    etc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = there(etc)
    exchange = transaction(etc)
    real = os.fsync
    calls = 0

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls > 5:
            raise OSError(28, "No space left on device")
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(CannotWrite, match="No space left"):
            exchange.begin()
    assert there(etc) == before


@pytest.mark.parametrize(
    ("mode", "after"), [(0o644, 0o640), (0o600, 0o600), (0o640, 0o640), (0o400, 0o600)]
)
def test_passwords_are_readable_by_owner_and_group_at_most(
    etc: Path, mode: int, after: int
) -> None:
    (etc / "manager.conf").chmod(mode)
    exchange = transaction(etc)
    exchange.begin()
    assert (etc / "manager.conf").stat().st_mode & 0o777 == after
    assert (etc / "cdr.conf").stat().st_mode & 0o777 == 0o640
    assert exchange.backup.stat().st_mode & 0o777 == 0o700
    assert (exchange.backup / "rtp.conf").stat().st_mode & 0o007 == 0


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files away")
def test_owner_and_group_stay(etc: Path) -> None:
    os.chown(etc / "manager.conf", 1, 2)
    os.chown(etc, 3, 4)
    transaction(etc).begin()
    kept = (etc / "manager.conf").stat()
    new = (etc / "cdr.conf").stat()
    assert (kept.st_uid, kept.st_gid) == (1, 2)
    assert (new.st_uid, new.st_gid) == (3, 4)


def test_the_last_ten_backups_are_kept(etc: Path) -> None:
    for minute in range(13):
        FileTransaction(etc, compare(NEW, etc), NOW + timedelta(minutes=minute)).begin()
    forget_old_backups(etc)
    names = sorted(path.name for path in (etc / BACKUPS).iterdir() if path.is_dir())
    assert len(names) == 10
    assert names[-1].startswith("20261122T081200")


def test_two_at_once_are_one_too_many(etc: Path) -> None:
    with one_at_a_time(etc), pytest.raises(AnotherApply), one_at_a_time(etc):
        pass
