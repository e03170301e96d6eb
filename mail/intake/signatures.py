"""What stands below a person's words: signatures, what telephones add, and disclaimers."""

from __future__ import annotations

import re

_DEVICE = (
    r"(?:my|mobile|iphone|ipad|ipod|android|samsung|galaxy|blackberry|outlook|yahoo|gmail|mail|huawei"
    r"|honor|xiaomi|redmi|poco|oppo|vivo|realme|infinix|nokia|sony|asus|zenfone|lg|windows|proton"
    r"|k-9|thunderbird|zimbra|spark|ponsel|telepon|smartphone|handphone|hp saya|perangkat|tablet"
    r"|aqua|spike|bluemail|nine|fairemail|myMail|an android|a mobile)\b"
)
_FROM_TELEPHONE = re.compile(
    r"[\[(]?(?:this (?:e-?mail|message) was )?"
    r"(?:sent|dikirim|terkirim|dikirimkan|diketik|typed|ditulis)"
    r" (?:from|with|via|using|on|dari|dengan|lewat|melalui|menggunakan)"
    rf" {_DEVICE}.{{0,120}}",
    re.IGNORECASE,
)
_GET = re.compile(
    r"(?:get|download|dapatkan|unduh) (?:the )?"
    r"(?:outlook|yahoo mail|bluemail|mymail|spark|gmail)\b.{0,120}"
    r"|powered by (?:telkomsel|indosat|xl|blackberry)\b.{0,80}"
    r"|(?:please excuse|excuse|maafkan|mohon maaf(?: atas)?) (?:my |the )?"
    r"(?:brevity|typos|kependekan|keringkasan|singkatnya)\b.{0,80}",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?:best|kind|warm|many) )?(?:regards|wishes)|yours (?:sincerely|faithfully|truly)"
    r"|sincerely|salam(?: hangat| hormat| sehat)?|hormat (?:saya|kami)|wassalam\w*"
    r"|ttd|tertanda",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"[*_ ]*(?:(?:important |legal |e-?mail )?"
    r"(?:disclaimer|confidentiality(?: notice| note)?|sangkalan|penafian"
    r"|pemberitahuan kerahasiaan|catatan kerahasiaan)\b"
    r"|(?:important|perhatian|penting|notice|caution|warning)\W{1,3}"
    # "Penting: balas pesan ini" is a person's own.
    r"(?=.*(?:confidential|(?:this (?:e-?mail|message)|(?:e-?mail|pesan) ini).*"
    r"\b(?:intended|privileged|originated|rahasia|penerima|ditujukan|diperuntukkan|dilindungi)\b))"
    r"|(?:the )?(?:information|content)s?[ \w,()]{0,60}"
    r" in this (?:e-?mail|message|communication)\b"
    r"|this (?:e-?mail|message|communication|transmission)[ \w,()/-]{0,120}"
    r"\b(?:confidential|privileged|intended|proprietary|legally)\b"
    r"|this (?:e-?mail|message) (?:has been|was) (?:scanned|checked)\b"
    r"|(?:please )?consider the environment before\b|think before you print"
    r"|(?:(?:informasi|isi)\b[ \w]{0,40} )?(?:e-?mail|pesan|surat|surel)(?: elektronik)? ini\b"
    r"[ \w,()/-]{0,120}\b(?:rahasia|hanya (?:ditujukan|diperuntukkan|untuk (?:penerima|pihak))"
    r"|dilindungi)\b"
    r"|(?:mohon )?pertimbangkan lingkungan"
    r"|(?:virus-free|bebas virus)\W{0,3}(?:www\.)?)",
    re.IGNORECASE,
)
_RULE = re.compile(r"[-_=*~–—#]{3,}")
_DASHES = {"--", "-- ", "—", "– ", "__"}
_BLOCK = 3  # lines below a closing that make it a signature rather than a name


def signature_line(lines: list[str]) -> int | None:
    """Where a signature, a telephone's or a disclaimer begins; None if there is none."""
    for at, line in enumerate(lines):
        text = line.strip()
        if line in _DASHES:
            return at
        if not text:
            continue
        if _FROM_TELEPHONE.fullmatch(text) or _GET.fullmatch(text) or _DISCLAIMER.match(text[:400]):
            return _without_rule(lines, at)
        # At the beginning "Salam," greets.
        if _closes(text) and any(it.strip() for it in lines[:at]) and _is_block(lines[at + 1 :]):
            return at
        if _RULE.fullmatch(text) and _is_disclaimer_below(lines[at + 1 :]):
            return at
    return None


def _without_rule(lines: list[str], at: int) -> int:
    """A line of dashes right above belongs to what it stands above."""
    above = at
    while above and (not lines[above - 1].strip() or _RULE.fullmatch(lines[above - 1].strip())):
        above -= 1
    return above


def _closes(text: str) -> bool:
    return len(text) <= 40 and _CLOSING.fullmatch(text.rstrip(",.!; ")) is not None


def _is_block(below: list[str]) -> bool:
    return sum(bool(line.strip()) for line in below) >= _BLOCK


def _is_disclaimer_below(below: list[str]) -> bool:
    following = next((line for line in below if line.strip()), "")
    return _DISCLAIMER.match(following.strip()[:400]) is not None
