"""The IMAP client, where the server or the network misbehaves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mail.imap.dialling import Login
from mail.imap.errors import ImapLoginRefused, ImapRefused, ImapUnreachable
from mail.imap.session import ImapSession
from pbx.imap import ImapServer
from pbx.secret import Secret
from tests.mail.scripted_imap import DROP, HOLE, ScriptedImap

Start = Callable[..., tuple[ScriptedImap, ImapSession]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a scripted server, and a session with it that is not open yet."""
    started: list[tuple[ScriptedImap, ImapSession]] = []

    def begin(
        options: dict[str, Any] | None = None, password: str = "secret", **says: str
    ) -> tuple[ScriptedImap, ImapSession]:
        fake = ScriptedImap(**says)
        given = {"host": "127.0.0.1", "port": fake.port, "security": "plain", "timeout": 0.5}
        server = ImapServer.model_validate(given | (options or {}))
        session = ImapSession(server, Login("sari", Secret("x", value=password)))
        started.append((fake, session))
        return fake, session

    yield begin
    for fake, session in started:
        session.abort()
        fake.stop()


def opened(start: Start, **says: str) -> tuple[ScriptedImap, ImapSession]:
    fake, session = start(**says)
    session.open()
    session.select("INBOX")
    return fake, session


@pytest.mark.parametrize(
    "says",
    [
        {"greeting": HOLE},
        {"greeting": "* BYE too many connections\r\n"},
        {"greeting": "220 I speak SMTP\r\n"},
        {"CAPABILITY": HOLE},
        {"CAPABILITY": DROP},
        {"AUTHENTICATE": HOLE},
        {"AUTHENTICATE": DROP},
        {"AUTHENTICATE": "{tag} NO [UNAVAILABLE] the directory is away\r\n"},
        {"AUTHENTICATE": "* BYE going down\r\n{tag} NO no\r\n"},
    ],
)
def test_a_server_that_cannot_be_talked_to_is_unreachable_and_not_a_wrong_password(
    start: Start, says: dict[str, str]
) -> None:
    _, session = start(**says)
    with pytest.raises(ImapUnreachable, match=r"127\.0\.0\.1"):
        session.open()
    assert not session.usable


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_server_that_is_silent_where_tls_begins_is_not_waited_for(
    start: Start, security: str
) -> None:
    """imapclient sets no time limit on a TLS connection before its greeting."""
    says = {"greeting": HOLE} if security == "tls" else {"STARTTLS": HOLE}
    capabilities = "IMAP4rev1 STARTTLS"
    _, session = start({"security": security}, capabilities=capabilities, **says)
    with pytest.raises(ImapUnreachable, match="timed out"):
        session.open()


def test_a_wrong_password_is_said_once_by_one_method(start: Start) -> None:
    fake, session = start(AUTHENTICATE="{tag} NO [AUTHENTICATIONFAILED] no\r\n")
    with pytest.raises(ImapLoginRefused, match="log-in as sari refused"):
        session.open()
    assert len([line for line in fake.heard if "AUTHENTICATE" in line or "LOGIN" in line]) == 1


def test_a_password_cannot_smuggle_a_command(start: Start) -> None:
    fake, session = start(capabilities="IMAP4rev1", password="x\r\nA LOGOUT")
    with pytest.raises(ImapLoginRefused, match="plain ASCII"):
        session.open()
    assert not any("LOGIN" in line or "LOGOUT" in line for line in fake.heard)


def test_nothing_is_said_in_clear_where_the_offer_of_tls_was_removed(start: Start) -> None:
    fake, session = start({"security": "starttls", "host": "localhost"})
    with pytest.raises(ImapUnreachable, match="STARTTLS"):
        session.open()
    assert not any("AUTHENTICATE" in line for line in fake.heard)


def test_no_password_to_read_is_a_refused_login(start: Start) -> None:
    _, session = start(password="")
    object.__setattr__(session.login, "password", Secret("mail.imap.password"))
    with pytest.raises(ImapLoginRefused, match="password is not set"):
        session.open()


@pytest.mark.parametrize(
    "answer", [HOLE, DROP, "* BYE now\r\n", "junk\r\n", "* 1 FETCH (((\r\n{tag} OK done\r\n"]
)
def test_a_session_that_breaks_says_so_and_is_closed(start: Start, answer: str) -> None:
    _, session = opened(start, FETCH=answer)
    with pytest.raises(ImapUnreachable):
        session.flags([1])
    assert not session.usable
    with pytest.raises(ImapUnreachable, match="not connected"):
        session.unseen()


def test_a_refused_folder_leaves_the_session_usable(start: Start) -> None:
    fake, session = opened(start)
    fake.says["SELECT"] = "{tag} NO no such folder\r\n"
    with pytest.raises(ImapRefused, match="no such folder"):
        session.select("Nowhere")
    fake.says["SELECT"] = "* OK [UIDVALIDITY 7] it\r\n{tag} OK [READ-ONLY] done\r\n"
    with pytest.raises(ImapRefused, match="not writable"):
        session.select("Public")
    assert session.usable


