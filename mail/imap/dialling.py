"""Opens one IMAP connection: TCP, TLS with the certificate verified, one attempt to log in."""

from __future__ import annotations

import imaplib
import re
import ssl
from dataclasses import dataclass

from imapclient import SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from mail.imap.client import Client
from mail.imap.errors import ImapLoginRefused, ImapUnreachable
from mail.outcome import words_of
from mail.trust import trusted
from pbx.imap import ImapServer
from pbx.secret import Secret, SecretUnusable

# RFC 5530: not the password's fault.
_TEMPORARY = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Login:
    """An account, and whom it acts for.

    Arguments:
        password: read at each log-in, so that a new one needs no restart.
        acting_for: the person whose mail account is opened with the master account's password
            (the authorization identity of SASL PLAIN, RFC 4616).
    """

    username: str
    password: Secret
    acting_for: str | None = None


def dial(server: ImapServer, login: Login) -> Client:
    """Connect, secure and log in, each step within the server's time limit. Blocking.

    Raises:
        ImapUnreachable: no connection, or no safe one.
        ImapLoginRefused: the server does not take the log-in, or its password cannot be read.
    """
    place = f"{server.host}:{server.port}"
    try:
        password = login.password.read()
    except SecretUnusable as error:
        raise ImapLoginRefused(str(error)) from error
    client: Client | None = None
    try:
        client = _connect(server)
        _log_in(client, login, password)
        if client.has_capability("CONDSTORE") and client.has_capability("ENABLE"):
            client.enable("CONDSTORE")  # else Dovecot does not count what others change
    except ssl.SSLCertVerificationError as error:
        _drop(client)
        raise ImapUnreachable(
            f"{place}: its certificate is not valid: {error.verify_message}. "
            "Mend the certificate, or name its issuer in mail.imap.ca_file."
        ) from error
    except (ImapLoginRefused, ImapUnreachable) as error:
        _drop(client)
        raise type(error)(f"{place}: {error}") from error
    except (IMAPClientError, OSError, ValueError) as error:
        _drop(client)
        raise ImapUnreachable(f"{place}: {words_of(str(error) or type(error).__name__)}") from error
    except BaseException:
        _drop(client)
        raise
    return client


def _trusted(server: ImapServer) -> ssl.SSLContext:
    try:
        return trusted(server.ca_file)
    except OSError as error:
        raise OSError(f"mail.imap.ca_file {server.ca_file} cannot be used: {error}") from error


def _connect(server: ImapServer) -> Client:
    context = None if server.security == "plain" else _trusted(server)
    client = Client(
        server.host,
        server.port,
        ssl=server.security == "tls",
        ssl_context=context,
        timeout=SocketTimeout(server.timeout, server.timeout),
    )
    # The library would write every line to Python's log, and keep the last ones.
    client._imap.debug = 0
    if server.security == "starttls":
        try:
            client.starttls(context)
        except BaseException:
            client.drop()
            raise
    return client


def _log_in(client: Client, login: Login, password: str) -> None:
    """One attempt by one method: servers count them, and Zimbra suspends after ten."""
    try:
        if client.has_capability("AUTH=PLAIN"):
            client.plain_login(login.username, password, login.acting_for)
        elif login.acting_for is not None:
            raise ImapLoginRefused("offers no AUTH=PLAIN, which mail.imap.access = master needs")
        elif client.has_capability("LOGINDISABLED"):
            raise ImapLoginRefused("offers no log-in that voxpost speaks (PLAIN or LOGIN)")
        else:
            _plain_text(login.username, password)
            client.login(_quoted(login.username), password)
    except IMAPClientError as error:
        # The library calls every end of the connection a refused log-in.
        ended = isinstance(error.__context__, IMAPClientAbortError | imaplib.IMAP4.abort)
        words = words_of(str(error))
        if ended or isinstance(error, IMAPClientAbortError) or _TEMPORARY.search(words):
            raise ImapUnreachable(words) from error
        whom = f" for {login.acting_for}" if login.acting_for else ""
        raise ImapLoginRefused(f"log-in as {login.username}{whom} refused: {words}") from error


def _plain_text(*values: str) -> None:
    if not all(value.isascii() and value.isprintable() for value in values):
        raise ImapLoginRefused("without AUTH=PLAIN, names and passwords can only be plain ASCII")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _drop(client: Client | None) -> None:
    if client is not None:
        client.drop()
