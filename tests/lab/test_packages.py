"""Package trees: small packages of our own, unpacked by the real dpkg-deb."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from lab import apt, machine
from lab.apt import PrivateApt, choose_mirror, read_status
from lab.errors import LabError, Unavailable
from lab.packages import PackageTree

try:
    machine.need_tools()
    MACHINE = machine.this_machine()
except LabError as why:
    if os.environ.get("CI"):  # there, nothing is skipped
        raise
    pytest.skip(f"no package trees on this machine: {why}", allow_module_level=True)


class FakeApt(PrivateApt):
    """Builds the packages instead of fetching them, and counts."""

    fetched = 0

    def prepare(self) -> None:
        self.root.mkdir(parents=True)

    def fetch(
        self, packages: Sequence[str], percent: Callable[[float], None]
    ) -> list[tuple[str, str, Path]]:
        type(self).fetched += 1
        for told in (1.5, 12.0, 15.0, 99.9, 100.0):
            percent(told)
        return [(name, "1.0", build(self.root, name)) for name in packages]


def build(folder: Path, name: str) -> Path:
    content = folder / f"{name}.content"
    (content / "DEBIAN").mkdir(parents=True)
    (content / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: 1.0\nArchitecture: all\n"
        "Maintainer: none <none@invalid>\nDescription: trial\n"
    )
    for file in (f"usr/bin/{name}", f"usr/share/doc/{name}/readme"):
        (content / file).parent.mkdir(parents=True, exist_ok=True)
        (content / file).write_text(name)
    loader = content / "usr/lib" / MACHINE.triplet / MACHINE.loader
    loader.parent.mkdir(parents=True)
    loader.write_text("loader")
    archive = folder / f"{name}_1.0_all.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-b", str(content), str(archive)],
        check=True,
        capture_output=True,
    )
    return archive


@pytest.fixture
def tree(tmp_path: Path) -> PackageTree:
    FakeApt.fetched = 0
    return make(tmp_path)


def make(folder: Path, *packages: str) -> PackageTree:
    return PackageTree(folder / "tree", "suite", packages or ("one",), apt=FakeApt)


def quiet(_: str) -> None: ...


def test_packages_are_fetched_unpacked_and_locked(tree: PackageTree) -> None:
    tree.ensure(quiet)
    assert (tree.root / "usr/bin/one").read_text() == "one"
    assert not (tree.root / "usr/share/doc").exists()
    assert "one 1.0 " in (tree.dest / "packages.lock").read_text()
    assert not (tree.dest / "apt").exists()


def test_a_tree_that_is_there_costs_no_time(tree: PackageTree) -> None:
    tree.ensure(quiet)
    began = time.perf_counter()
    tree.ensure(quiet)
    assert time.perf_counter() - began < 0.05
    assert FakeApt.fetched == 1


def test_the_same_packages_come_again_without_a_network(tree: PackageTree, tmp_path: Path) -> None:
    tree.ensure(quiet)
    (tree.root / ".unpacked").unlink()
    (tree.root / "usr/bin/one").unlink()
    again = make(tmp_path)
    again.ensure(quiet)
    assert (again.root / "usr/bin/one").exists()
    assert FakeApt.fetched == 1


def test_a_package_that_was_changed_is_not_unpacked_but_fetched_again(tree: PackageTree) -> None:
    tree.ensure(quiet)
    (tree.root / ".unpacked").unlink()
    archive = tree.dest / "debs/one_1.0_all.deb"
    archive.write_bytes(archive.read_bytes() + b"more")
    tree.ensure(quiet)
    assert FakeApt.fetched == 2


def test_a_torn_lock_file_counts_for_nothing(tree: PackageTree) -> None:
    tree.ensure(quiet)
    (tree.root / ".unpacked").unlink()
    (tree.dest / "packages.lock").write_text("# suite one\none 1.0\n")
    tree.ensure(quiet)
    assert FakeApt.fetched == 2


def test_another_wish_makes_another_tree(tree: PackageTree, tmp_path: Path) -> None:
    tree.ensure(quiet)
    other = make(tmp_path, "one", "two")
    assert not other.is_present()
    other.ensure(quiet)
    assert (other.root / "usr/bin/two").exists()


def test_two_runs_at_once_fetch_once(tree: PackageTree, tmp_path: Path) -> None:
    runs = [threading.Thread(target=make(tmp_path).ensure, args=(quiet,)) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(30)
    assert tree.is_present()
    assert FakeApt.fetched == 1


def test_a_program_starts_through_the_trees_own_loader(tree: PackageTree) -> None:
    tree.ensure(quiet)
    loader, option, libraries, program = tree.command("usr/bin/one")
    assert loader == str(tree.root / "usr/lib" / MACHINE.triplet / MACHINE.loader)
    assert option == "--library-path"
    assert str(tree.root / "usr/lib" / MACHINE.triplet) in libraries.split(":")
    assert program == str(tree.root / "usr/bin/one")


def test_an_old_releases_loader_is_found_behind_its_link(tree: PackageTree) -> None:
    tree.ensure(quiet)
    folder = tree.root / "lib" / MACHINE.triplet
    folder.mkdir(parents=True)
    new = tree.root / "usr/lib" / MACHINE.triplet / MACHINE.loader
    new.rename(folder / "ld-2.31.so")
    new.symlink_to("/nowhere")
    assert tree.command("usr/bin/one")[0] == str(folder / "ld-2.31.so")


def test_a_program_that_is_not_there_is_told_with_the_remedy(tree: PackageTree) -> None:
    with pytest.raises(LabError, match=r"run `python -m lab\.prepare`"):
        tree.command("usr/bin/one")
    tree.ensure(quiet)
    with pytest.raises(LabError, match="usr/bin/other is not in"):
        tree.command("usr/bin/other")


def test_the_mirror_is_debians_own_and_not_the_security_archive() -> None:
    listing = "http://a/debian-security/ Debian\nhttp://b/x/ Other\nhttp://c/debian/ Debian\n"
    assert choose_mirror(listing) == "http://c/debian/"


def test_before_the_first_update_the_mirror_is_known_by_its_address() -> None:
    assert choose_mirror("http://b/x/ \nhttp://c/debian/ \n") == "http://c/debian/"


def test_a_machine_without_a_debian_mirror_is_told_so() -> None:
    with pytest.raises(Unavailable, match="Debian machine"):
        choose_mirror("http://a/other/ Other\n")


def test_a_machine_without_apt_is_told_which_tool_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unavailable, match="apt-get"):
        machine.need_tools()


def test_another_processor_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "s390x")
    with pytest.raises(Unavailable, match="s390x"):
        machine.this_machine()


def test_the_last_words_of_a_tool_that_fails_are_told() -> None:
    with pytest.raises(LabError, match=r"dpkg-deb -x failed: .*no-such-file"):
        machine.run(["dpkg-deb", "-x", "no-such-file", "nowhere"])


def test_pretended_packages_stand_in_the_status_file() -> None:
    text = apt._status_of(["perl", "ucf"], MACHINE)
    assert text.count("Status: install ok installed") == 2
    assert "Package: perl\n" in text


def test_progress_is_told_in_tenths(tree: PackageTree) -> None:
    said: list[str] = []
    tree.ensure(said.append)
    assert [line for line in said if "%" in line] == [
        "tree: 10 % fetched",
        "tree: 90 % fetched",
        "tree: 100 % fetched",
    ]


@pytest.mark.parametrize(
    ("line", "percent"),
    [
        ("dlstatus:1:12.5:Retrieving file 1 of 9 (5s remaining)\n", 12.5),
        ("pmstatus:dpkg:50:Installing\n", None),
        ("dlstatus:torn", None),
        ("dlstatus:1:much:x", None),
        ("", None),
    ],
)
def test_apts_status_lines_are_read(line: str, percent: float | None) -> None:
    assert read_status(line) == percent
