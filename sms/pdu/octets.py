"""The octets of a PDU, taken from the front."""

from __future__ import annotations

from sms.errors import BadPdu


class Octets:
    """Octets that are taken one field after the other.

    Raises BadPdu wherever a field is longer than what is left.
    """

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    @classmethod
    def of_hex(cls, text: str) -> Octets:
        """Raises BadPdu for what is no hex, or half an octet."""
        try:
            return cls(bytes.fromhex(text))
        except ValueError as error:
            raise BadPdu(f"the PDU is not in hex: {error}") from error

    def one(self, field: str) -> int:
        """One octet. field: what it is, for the error."""
        return self.take(1, field)[0]

    def take(self, count: int, field: str) -> bytes:
        """`count` octets. field: what they are, for the error."""
        taken = self._octets[self._at : self._at + count]
        if len(taken) < count:
            raise BadPdu(f"the PDU ends inside {field}: {len(taken)} of {count} octets are there")
        self._at += count
        return taken

    def rest(self) -> bytes:
        """All that is left, maybe nothing."""
        return self._octets[self._at :]
