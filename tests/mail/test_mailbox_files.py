from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from mail.aftercare import MailboxBusy, MailboxUnable
from mail.folder_lock import FolderBusy, FolderLocks, LockMode, RealDisk, lock_mode
from mail.mailbox_files import MailboxFiles, MailboxFolders
from pbx.model import Site
from pbx.numbers import Mailbox

WHERE = Mailbox("1001@default")
ENDINGS = ("WAV", "gsm", "wav")


class Killed(BaseException):
    """The process is gone: no step of it follows."""


class FailingDisk(RealDisk):
    """Dies before its nth change."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed

    def create(self, file: Path) -> int:
        self._step()
        return super().create(file)

    def link(self, source: Path, target: Path) -> None:
        self._step()
        super().link(source, target)

    def rename(self, source: Path, target: Path) -> None:
        self._step()
        super().rename(source, target)

    def unlink(self, file: Path) -> None:
        self._step()
        super().unlink(file)


def leave(box: Path, folder: str, number: int, msg_id: str) -> None:
    """A message as Asterisk leaves it; its audio says whose it is."""
    place = box / folder
    place.mkdir(parents=True, exist_ok=True)
    (place / f"msg{number:04d}.txt").write_text(f"[message]\norigtime=1\nmsg_id={msg_id}\n")
    for ending in ENDINGS:
        (place / f"msg{number:04d}.{ending}").write_text(f"{msg_id} {ending}")


def lies_in(box: Path, folder: str, *, gaps: bool = False) -> list[str]:
    """The ids in a folder in their order, once each message is known to be whole."""
    place = box / folder
    files = sorted(file.name for file in place.glob("msg*")) if place.is_dir() else []
    texts = [name for name in files if name.endswith(".txt")]
    assert gaps or texts == [f"msg{number:04d}.txt" for number in range(len(texts))], "no gaps"
    assert len(files) == len(texts) * (1 + len(ENDINGS)), "nothing besides"
    ids = []
    for name in texts:
        msg_id = (place / name).read_text().splitlines()[2].removeprefix("msg_id=")
        for ending in ENDINGS:
            assert (place / name).with_suffix(f".{ending}").read_text() == f"{msg_id} {ending}"
        ids.append(msg_id)
    return ids


def litter(box: Path) -> list[str]:
    return [str(it) for it in box.glob("*/*") if not it.name.startswith("msg")]


def folders_of(
    box: Path,
    mode: LockMode = LockMode.LOCKFILE,
    disk: RealDisk | None = None,
    limit: int = 100,
    patience: float = 0.3,
) -> MailboxFolders:
    disk = disk or RealDisk()
    return MailboxFolders(
        box=box,
        where=WHERE,
        max_messages=limit,
        locks=FolderLocks(mode, disk, patience=patience),
        disk=disk,
    )


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """Three new messages, an urgent one, two old ones."""
    place = tmp_path / "box"
    for number, msg_id in enumerate(("a", "b", "c")):
        leave(place, "INBOX", number, msg_id)
    leave(place, "Urgent", 0, "u")
    for number, msg_id in enumerate(("x", "y")):
        leave(place, "Old", number, msg_id)
    return place


HEARD = (("INBOX", "Urgent"), "Old")
NEW = (("Old",), "INBOX")


@pytest.mark.parametrize("mode", list(LockMode))
def test_a_message_goes_to_the_end_of_the_other_folder_and_the_rest_close_ranks(
    box: Path, mode: LockMode
) -> None:
    mine = folders_of(box, mode)
    mine.move("a", *HEARD)
    assert (lies_in(box, "INBOX"), lies_in(box, "Old")) == (["b", "c"], ["x", "y", "a"])
    mine.move("u", *HEARD)
    assert (lies_in(box, "Urgent"), lies_in(box, "Old")) == ([], ["x", "y", "a", "u"])
    mine.move("x", *NEW)
    assert (lies_in(box, "INBOX"), lies_in(box, "Old")) == (["b", "c", "x"], ["y", "a", "u"])
    mine.delete("a")
    mine.delete("b")
    assert (lies_in(box, "INBOX"), lies_in(box, "Old")) == (["c", "x"], ["y", "u"])
    assert litter(box) == []


def test_a_message_that_is_there_already_or_gone_is_no_error(box: Path) -> None:
    mine = folders_of(box)
    mine.move("x", *HEARD)
    mine.move("a", *NEW)
    mine.delete("nobody")
    mine.move("nobody", *HEARD)
    folders_of(box / "never called").delete("a")
    assert (lies_in(box, "INBOX"), lies_in(box, "Old")) == (["a", "b", "c"], ["x", "y"])


def test_a_message_that_its_owner_filed_is_deleted_too_but_never_marked(box: Path) -> None:
    leave(box, "Work", 0, "w")
    (box / "tmp").mkdir()
    folders_of(box).move("w", *HEARD)
    assert lies_in(box, "Work") == ["w"]
    folders_of(box).delete("w")
    assert lies_in(box, "Work") == []


def test_files_keep_their_rights_and_a_new_folder_gets_its_neighbours(tmp_path: Path) -> None:
    leave(tmp_path, "INBOX", 0, "a")
    (tmp_path / "INBOX").chmod(0o2770)
    before = (tmp_path / "INBOX/msg0000.wav").stat()
    folders_of(tmp_path).move("a", *HEARD)
    after = (tmp_path / "Old/msg0000.wav").stat()
    assert (after.st_ino, after.st_mode, after.st_mtime) == (
        before.st_ino,
        before.st_mode,
        before.st_mtime,
    )
    assert (tmp_path / "Old").stat().st_mode & 0o7777 == 0o2770


def test_a_full_folder_is_said_and_the_message_stays(box: Path) -> None:
    with pytest.raises(MailboxUnable, match="Old of 1001@default is full"):
        folders_of(box, limit=2).move("a", *HEARD)
    assert lies_in(box, "INBOX") == ["a", "b", "c"]


def test_a_folder_that_only_looks_full_for_its_gaps_takes_one_more(box: Path) -> None:
    for file in (box / "Old").glob("msg0001.*"):
        file.rename(file.with_stem("msg0003"))
    folders_of(box, limit=4).move("a", *HEARD)
    assert lies_in(box, "Old") == ["x", "y", "a"]


def test_audio_without_a_text_is_left_alone(box: Path) -> None:
    stray = box / "INBOX/msg0001.wav"
    for file in (box / "INBOX").glob("msg0001.*"):
        if file != stray:
            file.unlink()
    folders_of(box).delete("a")
    assert stray.read_text() == "b wav"
    assert (box / "INBOX/msg0000.wav").read_text() == "c wav"


ACTIONS: dict[str, Callable[[MailboxFolders], None]] = {
    "heard": lambda mine: mine.move("a", *HEARD),
    "new": lambda mine: mine.move("x", *NEW),
    "delete": lambda mine: mine.delete("a"),
}
AFTER = {
    "heard": (["b", "c"], ["x", "y", "a"]),
    "new": (["a", "b", "c", "x"], ["y"]),
    "delete": (["b", "c"], ["x", "y"]),
}


@pytest.mark.parametrize("mode", list(LockMode))
@pytest.mark.parametrize("action", list(ACTIONS))
def test_a_crash_at_any_step_loses_and_doubles_nothing(
    tmp_path: Path, action: str, mode: LockMode
) -> None:
    for steps in range(200):
        box = tmp_path / f"{steps}"
        for number, msg_id in enumerate(("a", "b", "c")):
            leave(box, "INBOX", number, msg_id)
        for number, msg_id in enumerate(("x", "y")):
            leave(box, "Old", number, msg_id)
        try:
            ACTIONS[action](folders_of(box, mode, FailingDisk(steps)))
        except Killed:
            ended = False
        else:
            ended = True
        mended = folders_of(box, mode)
        mended.heal()
        if action != "delete":  # one begun is finished when it is asked for again
            everything = lies_in(box, "INBOX", gaps=True) + lies_in(box, "Old", gaps=True)
            assert sorted(everything) == ["a", "b", "c", "x", "y"], steps
        ACTIONS[action](mended)
        assert (lies_in(box, "INBOX"), lies_in(box, "Old")) == AFTER[action], steps
        if mode is LockMode.LOCKFILE or ended:
            assert litter(box) == [], steps  # a file that was flocked harms nobody
        if ended:
            return
    pytest.fail("it never ended")


def test_a_second_crash_while_mending_does_no_harm(tmp_path: Path) -> None:
    for first in range(4, 14):
        for second in range(12):
            box = tmp_path / f"{first}-{second}"
            for number, msg_id in enumerate(("a", "b", "c")):
                leave(box, "INBOX", number, msg_id)
            leave(box, "Old", 0, "x")
            for steps in (first, second):
                with contextlib.suppress(Killed):
                    ACTIONS["heard"](folders_of(box, disk=FailingDisk(steps)))
            ACTIONS["heard"](folders_of(box))
            assert (lies_in(box, "INBOX"), lies_in(box, "Old")) == (["b", "c"], ["x", "a"])
            assert litter(box) == []


def test_a_process_that_is_killed_leaves_a_mailbox_that_mends_itself(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from mail.folder_lock import FolderLocks, LockMode, RealDisk
        from mail.mailbox_files import MailboxFolders
        disk = RealDisk()
        locks = FolderLocks(LockMode.LOCKFILE, disk)
        box = MailboxFolders(Path(sys.argv[1]), "1001@default", 100, locks, disk)
        print("ready", flush=True)
        while True:
            for msg_id in "abcdef":
                box.move(msg_id, ("INBOX",), "Old")
            for msg_id in "abcdef":
                box.move(msg_id, ("Old",), "INBOX")
        """
    )
    for number, msg_id in enumerate("abcdef"):
        leave(tmp_path, "INBOX", number, msg_id)
    for wait in (0.001, 0.003, 0.01, 0.02, 0.005):
        with subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path.cwd()
        ) as child:
            assert child.stdout is not None
            child.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(wait)
            child.send_signal(signal.SIGKILL)
        folders_of(tmp_path, patience=5).heal()
        found = lies_in(tmp_path, "INBOX", gaps=True) + lies_in(tmp_path, "Old", gaps=True)
        assert sorted(found) == list("abcdef")
        assert litter(tmp_path) == []


