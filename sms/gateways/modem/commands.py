"""What the gateway has a modem do, once it is initialised (3GPP TS 27.005 and 27.007)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from sms.gateway import Fate, NotNow, Sent, Unknown
from sms.gateways.modem.errors import Garbled, ModemTrouble, SimTrouble
from sms.gateways.modem.library import CommandError
from sms.gateways.modem.port import CTRL_Z, Port, error_in
from sms.gateways.modem.refusals import fate_of
from sms.gateways.modem.replies import (
    Kept,
    read_counts,
    read_list,
    read_network,
    read_one,
    read_operator,
    read_reference,
    read_signal,
    read_stores,
)
from sms.gateways.modem.sim import shown
from sms.pdu.values import Submit

_STORES = ("ME", "SM", "SR")  # SR: status reports, where modems keep them apart
_BOTH = "MT"  # ME and SM as one


@dataclass(frozen=True, slots=True)
class Sending:
    """What became of a text. trouble: the connection is of no more use."""

    fate: Fate
    trouble: ModemTrouble | None = None


class Commands:
    """Commands to one modem.

    network: seconds for the network to take a text.
    """

    def __init__(self, port: Port, *, network: float) -> None:
        self._port = port
        self._network = network
        self._used: dict[str, tuple[int, int]] = {}

    def stores(self) -> list[str]:
        """The storages that texts may be in. Raises ModemTrouble."""
        try:
            offered = read_stores(self._port.ask("AT+CPMS=?"))
        except CommandError as error:
            raise SimTrouble(f"the modem has no storage for texts: {shown(error)}") from None
        wanted = [name for name in _STORES if name in offered] or [_BOTH]
        if stores := [name for name in wanted if self._has(name)]:
            return stores
        raise SimTrouble("the modem has no storage for texts that can be read")

    def texts(self, store: str) -> list[Kept]:
        """What a storage holds of what came in; it is the one that `read` and `delete` mean then.

        Raises:
            CommandError: it cannot be read.
            ModemTrouble: the modem is of no more use.
        """
        self._choose(store)
        return read_list(self._port.ask("AT+CMGL=4"))

    def read(self, index: int) -> str | None:
        """The PDU at an index, None where there is none. Raises ModemTrouble."""
        try:
            return read_one(self._port.ask(f"AT+CMGR={index}"))
        except CommandError:
            return None

    def delete(self, kept: Kept) -> None:
        """Delete a text, if it is still what stands there. Raises CommandError, ModemTrouble."""
        if self.read(kept.index) == kept.raw:
            self._port.ask(f"AT+CMGD={kept.index}")

    def send(self, submit: Submit) -> Sending:
        """Send a text. It counts as given from its Ctrl-Z on."""
        try:
            self._port.prompt(f"AT+CMGS={submit.length}")
            self._port.put(submit.pdu.encode())
        except CommandError as error:
            return Sending(fate_of(error.type, error.code, given=False))
        except ModemTrouble as trouble:
            self._port.escape()
            return Sending(NotNow(str(trouble), gateway_down=True), trouble)
        try:
            lines = self._port.exchange(CTRL_Z, self._network).lines
        except ModemTrouble as trouble:
            return Sending(Unknown(f"given to the modem, then: {trouble}"), trouble)
        reference = read_reference(lines)
        if reference is not None:
            return Sending(Sent(str(reference)))
        refusal = error_in("AT+CMGS", lines)
        if refusal is not None:
            return Sending(fate_of(refusal.type, refusal.code, given=True))
        garbled = Garbled("the modem's answer to a text makes no sense")
        return Sending(Unknown(str(garbled)), garbled)

    def facts(self) -> dict[str, str | int | float]:
        """Signal, operator, network and storage, as far as the modem says. Raises ModemTrouble."""
        facts: dict[str, str | int | float] = {}
        with suppress(CommandError):
            signal = read_signal(self._port.ask("AT+CSQ"))
            if signal is not None:
                facts["signal_dbm"] = signal
        with suppress(CommandError):
            facts["operator"] = read_operator(self._port.ask("AT+COPS?")) or ""
        with suppress(CommandError):
            facts["network"] = read_network(self._port.ask("AT+CREG?")) or "unknown"
        return facts

    def storage(self) -> dict[str, str | int | float]:
        """How full the storages were when they were looked at."""
        return {
            "storage_used": sum(used for used, _ in self._used.values()),
            "storage_size": sum(size for _, size in self._used.values()),
        }

    def _choose(self, store: str) -> None:
        counts = read_counts(self._port.ask(f'AT+CPMS="{store}"'))
        if counts is None:
            raise Garbled(f"the modem does not say what {store} holds")
        self._used[store] = counts

    def _has(self, store: str) -> bool:
        try:
            self._choose(store)
        except CommandError:
            return False
        return True
