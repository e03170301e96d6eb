"""The demo's mail server: takes mail by SMTP and keeps it in a Maildir for each address.

It runs in our own event loop and behaves as Zimbra does where a sender can see it: SIZE,
no SMTPUTF8, and a Message-ID that a mail account has already is answered 250 and dropped.
"""

from __future__ import annotations

import asyncio
import mailbox
import ssl
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from pathlib import Path

import structlog
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from lab.mail_facts import HOST, SIZE
from lab.ports import LOOPBACK

KNOWN_IDS = 3_000  # message ids remembered for each mail account, as Zimbra does
REMEMBERED = 1_000  # mails that wait_for_message() looks back on


@dataclass(frozen=True)
class ReceivedMail:
    """A mail that arrived. file: where it stands in the Maildir until someone moves it."""

    recipient: str
    sender: str
    message_id: str
    subject: str
    file: Path

    def read(self) -> EmailMessage:
        """Read the mail. Raises FileNotFoundError when a mail program has moved it."""
        return message_from_bytes(self.file.read_bytes(), policy=policy.default)


class MaildirServer:
    """An SMTP server on loopback for one demo or test.

    folder: gets one Maildir for each address. port: where to listen. passwords: of those
    who may send, by name; None lets everybody send, as in a trusted network. tls: offer
    STARTTLS, and AUTH only after it; passwords need it. size: the largest mail in bytes.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        *,
        passwords: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        size: int = SIZE,
    ) -> None:
        if passwords is not None and tls is None:
            raise ValueError("passwords would go in clear: give the mail server a certificate")
        self.folder = folder
        self.port = port
        self._passwords = passwords
        self._tls = tls
        self._size = size
        self._server: asyncio.Server | None = None
        self._ids: dict[str, OrderedDict[str, None]] = {}
        self._received: deque[ReceivedMail] = deque(maxlen=REMEMBERED)
        self._arrival = asyncio.Condition()

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        self.folder.mkdir(parents=True, exist_ok=True)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, LOOPBACK, self.port)

    async def stop(self) -> None:
        """Listen no more."""
        if self._server:
            self._server.close()
            await self._server.wait_closed()

    async def __aenter__(self) -> MaildirServer:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def received(self) -> list[ReceivedMail]:
        """The mails that arrived last, the oldest first."""
        return list(self._received)

    async def wait_for_message(
        self, predicate: Callable[[ReceivedMail], bool], timeout: float
    ) -> ReceivedMail:
        """Wait for a mail that the predicate likes; one that came before counts.

        timeout: seconds. Raises TimeoutError.
        """
        found: list[ReceivedMail] = []

        def there() -> bool:
            found.extend(mail for mail in self._received if predicate(mail))
            return bool(found)

        async with asyncio.timeout(timeout), self._arrival:
            await self._arrival.wait_for(there)
        return found[0]

    def _session(self) -> asyncio.Protocol:
        session: asyncio.Protocol = SMTP(
            self,
            hostname=HOST,
            ident="voxpost lab",
            data_size_limit=self._size,
            enable_SMTPUTF8=False,
            tls_context=self._tls,
            auth_required=self._passwords is not None,
            auth_require_tls=self._tls is not None,
            authenticator=self._authenticate,
        )
        return session

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        if isinstance(data, LoginPassword) and self._passwords is not None:
            name = data.login.decode(errors="replace")
            if self._passwords.get(name) == data.password.decode(errors="replace"):
                return AuthResult(success=True, auth_data=name)
        return AuthResult(success=False, handled=False)

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take any address whose name can be a folder."""
        local, at, domain = address.rpartition("@")
        if not (local and at and domain) or "/" in address or address.startswith("."):
            return "550 5.1.1 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the mail for each recipient; only then answer 250."""
        content = envelope.content
        headers = BytesHeaderParser(policy=policy.compat32).parsebytes(content)
        message_id = str(headers.get("Message-ID", "")).strip()
        subject = str(headers.get("Subject", ""))
        for recipient in dict.fromkeys(envelope.rcpt_tos):
            account = recipient.lower()
            if self._is_known(account, message_id):
                structlog.get_logger().info("duplicate dropped", message_id=message_id)
                continue
            file = await asyncio.to_thread(self._store, account, content)
            self._remember(account, message_id)
            mail = ReceivedMail(account, envelope.mail_from or "", message_id, subject, file)
            async with self._arrival:
                self._received.append(mail)
                self._arrival.notify_all()
        return "250 2.0.0 OK, kept"

    def _is_known(self, account: str, message_id: str) -> bool:
        return bool(message_id) and message_id in self._ids.get(account, ())

    def _remember(self, account: str, message_id: str) -> None:
        known = self._ids.setdefault(account, OrderedDict())
        known[message_id] = None
        while len(known) > KNOWN_IDS:
            known.popitem(last=False)

    def _store(self, account: str, content: bytes) -> Path:
        box = mailbox.Maildir(self.folder / account, create=True)
        key = box.add(content)
        return self.folder / account / "new" / key