def test_asterisks_lock_is_waited_for_and_one_that_stays_is_said(box: Path) -> None:
    lock = box / "INBOX/.lock"
    lock.touch()  # Asterisk's is empty
    with pytest.raises(FolderBusy, match=r"INBOX/\.lock is locked since \d+ s\. .*Remove the file"):
        folders_of(box, patience=0.05).move("a", *HEARD)
    assert lock.exists()
    waited = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        lock.unlink(missing_ok=True)

    disk = RealDisk()
    locks = FolderLocks(LockMode.LOCKFILE, disk, pause=pause)
    MailboxFolders(box, WHERE, 100, locks, disk).move("a", *HEARD)
    assert waited
    assert lies_in(box, "Old") == ["x", "y", "a"]


def test_while_the_second_folder_is_locked_the_first_is_given_back(box: Path) -> None:
    (box / "Old/.lock").touch()
    times = iter(range(1000))
    free = []

    def pause(_: float) -> None:
        free.append(not (box / "INBOX/.lock").exists())

    disk = RealDisk()
    locks = FolderLocks(LockMode.LOCKFILE, disk, pause=pause, clock=lambda: next(times) / 5)
    with pytest.raises(FolderBusy, match="Old"), locks.held(box / "INBOX", box / "Old"):
        pass
    assert True in free
    assert not (box / "INBOX/.lock").exists()


