"""Read is heard, against a real Dovecot: what one side does, the other shows."""

from __future__ import annotations

import asyncio
import imaplib
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lab.accounts import MASTER
from lab.zimbra_like import ZimbraLike
from ledger.store import open_ledger, sqlite_url
from mail.aftercare import MailboxUnreachable
from tests.mail.in_step_office import PEOPLE, MailProgram, Office


@pytest.fixture
async def office(tmp_path: Path, mail_server: ZimbraLike) -> AsyncIterator[Office]:
    ledger = await open_ledger(sqlite_url(tmp_path / "ledger.sqlite"))
    door = {"port": mail_server.ports.imaps, "ca_file": str(mail_server.certificates.ca_file)}
    yield Office(tmp_path, ledger, door)
    await ledger.close()


@pytest.fixture
def alice(mail_server: ZimbraLike) -> Iterator[MailProgram]:
    yield from program(mail_server, "alice@lab.example")


@pytest.fixture
def bob(mail_server: ZimbraLike) -> Iterator[MailProgram]:
    yield from program(mail_server, "bob@lab.example")


def program(server: ZimbraLike, address: str) -> Iterator[MailProgram]:
    mine = MailProgram(server, server.users[address])
    mine.clear()
    yield mine
    mine.close()


async def test_a_mail_that_is_read_turns_the_lamp_out_and_read_again_is_new_again(
    office: Office, alice: MailProgram
) -> None:
    left = await office.leave()
    alice.deliver(left)
    async with office.running():
        await office.agreed(False)
        alice.store(left, "+\\Seen")
        await office.until(lambda: office.actions.folder_of(left.mailbox, left.msg_id) == "Old")
        await office.agreed(True)
        alice.store(left, "-\\Seen")
        await office.until(lambda: office.actions.folder_of(left.mailbox, left.msg_id) == "INBOX")
        await office.agreed(False)


async def test_hearing_on_the_telephone_is_seen_by_a_second_client_at_once(
    office: Office, alice: MailProgram, mail_server: ZimbraLike
) -> None:
    left = await office.leave()
    alice.deliver(left)
    second = MailProgram(mail_server, mail_server.users["alice@lab.example"])
    async with office.running() as engine:
        await office.agreed(False)
        office.actions.move(left.mailbox, left.msg_id, "Old")
        engine.hint(left.mailbox)
        await office.until(lambda: alice.seen(left) and second.seen(left))
        await office.agreed(True)
        office.actions.move(left.mailbox, left.msg_id, "INBOX")  # nobody hints
        await office.until(lambda: not second.seen(left))
    second.close()


@pytest.mark.parametrize(
    ("rule", "by_mail", "by_telephone"),
    [("keep", "INBOX", "INBOX"), ("move", "Old", "Trash"), ("delete", None, None)],
)
async def test_what_is_deleted_on_one_side_becomes_what_the_site_says(
    office: Office,
    alice: MailProgram,
    rule: str,
    by_mail: str | None,
    by_telephone: str | None,
) -> None:
    office.voicemail["when_deleted"] = rule
    first, second = await office.leave(), await office.leave()
    for left in (first, second):
        alice.deliver(left)
    async with office.running() as engine:
        await office.agreed(False)
        alice.delete(first)
        file = office.actions.find(second.mailbox, second.msg_id)
        assert file is not None
        file.unlink()
        engine.hint(second.mailbox)
        rows = await office.until_rows(lambda rows: all(it.closed for it in rows))
    assert all("conflict" not in it.reason for it in rows)
    assert office.actions.folder_of(first.mailbox, first.msg_id) == by_mail
    places = {it: alice.uid(second, it) for it in ("INBOX", "Trash")}
    assert {it for it, uid in places.items() if uid} == ({by_telephone} - {None})
    if rule == "keep":
        assert alice.seen(second), "by telephone it was heard before it was deleted"


async def test_a_mail_is_followed_to_other_folders_and_gone_only_in_the_trash(
    office: Office, alice: MailProgram
) -> None:
    office.voicemail["when_deleted"] = "delete"
    left = await office.leave()
    alice.deliver(left)
    async with office.running():
        await office.agreed(False)
        alice.move(left, "Work/Calls")
        await office.until_rows(lambda rows: rows[0].folder == "Work/Calls")
        alice.store(left, "+\\Seen", "Work/Calls")
        await office.until(lambda: office.actions.folder_of(left.mailbox, left.msg_id) == "Old")
        await office.agreed(True)
        alice.move(left, "Trash", "Work/Calls")
        await office.until(lambda: office.actions.find(left.mailbox, left.msg_id) is None)
    assert alice.uid(left, "Trash")


