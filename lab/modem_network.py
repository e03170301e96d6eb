"""What stands behind the lab's modem: its SIM and storage, and a network that forgets nothing."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.modem_pdu import report_pdu, submit_head


@dataclass(frozen=True, slots=True)
class Submitted:
    """A text that the network took: it is sent, whatever the modem says of it afterwards.

    at: seconds since 1970. reference: TP-MR, 0 to 255.
    """

    pdu: str
    at: float
    reference: int


@dataclass(slots=True)
class Stored:
    """A text in the modem's storage. index: within its storage."""

    index: int
    pdu: str
    read: bool = False


class Sim:
    """The PIN of a SIM: three wrong ones block it for ever (3GPP TS 31.101)."""

    def __init__(self, pin: str | None) -> None:
        self._pin = pin
        self.tries_left = 3
        self.open = pin is None

    @property
    def state(self) -> str:
        if self.tries_left == 0:
            return "SIM PUK"
        return "READY" if self.open else "SIM PIN"

    def enter(self, pin: str) -> bool:
        """Try a PIN; returns whether it was right."""
        if self.tries_left == 0:
            return False
        if pin == self._pin:
            self.tries_left, self.open = 3, True
        else:
            self.tries_left -= 1
        return self.open

    def power_on(self) -> None:
        """It wants its PIN again."""
        self.open = self._pin is None


class Stores:
    """The texts that the modem keeps, in ME and SM. size: of each."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._kept: dict[str, dict[int, Stored]] = {"ME": {}, "SM": {}}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._kept)

    def texts(self, name: str) -> list[Stored]:
        """What a storage holds, by index."""
        return [text for _, text in sorted(self._kept[name].items())]

    def at(self, name: str, index: int) -> Stored | None:
        return self._kept[name].get(index)

    def put(self, name: str, pdu: str) -> int | None:
        """Keep a text at the first free index; None when there is no room."""
        kept = self._kept[name]
        for index in range(self.size):
            if index not in kept:
                kept[index] = Stored(index, pdu)
                return index
        return None

    def remove(self, name: str, index: int) -> None:
        self._kept[name].pop(index, None)


class Network:
    """Takes texts, reports on them, and brings texts when the modem has room.

    Arguments:
        stores: the modem's.
        record: file that each text taken is written to as a line of JSON before the modem
            answers; a modem that is started again counts on from it.
    """

    def __init__(self, stores: Stores, record: Path) -> None:
        self.submitted = _read(record)
        self.report_status: int | None = None
        """TP-ST that each text is reported with; None: no reports."""
        self.changed = asyncio.Condition()
        self._stores = stores
        self._record = record
        self._waiting: deque[tuple[str, str]] = deque()

    @property
    def waiting(self) -> int:
        """Texts for which the storage has no room."""
        return len(self._waiting)

    def take(self, pdu: str) -> tuple[int, str | None]:
        """A SUBMIT goes out: its reference, and the status report on it where there is one.

        Raises ValueError for what is no SUBMIT.
        """
        head = submit_head(pdu)
        text = Submitted(pdu, time.time(), (len(self.submitted) + 1) % 256)
        with self._record.open("a") as stream:
            stream.write(json.dumps(asdict(text)) + "\n")
        self.submitted.append(text)
        status = self.report_status if head.wants_report else None
        if status is None:
            return text.reference, None
        return text.reference, report_pdu(pdu, text.reference, status, text.at)

    def bring(self, store: str, pdu: str) -> None:
        """A text or a report comes, for the modem's storage."""
        self._waiting.append((store, pdu))

    def fill(self) -> list[tuple[str, int, str]]:
        """Put what waits where there is room: storage, index and PDU of each that was stored."""
        stored = []
        for _ in range(len(self._waiting)):
            store, pdu = self._waiting.popleft()
            index = self._stores.put(store, pdu)
            if index is None:
                self._waiting.append((store, pdu))
            else:
                stored.append((store, index, pdu))
        return stored


def _read(record: Path) -> list[Submitted]:
    if not record.exists():
        return []
    return [Submitted(**json.loads(line)) for line in record.read_text().splitlines()]
