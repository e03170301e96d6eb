"""What becomes of a text that came in: whose it is, the e-mail, the answer, the lists. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from ledger.arrivals import Gathered, GroupChange, NewCall, Taken
from ledger.entries import NewEntry
from ledger.facts import EarlierText, TextFacts
from ledger.texts import NewText, Text
from ledger.texts_so_far import TextsSoFar
from mail.identity import message_id
from mail.intake.tokens import ReplyAddresses
from mail.plain import plain
from pbx.fields import is_address
from pbx.model import Site
from pbx.numbers import E164, Extension, e164_meant
from pbx.sms import Keyword, Sms
from sms.joining import GAP, join
from sms.keyword_answers import KeywordAnswers, ToAnswer, account_of

_NAME = 40  # characters of a sender that has no number
_THREAD = 10  # Message-IDs in References
# What a fault of ours raises; the ledger's own go through.
_FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a text is. extension: empty for a mail account that is no person's."""

    extension: str
    address: str


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A text that came in, as it was read.

    Arguments:
        said: what it says until a part that is missing, without what is noted of it.
        earlier: of the same number, the newest first.
    """

    gathered: Gathered
    e164: E164 | None
    number: str
    said: str
    body: str
    keyword: Keyword | None
    earlier: Sequence[Text]


@dataclass(frozen=True, slots=True)
class TakingIn:
    """Decides what becomes of texts.

    Arguments:
        addresses: makes addresses to answer to; None where no e-mail comes in.
        answers: makes the texts that keywords send back.
    """

    site: Site
    sms: Sms
    addresses: ReplyAddresses | None
    answers: KeywordAnswers

    def decide(self, gathered: Gathered, so_far: TextsSoFar) -> Taken:
        """The Decide of ledger/texts_so_far.py."""
        try:
            return self._decided(gathered, so_far)
        except _FAULTS as fault:
            # It must hold up neither what is behind it nor the other gateways.
            log = structlog.get_logger(part="sms", gateway=gathered.gateway)
            log.exception("text goes to the desk as it is", reason=repr(fault))
            return self._as_it_is(gathered)

    def _decided(self, gathered: Gathered, so_far: TextsSoFar) -> Taken:
        arrival = self._read(gathered, so_far)
        owners = self._owners(arrival, so_far)
        mails = tuple(self._mail(arrival, owner) for owner in owners)
        stop = self._stop(arrival)
        answer = None if stop is not None else self._answer(arrival, so_far)
        return Taken(
            number=arrival.number,
            body=arrival.body,
            extension=owners[0].extension,
            message_id=mails[0].message_id,
            mails=mails,
            answers=() if answer is None else (answer,),
            stop=stop,
            groups=_groups(arrival.keyword) if arrival.e164 is not None else (),
            account="" if arrival.keyword is None else account_of(arrival.keyword.word),
            call=_call(arrival, stop),
        )

    def _as_it_is(self, gathered: Gathered) -> Taken:
        number, body = plain(gathered.sender, _NAME), join(gathered.bodies, gathered.total)
        arrival = _Arrival(gathered, None, number, body, body, None, ())
        mail = self._mail(arrival, Owner("", self.sms.desk))
        return Taken(number, body, "", message_id=mail.message_id, mails=(mail,))

    def _read(self, gathered: Gathered, so_far: TextsSoFar) -> _Arrival:
        e164 = e164_meant(gathered.sender, self.site.site.country)
        number = e164 or plain(gathered.sender, _NAME)
        body = join(gathered.bodies, gathered.total)
        said = body.partition(GAP)[0]
        if gathered.trouble:
            body = f"{body}\n[{gathered.trouble}]".strip()
        earlier = so_far.latest(number, max(self.sms.quoted, _THREAD))
        return _Arrival(gathered, e164, number, said, body, self._keyword(said), earlier)

    def _keyword(self, said: str) -> Keyword | None:
        as_written = "".join(said.split(maxsplit=1)[:1]).upper()
        bare = _word("".join(_word(said).split(maxsplit=1)[:1]))
        exactly = (it for it in self.sms.keywords if it.word == as_written)
        nearly = (it for it in self.sms.keywords if _word(it.word) == bare)
        return next(exactly, None) or next(nearly, None)

    def _owners(self, arrival: _Arrival, so_far: TextsSoFar) -> Sequence[Owner]:
        if arrival.keyword is not None and arrival.keyword.to:
            return [Owner("", address) for address in arrival.keyword.to]
        came_to = arrival.gathered.own_number or ""
        e164 = e164_meant(came_to, self.site.site.country) or ""
        own = self.sms.numbers.get(came_to) or self.sms.numbers.get(e164)
        if own is not None and is_address(own):
            return [Owner("", own)]
        for extension in (own, so_far.last_writer(arrival.number)):
            person = self.site.by_extension.get(Extension(extension or ""))
            if person is not None and person.email is not None:
                return [Owner(person.extension, person.email)]
        return [Owner("", self.sms.desk)]

    def _mail(self, arrival: _Arrival, owner: Owner) -> NewEntry:
        gathered, earlier = arrival.gathered, arrival.earlier
        quoted = [text for text in earlier[: self.sms.quoted] if text.body]
        reply_to = None
        if self.addresses is not None and arrival.e164 is not None:
            reply_to = self.addresses.address(arrival.e164, owner.extension)
        facts = TextFacts(
            number=arrival.number,
            own_number=gathered.own_number,
            gateway=gathered.gateway,
            received_at=int(gathered.sent_at),
            body=arrival.body,
            incomplete=not gathered.whole,
            earlier=tuple(
                EarlierText(int(it.created), not it.came_in, self._writer(it), it.body)
                for it in reversed(quoted)
            ),
            references=tuple(
                it.message_id for it in reversed(earlier[:_THREAD]) if it.message_id is not None
            ),
            reply_to=reply_to,
            keyword=None if arrival.keyword is None else arrival.keyword.word,
        )
        source = f"{gathered.source}:{owner.extension or owner.address}"[:255]
        identity = message_id(source, self.site.site.domain)
        return NewEntry(source, owner.extension, owner.address, identity, facts)

    def _writer(self, text: Text) -> str:
        person = self.site.by_extension.get(Extension(text.extension))
        return "" if text.came_in or person is None else person.name

    def _stop(self, arrival: _Arrival) -> bool | None:
        alone = _word(arrival.said)
        if alone in map(_word, self.sms.stop_words):
            return True
        return False if alone in map(_word, self.sms.start_words) else None

    def _answer(self, arrival: _Arrival, so_far: TextsSoFar) -> NewText | None:
        keyword = arrival.keyword
        if keyword is None or keyword.answer is None or arrival.e164 is None:
            return None
        gathered = arrival.gathered
        to = ToAnswer(arrival.e164, gathered.gateway, gathered.source)
        return self.answers.make(keyword.word, keyword.answer, to, so_far)


def _word(text: str) -> str:
    """Words as they are compared: "*Stop!*" is STOP as well. Signs only stay as they are."""
    told = [at for at, sign in enumerate(text) if sign.isalnum()]
    return (text[told[0] : told[-1] + 1] if told else text.strip()).upper()


def _call(arrival: _Arrival, stop: bool | None) -> NewCall | None:
    keyword = arrival.keyword
    if keyword is None or keyword.call is None:
        return None
    may_answer = keyword.answer is None and stop is None and arrival.e164 is not None
    return NewCall(keyword.word, may_answer)


def _groups(keyword: Keyword | None) -> tuple[GroupChange, ...]:
    if keyword is None:
        return ()
    changes = [(keyword.join, True), (keyword.leave, False)]
    return tuple(GroupChange(group, joins) for group, joins in changes if group is not None)
