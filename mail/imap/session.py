"""One connection to one IMAP server, in one account. Blocking: for a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from imapclient.exceptions import (
    IMAPClientAbortError,
    IMAPClientError,
    IMAPClientReadOnlyError,
    ProtocolError,
)

from mail.imap.client import Client
from mail.imap.dialling import Login, dial
from mail.imap.errors import ImapError, ImapRefused, ImapUnreachable
from mail.outcome import words_of
from pbx.imap import ImapServer

SEEN = "\\Seen"
DELETED = "\\Deleted"

_SLICE = 0.25  # seconds between two questions whether IDLE shall end
_LONGEST_IDLE = 600.0  # seconds; servers cut silent connections after half an hour
_FAREWELL = 2.0  # seconds for the answer to LOGOUT
_MAX_MESSAGE = 64 * 1024 * 1024  # bytes
_MANY = 200  # UIDs in one command; Zimbra's lines are limited


@dataclass(frozen=True, slots=True)
class Selected:
    """A folder as SELECT tells of it. While all is the same, nothing in it has changed."""

    name: str
    uid_validity: int
    uid_next: int | None
    exists: int
    modseq: int | None
    """RFC 7162; None: the server does not count changes."""


class ImapSession:
    """Reads and changes one mail account over one connection.

    Not for two threads at once; only `abort` may come from another. Every step on the wire ends
    within the server's timeout. After ImapUnreachable the session is closed: `open` it anew.

    Every method raises ImapUnreachable, and ImapRefused where the server says NO.
    """

    def __init__(self, server: ImapServer, login: Login) -> None:
        self.server = server
        self.login = login
        self._client: Client | None = None
        self._selected: Selected | None = None
        self._busy = threading.Lock()
        self._aborted = False

    @property
    def selected(self) -> str | None:
        """The folder that is open."""
        return None if self._selected is None else self._selected.name

    @property
    def usable(self) -> bool:
        """Whether the connection stands, as far as is known on this side."""
        return self._client is not None

    def open(self) -> None:
        """Connect and log in, unless that is done.

        Raises:
            ImapLoginRefused: name or password are wrong; do not repeat it soon.
        """
        with self._alone():
            if self._client is None and not self._aborted:
                self._client = dial(self.server, self.login)
            if self._aborted:
                self._drop()
                raise ImapUnreachable(f"{self._place}: given up")

    def close(self) -> None:
        """Say LOGOUT and close; a server that does not answer is not waited for."""
        with self._alone():
            if (client := self._client) is not None:
                with suppress(IMAPClientError, OSError, ValueError):
                    client.socket().settimeout(min(_FAREWELL, self.server.timeout))
                    client.logout()
                self._drop()

    def abort(self) -> None:
        """End the connection at once and for good; what is under way in another thread fails."""
        self._aborted = True
        client = self._client
        if client is not None:
            client.cut()
        self._drop_if_aborted()

    def select(self, folder: str) -> Selected:
        """Open a folder, and say how it stands now.

        Raises:
            ImapRefused: there is none of that name, or it may not be read and written.
        """
        with self._talk() as client:
            self._selected = None
            told = client.select_folder(folder)
            validity = told.get(b"UIDVALIDITY")
            if not isinstance(validity, int):
                raise ProtocolError("SELECT without UIDVALIDITY")
            self._selected = Selected(
                name=folder,
                uid_validity=validity,
                uid_next=_number(told.get(b"UIDNEXT")),
                exists=_number(told.get(b"EXISTS")) or 0,
                modseq=None if b"NOMODSEQ" in told else _number(told.get(b"HIGHESTMODSEQ")),
            )
            return self._selected

    def with_message_id(self, message_id: str) -> list[int]:
        """UIDs in the selected folder of the mails with this Message-ID, deleted ones too."""
        if not (message_id.isascii() and message_id.isprintable()):
            return []
        with self._talk() as client:
            return [int(uid) for uid in client.search(["HEADER", "Message-ID", message_id])]

    def unseen(self) -> list[int]:
        """UIDs in the selected folder of the mails that nobody has read or deleted."""
        with self._talk() as client:
            return [int(uid) for uid in client.search(["UNSEEN", "UNDELETED"])]

    def flags(self, uids: Iterable[int]) -> dict[int, frozenset[str]]:
        """Flags by UID in the selected folder; a UID that is gone is left out."""
        found: dict[int, frozenset[str]] = {}
        with self._talk() as client:
            for some in _batches(uids):
                wanted = ",".join(map(str, some))
                lines = client.fetch_lines(wanted, "(UID FLAGS)")
                found |= client.flags_by_uid(lines)
        return found

    def message(self, uid: int, limit: int = _MAX_MESSAGE) -> bytes | None:
        """A whole mail as it stands, without marking it as read. None if it is gone.

        Arguments:
            limit: bytes; a larger one is refused unread.
        """
        with self._talk() as client:
            size = client.fetch([uid], ["RFC822.SIZE"]).get(uid, {}).get(b"RFC822.SIZE")
            if not isinstance(size, int):
                return None
            if size > limit:
                raise ImapRefused(f"mail {uid} has {size} bytes, more than the {limit} taken")
            content = client.fetch([uid], ["BODY.PEEK[]"]).get(uid, {}).get(b"BODY[]")
            return content if isinstance(content, bytes) else None

    def has_audio(self, uid: int) -> bool:
        """Whether a mail of the selected folder has audio in it, by its BODYSTRUCTURE."""
        with self._talk() as client:
            lines = client.fetch_lines(str(uid), "(UID BODYSTRUCTURE)")
            texts = (b"".join(it) if isinstance(it, tuple) else it for it in lines)
            return any(b'"audio"' in text.lower() for text in texts)

    def add_flags(self, uids: Iterable[int], *flags: str) -> None:
        """Set flags in the selected folder; a UID that is gone is no error."""
        self._store(uids, "+FLAGS.SILENT", flags)

    def remove_flags(self, uids: Iterable[int], *flags: str) -> None:
        """Take flags away in the selected folder; a UID that is gone is no error."""
        self._store(uids, "-FLAGS.SILENT", flags)

    def move(self, uid: int, folder: str) -> None:
        """Move a mail of the selected folder to another: copy it, then delete it here.

        Raises:
            ImapRefused: it could not be copied, and stays as it is.
        """
        with self._talk() as client:
            client.copy([uid], folder)
        self.delete(uid)

    def delete(self, uid: int) -> None:
        """Delete a mail of the selected folder.

        Where the server has no UIDPLUS (RFC 4315) it is only flagged: a plain EXPUNGE would
        also remove what its owner has flagged and may still want back.
        """
        self.add_flags([uid], DELETED)
        with self._talk() as client:
            if client.has_capability("UIDPLUS"):
                client.uid_expunge([uid])

    def create(self, folder: str) -> None:
        """Make a folder; one that exists is no error."""
        with self._talk() as client:
            try:
                client.create_folder(folder)
            except IMAPClientAbortError:
                raise
            except IMAPClientError:
                if not client.folder_exists(folder):
                    raise

    def folders(self, below: str = "") -> list[str]:
        """Names of all folders that can be opened. below: only those that begin so."""
        with self._talk() as client:
            listed = client.list_folders("", f"{below}*")
            return [
                str(name)
                for flags, _, name in listed
                if str(name).startswith(below)  # there may be wildcards in `below`
                and str(name).isprintable()
                and not {b"\\noselect", b"\\nonexistent"} & {bytes(it).lower() for it in flags}
            ]

    def idle(self, seconds: float, wake: Callable[[], bool] = lambda: False) -> bool:
        """Wait for news of the selected folder (RFC 2177), ten minutes at most.

        Arguments:
            wake: asked four times a second, in this thread; once it says True we return.

        Returns: whether the server said anything; then look again. True at once where the
        server cannot do IDLE, after a wait of `seconds`.
        """
        until = time.monotonic() + min(seconds, _LONGEST_IDLE)
        with self._talk() as client:
            if not client.has_capability("IDLE"):
                while not wake() and (left := until - time.monotonic()) > 0:
                    time.sleep(min(_SLICE, left))
                return True
            news = client.idle()
            while not news and not wake() and (left := until - time.monotonic()) > 0:
                news = client.readable_within(min(_SLICE, left))
            _, said = client.idle_done()
            return news or bool(said)

    def _store(self, uids: Iterable[int], how: str, flags: tuple[str, ...]) -> None:
        with self._talk() as client:
            for some in _batches(uids):
                wanted = ",".join(map(str, some))
                kind, said = client._imap.uid("STORE", wanted, how, f"({' '.join(flags)})")
                client._checkok("store", kind, said)

    @contextmanager
    def _talk(self) -> Iterator[Client]:
        """One exchange, its faults told apart; a broken connection is closed."""
        with self._alone():
            client = self._client
            if client is None:
                raise ImapUnreachable(f"{self._place}: not connected")
            try:
                yield client
            except ImapError:
                raise
            except IMAPClientReadOnlyError as error:  # the library takes it for a broken connection
                raise ImapRefused(self._words(error)) from error
            except (IMAPClientAbortError, ProtocolError) as error:
                self._drop()
                raise ImapUnreachable(self._words(error)) from error
            except IMAPClientError as error:
                raise ImapRefused(self._words(error)) from error
            except (OSError, ValueError, LookupError, TypeError, AssertionError) as error:
                # Not only the network's: the library trips over answers that are nonsense.
                self._drop()
                raise ImapUnreachable(self._words(error)) from error
            except BaseException:
                self._drop()
                raise

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            with self._busy:
                yield
        finally:
            # `abort` may have found us busy, an instant before we were done.
            self._drop_if_aborted()

    def _drop_if_aborted(self) -> None:
        if self._aborted and self._busy.acquire(blocking=False):
            self._drop()
            self._busy.release()

    def _drop(self) -> None:
        client, self._client, self._selected = self._client, None, None
        if client is not None:
            client.drop()

    def _words(self, error: Exception) -> str:
        return f"{self._place}: {words_of(str(error) or type(error).__name__)}"

    @property
    def _place(self) -> str:
        return f"{self.server.host}:{self.server.port}"


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _batches(uids: Iterable[int]) -> Iterator[list[int]]:
    wanted = sorted(set(uids))
    for start in range(0, len(wanted), _MANY):
        yield wanted[start : start + _MANY]
