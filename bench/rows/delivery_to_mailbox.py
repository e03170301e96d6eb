"""Voicemail of 1.2 MB until it is in the mailbox: Postfix and Dovecot, STARTTLS and AUTH.

Against smtp-source without TLS, and against Asterisk's way: a `sendmail -t` for each message.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from statistics import median

from bench.delivering import FullSite, recording
from bench.place import Place
from bench.result import Result
from bench.rows.delivery_to_sink import AUDIO, sample
from bench.sinks import SESSIONS, smtp_source
from lab.accounts import MailUser
from lab.errors import LabError
from lab.mail_ports import MailPorts
from lab.site_sections import DOMAIN, submission_table
from lab.zimbra_like import ZimbraLike
from mail.message import Message

_ROUNDS = 3
_PEOPLE = 4
_SENDER = MailUser(f"voxpost@{DOMAIN}", "sender-s3cret")


async def measure(place: Place) -> list[Result]:
    """Both peers in the same rounds."""
    count = max(20, round(500 * place.share))
    ours, source, sendmail = [], [], []
    for turn in range(_ROUNDS):
        folder = place.folder / str(turn)
        users = [MailUser(f"{1001 + it}@{DOMAIN}", "reader-s3cret") for it in range(_PEOPLE)]
        users.append(_SENDER)
        server = ZimbraLike(folder / "mail", MailPorts.pick(place.ports), users)
        async with server:
            site = FullSite(
                folder / "site", place.ports, submission_table(server, _SENDER), _PEOPLE
            )
            await site.fill(site.voicemails(count, recording(AUDIO)))
            message = await sample(site)
            stored = Stored(server)
            ours.append(await _ours(site, stored, count))
            source.append(await _source(server, stored, count, message.size))
            sendmail.append(await _sendmail(site.folder, server, stored, count, message))
        place.say(
            f"round {turn + 1}: {ours[-1]:,.0f} against {source[-1]:,.0f} "
            f"and {sendmail[-1]:,.0f} a minute"
        )
        site.remove()
        server.remove()
    return [
        _result("smtp-source without TLS, one connection a message", ours, source, 0.8),
        _result("Asterisk's way: one sendmail -t a message", ours, sendmail, 3.0),
    ]


def _result(against: str, ours: list[float], peers: list[float], target: float) -> Result:
    name = "1.2 MB voicemails into Postfix and Dovecot, STARTTLS and AUTH, until in the mailbox"
    ratio = median(mine / theirs for mine, theirs in zip(ours, peers, strict=True))
    peer = median(peers)
    return Result(name, "messages/min", ratio * peer, target, peer, against)


async def _ours(site: FullSite, stored: Stored, count: int) -> float:
    """From the moment that voxpost is ready until the last is in its mailbox."""
    delivered = await site.deliver()
    return await stored.a_minute(count, delivered.ready)


async def _source(server: ZimbraLike, stored: Stored, count: int, size: int) -> float:
    begun = time.time()
    share = count // _PEOPLE
    port = server.ports.trusted
    people = [f"{1001 + it}@{DOMAIN}" for it in range(_PEOPLE)]
    await asyncio.gather(*(smtp_source(port, share, size, it, sessions=1) for it in people))
    return await stored.a_minute(share * _PEOPLE, begun)


async def _sendmail(
    folder: Path, server: ZimbraLike, stored: Stored, count: int, message: Message
) -> float:
    """As app_voicemail does it, a few callers at once: a file and a program for each message."""
    content = message.content
    files = []
    for number in range(count):
        recipient = f"{1001 + number % _PEOPLE}@{DOMAIN}".encode()
        file = folder / f"{number}.eml"
        this = content.replace(b"<", f"<{number}-".encode(), 1)  # the Message-ID
        this = this.replace(message.recipient.encode(), recipient)
        file.write_bytes(this.replace(b"\r\n", b"\n"))
        files.append(file)
    begun = time.time()
    queue = iter(files)

    async def one_caller() -> None:
        for file in queue:
            await _one_sendmail(server, file)

    await asyncio.gather(*(one_caller() for _ in range(SESSIONS)))
    return await stored.a_minute(count, begun)


async def _one_sendmail(server: ZimbraLike, file: Path) -> None:
    etc = server.folder / "postfix/etc"
    with file.open("rb") as mail:
        process = await asyncio.create_subprocess_exec(
            *("/usr/sbin/sendmail", "-C", str(etc), "-t", "-i"), stdin=mail
        )
        if await process.wait() != 0:
            raise LabError("sendmail failed")


class Stored:
    """The mail in Dovecot's folders, and when it came there."""

    def __init__(self, server: ZimbraLike) -> None:
        self._homes = server.folder / "dovecot/home"
        self._before = 0

    async def a_minute(self, count: int, begun: float) -> float:
        """Wait until so many more are stored; their rate since `begun`, seconds since 1970."""
        until = time.monotonic() + 300
        while len(files := list(self._homes.glob("*/Maildir/new/*"))) < self._before + count:
            if time.monotonic() > until:
                raise LabError(f"only {len(files) - self._before} of {count} messages are stored")
            await asyncio.sleep(0.1)
        self._before = len(files)
        last = max(file.stat().st_ctime for file in files)
        return count / (last - begun) * 60
