"""The SMPP gateway over TLS, and against a whole SMSC that somebody else wrote."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import smpp34

from lab.certificates import Certificates
from lab.ports import LOOPBACK
from lab.smsc import Smsc
from lab.smsc_texts import Text
from sms.gateway import GatewayState, NotNow, Outgoing, Refused, Sent
from tests.free_ports import free_ports
from tests.sms.remembering_inbox import RememberingInbox
from tests.with_sms.smpp_account import (
    make_smsc,
    running,
    text_of,
    until_state,
)


async def test_over_tls_texts_go_out_and_come_in(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    certificates.write()
    inbox = RememberingInbox()
    secure = {"tls": True, "ca_file": str(certificates.ca_file)}
    async with (
        make_smsc(tls=certificates.server_context()) as smsc,
        running(smsc, inbox, **secure) as gateway,
    ):
        fates = await asyncio.gather(*(gateway.send(text_of(f"text {it}")) for it in range(10)))
        await smsc.bring(Text("628123456789", "1", b"Halo"))
        await smsc.until(lambda: not smsc.waiting)
    assert {type(it) for it in fates} == {Sent}
    assert [it.body for it in inbox.came] == ["Halo"]


async def test_a_certificate_that_nobody_vouches_for_is_not_believed(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    certificates.write()
    async with (
        make_smsc(tls=certificates.server_context()) as smsc,
        running(smsc, RememberingInbox(), bound=False, tls=True) as gateway,
    ):
        await until_state(gateway, GatewayState.DOWN)
        assert "certificate is not valid" in gateway.health().words
        assert smsc.commands[0x09] == 0


async def test_tls_at_a_port_without_it_is_told() -> None:
    async with (
        make_smsc() as smsc,
        running(smsc, RememberingInbox(), bound=False, tls=True) as gateway,
    ):
        await until_state(gateway, GatewayState.DOWN)
        assert "TLS" in gateway.health().words or "did not answer" in gateway.health().words


async def test_a_password_file_that_is_missing_is_told(tmp_path: Path) -> None:
    missing = {"password": None, "password_file": str(tmp_path / "none")}
    async with (
        make_smsc() as smsc,
        running(smsc, RememberingInbox(), bound=False, **missing) as gateway,
    ):
        await until_state(gateway, GatewayState.DOWN)
        assert "password_file" in gateway.health().words


class Stranger:
    """An SMSC by smpp34's own server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.server = smpp34.Server(LOOPBACK, port, system_id="stranger")
        self.bound: asyncio.Queue[smpp34.Esme] = asyncio.Queue()
        self.submitted: list[smpp34.SubmitSmEvent] = []

    async def serve(self) -> None:
        while True:
            event = await self.server.next()
            if isinstance(event, smpp34.Esme):
                self.bound.put_nowait(event)
            elif isinstance(event, smpp34.SubmitSmEvent):
                self.submitted.append(event)
                if event.destination_addr == "628000":
                    event.reject(smpp34.ESME_RINVDSTADR)
                elif event.destination_addr == "629000":
                    event.reject(smpp34.ESME_RTHROTTLED)
                else:
                    event.accept(f"id-{len(self.submitted)}")


@asynccontextmanager
async def stranger() -> AsyncIterator[Stranger]:
    smsc = Stranger(free_ports().one())
    await smsc.server.start()
    serving = asyncio.create_task(smsc.serve())
    try:
        yield smsc
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await smsc.server.stop()


async def test_a_strangers_smsc_takes_our_texts_and_we_take_its() -> None:
    inbox = RememberingInbox()
    async with stranger() as smsc, running(Smsc(smsc.port, accounts={}), inbox) as gateway:
        assert gateway.health().facts["smsc"] == "stranger"
        fates = await asyncio.gather(
            *(gateway.send(text_of(f"text {it}", f"{it}-0")) for it in range(50))
        )
        assert {type(it) for it in fates} == {Sent}
        assert isinstance(await gateway.send(text_of(number="+628000")), Refused)
        assert isinstance(await gateway.send(text_of(number="+629000")), NotNow)
        for piece in gateway.pieces("Panjang sekali 🙂 " * 20, 5):
            assert isinstance(await gateway.send(Outgoing("p", "+62812", None, piece)), Sent)
        account = await smsc.bound.get()
        answer = await account.deliver_sm(
            "62811000111",
            b"\x05\x00\x03\x07\x02\x01Halo",
            source_addr="628123456789",
            source_addr_ton=1,
            esm_class=0x40,
        )
        assert answer.is_success
        receipted = smpp34.Tlv(smpp34.TLV_RECEIPTED_MESSAGE_ID, b"ID-3\0")
        state = smpp34.Tlv(smpp34.TLV_MESSAGE_STATE, b"\x05")
        await account.deliver_sm(
            "62811000111", source_addr="628123456789", esm_class=4, tlvs=[receipted, state]
        )
    (text,) = inbox.came
    assert (text.body, text.sender) == ("Halo", "+628123456789")
    assert text.concat is not None
    (report,) = inbox.reports
    assert (report.reference, report.state) == ("id-3", "failed")
    long = [it for it in smsc.submitted if it.esm_class == 0x40]
    whole = b"".join(bytes(it.short_message)[6:] for it in long).decode("utf-16-be")
    assert whole == "Panjang sekali 🙂 " * 20


async def test_the_labs_smsc_serves_a_strangers_client() -> None:
    async with make_smsc(receipts=True) as smsc:
        client = smpp34.Client(LOOPBACK, smsc.port, "clinic", "s3cret")
        account = await client.connect()
        answer = await account.submit_sm("628123456789", b"Halo", source_addr="9001")
        assert (answer.is_success, answer.message_id) == (True, "1")
        receipt = await account.next()
        assert isinstance(receipt, smpp34.DeliverSmEvent)
        assert b"stat:DELIVRD" in receipt.short_message
        await smsc.until(lambda: not smsc.waiting)
        await account.unbind()
        await smsc.until(lambda: not smsc.links)
