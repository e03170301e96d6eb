"""A mail server that takes the mail, and answers when it may."""

from __future__ import annotations

import asyncio

from aiosmtpd.smtp import SMTP, Envelope, Session

from lab.maildir import MaildirServer
from tests.cli.site_folder import SiteFolder


class HoldingServer(MaildirServer):
    """asked: it was given a mail. may_answer: set it, and it answers."""

    def __init__(self, site: SiteFolder) -> None:
        super().__init__(site.folder / "mail", site.ports["smtp"])
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.asked.set()
        await self.may_answer.wait()
        return await super().handle_DATA(server, session, envelope)
