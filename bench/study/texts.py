"""The report's words."""

from __future__ import annotations

HEAD = """\
# The study, repeated

Written by `make study` on {date}; it took {minutes} minutes.

A university thesis measured in 2010 how a telephone system (Trixbox, an Asterisk) and a mail
server (Zimbra) work together: how many calls a second, how long until it rings, how many
voicemail mails a minute. This page measures the same again, and more, with voxpost between a
stock Asterisk and a Postfix and Dovecot that are set up as Zimbra's. **The hardware differs, and
so does nearly all of the software: the thesis' figures stand here as a mark, not as a rival.**

Rounds of calls and of mails: {rounds}. A figure is their median; in brackets stand the
least and the most. What was measured once has no brackets.
"""

QUICK_NOTE = """\
!!! warning "A quick run"
    This is `--quick`: few calls and few mails, once. It shows that the study works; its figures
    are not to be quoted.
"""

SECTIONS = {
    "calls": """\
## Calls a second, and how long until it rings

Each call asks voxpost's `office-hours` by FastAGI; then Asterisk lets it ring, answers it and ends
it, all by itself, so that no telephone's own delay is in the figures. Beside it stand the same
call without the question, and with a bare asyncio server that answers the same four commands and
does nothing else. A rate is *carried* when no call failed in any round, and at least 95 of 100
were answered in their second; after a failed call, the round goes no higher that way. *Sent again*
are SIP requests that sipp repeated, as the answer was late (RFC 3261: after half a second).

![Calls answered a second over calls placed a second, for the three ways](calls.svg)

![Ringing delay over calls placed a second: median and 99th percentile](ringing.svg)
""",
    "voicemail": """\
## Voicemail by telephone

{calls} callers spoke at once, each to a mailbox of their own; {mails} mails arrived. From the
recording's last byte to the mail in the mail account it took {median} ms in the median, {most} ms
at most.
""",
    "mails": """\
## Voicemail mails a minute

The recordings lie in Asterisk's spool, on the disk, when voxpost is told to look. It hands them
over (hard link, ledger, `fsync`), writes the mails and sends them over STARTTLS and AUTH on four
connections. `smtp-source` sends mails of the same length from memory, without TLS, on four
connections, one mail a connection. Both go to one mail account, and Postfix's own log says when
the last was taken and when Dovecot had stored it. The time begins with the order to look, or with
the start of `smtp-source`.

![Mails a minute by size and sender, taken by Postfix and stored by Dovecot](mails.svg)
""",
    "use": """\
## Processor and memory

Percent of one core, and the most memory held meanwhile; what processes share is counted once
(PSS). `load` is what makes the load and measures: sipp, `smtp-source`, the bare server, the study
itself. It runs on the same cores, so a part gets less than it would on a machine of its own.

![Processor and memory of each part while each thing was measured](use.svg)
""",
    "sound": """\
## Sound, while background calls rise

One call is measured: a packet of 20 ms each 20 ms (G.711 µ-law), through Asterisk's `Echo()` and
back, timed by the kernel. The background calls carry sound both ways: sipp speaks without end,
`Echo()` answers. They rise until Asterisk carries no more or one cannot talk any more beside them
(1 % lost, or 300 ms there and back: ITU-T G.114 allows 150 ms one way), or until the steps end.
Round trip means from the probe to Asterisk and back, on the loopback interface: a network adds its
own. Jitter is RFC 3550's, as it stood after each packet.

![Loss, round trip and jitter of one call over the background calls](sound.svg)
""",
}

HOW = """\
## What to mind

- Everything runs on this one machine and its loopback interface: phones, Asterisk, voxpost, mail
  server, and what measures. A network and other machines change every figure.
- The ways and the senders take turns within each round, so that what disturbs the machine
  disturbs all of them.
- voxpost runs as it is installed: durable ledger, stable Message-IDs, its log on. Asterisk's
  console log is on too. Postfix and Dovecot keep their own defaults for `fsync`.
- A mail of 1.2 MB carries 55 seconds of wav (8 kHz, 16 bit), as base64 adds a third.
- The processor of short-lived programs (Postfix's, Dovecot's) is in their sums: a parent counts
  its children's.
"""

FOOT = """\
The figures of every round are in [data.json](data.json). `make study` measures again;
`python -m bench.study --quick` takes a minute.
"""
