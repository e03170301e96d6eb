"""National languages in GSM 7-bit (3GPP TS 23.038, A.2 and A.3), as far as they are known here."""

from __future__ import annotations

from collections.abc import Mapping

from sms.alphabet import DEFAULT, EXTENSION

TURKISH, SPANISH, PORTUGUESE = 1, 2, 3
"""National language identifiers, 6.2.1.2.4."""

ALPHABETS: Mapping[int, str] = {
    0: DEFAULT,
    TURKISH: (
        "@£$¥€éùıòÇ\nĞğ\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bŞşßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
        "İABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§çabcdefghijklmnopqrstuvwxyzäöñüà"
    ),
    SPANISH: DEFAULT,  # has an extension table alone
    PORTUGUESE: (
        "@£$¥êéúíóç\nÔô\rÁáΔ_ªÇÀ∞^\\€Ó|\x1bÂâÊÉ !\"#º%&'()*+,-./0123456789:;<=>?"
        "ÍABCDEFGHIJKLMNOPQRSTUVWXYZÃÕÚÜ§~abcdefghijklmnopqrstuvwxyzãõ`üà"
    ),
}
"""Locking shift tables, by identifier."""

EXTENSIONS: Mapping[int, Mapping[int, str]] = {
    0: EXTENSION,
    TURKISH: {
        **EXTENSION,
        **{0x47: "Ğ", 0x49: "İ", 0x53: "Ş", 0x63: "ç", 0x67: "ğ", 0x69: "ı", 0x73: "ş"},
    },
    SPANISH: {
        **EXTENSION,
        **{0x09: "ç", 0x41: "Á", 0x49: "Í", 0x4F: "Ó", 0x55: "Ú"},
        **{0x61: "á", 0x69: "í", 0x6F: "ó", 0x75: "ú"},
    },
    PORTUGUESE: {
        **EXTENSION,
        **{0x05: "ê", 0x09: "ç", 0x0B: "Ô", 0x0C: "ô", 0x0E: "Á", 0x0F: "á", 0x12: "Φ", 0x13: "Γ"},
        **{0x15: "Ω", 0x16: "Π", 0x17: "Ψ", 0x18: "Σ", 0x19: "Θ", 0x1F: "Ê"},
        **{0x41: "À", 0x49: "Í", 0x4F: "Ó", 0x55: "Ú", 0x5B: "Ã", 0x5C: "Õ"},
        **{0x61: "Â", 0x69: "í", 0x6F: "ó", 0x75: "ú", 0x7B: "ã", 0x7C: "õ", 0x7F: "â"},
    },
}
"""Single shift tables, by identifier."""