async def test_a_recording_that_the_mail_does_not_carry_is_never_deleted(
    office: Office, alice: MailProgram
) -> None:
    office.voicemail["when_deleted"] = "delete"
    left = await office.leave()
    alice.deliver(left, audio=False)
    async with office.running():
        await office.agreed(False)
        alice.delete(left)
        await office.until_rows(lambda rows: bool(rows[0].closed))
    assert office.actions.folder_of(left.mailbox, left.msg_id) == "Old"


async def test_a_mail_that_comes_later_is_not_taken_for_a_deleted_one(
    office: Office, alice: MailProgram
) -> None:
    office.voicemail["when_deleted"] = "delete"
    left = await office.leave()
    async with office.running() as engine:
        await office.until(lambda: engine.statistics.visits >= 3)
        alice.deliver(left)
        await office.agreed(False)
        office.actions.move(left.mailbox, left.msg_id, "Old")
        engine.hint(left.mailbox)
        await office.until(lambda: alice.seen(left))


async def test_what_happened_during_outages_of_both_sides_is_made_good(
    office: Office, alice: MailProgram
) -> None:
    lefts = [await office.leave() for _ in range(4)]
    for left in lefts:
        alice.deliver(left)
    async with office.running():
        await office.agreed(False)
    alice.store(lefts[0], "+\\Seen")
    office.actions.move(lefts[1].mailbox, lefts[1].msg_id, "Old")
    alice.store(lefts[2], "+\\Seen")
    office.actions.move(lefts[2].mailbox, lefts[2].msg_id, "Old")
    office.actions.trouble = MailboxUnreachable("no manager connection")
    async with office.running() as engine:
        await office.until(lambda: alice.seen(lefts[1]))
        await office.until(lambda: engine.statistics.last_trouble is not None)
        assert office.actions.folder_of(lefts[0].mailbox, lefts[0].msg_id) == "INBOX"
        office.actions.trouble = None
        engine.hint_all()
        await office.until(
            lambda: office.actions.folder_of(lefts[0].mailbox, lefts[0].msg_id) == "Old"
        )
        rows = await office.until_rows(lambda it: [row.read for row in it] == [1, 1, 1, 0])
    assert not any(row.closed for row in rows)


async def test_a_mail_put_into_the_trash_while_asterisk_was_away_is_carried_afterwards(
    office: Office, alice: MailProgram
) -> None:
    """Or while its owner listened to the mailbox by telephone."""
    office.voicemail["when_deleted"] = "move"
    left = await office.leave()
    alice.deliver(left)
    async with office.running() as engine:
        await office.agreed(False)
        office.actions.trouble = MailboxUnreachable("no manager connection")
        alice.move(left, "Trash")
        await office.until(lambda: "no manager" in (engine.statistics.last_trouble or ""))
        await office.until_rows(lambda rows: rows[0].folder == "Trash")
        office.actions.trouble = None
        await office.until(lambda: office.actions.folder_of(left.mailbox, left.msg_id) == "Old")


@pytest.mark.parametrize("access", ["own", "master", "shared"])
async def test_every_way_of_access_serves_two_people_over_one_connection(
    office: Office, alice: MailProgram, bob: MailProgram, access: str
) -> None:
    office.server["connections"] = 1
    if access == "master":
        office.server |= {"username": MASTER.address, "password": MASTER.password}
    if access == "shared":
        office.server |= {
            "username": "voicemail@lab.example",
            "password": "voicemail-password",
            "folder": "shared/{email}/INBOX",
        }
        for person in (alice, bob):
            person.imap.create("Trash")
            for folder in ("INBOX", "Trash"):
                assert person.imap.setacl(folder, "voicemail@lab.example", "lrwstipekx")[0] == "OK"
    office.server["access"] = access
    office.voicemail["when_deleted"] = "move"
    lefts = {alice: await office.leave("1001"), bob: await office.leave("1002")}
    for person, left in lefts.items():
        person.deliver(left)
    async with office.running() as engine:
        await office.agreed(False)
        for person, left in lefts.items():
            person.store(left, "+\\Seen")
            await office.until(
                lambda left=left: office.actions.folder_of(left.mailbox, left.msg_id) == "Old"
            )
        file = office.actions.find("1001@default", lefts[alice].msg_id)
        assert file is not None
        file.unlink()
        engine.hint("1001@default")
        await office.until(lambda: alice.uid(lefts[alice], "Trash"))


