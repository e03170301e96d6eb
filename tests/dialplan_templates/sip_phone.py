"""A telephone of a few lines, in Python: registers with a password, rings, has a lamp.

RFC 3261, 2617, 3842.

The lab's phone is sipp, which has no registration with odd contacts.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from types import TracebackType
from typing import Self


class SipPhone(asyncio.DatagramProtocol):
    """One telephone on a UDP port of its own.

    name: the endpoint. username: for authentication, if it is another.
    """

    def __init__(self, server_port: int, name: str, password: str, username: str = "") -> None:
        self._server = ("127.0.0.1", server_port)
        self._name, self._password, self._username = name, password, username or name
        self._answers: asyncio.Queue[str] = asyncio.Queue()
        self._invited = asyncio.Event()
        self._lamp: asyncio.Queue[tuple[int, int]] = asyncio.Queue()
        self._count = 0

    @property
    def has_rung(self) -> bool:
        return self._invited.is_set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0)
        )
        self._port: int = self._transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._transport.close()

    async def register(self, contact_user: str = "me") -> None:
        """Register; PermissionError when the registrar refuses."""
        first = await self._request(contact_user, "")
        challenge = dict(re.findall(r'(\w+)="?([^",\r]+)"?', first.partition("Digest ")[2]))
        last = await self._request(contact_user, self._credentials(challenge))
        if not last.startswith("SIP/2.0 200"):
            raise PermissionError(last.splitlines()[0])

    async def rings(self) -> None:
        async with asyncio.timeout(10):
            await self._invited.wait()

    async def lamp_says(self, new: int, old: int) -> None:
        """Wait until the telephone is told of so many messages."""
        async with asyncio.timeout(30):
            while await self._lamp.get() != (new, old):
                pass

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        text = data.decode()
        if text.startswith("SIP/2.0"):
            self._answers.put_nowait(text)
            return
        if text.startswith("INVITE"):
            self._invited.set()
        if told := re.search(r"^Voice-Message: (\d+)/(\d+)", text, re.MULTILINE):
            self._lamp.put_nowait((int(told[1]), int(told[2])))
        code = "180 Ringing" if text.startswith("INVITE") else "200 OK"
        kept = [
            line + (";tag=phone" if line.startswith("To:") else "")
            for line in text.split("\r\n")
            if line.startswith(("Via:", "From:", "To:", "Call-ID:", "CSeq:"))
        ]
        contact = f"Contact: <sip:me@127.0.0.1:{self._port}>"
        answer = "\r\n".join([f"SIP/2.0 {code}", *kept, contact, "Content-Length: 0", "", ""])
        self._transport.sendto(answer.encode(), self._server)

    async def _request(self, contact_user: str, credentials: str) -> str:
        self._count += 1
        here = f"127.0.0.1:{self._port}"
        lines = [
            "REGISTER sip:127.0.0.1 SIP/2.0",
            f"Via: SIP/2.0/UDP {here};rport;branch=z9hG4bK{self._port}{self._count}",
            f"From: <sip:{self._name}@127.0.0.1>;tag=f{self._port}",
            f"To: <sip:{self._name}@127.0.0.1>",
            f"Call-ID: {self._port}@127.0.0.1",
            f"CSeq: {self._count} REGISTER",
            f"Contact: <sip:{contact_user}@{here}>",
            "Max-Forwards: 70",
            "Expires: 300",
            *([credentials] if credentials else []),
            "Content-Length: 0",
            "",
            "",
        ]
        self._transport.sendto("\r\n".join(lines).encode(), self._server)
        async with asyncio.timeout(5):
            return await self._answers.get()

    def _credentials(self, challenge: dict[str, str]) -> str:
        realm, nonce, uri = challenge["realm"], challenge["nonce"], "sip:127.0.0.1"
        one = _md5(f"{self._username}:{realm}:{self._password}")
        two = _md5(f"REGISTER:{uri}")
        response = _md5(f"{one}:{nonce}:00000001:c:auth:{two}")
        return (
            f'Authorization: Digest username="{self._username}", realm="{realm}", '
            f'nonce="{nonce}", uri="{uri}", algorithm=MD5, response="{response}", '
            f'qop=auth, cnonce="c", nc=00000001, opaque="{challenge.get("opaque", "")}"'
        )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()
