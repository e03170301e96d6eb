"""The site file's side of read is heard: what it needs, and where a person's mail is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mail.in_step.account import Account, account_of
from pbx.errors import SiteError
from pbx.imap import ImapServer
from pbx.model import Site
from pbx.site import parse_site

SITE = """
[site]
name = "Klinik"
domain = "klinik.example"
[asterisk]
ami = {{ secret = "ami-secret" }}
[mail]
smtp = {{ host = "mail.klinik.example" }}
from = "Voicemail <voicemail@klinik.example>"
{mail}
[voicemail]
read_is_heard = true
{voicemail}
[[people]]
extension = "1001"
name = "Sari"
email = "sari.w@klinik.example"
{person}
"""
IMAP = 'imap = { host = "mail.klinik.example" }'
PASSWORD = 'imap_password_file = "1001.imap"'


@pytest.mark.parametrize(
    ("mail", "voicemail", "person", "complaint"),
    [
        ("", "", PASSWORD, "needs to know where mail is read"),
        (IMAP, "", "", "needs this person's password for IMAP"),
        (IMAP, 'after_delivery = "heard"', PASSWORD, "marked read before anybody read it"),
        (IMAP, 'attach = "none"\nwhen_deleted = "delete"', PASSWORD, "would delete recordings"),
    ],
)
def test_what_read_is_heard_lacks_is_said_of_the_person(
    mail: str, voicemail: str, person: str, complaint: str, tmp_path: Path
) -> None:
    text = SITE.format(mail=mail, voicemail=voicemail, person=person)
    with pytest.raises(SiteError, match=complaint) as error:
        parse_site(text, tmp_path / "site.toml")
    assert "people.1001.voicemail.read_is_heard" in str(error.value)


def test_who_does_not_ask_for_it_needs_nothing(tmp_path: Path) -> None:
    text = SITE.format(mail=IMAP, voicemail="", person="voicemail = { read_is_heard = false }")
    site = parse_site(text, tmp_path / "site.toml")
    assert account_of(site, site.people[0]) is None


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"security": "plain"}, "passwords in clear"),
        ({"access": "master"}, "needs username and password_file"),
        ({"access": "shared", "username": "v", "password": "p"}, "folder belong together"),
        ({"folder": "/home/{email}/Inbox"}, "folder belong together"),
        ({"access": "shared", "username": "v", "password": "p", "folder": "Inbox"}, "no folder"),
        ({"access": "shared", "username": "v", "password": "p", "folder": "{name}"}, "no folder"),
    ],
)
def test_a_server_that_cannot_work_is_refused(keys: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        ImapServer.model_validate({"host": "mail.klinik.example"} | keys)


def account(**imap: Any) -> Account:
    site = Site.model_validate(
        {
            "site": {"name": "Klinik", "domain": "klinik.example"},
            "mail": {
                "smtp": {"host": "mail.klinik.example"},
                "from": "voicemail@klinik.example",
                "imap": {"host": "mail.klinik.example"} | imap,
            },
            "voicemail": {"read_is_heard": True},
            "people": [{"extension": "1001", "name": "Sari", "email": "sari.w@klinik.example"}],
        }
    )
    found = account_of(site, site.people[0])
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("folder", "inbox", "trash"),
    [
        (
            "/home/{email}/Inbox",
            "/home/sari.w@klinik.example/Inbox",
            "/home/sari.w@klinik.example/Trash",
        ),
        (
            "shared/{email}",
            "shared/sari.w@klinik.example",
            "shared/sari.w@klinik.example/Trash",
        ),
        ("user.{local}", "user.sari.w", "user.sari.w.Trash"),
    ],
)
def test_a_shared_folder_and_the_trash_beside_it(folder: str, inbox: str, trash: str) -> None:
    found = account(access="shared", username="v", password="p", folder=folder)
    assert (found.inbox, found.trash, found.login.username) == (inbox, trash, "v")
    assert not found.complete
    assert found.is_trash(f"{trash}/2026")
    assert not found.is_trash(f"{trash}ed")


def test_a_master_acts_for_the_person_and_a_person_for_itself() -> None:
    master = account(access="master", username="admin", password="p")
    assert (master.login.username, master.login.acting_for) == ("admin", "sari.w@klinik.example")
    own = account()
    assert (own.login.username, own.login.acting_for) == ("sari.w@klinik.example", None)
    assert (own.inbox, own.trash, own.complete) == ("INBOX", "Trash", True)
