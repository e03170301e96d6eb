"""A small SMSC by SMPP 3.4 on loopback, which does wrong what it is told to do wrong.

Its PDUs of texts are read and written by smpp34, so that voxpost's own codec meets another's.
"""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections import Counter, deque
from collections.abc import Callable, Mapping
from types import TracebackType

import smpp34

from lab.ports import LOOPBACK
from lab.smsc_texts import ACCEPT, Answer, Text, receipt_of

_HEADER = struct.Struct(">IIII")
_ANSWER = 0x8000_0000
_NACK = 0x8000_0000
_SUBMIT_SM, _DELIVER_SM, _UNBIND, _BIND, _ENQUIRE_LINK = 0x04, 0x05, 0x06, 0x09, 0x15
_NOT_BOUND, _WRONG_PASSWORD, _UNKNOWN_ACCOUNT, _UNKNOWN_COMMAND = 0x04, 0x0E, 0x0F, 0x03


class Smsc:
    """The SMSC, from start to stop.

    Arguments:
        port: where to listen.
        accounts: passwords by system_id.
        choose: what is done with a submit_sm; called with it and the ID that it would get.
        tls: the context of a server, or None.
        receipts: whether each text that is taken is followed by a receipt.
        id_of: the ID in the answer, by the text's number; and receipt_id_of: in the receipt.
        patience: seconds for the answer to a deliver_sm, and until it is brought again.
    """

    def __init__(
        self,
        port: int,
        *,
        accounts: Mapping[str, str],
        choose: Callable[[smpp34.SubmitSm, str], Answer] = lambda _text, _id: ACCEPT,
        tls: ssl.SSLContext | None = None,
        receipts: bool = False,
        id_of: Callable[[int], str] = str,
        receipt_id_of: Callable[[int], str] = str,
        patience: float = 1.0,
    ) -> None:
        self.port = port
        self.accounts = dict(accounts)
        self.choose = choose
        self.receipts = receipts
        self.is_deaf = False
        """Deaf: reads and answers nothing any more."""
        self.submitted: list[smpp34.SubmitSm] = []
        self.taken: list[smpp34.SubmitSm] = []
        self.commands: Counter[int] = Counter()
        self.statuses: list[int] = []
        """What the account answered to each deliver_sm."""
        self.waiting: deque[Text] = deque()
        """What the account has not yet taken; it is brought again and again."""
        self.links: list[Link] = []
        """Those that are bound."""
        self.changed = asyncio.Condition()
        self.id_of = id_of
        self.receipt_id_of = receipt_id_of
        self.patience = patience
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Smsc:
        await self.open_door()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close_door()
        await self.hang_up()

    async def open_door(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port, ssl=self._tls)

    async def close_door(self) -> None:
        """Refuse connections from now on; those that stand go on."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    async def hang_up(self) -> None:
        """Cut all links."""
        for task in tuple(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def bring(self, text: Text) -> None:
        """Store a text for the account and bring it, again and again until it is taken."""
        self.waiting.append(text)
        await self.tell()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something about this SMSC is so."""
        async with self.changed:
            await self.changed.wait_for(condition)

    async def tell(self) -> None:
        """Say that something has changed."""
        async with self.changed:
            self.changed.notify_all()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        link = Link(self, reader, writer)
        try:
            await link.serve()
        except (OSError, EOFError):
            pass
        except asyncio.CancelledError:
            pass  # by hang_up(); asyncio's server would call it an error (before 3.12.1)
        finally:
            self._serving.discard(task)
            if link in self.links:
                self.links.remove(link)
            writer.transport.abort()
            await self.tell()


