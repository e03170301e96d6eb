"""A second implementation, from the standards alone: counts parts, and writes SMS-DELIVER.

It shares no line with the product, so that both are wrong together only if both misread 3GPP TS
23.038 and 23.040.
"""

from __future__ import annotations

from itertools import count

# 23.038, 6.2.1, column by column as the table stands there.
COLUMNS = (
    "@ £ $ ¥ è é ù ì ò Ç \n Ø ø \r Å å",
    "Δ _ Φ Γ Λ Ω Π Ψ Σ Θ Ξ ESC Æ æ ß É",
    "SP ! \" # ¤ % & ' ( ) * + , - . /",
    "0 1 2 3 4 5 6 7 8 9 : ; < = > ?",
    "¡ A B C D E F G H I J K L M N O",
    "P Q R S T U V W X Y Z Ä Ö Ñ Ü §",
    "¿ a b c d e f g h i j k l m n o",
    "p q r s t u v w x y z ä ö ñ ü à",
)
TWO_SEPTETS = {
    "\f": 10,
    "^": 20,
    "{": 40,
    "}": 41,
    "\\": 47,
    "[": 60,
    "~": 61,
    "]": 62,
    "|": 64,
    "€": 101,
}


def _bits_of_characters() -> dict[str, str]:
    """The bits of each character, the last one first, as they stand in a number."""
    table = {}
    code = count()
    for column in COLUMNS:
        for sign in column.split(" "):
            table[{"SP": " "}.get(sign, sign)] = format(next(code), "07b")
    escape = table.pop("ESC")
    for sign, second in TWO_SEPTETS.items():
        table[sign] = format(second, "07b") + escape
    return table


BITS = _bits_of_characters()
USER_DATA_BITS = 140 * 8


def phone_parts(text: str, header: int = 6) -> list[str]:
    """A text in parts, each filled to its last bit. header: octets of each of several."""
    if all(sign in BITS for sign in text):
        costs = [len(BITS[sign]) for sign in text]
    else:
        costs = [16 if ord(sign) < 0x10000 else 32 for sign in text]
    if sum(costs) <= USER_DATA_BITS:
        return [text]
    parts = []
    begin = used = 0
    for at, cost in enumerate(costs):
        used += cost
        if used > USER_DATA_BITS - 8 * header:
            parts.append(text[begin:at])
            begin, used = at, cost
    return [*parts, text[begin:]]


def write_deliver(
    text: str | bytes,
    header: bytes = b"",
    *,
    sender: str = "0C91261832547698",
    coding: int | None = None,
    stamp: str = "62112290304382",
    length: int | None = None,
) -> str:
    """The hex of an SMS-DELIVER.

    text: bytes are codes of GSM 7-bit. header: the information elements alone. sender, stamp: in
    hex. coding: TP-DCS; by the text where left out. length: TP-UDL, where it should be wrong.
    """
    seven = isinstance(text, bytes) or all(sign in BITS for sign in text)
    udh = bytes([len(header)]) + header if header else b""
    if isinstance(text, bytes):
        data, units = _septets("".join([format(code, "07b") for code in reversed(text)]), udh)
    elif seven:
        data, units = _septets("".join([BITS[sign] for sign in reversed(text)]), udh)
    else:
        data = udh + text.encode("utf-16-be")
        units = len(data)
    fields = (
        "07912618010000F0",
        "44" if header else "04",
        sender,
        "00",
        format((0 if seven else 8) if coding is None else coding, "02X"),
        stamp,
        format(units if length is None else length, "02X"),
        data.hex().upper(),
    )
    return "".join(fields)


def _septets(bits: str, udh: bytes) -> tuple[bytes, int]:
    """User data in septets, and how many. In front of the text: the header, zeros to a septet."""
    padding = next(fill for fill in range(7) if (len(udh) * 8 + fill) % 7 == 0)
    stream = bits + "0" * padding
    body = int(stream or "0", 2).to_bytes((len(stream) + 7) // 8, "little")
    return udh + body, (len(udh) * 8 + len(stream)) // 7
