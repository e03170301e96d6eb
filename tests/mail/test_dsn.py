"""Bounces as the servers write them; every sample is our own, after each server's form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.bounces.dsn import Bounce, read_bounce

OURS = "<0123456789abcdef0123456789abcdef01234567@klinik.example>"


def mail(text: str) -> bytes:
    return text.lstrip("\n").replace("\n", "\r\n").encode()


RETURNED = f"""\
From: Voicemail <voicemail@klinik.example>
To: sari@klinik.example
Subject: Voicemail from Budi
Message-ID: {OURS}
Content-Type: multipart/mixed; boundary="inner"

--inner
Content-Type: text/plain

You have a message.
--inner--
"""

POSTFIX = f"""
Return-Path: <>
From: MAILER-DAEMON@mail.klinik.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: voicemail@klinik.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="AB12.1795/mail.klinik.example"
Message-Id: <20261121.CD34@mail.klinik.example>

This is a MIME-encapsulated message.

--AB12.1795/mail.klinik.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

The mail system could not deliver your message.

--AB12.1795/mail.klinik.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.klinik.example
X-Postfix-Queue-ID: AB12
Arrival-Date: Sat, 21 Nov 2026 21:52:00 +0700 (WIB)

Final-Recipient: rfc822; sari@klinik.example
Original-Recipient: rfc822;sari@klinik.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; store.klinik.example
Diagnostic-Code: smtp; 550 5.1.1 <sari@klinik.example> User doesn't exist:
    sari@klinik.example

--AB12.1795/mail.klinik.example
Content-Description: Undelivered Message
Content-Type: message/rfc822

{RETURNED}
--AB12.1795/mail.klinik.example--
"""

DELAYED = POSTFIX.replace(
    "Action: failed\nStatus: 5.1.1", "Action: delayed\nStatus: 4.4.1"
).replace(
    "550 5.1.1 <sari@klinik.example> User doesn't exist:\n    sari@klinik.example",
    "connect to store.klinik.example[192.0.2.7]:7025: Connection refused",
)

AMAVIS = f"""
Return-Path: <>
From: "Content-filter at mta.klinik.example" <postmaster@mta.klinik.example>
Subject: Undeliverable mail, BANNED contents type in it
To: <voicemail@klinik.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="----=_1795-12-0"
Message-ID: <SS12@mta.klinik.example>

------=_1795-12-0
Content-Type: text/plain; charset="UTF-8"
Content-Transfer-Encoding: 7bit

Your message was not delivered: a banned name.

------=_1795-12-0
Content-Type: message/delivery-status
Content-Transfer-Encoding: 7bit
Content-Description: Delivery report

Reporting-MTA: dns; mta.klinik.example
Received-From-MTA: dns; mta.klinik.example ([127.0.0.1])

Final-Recipient: rfc822; sari@klinik.example
Action: failed
Status: 5.7.0
Diagnostic-Code: smtp; 554 5.7.0 Bounce, id=12 - BANNED: .wav

------=_1795-12-0
Content-Type: text/rfc822-headers; name="header"
Content-Disposition: inline

Received: from localhost
Subject: Voicemail from Budi
Message-ID: {OURS}

------=_1795-12-0--
"""

EXCHANGE = f"""
From: <postmaster@firma.example>
To: <voicemail@klinik.example>
Date: Sat, 21 Nov 2026 21:52:00 +0000
Content-Type: multipart/report; report-type=delivery-status;
 boundary="c5d1-0001"
X-MS-Exchange-Message-Is-Ndr:
Message-ID: <af@EX1.firma.example>
In-Reply-To: {OURS}
References: {OURS}
Subject: Undeliverable: Voicemail from Budi
Auto-Submitted: auto-replied

--c5d1-0001
Content-Type: multipart/alternative; differences=Content-Type;
 boundary="c5d1-0002"

--c5d1-0002
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

The mailbox of the recipient is full.=20

--c5d1-0002
Content-Type: text/html; charset="us-ascii"

<html><body>The mailbox of the recipient is full.</body></html>
--c5d1-0002--

--c5d1-0001
Content-Type: message/delivery-status

Reporting-MTA: dns;EX1.firma.example

