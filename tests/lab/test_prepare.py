"""`python -m lab.prepare`."""

from pathlib import Path

import pytest

from lab import prepare
from lab.errors import Unavailable
from lab.packages import PackageTree, Progress


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VOXPOST_LAB", str(tmp_path))
    return tmp_path


def test_it_wants_to_be_told_what_for(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        prepare.main([])
    assert "--demo or --tests" in capsys.readouterr().err


def test_each_part_that_cannot_be_had_is_one_line_and_the_others_go_on(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ensure(tree: PackageTree, progress: Progress) -> None:
        if tree.dest.name == "asterisk22":
            raise Unavailable("no network")

    monkeypatch.setattr(PackageTree, "ensure", ensure)
    monkeypatch.setattr(prepare, "install_mail_programs", lambda _: None)
    assert prepare.main(["--tests"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "Asterisk 22: cannot be had: no network",
        "Asterisk 16: ready",
        "Kannel: ready",
        "mail: ready",
    ]


def test_only_root_can_install_the_mail_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "MAIL_PACKAGES", ("no-such-package",))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(Unavailable, match="only root can install no-such-package"):
        prepare.install_mail_programs(lambda _: None)


def test_nothing_is_installed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "MAIL_PACKAGES", ())
    said: list[str] = []
    prepare.install_mail_programs(said.append)
    assert said == []
