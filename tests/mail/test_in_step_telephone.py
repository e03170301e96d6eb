"""What the mailbox's files say: never that a message is gone that is only being moved."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mail.in_step.telephone import NoMailbox, TelephoneSide, TelephoneUnclear
from pbx.numbers import Mailbox

WHERE = Mailbox("1001@default")


def leave(spool: Path, folder: str, number: int, msg_id: str) -> Path:
    place = spool / "voicemail/default/1001" / folder
    place.mkdir(parents=True, exist_ok=True)
    file = place / f"msg{number:04}.txt"
    file.write_text(f"[message]\ncallerid=0812\norigtime=1\nmsg_id={msg_id}\n")
    return file


def side(spool: Path, pause: Callable[[float], None] = time.sleep) -> TelephoneSide:
    return TelephoneSide(spool, WHERE, time.time, pause)


def test_new_urgent_old_and_filed_messages(tmp_path: Path) -> None:
    for number, folder in enumerate(["INBOX", "Urgent", "Old", "Family", "tmp"]):
        leave(tmp_path, folder, 0, str(number))
    assert side(tmp_path).look() == {
        "voicemail:1001@default:0": False,
        "voicemail:1001@default:1": False,
        "voicemail:1001@default:2": True,
        "voicemail:1001@default:3": True,
    }


def test_a_message_in_two_folders_is_on_its_way_out_of_the_new_ones(tmp_path: Path) -> None:
    leave(tmp_path, "INBOX", 0, "a")
    leave(tmp_path, "Old", 0, "a")
    assert side(tmp_path).look() == {"voicemail:1001@default:a": True}


def test_a_message_that_moves_while_it_is_looked_for_is_still_there(tmp_path: Path) -> None:
    file = leave(tmp_path, "INBOX", 0, "a")
    (tmp_path / "voicemail/default/1001/Old").mkdir()
    telephone = side(tmp_path)
    read = telephone._read

    def moved_in_between(folders: dict[str, int]) -> dict[str, bool]:
        telephone._read = read  # type: ignore[method-assign]
        heard = read({"Old": 0})
        file.rename(file.parent.parent / "Old" / file.name)
        return heard | read({"INBOX": 0})

    telephone._read = moved_in_between  # type: ignore[method-assign]
    assert telephone.look() == {"voicemail:1001@default:a": True}


def test_what_changes_all_the_time_says_nothing(tmp_path: Path) -> None:
    leave(tmp_path, "INBOX", 0, "a")
    telephone = side(tmp_path, lambda _: None)
    read = telephone._read

    def changing(folders: dict[str, int]) -> dict[str, bool]:
        leave(tmp_path, "INBOX", time.monotonic_ns() % 9000 + 1000, "b")
        return read(folders)

    telephone._read = changing  # type: ignore[method-assign]
    with pytest.raises(TelephoneUnclear, match="changes all the time"):
        telephone.look()


def test_a_mailbox_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    telephone = side(tmp_path)
    with pytest.raises(NoMailbox):
        telephone.look()
    assert not telephone.has_changed()
    (tmp_path / "voicemail/default/1001").mkdir(parents=True)
    with pytest.raises(NoMailbox, match="no folders"):
        telephone.look()
    leave(tmp_path, "INBOX", 0, "a")
    assert telephone.has_changed()


def test_a_folder_that_cannot_be_read_says_nothing(ordinary_folder: Path) -> None:
    leave(ordinary_folder, "INBOX", 0, "a")
    file = leave(ordinary_folder, "Old", 0, "b")
    file.chmod(0)
    with pytest.raises(TelephoneUnclear, match="cannot read"):
        side(ordinary_folder).look()


def test_nothing_is_read_again_while_nothing_changes(tmp_path: Path) -> None:
    leave(tmp_path, "INBOX", 0, "a")
    telephone = side(tmp_path)
    telephone.look()
    assert not telephone.has_changed()
    telephone._read = lambda _: pytest.fail("read again")  # type: ignore[method-assign]
    telephone.look()
    leave(tmp_path, "INBOX", 1, "b")
    assert telephone.has_changed()
