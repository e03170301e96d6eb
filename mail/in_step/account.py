"""Where a person's mail is read: the log-in, and the names of the folders."""

from __future__ import annotations

from dataclasses import dataclass

from mail.imap.dialling import Login
from pbx.imap import ImapServer
from pbx.model import Site
from pbx.people import Person


@dataclass(frozen=True, slots=True)
class Account:
    """A person's mail account as we come to it."""

    name: str
    """Whose it is, and at which server: what was seen in one is not missing in another."""
    server: ImapServer
    login: Login
    inbox: str
    trash: str
    root: str
    """What the names of all its folders begin with."""
    complete: bool
    """Whether we see all its folders, so that what is nowhere is deleted."""

    def is_trash(self, folder: str) -> bool:
        """Whether a folder is the trash, or lies in it."""
        return folder == self.trash or folder.startswith((f"{self.trash}/", f"{self.trash}."))


def account_of(site: Site, person: Person) -> Account | None:
    """A person's account, or None where the person is not kept in step."""
    server = site.mail.imap
    if server is None or person.email is None or not site.read_is_heard_of(person):
        return None
    shared = server.folder if server.access == "shared" else None
    inbox = "INBOX" if shared is None else _filled(shared, person.email)
    root = "" if shared is None else _filled(_root(shared), person.email)
    return Account(
        name=f"{person.email.lower()} {server.host}",
        server=server,
        login=_login(server, person, person.email),
        inbox=inbox,
        trash=root + server.trash,
        root=root,
        complete=shared is None,
    )


def _login(server: ImapServer, person: Person, address: str) -> Login:
    if server.access == "own":
        return Login(person.imap_username or address, person.imap_secret())
    acting_for = (person.imap_username or address) if server.access == "master" else None
    return Login(server.username or "", server.login_secret(), acting_for)


def _root(inbox: str) -> str:
    """What lies beside "/home/{email}/Inbox" begins with "/home/{email}/"; and what lies in
    "user/{local}", which is an INBOX itself, with "user/{local}/"."""
    at = max(inbox.rfind("/"), inbox.rfind("."))
    last, delimiter = inbox[at + 1 :], inbox[at] if at >= 0 else "/"
    return inbox + delimiter if "{" in last else inbox[: at + 1]


def _filled(template: str, address: str) -> str:
    local = address.rpartition("@")[0]
    return template.replace("{email}", address).replace("{local}", local)