def test_a_push_about_a_number_is_not_taken_for_a_uid(start: Start) -> None:
    """imapclient keys `* 3 FETCH (FLAGS ...)` by 3, as if it had been asked for."""
    _, session = opened(
        start,
        FETCH="* 3 FETCH (FLAGS (\\Seen))\r\n"
        "* 1 FETCH (UID 3 FLAGS (\\Flagged))\r\n{tag} OK done\r\n",
    )
    assert session.flags([3]) == {3: frozenset({"\\Flagged"})}


def test_a_search_for_an_odd_message_id_asks_nothing(start: Start) -> None:
    fake, session = opened(start)
    assert session.with_message_id("<a@b>\r\nA LOGOUT") == []
    assert not any("SEARCH" in line for line in fake.heard)


def test_a_mail_larger_than_the_limit_is_not_read(start: Start) -> None:
    fake, session = opened(
        start, FETCH="* 1 FETCH (UID 5 RFC822.SIZE 1000001)\r\n{tag} OK done\r\n"
    )
    with pytest.raises(ImapRefused, match="1000001 bytes"):
        session.message(5, limit=1_000_000)
    assert not any("BODY" in line for line in fake.heard)


def test_idle_ends_with_news(start: Start) -> None:
    fake, session = opened(start)
    fake.after("IDLE", lambda: fake.say("* 3 EXISTS\r\n"))
    assert session.idle(10) is True
    assert fake.heard[-1] == "DONE"


def test_idle_sees_news_that_came_in_one_piece_with_its_beginning(start: Start) -> None:
    _, session = opened(start, IDLE="+ idling\r\n* 1 FETCH (FLAGS (\\Seen))\r\n")
    assert session.idle(10) is True


def test_idle_sees_news_from_before_it_began(start: Start) -> None:
    """imapclient raises: "Unexpected IDLE response"."""
    _, session = opened(start, IDLE="* 4 EXISTS\r\n+ idling\r\n")
    assert session.idle(10) is True


def test_idle_takes_a_line_that_comes_in_pieces(start: Start) -> None:
    """imapclient's idle_check reads without waiting, and ends in "unterminated line"."""
    fake, session = opened(start, DONE=" (FLAGS (\\Seen))\r\n{tag} OK done\r\n")
    fake.after("IDLE", lambda: fake.say("* 1 FETCH"))
    assert session.idle(10) is True
    session.select("INBOX")


def test_a_connection_that_ends_in_idle_is_lost_and_does_not_spin(start: Start) -> None:
    """After its end, imapclient's idle_check returns [] at once, for ever."""
    fake, session = opened(start)
    fake.after("IDLE", fake.hang_up)
    with pytest.raises(ImapUnreachable):
        session.idle(60)
    assert not session.usable


def test_a_dead_link_is_noticed_when_idle_is_over(start: Start) -> None:
    _, session = opened(start, DONE=HOLE)
    with pytest.raises(ImapUnreachable):
        session.idle(0.1)


def test_idle_that_is_refused_is_no_news(start: Start) -> None:
    _, session = opened(start, IDLE="{tag} NO not now\r\n")
    with pytest.raises(ImapRefused, match="not now"):
        session.idle(10)


def test_idle_ends_when_woken(start: Start) -> None:
    fake, session = opened(start)
    wake = threading.Event()
    fake.after("IDLE", wake.set)
    assert session.idle(60, wake.is_set) is False
    assert session.usable


def test_where_there_is_no_idle_it_is_waited_and_looked_again(start: Start) -> None:
    fake, session = opened(start, capabilities="IMAP4rev1 AUTH=PLAIN")
    begun = time.monotonic()
    assert session.idle(0.3) is True
    assert time.monotonic() - begun >= 0.3
    assert not any("IDLE" in line for line in fake.heard)


def test_an_abort_at_the_very_end_of_a_step_leaves_no_connection_open(start: Start) -> None:
    """The step had its answer already, so it did not fail, and nobody closed the socket."""
    _, session = opened(start)
    with session._talk():
        other = threading.Thread(target=session.abort)
        other.start()
        other.join()
    assert not session.usable


def test_an_abort_from_another_thread_ends_what_is_under_way(start: Start) -> None:
    fake, session = opened(start)
    fake.after("IDLE", session.abort)
    with pytest.raises(ImapUnreachable):
        session.idle(60)
    with pytest.raises(ImapUnreachable, match="given up"):
        session.open()


def test_a_server_that_does_not_answer_logout_is_not_waited_for(start: Start) -> None:
    _, session = opened(start, LOGOUT=HOLE)
    session.close()
    assert not session.usable
