"""Bounces: a mail from anybody that may say what became of ours."""

from __future__ import annotations

from endurance.fuzz.draw import Draw
from endurance.fuzz.target import Target
from mail.bounces.dsn import read_bounce
from mail.bounces.parts import read_part

_ID = b"<0123456789abcdef@klinik.example>"


def check_mail(data: bytes) -> None:
    """Any bytes are a bounce or none; what is said fits the ledger and a line of the log."""
    part = read_part(data)
    assert part.body in data
    assert part.kind == part.kind.lower()
    assert len(part.parts()) <= len(data)
    bounce = read_bounce(data)
    if bounce is None:
        return
    assert bounce.action in {"failed", "delayed"}
    assert bounce.message_id.startswith("<")
    assert bounce.message_id.endswith(">")
    assert bounce.message_id[1:-1].isprintable()
    assert len(bounce.message_id) <= 400
    assert bounce.words
    assert "\n" not in bounce.words
    assert bounce.status.replace(".", "").isdecimal() or not bounce.status


def check_report(data: bytes) -> None:
    """A server's report names our mail, whatever words and headers came with it."""
    draw = Draw(data)
    words, subject, address = (draw.some(80).translate(None, b"\r\n\0") for _ in range(3))
    line_end = draw.one_of((b"\r\n", b"\n"))
    text = draw.rest().replace(b"--limit", b"")
    lines = (
        *(b"From: MAILER-DAEMON@mail.example", b"Subject: " + subject, b"MIME-Version: 1.0"),
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="limit-7"',
        *(b"", b"--limit-7", b"Content-Type: text/plain", b"", text, b"--limit-7"),
        *(b"Content-Type: message/delivery-status", b"", b"Reporting-MTA: dns; mail.example", b""),
        *(b"Final-Recipient: rfc822; " + address, b"Action: failed", b"Status: 5.1.1"),
        *(b"Diagnostic-Code: smtp; " + words, b"", b"--limit-7", b"Content-Type: message/rfc822"),
        *(b"", b"Subject: " + subject, b"Message-ID: " + _ID, b"", b"body", b"--limit-7--", b""),
    )
    bounce = read_bounce(line_end.join(lines))
    assert bounce is not None
    assert (bounce.message_id, bounce.action, bounce.status) == (_ID.decode(), "failed", "5.1.1")


_WORDS = (
    *(b"Content-Type: multipart/report; boundary=b\n", b"message/delivery-status", b"\n--b\n"),
    *(b"message/rfc822", b"Action: failed\n", b"Action: delayed\n", b"Status: 4.2.2\n", b"--b--"),
    *(b"Message-ID: <a@b>\n", b"Diagnostic-Code: smtp; ", b"X-Failed-Recipients: a@b\n", b"\n\n"),
    *(b"Hi. This is the ", b"--- Below this line is a copy of the message.\n", b"base64", b"="),
    *(b"Content-Transfer-Encoding: ", b"quoted-printable", b"In-Reply-To: <c@d>\n", b"<a@b>:\n"),
)

TARGETS = (
    Target("dsn", check_mail, 2048, _WORDS),
    Target("dsn-report", check_report, 512, _WORDS),
)
