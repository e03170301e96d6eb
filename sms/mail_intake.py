"""E-mails that become texts: who may write them, to whom, and what they are told when not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ledger.entries import NewEntry
from ledger.outbox import Outbox
from ledger.outgoing_texts import OutgoingTexts
from ledger.texts import Origin
from mail.intake.handler import Answer
from mail.intake.proof import SIGNATURES, proven, written_to
from mail.intake.reading import IncomingMail, read_mail
from mail.intake.tokens import ReplyAddresses, read_number_address
from pbx.model import Site
from pbx.numbers import E164
from pbx.sms import Sms
from sms.notices import attachments_notice, mail_notice
from sms.policy import Asker, Refusal
from sms.requests import Request, Requests

_ACCOUNT = 80  # characters
_RECOGNISED = 40  # characters of a text of one line
_NOBODY = Answer(550, "5.1.1 No such number: write to +62811000111@, or answer a text's e-mail")
_STRANGER = Answer(550, "5.7.1 Only people of this site may send texts by e-mail")
_UNPROVEN = Answer(550, "5.7.1 It is not proven who wrote this: see authserv_id in voxpost's docs")


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote an e-mail. extension: empty for a mail account that is no person's."""

    extension: str
    address: str
    may_text: bool

    @property
    def whom(self) -> tuple[str, str]:
        """Who is answered: extension and mail account."""
        return self.extension, self.address

    def asker(self, cap: int) -> Asker:
        """Who asks for the text. A mail account that is no person's has a cap of its own, too."""
        account = "" if self.extension else self.address[:_ACCOUNT]
        return Asker(self.extension, account, cap)