def test_the_lock_of_a_voxpost_that_lives_is_respected(box: Path) -> None:
    held = FolderLocks(LockMode.LOCKFILE, RealDisk()).held(box / "INBOX")
    with held, pytest.raises(FolderBusy):
        folders_of(box, patience=0.05).delete("a")
    folders_of(box).delete("a")


def test_a_flock_of_asterisks_is_waited_for(box: Path) -> None:
    with (box / "INBOX/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(FolderBusy):
            folders_of(box, LockMode.FLOCK, patience=0.05).delete("a")
    folders_of(box, LockMode.FLOCK).delete("a")
    assert lies_in(box, "INBOX") == ["b", "c"]


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("[options]\nlockmode = flock\n", LockMode.FLOCK),
        ("[options]\n lockmode=>FLOCK ; as on NFS\n", LockMode.FLOCK),
        ("[options]\n;lockmode = flock\n", LockMode.LOCKFILE),
        ("lockmode = flock\nlockmode = lockfile\n", LockMode.LOCKFILE),
        ("", LockMode.LOCKFILE),
    ],
)
def test_the_mode_is_asterisks_own(tmp_path: Path, text: str, mode: LockMode) -> None:
    assert lock_mode(tmp_path) is LockMode.LOCKFILE
    (tmp_path / "asterisk.conf").write_text(text)
    assert lock_mode(tmp_path) is mode


