"""`voxpost doctor` and the SMS centre: nothing there, all there, and each thing wrong."""

from __future__ import annotations

import json
import os
import pty
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import Result

from cli.examine_sms import _modem
from cli.file_access import User, group_name
from lab.ports import PortFinder
from ledger.arrivals import NewPart
from ledger.incoming_texts import IncomingTexts
from ledger.outgoing_texts import OutgoingTexts
from ledger.store import Ledger
from ledger.text_standing import nobody
from ledger.text_steps import Step
from ledger.texts import PieceState, TextState
from pbx.gateways import ModemGateway
from tests.cli.sms_site import SmsSite
from tests.ledger.sms_office import NOW, new_text
from tests.ledger.test_texts_in import Reader

Run = Callable[..., Result]


@pytest.fixture
def site(tmp_path: Path, ports: PortFinder) -> SmsSite:
    return SmsSite(tmp_path, ports)


def findings(run: Run, site: SmsSite) -> dict[str, list[Any]]:
    """What doctor says, by subject: grade, what, remedy."""
    result = run("doctor", "--site", site.file, "--json")
    found: dict[str, list[Any]] = {}
    for it in json.loads(result.stdout):
        found.setdefault(it["subject"], []).append((it["grade"], it["what"], it["remedy"]))
    return found


