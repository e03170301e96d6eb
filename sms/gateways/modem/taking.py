"""Takes what a modem has into the inbox, and only then has it deleted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import structlog

from sms.errors import BadPdu
from sms.gateway import Incoming, Report
from sms.gateways.modem.commands import Commands
from sms.gateways.modem.library import CommandError
from sms.gateways.modem.replies import Kept
from sms.gateways.modem.sim import shown
from sms.pdu.decode import decode_pdu
from sms.pdu.values import Deliver, StatusReport

Give = Callable[[Incoming | Report], bool]


def read_pdu(raw: str, now: float) -> Incoming | Report:
    """What a PDU from a modem is; one that cannot be read is a text with its trouble.

    now: seconds since 1970, for one without a time stamp.
    """
    try:
        said = decode_pdu(raw)
    except BadPdu as why:
        return Incoming(key_of(raw), raw, "", None, now, None, trouble=f"cannot be read: {why}")
    except Exception as why:  # a fault of ours must not hold up what is behind it
        return Incoming(key_of(raw), raw, "", None, now, None, trouble=f"cannot be read: {why!r}")
    match said:
        case StatusReport():
            return Report(str(said.reference), said.state, said.words, said.number)
        case Deliver():
            sign = _sign(said)
            return Incoming(
                key=key_of(raw),
                raw=raw,
                sender=said.sender,
                own_number=None,
                sent_at=said.sent_at.timestamp() if said.sent_at else now,
                body=said.body if sign is None else None,
                concat=said.concat,
                trouble=said.trouble or sign,
            )


def key_of(raw: str) -> str:
    """A text's key: the same wherever the modem keeps it."""
    return hashlib.sha256(raw.upper().encode()).hexdigest()[:32]


def _sign(said: Deliver) -> str | None:
    """Words for a text that says nothing, but is the operator's sign for phones to show."""
    if not said.waiting or said.body:
        return None
    signs = (f"{it.kind} {'waits' if it.active else 'waits no more'}" for it in said.waiting)
    return f"no words, but the operator's sign: {', '.join(signs)}"


class Taking:
    """Empties a modem's storages.

    Arguments:
        give: brings one to the inbox, and says whether it is durable now.
        between: called between two texts; True: no more now.
        now: seconds since 1970.
    """

    def __init__(
        self, gateway: str, *, give: Give, between: Callable[[], bool], now: Callable[[], float]
    ) -> None:
        self.errors = 0
        self._give = give
        self._between = between
        self._now = now
        self._log = structlog.get_logger(part="sms", gateway=gateway)

    def sweep(self, commands: Commands, stores: list[str]) -> bool:
        """Take in all that is in the storages; True: nothing was left.

        Raises ModemTrouble.
        """
        clean = True
        for store in stores:
            try:
                kept = commands.texts(store)
            except CommandError as error:
                clean = self._fault("storage cannot be read", store, shown(error))
                continue
            for one in kept:
                if self._between():
                    return False
                try:
                    clean = self._take(commands, one) and clean
                except CommandError as error:
                    clean = self._fault("text cannot be deleted", store, shown(error))
        return clean

    def _take(self, commands: Commands, kept: Kept) -> bool:
        came = read_pdu(kept.raw, self._now())
        unread = isinstance(came, Incoming) and came.body is None
        if not kept.whole or unread:
            # It may have been spoilt on the way from the modem rather than in its storage.
            again = commands.read(kept.index)
            if again != kept.raw or not kept.raw:
                return False
        if not self._give(came):
            return False
        commands.delete(kept)
        return True

    def _fault(self, event: str, store: str, words: str) -> bool:
        self.errors += 1
        self._log.warning(event, storage=store, words=words)
        return False