Final-Recipient: rfc822;sari@firma.example
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp;554 5.2.2 mailbox full; STOREDRV.Deliver: quota exceeded

--c5d1-0001
Content-Type: message/rfc822

{RETURNED}
--c5d1-0001--
"""

EXIM = f"""
Return-path: <>
X-Failed-Recipients: sari@klinik.example
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@relay.example>
To: voicemail@klinik.example
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1-0001-AA@relay.example>

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to all of its
recipients. This is a permanent error. The following address(es) failed:

  sari@klinik.example
    SMTP error from remote mail server after RCPT TO:<sari@klinik.example>:
    550 5.1.1 no such user

------ This is a copy of the message, including all the headers. ------

{RETURNED}
"""

QMAIL = f"""
Return-Path: <>
From: MAILER-DAEMON@old.example
To: voicemail@klinik.example
Subject: failure notice

Hi. This is the qmail-send program at old.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<sari@old.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <voicemail@klinik.example>
{RETURNED}
"""

FAILED = [
    pytest.param(POSTFIX, "5.1.1", "User doesn't exist", id="Postfix, Zimbra"),
    pytest.param(AMAVIS, "5.7.0", "BANNED: .wav", id="amavis"),
    pytest.param(EXCHANGE, "5.2.2", "quota exceeded", id="Exchange"),
    pytest.param(EXIM, "5.1.1", "SMTP error from remote", id="Exim"),
    pytest.param(QMAIL, "5.1.1", "Sorry, no mailbox here by that name.", id="qmail"),
]


@pytest.mark.parametrize(("text", "status", "words"), FAILED)
def test_a_bounce_says_which_mail_and_why(text: str, status: str, words: str) -> None:
    for content in (mail(text), mail(text).replace(b"\r\n", b"\n")):
        bounce = read_bounce(content)
        assert bounce is not None
        assert (bounce.message_id, bounce.action, bounce.status) == (OURS, "failed", status)
        assert words in bounce.words
        assert "\n" not in bounce.words


def test_a_notice_of_delay_is_told_apart() -> None:
    bounce = read_bounce(mail(DELAYED))
    assert bounce == Bounce(
        OURS,
        "delayed",
        "4.4.1",
        "connect to store.klinik.example[192.0.2.7]:7025: Connection refused",
    )


def test_of_several_recipients_the_one_that_failed_counts() -> None:
    report = """Final-Recipient: rfc822; a@klinik.example
Action: delivered
Status: 2.0.0

Final-Recipient: rfc822; b@klinik.example
Action: delayed
Status: 4.0.0

Final-Recipient: rfc822; sari@klinik.example"""
    several = POSTFIX.replace("Final-Recipient: rfc822; sari@klinik.example", report)
    bounce = read_bounce(mail(several))
    assert bounce is not None
    assert (bounce.action, bounce.status) == ("failed", "5.1.1")


def test_a_bounce_that_returns_nothing_is_known_by_what_it_answers() -> None:
    without = EXCHANGE.replace("Content-Type: message/rfc822", "Content-Type: application/x")
    bounce = read_bounce(mail(without))
    assert bounce is not None
    assert bounce.message_id == OURS


def test_a_report_in_base64_is_read() -> None:
    encoded = "RmluYWwtUmVjaXBpZW50OiByZmM4MjI7YQpBY3Rpb246IGZhaWxlZApTdGF0dXM6IDUuMS4xCg=="
    head, _, tail = AMAVIS.partition("Content-Type: message/delivery-status\n")
    rest = tail[tail.index("\n------=_") :]
    text = (
        f"{head}Content-Type: message/delivery-status\n"
        f"Content-Transfer-Encoding: base64\n\n{encoded}\n{rest}"
    )
    bounce = read_bounce(mail(text))
    assert bounce is not None
    assert (bounce.message_id, bounce.status, bounce.words) == (OURS, "5.1.1", "5.1.1")


ORDINARY = [
    pytest.param(
        f"""
From: Sari <sari@klinik.example>
Subject: Out of office: Voicemail from Budi
Auto-Submitted: auto-replied
In-Reply-To: {OURS}
References: {OURS}