@contextmanager
def answering(port: int, greeting: bytes = b"") -> Iterator[None]:
    """Somebody who takes one connection after the other, and greets each."""
    with socket.create_server(("127.0.0.1", port)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(greeting)

        thread = Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


@contextmanager
def playsms(port: int, answer: str, status: int = 200) -> Iterator[list[str]]:
    """A web server that answers all with one thing; what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked.append(f"{self.path} {body}")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", port), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield asked
        finally:
            server.shutdown()
            thread.join()


def write(site: SmsSite, *, modem: str = "/dev/voxpost-has-none", mail: str = "") -> dict[str, int]:
    """A gateway of each kind, on free ports."""
    ports = {name: site.finder.one() for name in ("kannel", "playsms", "smpp", "web", "lmtp")}
    site.write(
        f"""\
[sms]
desk = "info@klinik.example"
http_port = {ports["web"]}
[sms.mail]
domain = "sms.klinik.example"
port = {ports["lmtp"]}
{mail}
[[sms.gateways]]
name = "stick"
kind = "modem"
device = "{modem}"
[[sms.gateways]]
name = "kannel"
kind = "kannel"
url = "http://127.0.0.1:{ports["kannel"]}/cgi-bin/sendsms"
username = "voxpost"
password = "kannel-s3cret"
[[sms.gateways]]
name = "play"
kind = "playsms"
url = "http://127.0.0.1:{ports["playsms"]}/index.php"
username = "voxpost"
token = "playsms-s3cret"
[[sms.gateways]]
name = "op"
kind = "smpp"
host = "127.0.0.1"
port = {ports["smpp"]}
system_id = "voxpost"
password = "s3cret"
"""
    )
    return ports


def test_nothing_that_is_there_is_said_with_a_remedy_each(run: Run, site: SmsSite) -> None:
    write(site)
    found = findings(run, site)
    for name in ("stick", "kannel", "play", "op"):
        ((grade, _, remedy),) = found[f"gateway {name}"]
        assert (grade, bool(remedy)) == ("bad", True)
    assert "by-id" in found["gateway stick"][0][2]
    assert found["sms web service"][0][0] == "odd"
    assert found["sms by e-mail"][0][0] == "odd"
    assert "s3cret" not in json.dumps(found)
    assert "texts" not in found


def test_all_that_is_there_is_good(run: Run, site: SmsSite) -> None:
    ours, modem = pty.openpty()
    try:
        ports = write(site, modem=os.ttyname(modem))
        with ExitStack() as stack:
            for name in ("kannel", "smpp", "web"):
                stack.enter_context(answering(ports[name]))
            stack.enter_context(answering(ports["lmtp"], b"220 sms.klinik.example LMTP\r\n"))
            good = '{"status":"OK","error":"0","credit":"100"}'
            asked = stack.enter_context(playsms(ports["playsms"], good))
            found = findings(run, site)
    finally:
        os.close(ours)
        os.close(modem)
    for name in ("stick", "kannel", "play", "op"):
        assert found[f"gateway {name}"][0][0] == "ok", found[f"gateway {name}"]
    assert asked == ["/index.php?app=ws u=voxpost&h=playsms-s3cret&op=cr"]
    assert found["sms web service"][0][0] == "ok"
    assert "+62811000111@sms.klinik.example" in found["sms by e-mail"][0][1]


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        ('{"status":"ERR","error":"100"}', 200, "error 100"),
        ("<html>hello", 200, "not as PlaySMS"),
        ("no", 404, "answers 404"),
    ],
)
def test_a_playsms_that_does_not_know_us_is_bad(
    run: Run, site: SmsSite, *, answer: str, status: int, said: str
) -> None:
    ports = write(site)
    with playsms(ports["playsms"], answer, status):
        ((grade, what, _),) = findings(run, site)["gateway play"]
    assert (grade, said in what) == ("bad", True)


def test_another_program_on_the_port_for_mail_is_told(run: Run, site: SmsSite) -> None:
    ports = write(site)
    with answering(ports["lmtp"], b"SSH-2.0-x\r\n"):
        ((grade, what, _),) = findings(run, site)["sms by e-mail"]
    assert (grade, "SSH-2.0" in what) == ("bad", True)


def test_secrets_of_gateways_that_cannot_be_read_are_told(run: Run, site: SmsSite) -> None:
    write(site)
    site.file.write_text(
        site.file.read_text().replace('token = "playsms-s3cret"', 'token_file = "none.token"')
    )
    found = findings(run, site)
    assert "none.token" in found["secret"][0][1]
    assert "without its token" in found["gateway play"][0][1]


def test_texts_that_wait_long_and_those_that_are_unknown_are_told(run: Run, site: SmsSite) -> None:
    async def fill(ledger: Ledger) -> None:
        texts = OutgoingTexts(ledger)
        for which in (1, 2):
            await texts.ask(new_text(which, gateway="stick"), NOW, NOW, lambda _: None)
        claim, other = await texts.turn("stick", room=2, now=NOW, owner="here", tell=nobody)
        await texts.release([other])
        step = Step(claim, PieceState.UNKNOWN, TextState.UNKNOWN, "x")
        await texts.turn("stick", steps=[step], now=NOW, owner="here", tell=nobody)
        part = NewPart("stick", "k", "raw", "+628", None, NOW, "x", None, 1, 2, 1)
        await IncomingTexts(ledger).take_in(part, 1.0, Reader())

    site.ask(fill)
    found = findings(run, site)["texts"]
    assert [grade for grade, _, _ in found] == ["odd", "odd", "odd"]
    assert "1 text may have been sent" in found[0][1]
    assert "the oldest waits" in found[1][1]
    assert "1 part of long texts" in found[2][1]


def test_a_ledger_without_texts_is_well(run: Run, site: SmsSite) -> None:
    site.make_ledger()
    assert findings(run, site)["texts"] == [("ok", "0 waiting, none unknown", "")]


def test_who_may_use_a_device(tmp_path: Path) -> None:
    device = tmp_path / "ttyUSB0"
    device.touch()
    found = device.stat()
    owner, other = found.st_uid + 1000, found.st_uid + 2000
    for mode, uid, groups, may in (
        (0o660, other, {found.st_gid}, True),
        (0o660, other, {found.st_gid + 1}, False),
        (0o640, other, {found.st_gid}, False),
        (0o666, other, set(), True),
        (0o060, owner, set(), False),
        (0o000, 0, set(), True),
    ):
        device.chmod(mode)
        assert User("voxpost", uid, groups).may_read_and_write(device) is may


@pytest.mark.parametrize(("mode", "said"), [(0o600, 'GROUP="dialout"'), (0o660, "usermod -a -G")])
def test_nobody_is_told_to_join_a_group_that_opens_no_modem(
    tmp_path: Path, mode: int, said: str
) -> None:
    device = tmp_path / "port"
    device.touch()
    device.chmod(mode)
    os.chown(device, -1, os.getgid())
    gateway = ModemGateway(name="stick", kind="modem", device=device)
    finding = _modem("gateway stick", gateway, User("voxpost", device.stat().st_uid + 1, ()))
    expected = 'GROUP="dialout"' if group_name(device) == "root" else said
    assert expected in finding.remedy