class TextMails:
    """Makes texts of e-mails. The Handler of mail/intake/handler.py.

    Arguments:
        site: called for the site file as it is now.
        addresses: reads addresses that were made to be answered to.
        wake_mail: called when there is a new e-mail to deliver.
        now: seconds since 1970.
    """

    def __init__(
        self,
        *,
        site: Callable[[], Site],
        requests: Requests,
        texts: OutgoingTexts,
        outbox: Outbox,
        addresses: Callable[[], ReplyAddresses | None],
        wake_mail: Callable[[], None],
        now: Callable[[], float],
    ) -> None:
        self._site = site
        self._requests = requests
        self._texts = texts
        self._outbox = outbox
        self._addresses = addresses
        self._wake_mail = wake_mail
        self._now = now
        self._log = structlog.get_logger(part="mail-intake")

    async def recipient(self, address: str) -> Answer:
        """Take a number's address, and one that was made to be answered to."""
        return _NOBODY if self._read(address) is None else Answer(250, "2.1.5 Ok")

    async def message(self, content: bytes, sender: str, recipient: str) -> Answer:
        """Make a text of an e-mail; durable before the answer is 250.

        Raises:
            LedgerError: the ledger did not take it; the mail server brings it again.
        """
        meant = self._read(recipient)
        if meant is None:
            return _NOBODY
        number, signed_for = meant
        mail = await read_mail(content, sender)
        if mail.automatic is not None:
            # An answer to it, even a bounce, could go round for ever.
            self._log.info("no text of an automatic e-mail", reason=mail.automatic)
            return Answer(250, f"2.0.0 Taken, and no text made of it: {mail.automatic}")
        site = self._site()
        assert site.sms is not None
        writer = find_writer(site, site.sms, mail.sender, signed_for or "")
        if writer is None:
            self._log.warning("e-mail of a stranger", sender=mail.sender, problem=mail.problem)
            return _STRANGER
        # Who has the address of one person's answers is not therefore another one.
        signed = signed_for is not None and signed_for in {"", writer.extension}
        if not signed and not self._is_proven(mail, site.sms, number):
            self._log.warning("e-mail whose sender is not proven", sender=mail.sender)
            return _UNPROVEN
        return await self._ask(site, site.sms, mail, writer, number)

    async def _ask(
        self, site: Site, sms: Sms, mail: IncomingMail, writer: Writer, number: str
    ) -> Answer:
        # The Message-ID alone may be anybody's.
        seed = f"{mail.message_id} {writer.address} {number}".encode()
        key = hashlib.sha256(seed).hexdigest()[:40]
        request = Request(
            source=f"mail:{key}",
            origin=Origin.MAIL,
            to=number,
            body=await self._own(mail.words, number),
            asker=writer.asker(sms.per_person),
            author=writer.address,
            message_id=mail.message_id,
        )
        answer = (
            await self._requests.ask(request) if writer.may_text else Refusal("not-allowed", number)
        )
        if isinstance(answer, Refusal):
            self._log.warning("no text sent", reason=answer.reason, detail=answer.detail)
            await self._tell(mail_notice(site, answer, mail, number, writer.whom))
            return Answer(250, f"2.0.0 Taken; no text sent: {answer.reason}")
        self._log.info("e-mail became a text", text=answer.text.id, known=answer.known)
        if mail.attachments:
            await self._tell(attachments_notice(site, mail, number, writer.whom))
        return Answer(250, f"2.0.0 Taken as text {answer.text.id}")

    async def _tell(self, entry: NewEntry) -> None:
        await self._outbox.add([entry], self._now())
        self._wake_mail()

    async def _own(self, words: str, number: str) -> str:
        """The words without the text that they answer, which some clients quote without a mark."""
        latest = await self._texts.latest_from(number)
        return words if latest is None else without_quoted(words, latest.body)

    def _read(self, address: str) -> tuple[E164, str | None] | None:
        """The number of an address, and whose answers it is for where we signed it."""
        site = self._site()
        addresses = self._addresses()
        if site.sms is None or site.sms.mail is None or addresses is None:
            return None
        if (answered := addresses.read(address)) is not None:
            return answered
        if address.rpartition("@")[2].lower() != site.sms.mail.domain.lower():
            return None
        number = read_number_address(address, site.site.country)
        return None if number is None else (number, None)

    def _is_proven(self, mail: IncomingMail, sms: Sms, number: E164) -> bool:
        assert sms.mail is not None
        name = sms.mail.authserv_id
        if name is None:
            return True
        method = proven(mail.fields, mail.sender, name)
        if method not in SIGNATURES:
            return method is not None
        # Else whoever has a letter of ours could bring it again, to any number.
        meant = map(self._read, written_to(mail.fields))
        return any(it is not None and it[0] == number for it in meant)


def without_quoted(words: str, text: str) -> str:
    """An answer without what it answers: cut where the text begins as lines of its own.

    A short text may well be somebody's own words; it is left alone, and so are lines that stand in
    the midst of others.
    """
    lines = [line.strip() for line in words.splitlines()]
    quoted = [line.strip() for line in text.strip().splitlines()]
    if len(quoted) < 2 and len(text.strip()) < _RECOGNISED:
        return words
    for at in range(1, len(lines) - len(quoted) + 1):
        apart = not lines[at - 1] or lines[at - 1].endswith(":")
        if apart and lines[at : at + len(quoted)] == quoted:
            return "\n".join(words.splitlines()[:at]).strip()
    return words


def find_writer(site: Site, sms: Sms, address: str, extension: str = "") -> Writer | None:
    """Who of the site has this address: a person, or the desk and the like; None: nobody.

    extension: whose answer it is; of people who share a mail account it is that one.
    """
    wanted = address.lower()
    people = [it for it in site.people if it.email is not None and it.email.lower() == wanted]
    person = min(people, key=lambda it: it.extension != extension, default=None)
    if person is not None:
        return Writer(person.extension, person.email or "", person.may_text)
    shared = [
        sms.desk,
        *(owner for owner in sms.numbers.values() if "@" in owner),
        *(account for keyword in sms.keywords for account in keyword.to),
    ]
    found = next((it for it in shared if it.lower() == wanted), None)
    return None if found is None else Writer("", found, may_text=True)
