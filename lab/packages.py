"""A tree of unpacked Debian packages: programs of any Debian release, without root.

Its programs start through the tree's own dynamic loader, so the host's C library does
not matter. Programs that they start in turn are ordinary programs of the host.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.apt import PrivateApt
from lab.errors import LabError
from lab.machine import Machine, need_tools, run, this_machine

Progress = Callable[[str], None]
LOCK = "packages.lock"
STAMP = ".unpacked"


@dataclass(frozen=True)
class LockedPackage:
    """One line of packages.lock."""

    name: str
    version: str
    sha256: str
    file: str


class PackageTree:
    """Debian packages with all that they need, unpacked in one folder.

    dest: the tree's folder; keeps the fetched packages (debs), packages.lock with their
    sha256, and rootfs. suite: Debian's code name. packages: what is wanted. pretend:
    packages not to fetch, with what they need. finish: what a maintainer script would have
    done, given the unpacked root. apt: what fetches.
    """

    def __init__(
        self,
        dest: Path,
        suite: str,
        packages: Sequence[str],
        *,
        pretend: Sequence[str] = (),
        finish: Callable[[Path], None] | None = None,
        apt: Callable[[Path, str, Machine, Sequence[str]], PrivateApt] = PrivateApt,
    ) -> None:
        self.dest = dest
        self.suite = suite
        self.packages = tuple(packages)
        self._pretend = tuple(pretend)
        self._finish = finish
        self._apt = apt

    @property
    def root(self) -> Path:
        """The folder that stands for `/`."""
        return self.dest / "rootfs"

    def is_present(self) -> bool:
        """Whether the tree is there and is the one asked for."""
        try:
            return (self.root / STAMP).read_text() == self._wish()
        except OSError:
            return False

    def ensure(self, progress: Progress) -> None:
        """Fetch and unpack the tree unless it is there.

        Two runs at once do not disturb each other. With packages.lock and the packages
        still there, no network is needed. progress: gets one short line for each step.
        Raises LabError, or its child Unavailable.
        """
        if self.is_present():
            return
        machine = this_machine()
        need_tools()
        self.dest.mkdir(parents=True, exist_ok=True)
        with _only_one(self.dest / ".lock", lambda: progress(f"{self._name}: another run is busy")):
            if self.is_present():
                return
            locked = self._intact()
            if locked is None:
                locked = self._fetch(machine, progress)
            progress(f"{self._name}: unpacking {len(locked)} packages")
            self._unpack(locked)

    def command(self, program: str) -> list[str]:
        """The first words of a command that runs a program of the tree.

        program: its path in the tree, as "usr/sbin/asterisk". Raises LabError.
        """
        machine = this_machine()
        folders = [self.root / parent / machine.triplet for parent in ("usr/lib", "lib")]
        loader = next((file for folder in folders for file in _loaders(folder, machine)), None)
        file = self.root / program
        if loader is None or not file.is_file():
            missing = program if loader else machine.loader
            raise LabError(f"{missing} is not in {self.root}: run `python -m lab.prepare`")
        libraries = ":".join(str(folder) for folder in (*folders, self.root / "usr/lib"))
        return [str(loader), "--library-path", libraries, str(file)]

    @property
    def _name(self) -> str:
        return self.dest.name

    def _wish(self) -> str:
        return " ".join((self.suite, *self.packages)) + "\n"

    def _fetch(self, machine: Machine, progress: Progress) -> list[LockedPackage]:
        progress(f"{self._name}: reading the package lists of Debian {self.suite}")
        work = self.dest / "apt"
        shutil.rmtree(work, ignore_errors=True)
        apt = self._apt(work, self.suite, machine, self._pretend)
        apt.prepare()
        progress(f"{self._name}: fetching {', '.join(self.packages)}")
        found = apt.fetch(self.packages, self._tenths(progress))
        debs = self.dest / "debs"
        shutil.rmtree(debs, ignore_errors=True)
        debs.mkdir()
        locked = []
        for name, version, archive in found:
            os.link(archive, debs / archive.name)
            locked.append(LockedPackage(name, version, _sha256(archive), archive.name))
        lines = [f"{one.name} {one.version} {one.sha256} {one.file}\n" for one in locked]
        # The first line makes a lock of other wishes count for nothing.
        new = self.dest / f"{LOCK}.new"
        new.write_text(f"# {self._wish()}{''.join(lines)}")
        new.rename(self.dest / LOCK)
        shutil.rmtree(work)
        return locked

    def _tenths(self, progress: Progress) -> Callable[[float], None]:
        """Tells how much has come, once for each tenth."""
        said = 0

        def tell(percent: float) -> None:
            nonlocal said
            if percent >= said + 10:
                said = int(percent // 10) * 10
                progress(f"{self._name}: {said} % fetched")

        return tell

    def _intact(self) -> list[LockedPackage] | None:
        """The locked packages if every one is there with its sha256."""
        try:
            head, *lines = (self.dest / LOCK).read_text().splitlines(keepends=True)
            if head != f"# {self._wish()}":
                return None
            locked = [LockedPackage(*line.split()) for line in lines]
            whole = all(_sha256(self.dest / "debs" / one.file) == one.sha256 for one in locked)
        except (OSError, TypeError, ValueError):
            return None
        return locked if whole and locked else None

    def _unpack(self, locked: Sequence[LockedPackage]) -> None:
        new = self.dest / "rootfs.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        for one in locked:
            run(["dpkg-deb", "-x", str(self.dest / "debs" / one.file), str(new)])
        for needless in ("doc", "man", "locale"):
            shutil.rmtree(new / "usr/share" / needless, ignore_errors=True)
        if self._finish:
            self._finish(new)
        (new / STAMP).write_text(self._wish())
        shutil.rmtree(self.root, ignore_errors=True)
        new.rename(self.root)


def _loaders(folder: Path, machine: Machine) -> Iterator[Path]:
    # Releases before Debian 12 name the file after the version and link the usual name to it.
    for file in (*sorted(folder.glob("ld-2.*.so")), folder / machine.loader):
        if file.is_file() and not file.is_symlink():
            yield file


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def _only_one(lock: Path, waiting: Callable[[], None]) -> Iterator[None]:
    with lock.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield
