"""Carries what changed on one side to the other, for all pairs of one visit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from ledger.in_step import Pair, Spot
from mail.aftercare import MailboxActions, MailboxUnable, MailboxUnreachable
from mail.imap.errors import ImapRefused
from mail.imap.session import ImapSession
from mail.in_step.mailbox import UNSEEN, MailSide, Sighting
from mail.in_step.memory import Memory
from mail.in_step.merge import CONFLICT, Action, Side, Step, merge
from mail.in_step.statistics import InStepStatistics
from mail.in_step.telephone import TelephoneSide
from pbx.apart import apart
from pbx.voicemail import WhenDeleted

AGAIN_SOON = 3.0  # seconds until the second look at what was not found
_MOMENT = 2.0  # seconds; what is moved by other hands is in neither place for a moment
_UNABLE = 3600.0  # seconds until what a side cannot do is asked of it again
_NEVER_CAME = 7 * 86400.0  # seconds; longer than mail servers try

_OF_MAIL = {Action.MARK_READ, Action.MARK_UNREAD, Action.MOVE_MAIL, Action.DELETE_MAIL}


@dataclass(frozen=True, slots=True)
class Scene:
    """Both sides of one person, as they were seen just now."""

    telephone: TelephoneSide
    heard: Mapping[str, bool]
    mail: MailSide
    sightings: Mapping[int, Sighting]
    session: ImapSession
    when_deleted: WhenDeleted


class Carrier:
    """Decides and acts, pair by pair. What was done stands in `changed`, also after an error.

    Arguments:
        now: seconds since 1970. clock: seconds, only forward.
    """

    def __init__(
        self,
        scene: Scene,
        memory: Memory,
        *,
        actions: MailboxActions,
        statistics: InStepStatistics,
        now: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        self.changed: list[Pair] = []
        self.left = False
        """Whether a pair goes on."""
        self.all_read = True
        self.unfinished = False
        """Whether something is to be looked at again soon."""
        self._scene = scene
        self._memory = memory
        self._actions = actions
        self._statistics = statistics
        self._now = now
        self._clock = clock
        self._telephone_rests = False
        self._log = structlog.get_logger(part="in-step")

    async def carry(self, pairs: Sequence[Pair]) -> None:
        """Bring all pairs in step.

        Raises:
            ImapUnreachable, TelephoneUnclear: a side is lost; the pairs after that are not done.
        """
        for pair in pairs:
            after = await self._one(pair)
            if after != pair:
                self.changed.append(after)
            if after.closed is None:
                self.left = True
                self.all_read &= after.read
            else:
                self._forget(after)

    async def _one(self, pair: Pair) -> Pair:
        sighting = self._scene.sightings.get(pair.entry, UNSEEN)
        if sighting.spot is not None:
            pair = replace(pair, spot=sighting.spot, whole=sighting.whole)
        if (reason := self._hopeless(pair, sighting)) is not None:
            return replace(pair, closed=reason)
        mail, message = self._mail_side(pair, sighting), self._telephone_side(pair)
        step = merge(pair.read, mail, message, self._scene.when_deleted, pair.whole)
        if step.action is not None and not await self._done(pair, step.action, mail, message):
            return pair
        if step.closed is not None and step.closed.startswith(CONFLICT):
            self._statistics.conflicts += 1
        self._tell(pair, step)
        return replace(pair, read=step.read, closed=step.closed)

    def _hopeless(self, pair: Pair, sighting: Sighting) -> str | None:
        if pair.mailbox != self._scene.telephone.where:
            return "the person has another mailbox now"
        if pair.spot is None and self._now() - pair.opened > _NEVER_CAME:
            return "the mail was never found"
        elsewhere = pair.spot is not None and pair.spot.account != self._scene.mail.account.name
        if elsewhere and pair.source not in self._scene.heard and self._is_missing(pair, "message"):
            return "message deleted; the mail is in another account"
        nowhere = sighting.side is Side.GONE and not sighting.sure
        if nowhere and not self._scene.mail.account.complete and self._is_missing(pair, "mail"):
            return "the mail is in no folder that voxpost may see"
        return None

    def _mail_side(self, pair: Pair, sighting: Sighting) -> Side:
        if sighting.side is not Side.GONE or sighting.sure:
            self._memory.missing.pop((pair.entry, "mail"), None)
            return sighting.side
        return Side.GONE if self._is_missing(pair, "mail") else Side.UNKNOWN

    def _telephone_side(self, pair: Pair) -> Side:
        heard = self._scene.heard.get(pair.source)
        if heard is not None:
            self._memory.missing.pop((pair.entry, "message"), None)
            return Side.READ if heard else Side.UNREAD
        return Side.GONE if self._is_missing(pair, "message") else Side.UNKNOWN

    def _is_missing(self, pair: Pair, what: str) -> bool:
        """Whether it was not found at an earlier look either."""
        since = self._memory.missing.setdefault((pair.entry, what), self._clock())
        missing = self._clock() - since >= _MOMENT
        self.unfinished |= not missing
        return missing

    async def _done(self, pair: Pair, action: Action, mail: Side, message: Side) -> bool:
        """Do it; whether it is done."""
        key = (pair.entry, action)
        if self._memory.unable.get(key, 0.0) > self._clock():
            return False
        try:
            if action in _OF_MAIL:
                assert pair.spot is not None, "only a mail that was seen can have changed"
                done = await self._to_mail(pair.spot, action, mail is Side.READ)
            else:
                done = await self._to_telephone(pair, action, message is Side.READ)
        except (MailboxUnable, ImapRefused) as error:
            self._memory.unable[key] = self._clock() + _UNABLE
            self._trouble(pair, action, error)
            return False
        except MailboxUnreachable as error:
            # Of this mailbox's other messages alike.
            self._telephone_rests = True
            self._trouble(pair, action, error)
            return False
        if done:
            self._memory.unable.pop(key, None)
            self._statistics.actions[action.name.lower()] += 1
        self.unfinished |= not done
        return done

    async def _to_mail(self, spot: Spot, action: Action, seen: bool) -> bool:
        scene = self._scene
        return await apart(lambda: scene.mail.act(scene.session, spot, action, seen))

    async def _to_telephone(self, pair: Pair, action: Action, heard: bool) -> bool:
        if self._telephone_rests:
            return False
        if action is Action.MARK_HEARD:
            await self._actions.mark_heard(pair.mailbox, pair.msg_id)
        elif action is Action.MARK_NEW:
            await self._actions.mark_new(pair.mailbox, pair.msg_id)
        else:
            now = await apart(self._scene.telephone.look)
            if now.get(pair.source) is not heard:
                return False
            await self._actions.delete(pair.mailbox, pair.msg_id)
        return True

    def _forget(self, pair: Pair) -> None:
        for what in ("mail", "message"):
            self._memory.missing.pop((pair.entry, what), None)
        for action in Action:
            self._memory.unable.pop((pair.entry, action), None)

    def _tell(self, pair: Pair, step: Step) -> None:
        if step.action is not None or step.closed is not None:
            action = None if step.action is None else step.action.value
            self._log.info("in step", entry=pair.entry, action=action, closed=step.closed)

    def _trouble(self, pair: Pair, action: Action, error: Exception) -> None:
        self._statistics.note_trouble(self._now(), str(error))
        self._log.warning(
            "not in step yet", entry=pair.entry, action=action.value, reason=str(error)
        )