class Lamp:
    def __init__(self) -> None:
        self.told: list[str] = []

    async def refresh(self, mailbox: str) -> None:
        self.told.append(mailbox)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.model_validate(
        {
            "site": {"name": "Klinik", "domain": "klinik.example"},
            "asterisk": {"spool_dir": str(tmp_path), "config_dir": str(tmp_path)},
            "mail": {"smtp": {"host": "localhost"}, "from": "Voicemail <v@klinik.example>"},
            "people": [{"extension": "1001", "name": "Sari"}],
        }
    )


def box_of(site: Site) -> Path:
    return site.asterisk.spool_dir / "voicemail/default/1001"


async def test_the_lamp_follows_also_where_nothing_was_left_to_do(site: Site) -> None:
    leave(box_of(site), "INBOX", 0, "a")
    lamp = Lamp()
    actions = MailboxFiles(lambda: site, lamp.refresh)
    await actions.mark_heard("1001@default", "a")
    await actions.mark_heard("1001@default", "a")
    assert lies_in(box_of(site), "Old") == ["a"]
    await actions.mark_new("1001@default", "a")
    assert lies_in(box_of(site), "INBOX") == ["a"]
    await actions.delete("1001@default", "a")
    assert lies_in(box_of(site), "INBOX") == []
    assert lamp.told == ["1001@default"] * 8


async def test_asterisk_counts_before_the_change_too_as_it_tells_only_what_differs(
    site: Site,
) -> None:
    leave(box_of(site), "INBOX", 0, "a")
    counted: list[list[str]] = []

    async def refresh(_: str) -> None:
        counted.append(lies_in(box_of(site), "INBOX"))

    await MailboxFiles(lambda: site, refresh).delete("1001@default", "a")
    assert counted == [["a"], []]


async def test_many_at_once_take_turns(site: Site) -> None:
    ids = [f"m{number}" for number in range(30)]
    for number, msg_id in enumerate(ids):
        leave(box_of(site), "INBOX", number, msg_id)
    actions = MailboxFiles(lambda: site, Lamp().refresh)
    await asyncio.gather(*(actions.mark_heard("1001@default", msg_id) for msg_id in ids))
    assert sorted(lies_in(box_of(site), "Old")) == sorted(ids)


async def test_what_a_dead_voxpost_left_is_mended_at_the_start(site: Site) -> None:
    for number, msg_id in enumerate(("a", "b")):
        leave(box_of(site), "INBOX", number, msg_id)
    with pytest.raises(Killed):
        await MailboxFiles(lambda: site, Lamp().refresh, disk=FailingDisk(8)).mark_heard(
            "1001@default", "a"
        )
    assert litter(box_of(site))
    await MailboxFiles(lambda: site, Lamp().refresh).heal()
    assert litter(box_of(site)) == []
    assert lies_in(box_of(site), "INBOX", gaps=True) == ["b"]
    assert lies_in(box_of(site), "Old") == ["a"]


async def test_a_mailbox_that_is_locked_is_busy(site: Site) -> None:
    leave(box_of(site), "INBOX", 0, "a")
    (box_of(site) / "INBOX/.lock").touch()
    actions = MailboxFiles(lambda: site, Lamp().refresh, patience=0.05)
    with pytest.raises(MailboxBusy, match="mailbox 1001@default"):
        await actions.delete("1001@default", "a")


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can become somebody else")
async def test_a_spool_that_may_not_be_written_is_said(site: Site) -> None:
    leave(box_of(site), "INBOX", 0, "a")
    for folder in (box_of(site), *box_of(site).parents):
        if folder.stat().st_uid == 0 and folder.is_relative_to("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o055)
    os.seteuid(65534)
    try:
        with pytest.raises(MailboxBusy, match="Asterisk's group must be able to write"):
            await MailboxFiles(lambda: site, Lamp().refresh).delete("1001@default", "a")
    finally:
        os.seteuid(0)
