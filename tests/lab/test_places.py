"""Where the lab keeps things."""

from pathlib import Path

from lab.places import lab_home


def test_the_lab_stands_in_the_checkout(tmp_path: Path) -> None:
    assert lab_home({}, tmp_path) == tmp_path / ".lab"


def test_the_environment_may_name_another_place(tmp_path: Path) -> None:
    assert lab_home({"VOXPOST_LAB": str(tmp_path / "else")}, Path("/")) == tmp_path / "else"