I am away until Monday. Status: 5.1.1, Action: failed
""",
        id="vacation",
    ),
    pytest.param(
        POSTFIX.replace("report-type=delivery-status", "report-type=disposition-notification"),
        id="read receipt",
    ),
    pytest.param(POSTFIX.replace("Action: failed", "Action: delivered"), id="delivered"),
    pytest.param(POSTFIX.replace("Action: failed", "Action: relayed"), id="relayed"),
    pytest.param(
        POSTFIX.replace("multipart/report", "multipart/mixed"), id="a bounce that was forwarded"
    ),
    pytest.param(POSTFIX.replace(f"Message-ID: {OURS}\n", ""), id="of a mail without an id"),
    pytest.param("\nSubject: Cheap watches\n\nBuy now\n", id="spam"),
    pytest.param("\nSubject: Hi\n\nHi. This is the plumber.\n", id="plumber"),
    pytest.param("", id="nothing"),
]


@pytest.mark.parametrize("text", ORDINARY)
def test_what_is_no_bounce_is_none(text: str) -> None:
    assert read_bounce(mail(text)) is None


def nested(depth: int) -> bytes:
    lines = []
    for level in range(depth):
        lines.append(f'Content-Type: multipart/report; boundary="b{level}"\n\n--b{level}\n')
    return "".join(lines).encode()


STATUS = (
    b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n"
)

HOSTILE = [
    pytest.param(nested(20_000), id="nested deeply"),
    pytest.param(
        b'Content-Type: multipart/report; boundary="b"\n\n' + b"--b\n\n" * 100_000, id="parts"
    ),
    pytest.param(b"X: y\n" * 200_000, id="headers"),
    pytest.param(b"X: y\n" + b" folded\n" * 200_000, id="folded"),
    pytest.param(b"\n" * 5_000_000, id="blank lines"),
    pytest.param(b"X-Failed-Recipients: a\n\n" + b"\n" * 500_000, id="blank text"),
    pytest.param(b"X-Failed-Recipients: a\n\n" + b"<" * 500_000, id="brackets"),
    pytest.param(b"X-Failed-Recipients: a\n\n" + b"a@" * 250_000, id="addresses"),
    pytest.param(b"X-Failed-Recipients: a\n\n" + b"-" * 500_000, id="dashes"),
    pytest.param(b"X-Failed-Recipients: a\n\n" + b"- " * 250_000, id="lists"),
    pytest.param(b"X-Failed-Recipients: a\n\n" + b"5." * 250_000, id="numbers"),
    pytest.param(b"X-Failed-Recipients: a\nReferences: " + b"<" * 500_000, id="references"),
    pytest.param(b"Content-Type: multipart/report" + b";a=" * 200_000, id="parameters"),
    pytest.param(
        b"Content-Type: multipart/report; boundary=" + b"\xff" * 100 + b"\n\n", id="bytes"
    ),
    pytest.param(
        STATUS + b"\n" + b"\n\t" * 200_000,
        id="groups",
    ),
    pytest.param(
        STATUS + b"Content-Transfer-Encoding: base64\n\nA",
        id="broken base64",
    ),
]


@pytest.mark.parametrize("content", HOSTILE)
def test_hostile_mail_is_none_and_holds_nobody_up(content: bytes) -> None:
    """Each would take hours where the time grows with its square."""
    assert read_bounce(content) is None


@given(st.binary(max_size=2000))
def test_any_bytes_are_read_without_a_fault(content: bytes) -> None:
    read_bounce(content)


SAMPLES = [mail(text) for text in (POSTFIX, AMAVIS, EXCHANGE, EXIM, QMAIL)]


@given(
    st.sampled_from(SAMPLES),
    st.lists(
        st.tuples(st.integers(0, 4000), st.integers(0, 60), st.binary(max_size=20)), max_size=6
    ),
)
def test_a_damaged_bounce_is_read_without_a_fault(
    sample: bytes, damages: list[tuple[int, int, bytes]]
) -> None:
    for at, length, other in damages:
        sample = sample[:at] + other + sample[at + length :]
    bounce = read_bounce(sample)
    if bounce is not None:
        assert bounce.action in {"failed", "delayed"}
        assert bounce.message_id.startswith("<")
        assert bounce.message_id.endswith(">")
        assert bounce.words.isprintable()
        assert 0 < len(bounce.words) <= 500
