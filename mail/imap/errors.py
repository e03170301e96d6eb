"""What can go wrong with an IMAP server."""

from __future__ import annotations

from mail.errors import MailError


class ImapError(MailError):
    """Base of the errors of IMAP."""


class ImapUnreachable(ImapError):
    """No connection, or it broke, was silent for too long, or spoke nonsense: try later."""


class ImapLoginRefused(ImapError):
    """The server does not take the name or the password. Zimbra suspends after ten times."""


class ImapRefused(ImapError):
    """The server understood a command and said NO: no such folder, no right, over quota."""
