"""What a mail account says of a mail, and what may not be concluded from it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from ledger.in_step import Pair, Spot
from mail.imap.dialling import Login
from mail.imap.errors import ImapRefused
from mail.imap.session import ImapSession, Selected
from mail.in_step.account import Account
from mail.in_step.mailbox import UNSEEN, MailSide, Sighting
from mail.in_step.merge import Action, Side
from pbx.imap import ImapServer
from pbx.secret import Secret

ACCOUNT = Account(
    name="sari@klinik.example mail",
    server=ImapServer.model_validate({"host": "mail.klinik.example"}),
    login=Login("sari@klinik.example", Secret("x", value="p")),
    inbox="INBOX",
    trash="Trash",
    root="",
    complete=True,
)
PAIR = Pair(1, "1001", "1001@default", "m", "<1@klinik.example>", 0.0, read=False)


@dataclass
class Folder:
    validity: int = 1
    mails: dict[int, tuple[str, set[str]]] = field(default_factory=dict)
    modseq: int = 1
    refused: bool = False


@dataclass
class InMemory:
    """An account in memory, behind the methods of a session."""

    boxes: dict[str, Folder] = field(default_factory=lambda: {"INBOX": Folder()})
    asked: list[str] = field(default_factory=list)
    selected: str | None = None

    def put(self, uid: int, folder: str = "INBOX", flags: str = "") -> None:
        box = self.boxes.setdefault(folder, Folder())
        box.mails[uid] = (PAIR.message_id, {flags} - {""})
        box.modseq += 1

    def take(self, uid: int, folder: str = "INBOX") -> None:
        del self.boxes[folder].mails[uid]
        self.boxes[folder].modseq += 1

    def select(self, name: str) -> Selected:
        box = self.boxes.get(name)
        if box is None or box.refused:
            raise ImapRefused(f"no folder {name}")
        self.selected = name
        return Selected(name, box.validity, None, len(box.mails), box.modseq)

    def flags(self, uids: set[int]) -> dict[int, frozenset[str]]:
        self.asked.append(f"flags {self.selected}")
        mails = self.boxes[self.selected or ""].mails
        return {uid: frozenset(mails[uid][1]) for uid in uids if uid in mails}

    def with_message_id(self, message_id: str) -> list[int]:
        self.asked.append(f"search {self.selected}")
        mails = self.boxes[self.selected or ""].mails
        return [uid for uid, (it, _) in mails.items() if it == message_id]

    def has_audio(self, uid: int) -> bool:
        return True

    def folders(self, below: str) -> list[str]:
        return list(self.boxes)


@pytest.fixture
def there() -> InMemory:
    return InMemory()


@pytest.fixture
def side() -> MailSide:
    return MailSide(ACCOUNT, lambda: 0.0)


def look(side: MailSide, there: InMemory, pair: Pair = PAIR) -> Sighting:
    return side.look(cast("ImapSession", there), [pair]).get(pair.entry, UNSEEN)


def seen(side: MailSide, there: InMemory) -> Pair:
    """The pair once its mail was found."""
    sighting = look(side, there)
    assert sighting.spot is not None
    return replace(PAIR, spot=sighting.spot, whole=True)


def test_a_mail_that_has_not_come_yet_is_unknown(side: MailSide, there: InMemory) -> None:
    assert look(side, there) is UNSEEN
    there.put(5)
    assert look(side, there).spot == Spot(ACCOUNT.name, "INBOX", 1, 5)


def test_what_has_not_changed_is_not_asked_again(side: MailSide, there: InMemory) -> None:
    there.put(5)
    pair = seen(side, there)
    look(side, there, pair)
    there.asked.clear()
    assert look(side, there, pair).side is Side.UNREAD
    assert there.asked == []
    there.put(5, flags="\\Seen")
    assert look(side, there, pair).side is Side.READ


def test_a_new_uidvalidity_has_it_looked_for_anew(side: MailSide, there: InMemory) -> None:
    there.put(5)
    pair = seen(side, there)
    there.boxes["INBOX"] = Folder(validity=2)
    there.put(5)
    there.boxes["INBOX"].mails[5] = ("<another@klinik.example>", set())
    there.put(6, flags="\\Seen")
    found = look(side, there, pair)
    assert (found.side, found.spot) == (Side.READ, Spot(ACCOUNT.name, "INBOX", 2, 6))


def test_found_nowhere_is_gone_but_not_for_sure(side: MailSide, there: InMemory) -> None:
    there.put(5)
    pair = seen(side, there)
    there.take(5)
    assert look(side, there, pair) == Sighting(Side.GONE, sure=False)


def test_in_the_trash_is_gone_and_with_a_copy_elsewhere_it_is_not(
    side: MailSide, there: InMemory
) -> None:
    there.put(5)
    pair = seen(side, there)
    there.take(5)
    there.put(1, "Trash")
    gone = look(side, there, pair)
    assert (gone.side, gone.sure) == (Side.GONE, True)
    there.put(2, "Archive")
    assert look(side, there, pair).side is Side.UNREAD


def test_a_mail_that_is_being_moved_by_copy_and_flag_is_found_in_its_new_place(
    side: MailSide, there: InMemory
) -> None:
    there.put(5)
    pair = seen(side, there)
    there.put(5, flags="\\Deleted")
    assert look(side, there, pair) == Sighting(Side.GONE, sure=False)
    there.put(1, "Work")
    found = look(side, there, pair)
    assert (found.side, found.spot) == (Side.UNREAD, Spot(ACCOUNT.name, "Work", 1, 1))


def test_a_folder_that_cannot_be_read_leaves_it_unknown(there: InMemory) -> None:
    clock = [0.0]
    side = MailSide(ACCOUNT, lambda: clock[0])
    there.put(5)
    pair = seen(side, there)
    there.take(5)
    there.boxes["Locked"] = Folder(refused=True)
    for _ in range(3):
        assert look(side, there, pair) is UNSEEN
    there.boxes["Locked"].refused = False
    clock[0] += 61
    assert look(side, there, pair).side is Side.GONE


def test_a_refused_inbox_says_nothing_at_all(side: MailSide, there: InMemory) -> None:
    there.put(5)
    pair = seen(side, there)
    there.boxes["INBOX"].refused = True
    with pytest.raises(ImapRefused):
        look(side, there, pair)


def test_what_was_seen_in_another_account_is_not_missing_in_this(
    side: MailSide, there: InMemory
) -> None:
    elsewhere = replace(PAIR, spot=Spot("sari@klinik.example old-mail", "INBOX", 1, 5))
    assert look(side, there, elsewhere) is UNSEEN


def test_a_mail_that_changed_after_the_look_is_not_deleted(side: MailSide, there: InMemory) -> None:
    there.put(5)
    pair = seen(side, there)
    assert pair.spot is not None
    there.put(5, flags="\\Seen")
    session = cast("ImapSession", there)
    assert not side.act(session, pair.spot, Action.DELETE_MAIL, seen=False)
    there.take(5)
    assert not side.act(session, pair.spot, Action.MOVE_MAIL, seen=True)
