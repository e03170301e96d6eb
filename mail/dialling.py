"""Opens one connection to a mail server: TCP, TLS with the certificate verified, AUTH."""

from __future__ import annotations

import asyncio
import ssl
from typing import TypeVar

import aiosmtplib

from mail.outcome import Stage, TryLater, read_refusal, words_of
from mail.trust import trusted
from mail.wire import NotSmtp, SmtpWire
from pbx.mail import SmtpServer
from pbx.secret import SecretUnusable


class Dialler:
    """Connects to one server again and again.

    client_name: what we call ourselves in EHLO, ASCII.
    """

    def __init__(self, server: SmtpServer, *, client_name: str) -> None:
        self._server = server
        self._client_name = client_name

    async def dial(self) -> SmtpWire | TryLater:
        """Connect, secure, greet and log in, each step within the server's time limit.

        The password is read here, so that a new one needs no restart.
        """
        server = self._server
        try:
            secure = server.security != "plain"
            trust = await asyncio.to_thread(trusted, server.ca_file) if secure else None
        except OSError as error:  # ssl.SSLError is one
            return self._trouble(f"ca_file {server.ca_file} cannot be used: {error}", mend=True)
        smtp = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            local_hostname=self._client_name,
            timeout=server.timeout,
            use_tls=server.security == "tls",
            # Never None: that would send in clear where a stranger has removed the offer of TLS.
            start_tls=server.security == "starttls",
            tls_context=trust,
        )
        try:
            await smtp.connect()
            await self._greet(smtp)
            await self._log_in(smtp)
            return self._taken_over(smtp)
        except asyncio.CancelledError:
            _abort(smtp)
            raise
        except (aiosmtplib.SMTPException, OSError, ValueError, SecretUnusable) as error:
            _abort(smtp)
            return self._explain(error)

    def _taken_over(self, smtp: aiosmtplib.SMTP) -> SmtpWire:
        transport, protocol = smtp.transport, smtp.protocol
        if not isinstance(transport, asyncio.Transport) or protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        # aiosmtplib keeps a second reply that came in one packet with the first.
        if protocol._buffer:
            raise NotSmtp("the server answers what nobody asked")
        return SmtpWire(transport, smtp.esmtp_extensions, self._server.timeout)

    async def _greet(self, smtp: aiosmtplib.SMTP) -> None:
        if smtp.is_ehlo_or_helo_needed:
            try:
                await smtp.ehlo()
            except aiosmtplib.SMTPHeloError:
                if not smtp.is_connected:
                    raise
                await smtp.helo()

    async def _log_in(self, smtp: aiosmtplib.SMTP) -> None:
        """One attempt by one method.

        aiosmtplib's login() tries every method in turn with the same wrong password; Zimbra
        counts each, and suspends an address after ten.
        """
        username = self._server.username
        if username is None:
            return
        password = await asyncio.to_thread(self._server.auth_secret().read)
        offered = smtp.server_auth_methods
        if "plain" in offered:
            await smtp.auth_plain(username, password)
        elif "login" in offered:
            await smtp.auth_login(username, password)
        elif "cram-md5" in offered:
            await smtp.auth_crammd5(username, password)
        else:
            raise _NoLogin("the server offers no log-in (AUTH PLAIN, LOGIN or CRAM-MD5)")

    def _explain(self, error: Exception) -> TryLater:
        certificate = _cause(error, ssl.SSLCertVerificationError)
        if certificate is not None:
            return self._trouble(
                f"its certificate is not valid: {certificate.verify_message}. "
                "Mend the certificate, or name its issuer in ca_file",
                mend=True,
            )
        if (tls := _cause(error, ssl.SSLError)) is not None:
            return self._trouble(
                f"TLS failed: {tls.reason or tls}. Are port and security right?", mend=True
            )
        if isinstance(error, SecretUnusable | _NoLogin):
            return self._trouble(str(error), mend=True)
        if isinstance(error, aiosmtplib.SMTPResponseException):
            return self._answered(error)
        if isinstance(error, aiosmtplib.SMTPException) and not isinstance(error, OSError):
            # No STARTTLS offered: a setting, or somebody between us and the server.
            return self._trouble(str(error), mend=True)
        return self._trouble(str(error) or type(error).__name__)

    def _answered(self, error: aiosmtplib.SMTPResponseException) -> TryLater:
        refusal = read_refusal(
            Stage.LOGIN, error.code, error.message, authenticated=False, limit=None
        )
        mend = isinstance(refusal, TryLater) and refusal.configuration
        if isinstance(error, aiosmtplib.SMTPAuthenticationError) and mend:
            words = f"log-in as {self._server.username} refused: {refusal.words}"
        else:
            words = refusal.words
        return self._trouble(words, code=error.code if error.code > 0 else None, mend=mend)

    def _trouble(self, words: str, *, code: int | None = None, mend: bool = False) -> TryLater:
        place = f"{self._server.host}:{self._server.port}"
        return TryLater(words_of(f"{place}: {words}"), code, configuration=mend, elsewhere=True)


class _NoLogin(ValueError):
    """The server offers no method of log-in that we speak."""


def _abort(smtp: aiosmtplib.SMTP) -> None:
    transport = smtp.transport
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()
    smtp.close()


_Error = TypeVar("_Error", bound=ssl.SSLError)


def _cause(error: BaseException | None, kind: type[_Error]) -> _Error | None:
    """The first error of a kind in the chain: aiosmtplib wraps some and lets others through."""
    while error is not None:
        if isinstance(error, kind):
            return error
        error = error.__cause__
    return None
