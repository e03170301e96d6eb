"""The rows of `make bench`, in the order in which they are measured."""

from __future__ import annotations

from dataclasses import dataclass

from bench.place import Measure
from bench.rows import (
    ami_events,
    at_rest,
    backlog,
    broadcast,
    calls,
    configuration,
    delivery_to_mailbox,
    delivery_to_sink,
    fast_agi,
    hang_up_to_mail,
    texts,
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table; one measurement may give several results.

    Arguments:
        name: as `python -m bench NAME` takes it.
        how: how it is measured, in short plain words, for docs/performance.md.
    """

    name: str
    measure: Measure
    how: str


ROWS: tuple[Row, ...] = (
    Row(
        "large-to-sink",
        delivery_to_sink.large,
        "`voxpost run` empties a ledger of voicemails, each with a recording of its own in the "
        "spool, to Postfix's smtp-sink over four connections; its log is on, its ledger durable. "
        "The rate is by the ledger's own times. Then smtp-source sends as many messages of the "
        "same size to the same sink, four at once, one connection each. Three rounds in turns; "
        "the median of the ratios.",
    ),
    Row(
        "small-to-sink",
        delivery_to_sink.small,
        "The same with missed calls of 2,000 callers, letters with a company's long footer.",
    ),
    Row(
        "large-to-mailbox",
        delivery_to_mailbox.measure,
        "The same voicemails through a real Postfix and Dovecot, set up as Zimbra's are, over "
        "STARTTLS with a password, from the moment that voxpost is ready until the last mail is "
        "a file in a mail account. smtp-source goes to the trusted port without TLS, four at "
        "once; `sendmail -t` is started for each message as Asterisk starts it, four at once. The "
        "mail server takes most of the time, whoever sends: the distance between smtp-source and "
        "sendmail is what any sender can win.",
    ),
    Row(
        "fast-agi",
        fast_agi.measure,
        "64 clients in one process hold FastAGI sessions of one command with voxpost's server "
        "and with a bare asyncio server, each in a process of its own, in turns. The bare one "
        "reads the header, sends the command, reads a line and closes. The ratio is the median "
        "of the rounds.",
    ),
    Row(
        "calls",
        calls.measure,
        "sipp calls a number that answers, asks one FastAGI script and hangs up, at a rate that "
        "rises by a tenth every four seconds until a call fails; with voxpost's server and with "
        "the bare one in turns, through the same Asterisk. The calls a second of the last step "
        "without a failure, the median of three rounds.",
    ),
    Row(
        "ami-events",
        ami_events.measure,
        "The events of real calls to a mailbox are recorded from Asterisk and played by a server "
        "in a process of its own, one wanted event in fifty; voxpost's connection and "
        "panoramisk's Manager read them in turns, each until its handler got all that it wanted.",
    ),
    Row(
        "hang-up-to-mail",
        hang_up_to_mail.measure,
        "One call after the other leaves a short voicemail: a real phone, Asterisk, "
        "`voxpost run`, Postfix with STARTTLS and a password, Dovecot. From the BYE as sipp sent "
        "it until the mail is a file in the mail account's folder, looked for every millisecond. "
        "A hundred calls, after one that does not count.",
    ),
    Row(
        "backlog",
        backlog.measure,
        "Missed calls to the sink: the first 10,000 of a ledger with 110,000 waiting, against a "
        "ledger that holds them alone, in turns. Memory is the most that the daemon had.",
    ),
    Row(
        "configuration",
        configuration.measure,
        "`voxpost generate-config --output` for 10,000 people out of a CSV file, the whole "
        "process; the median of five runs, and the most memory of any. Then one person is "
        "changed and the modules are reloaded whose files that changes: the time from the "
        "manager's Reload until Asterisk answers, the median of five. voxpost has no part in that "
        "time: with nothing changed it is what Asterisk takes to look.",
    ),
    Row(
        "texts-in",
        texts.incoming,
        "One text after the other comes in on a simulated modem: `voxpost run`, Postfix, Dovecot. "
        "From the moment when the modem has it, and says +CMTI, until the mail is a file in the "
        "desk's mail account. Two hundred texts, after one that does not count.",
    ),
    Row(
        "broadcast",
        broadcast.measure,
        "`voxpost sms broadcast create` of 10,000 numbers, to a `voxpost run` that is a box of "
        "Kannel's bearerbox with a window of 500. Each text is claimed, its fate and the "
        "network's report of its delivery recorded, in the durable ledger. mtbatch, a box too, "
        "sends as many to a bearerbox of its own with the same configuration; it asks for "
        "reports and takes in none. No smsbox is there. From the first text that fakesmsc has "
        "to the last. Three rounds in turns; the median of the ratios. bearerbox keeps a file "
        "for each text and report, and takes most of the time, whoever sends. Memory: how much "
        "the daemon has more at the end than after the first tenth.",
    ),
    Row(
        "at-rest",
        at_rest.measure,
        "`voxpost --help` from start to end, the median of ten. `voxpost run` on a site of 100 "
        "people, connected to Asterisk: its resident memory after a quarter of a minute.",
    ),
)
