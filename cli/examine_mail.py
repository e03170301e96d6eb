"""Doctor: each mail server, up to where a message would be given."""

from __future__ import annotations

from collections.abc import AsyncIterator

from cli.daemon import client_name
from cli.findings import Finding, bad, good, odd
from cli.sample_letters import sample_letters
from mail.letters import Letterhead
from mail.outcome import TryLater
from mail.smtp import SmtpSession
from mail.texts import Texts, TextsBroken
from pbx.mail import SmtpServer
from pbx.model import Site

_SMALL = 5_000_000  # bytes; below this a few minutes of wav do not fit


async def examine_mail(site: Site) -> AsyncIterator[Finding]:
    for server in site.mail.smtp:
        async for finding in _server(server, site):
            yield finding
    yield _texts(site)


async def _server(server: SmtpServer, site: Site) -> AsyncIterator[Finding]:
    subject = f"mail {server.host}"
    session = SmtpSession(server, client_name=client_name())
    try:
        trouble = await session.connect()
        if isinstance(trouble, TryLater):
            yield bad(subject, trouble.words, _remedy(server, trouble))
            return
        login = "logged in" if server.username else "without login"
        yield good(subject, f"port {server.port}, {server.security}, {login}")
        yield await _envelope(session, site)
        size = session.max_size
        if size is None:
            yield good(f"{subject} SIZE", "no limit announced")
        elif size < _SMALL:
            what = f"takes at most {size} bytes"
            yield odd(f"{subject} SIZE", what, "Long messages go as mp3, or without audio.")
        else:
            minutes = size * 0.73 / 16000 / 60
            yield good(f"{subject} SIZE", f"{size} bytes: {minutes:.0f} minutes of wav")
    finally:
        await session.close()


async def _envelope(session: SmtpSession, site: Site) -> Finding:
    """Whether the account may write as our sender to one of our people. No message is sent."""
    sender = site.mail.bounce_address
    recipient = next((it.email for it in site.people if it.email), sender)
    subject, what = f"mail {session.server.host} sender", f"{sender} may write to {recipient}"
    trouble = await session.rehearse(sender, recipient)
    if trouble is None:
        return good(subject, what)
    if isinstance(trouble, TryLater) and not trouble.configuration:
        return odd(subject, trouble.words, "It says later. Look again in some minutes.")
    remedy = "Set mail.from, or mail.envelope_sender, to an address that this account may send as."
    return bad(subject, trouble.words, remedy)


def _texts(site: Site) -> Finding:
    texts, head = Texts(site.mail.texts_dir), Letterhead.of(site)
    try:
        for letter in sample_letters(site, head):
            texts.render(letter, head)
    except TextsBroken as error:
        return bad("e-mail texts", str(error), "Until then the built-in text is sent.")
    own = "built-in" if site.mail.texts_dir is None else f"own ones in {site.mail.texts_dir}"
    return good("e-mail texts", own)


def _remedy(server: SmtpServer, trouble: TryLater) -> str:
    if trouble.configuration:
        return "Mend mail.smtp: username, password_file, security or ca_file."
    return f"Does the server run, and may this machine reach port {server.port}?"