class Link:
    """One connection of an account."""

    def __init__(
        self, smsc: Smsc, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._smsc = smsc
        self._reader = reader
        self._writer = writer
        self._sequence = 0
        self._answers: dict[int, asyncio.Future[int]] = {}
        self._unanswered: list[tuple[int, str]] = []

    async def serve(self) -> None:
        """Answer until it ends; OSError and EOFError are ends too."""
        async with asyncio.TaskGroup() as group:
            bringing = group.create_task(self._bring())
            try:
                while await self._take(*await self._read()):
                    await self._writer.drain()
                    await self._smsc.tell()
            except (OSError, EOFError):
                pass
            bringing.cancel()

    def ask(self, command: int, body: bytes = b"") -> None:
        """Send a request of any kind, and let its answer be."""
        self._sequence += 1
        self._say(command, self._sequence, body=body)

    def answer_all(self) -> None:
        """Answer all that was left unanswered, as taken."""
        for sequence, message_id in self._unanswered:
            self._say(_SUBMIT_SM | _ANSWER, sequence, 0, message_id.encode() + b"\0")
        self._unanswered.clear()

    def say_octets(self, octets: bytes) -> None:
        """Send what may be no PDU at all."""
        self._writer.write(octets)

    async def _read(self) -> tuple[int, int, int, bytes]:
        head = await self._reader.readexactly(16)
        while self._smsc.is_deaf:
            await self._smsc.until(lambda: not self._smsc.is_deaf)
        length, command, status, sequence = _HEADER.unpack(head)
        body = await self._reader.readexactly(length - 16)
        self._smsc.commands[command] += 1
        return command, status, sequence, head + body

    async def _take(self, command: int, status: int, sequence: int, pdu: bytes) -> bool:
        """Answer one PDU; False: the link is to be cut."""
        if command >= _ANSWER:
            answer = self._answers.pop(sequence, None)
            if answer is not None and not answer.done():
                answer.set_result(status)
        elif command == _BIND:
            return self._bind(sequence, pdu[16:])
        elif command == _SUBMIT_SM:
            return self._submit(sequence, pdu)
        elif command in {_UNBIND, _ENQUIRE_LINK}:
            self._say(command | _ANSWER, sequence)
            return command != _UNBIND
        else:
            self._say(_NACK, sequence, _UNKNOWN_COMMAND)
        return True

    def _bind(self, sequence: int, body: bytes) -> bool:
        system_id, password, *_ = body.split(b"\0")
        known = self._smsc.accounts.get(system_id.decode())
        status = 0 if known == password.decode() else _WRONG_PASSWORD
        status = _UNKNOWN_ACCOUNT if known is None else status
        self._say(_BIND | _ANSWER, sequence, status, b"lab\0" if status == 0 else b"")
        if status == 0:
            self._smsc.links.append(self)
        return status == 0

    def _submit(self, sequence: int, pdu: bytes) -> bool:
        smsc = self._smsc
        text = smpp34.decode(pdu)
        assert isinstance(text, smpp34.SubmitSm)
        if self not in smsc.links:
            self._say(_SUBMIT_SM | _ANSWER, sequence, _NOT_BOUND)
            return True
        smsc.submitted.append(text)
        number = len(smsc.submitted)
        answer = smsc.choose(text, smsc.id_of(number))
        if answer.status == 0:
            smsc.taken.append(text)
        if answer.says:
            body = smsc.id_of(number).encode() + b"\0" if answer.status == 0 else b""
            self._say(_SUBMIT_SM | _ANSWER, sequence, answer.status, body)
            if smsc.receipts and answer.status == 0:
                smsc.waiting.append(receipt_of(text, smsc.receipt_id_of(number)))
        else:
            self._unanswered.append((sequence, smsc.id_of(number)))
        return not answer.cuts

    async def _bring(self) -> None:
        smsc = self._smsc
        while True:
            await smsc.until(lambda: bool(smsc.waiting) and self in smsc.links)
            text = smsc.waiting[0]
            self._sequence += 1
            answer = asyncio.get_running_loop().create_future()
            self._answers[self._sequence] = answer
            self._writer.write(text.encode(self._sequence))
            try:
                async with asyncio.timeout(smsc.patience):
                    status: int = await answer
            except TimeoutError:
                continue
            smsc.statuses.append(status)
            if status == 0 and text in smsc.waiting:
                smsc.waiting.remove(text)
            await smsc.tell()
            if status:
                await asyncio.sleep(smsc.patience)

    def _say(self, command: int, sequence: int, status: int = 0, body: bytes = b"") -> None:
        self._writer.write(_HEADER.pack(16 + len(body), command, status, sequence) + body)