async def test_a_wrong_password_rests_and_keeps_nobody_else_waiting(
    office: Office, alice: MailProgram, bob: MailProgram, mail_server: ZimbraLike
) -> None:
    office.passwords["alice@lab.example"] = "wrong"
    alice_left, bob_left = await office.leave("1001"), await office.leave("1002")
    alice.deliver(alice_left)
    bob.deliver(bob_left)
    before = mail_server.log().count("auth failed")
    async with office.running() as engine:
        await office.until_rows(lambda rows: any(it.folder for it in rows))
        for _ in range(20):
            engine.hint("1001@default")
            await asyncio.sleep(0.02)
        bob.store(bob_left, "+\\Seen")
        await office.until(
            lambda: office.actions.folder_of("1002@default", bob_left.msg_id) == "Old"
        )
        await office.until(lambda: "refused" in (engine.statistics.last_trouble or ""))
        await office.until(lambda: mail_server.log().count("auth failed") == before + 1)
        del office.passwords["alice@lab.example"]
        engine.renew()
        alice.store(alice_left, "+\\Seen")
        await office.until(
            lambda: office.actions.folder_of("1001@default", alice_left.msg_id) == "Old"
        )


async def test_a_person_without_a_mail_account_keeps_nobody_else_from_the_master(
    office: Office, alice: MailProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address may be an alias, or at another server."""
    monkeypatch.setitem(PEOPLE, "1002", "front-desk@lab.example")
    office.server |= {"username": MASTER.address, "password": MASTER.password, "access": "master"}
    left, other = await office.leave("1001"), await office.leave("1002")
    alice.deliver(left)
    async with office.running() as engine:
        await office.until(lambda: "refused" in (engine.statistics.last_trouble or ""))
        alice.store(left, "+\\Seen")
        await office.until(lambda: office.actions.folder_of(left.mailbox, left.msg_id) == "Old")
        alice.store(left, "-\\Seen")
        await office.until(lambda: office.actions.folder_of(left.mailbox, left.msg_id) == "INBOX")
    assert office.actions.folder_of(other.mailbox, other.msg_id) == "INBOX"


async def test_an_account_that_is_closed_for_now_is_not_hammered_nor_the_others_for_it(
    office: Office, alice: MailProgram, bob: MailProgram, mail_server: ZimbraLike
) -> None:
    office.server["period"] = 30
    lefts = {alice: await office.leave("1001"), bob: await office.leave("1002")}
    for person, left in lefts.items():
        person.deliver(left)
    user = mail_server.users["bob@lab.example"]
    with ExitStack() as stack:
        for _ in range(9):  # with his own program's, as many as Dovecot allows
            other = imaplib.IMAP4("127.0.0.1", mail_server.ports.imap, timeout=10)
            stack.callback(other.shutdown)
            other.login(user.address, user.password)
        before = mail_server.log().count("Maximum number of connections")
        async with office.running() as engine:
            await office.until(lambda: "[LIMIT]" in (engine.statistics.last_trouble or ""))
            for _ in range(8):
                visits = engine.statistics.visits
                engine.hint("1001@default")
                await office.until(lambda visits=visits: engine.statistics.visits > visits)
        assert mail_server.log().count("Maximum number of connections") <= before + 5


async def test_a_spool_that_is_not_there_deletes_nothing(
    office: Office, alice: MailProgram
) -> None:
    office.voicemail["when_deleted"] = "delete"
    left = await office.leave()
    alice.deliver(left)
    async with office.running() as engine:
        await office.agreed(False)
        hidden = office.spool.with_name("unmounted")
        office.spool.rename(hidden)
        for _ in range(5):
            engine.hint(left.mailbox)
            await asyncio.sleep(0.3)
        await office.until(lambda: "there is no" in (engine.statistics.last_trouble or ""))
        hidden.rename(office.spool)
        alice.store(left, "+\\Seen")
        engine.hint(left.mailbox)
        await office.until(lambda: office.actions.folder_of(left.mailbox, left.msg_id) == "Old")


async def test_with_another_address_a_pair_is_done_with_once_its_message_is_deleted(
    office: Office, alice: MailProgram, bob: MailProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its owner would be visited, and the new account looked through, for ever."""
    left = await office.leave()
    alice.deliver(left)
    async with office.running() as engine:
        await office.agreed(False)
        monkeypatch.setattr("tests.mail.in_step_office.PEOPLE", {"1001": "bob@lab.example"})
        engine.renew()
        file = office.actions.find(left.mailbox, left.msg_id)
        assert file is not None
        file.unlink()
        engine.hint(left.mailbox)
        (row,) = await office.until_rows(lambda rows: rows[0].closed is not None)
    assert row.reason == "message deleted; the mail is in another account"
    assert alice.uid(left)
