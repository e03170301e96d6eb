"""What a machine sent never becomes a text."""

from __future__ import annotations

import pytest

from mail.intake.reading import read_now


def reason(*lines: str, envelope: str = "sari@klinik.example", body: str = "Halo") -> str | None:
    head = "\n".join((*lines, "", body)).encode()
    if not any(line.startswith("From:") for line in lines):
        head = b"From: sari@klinik.example\n" + head
    return read_now(head, envelope).automatic


@pytest.mark.parametrize(
    "line",
    [
        *(
            "Auto-Submitted: auto-replied",
            "auto-submitted: AUTO-generated; x=y",
            "Auto-Submitted: x",
        ),
        *("Precedence: bulk", "Precedence: JUNK", "Precedence: list", "Precedence: auto_reply"),
        *("List-Id: <a.b>", "List-Unsubscribe: <mailto:a@b>", "X-Autoreply: yes", "X-Autorespond:"),
        *("X-Loop: a@b", "X-Voxpost-Kind: text", "X-Failed-Recipients: a@b.example"),
        *("Return-Path: <>", "Content-Type: multipart/report; boundary=x"),
        *("From: MAILER-DAEMON@klinik.example", "From: No-Reply <noreply@klinik.example>"),
        *("From: postmaster@klinik.example", "Content-Type: text/calendar; method=REPLY"),
        *("Subject: Automatic reply: SMS", "Subject: Out of Office", "Subject: Balasan otomatis"),
        *("Subject: Undelivered Mail Returned to Sender", "Subject: =?utf-8?q?Auto-reply=3A_x?="),
    ],
)
def test_what_says_that_a_machine_sent_it_is_believed(line: str) -> None:
    assert reason(line)


@pytest.mark.parametrize("envelope", ["", "<>", "mailer-daemon@elsewhere.example"])
def test_the_envelope_tells_too(envelope: str) -> None:
    assert reason(envelope=envelope)


@pytest.mark.parametrize(
    "line",
    [
        *("Auto-Submitted: no", "Auto-Submitted: No (a person)", "Precedence: first-class"),
        # Exchange's users get it by rules of their own: it asks, it does not tell.
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
        *(
            "Subject: Re: Automatic reply: SMS",
            "Subject: Out of office supplies",
            "X-Mailer: Zimbra",
        ),
        *("From: noreplyanto@klinik.example", "Subject: Read: daftar harga", "Return-Path: <a@b>"),
    ],
)
def test_a_persons_letter_is_a_persons(line: str) -> None:
    assert reason(line) is None
