"""`voxpost outbox` and `voxpost status`, on a real ledger and without a daemon."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from click.testing import Result

from ledger.entries import End, State
from ledger.facts import NoticeFacts, TextFacts, VoicemailFacts
from ledger.outbox import Outbox
from ledger.store import open_ledger, sqlite_url
from tests.cli.site_folder import SiteFolder, entry

Run = Callable[..., Result]


@pytest.fixture
def ledger(site: SiteFolder) -> SiteFolder:
    """A ledger with a waiting, a failed and a delivered message."""

    async def fill() -> None:
        ledger = await open_ledger(sqlite_url(site.state / "ledger.sqlite"))
        box = Outbox(ledger)
        await box.add([entry(1), entry(2), entry(3)], 1_795_300_000.0)
        failed = End(2, State.FAILED, "550 5.1.1 \x1b[2J no such user")
        await box.settle([failed, End(3, State.DELIVERED)], 1_795_300_001.0)
        await ledger.close()

    asyncio.run(fill())
    return site


def test_the_list_shows_each_message_and_no_strangers_orders_to_the_terminal(
    run: Run, ledger: SiteFolder
) -> None:
    result = run("outbox", "list", "--site", ledger.file)
    rows = result.stdout.splitlines()
    assert [row.split()[:2] for row in rows[1:]] == [
        ["3", "delivered"],
        ["2", "failed"],
        ["1", "waiting"],
    ]
    assert "no such user" in rows[2]
    assert "\x1b" not in result.stdout


def test_a_text_and_a_notice_are_listed_and_shown(run: Run, site: SiteFolder) -> None:
    said = TextFacts("+628123456789", None, "modem1", 1, "Halo\n\x1b[31mBu")
    told = NoticeFacts("gateway-down", {"name": "modem1", "words": "no answer", "since": 1})

    async def fill() -> None:
        ledger = await open_ledger(sqlite_url(site.state / "ledger.sqlite"))
        await Outbox(ledger).add([entry(1, facts=said), entry(2, facts=told, extension="")], 1.0)
        await ledger.close()

    asyncio.run(fill())
    rows = run("outbox", "list", "--site", site.file).stdout.splitlines()
    assert rows[1].split()[:5] == ["2", "waiting", "notice", "sari@klinik.example", "modem1"]
    assert rows[2].split()[:5] == ["1", "waiting", "text", "sari@klinik.example", "+628123456789"]
    shown = run("outbox", "show", 1, "--site", site.file).stdout
    assert "from:          +628123456789" in shown
    assert "text:          Halo \ufffd[31mBu" in shown
    assert "about:         gateway-down" in run("outbox", "show", 2, "--site", site.file).stdout
    data = json.loads(run("outbox", "show", 2, "--site", site.file, "--json").stdout)
    assert data["facts"]["fields"]["words"] == "no answer"


def test_the_list_of_one_state_and_of_a_number(run: Run, ledger: SiteFolder) -> None:
    result = run("outbox", "list", "--site", ledger.file, "--state", "failed", "--json")
    (failed,) = json.loads(result.stdout)
    assert (failed["id"], failed["state"], failed["kind"]) == (2, "failed", "voicemail")
    assert failed["facts"]["caller_name"] == "José \ud83d\x1b[31m"
    assert result.stdout.isascii()
    newest = json.loads(run("outbox", "list", "--site", ledger.file, "--limit", 1, "--json").stdout)
    assert [it["id"] for it in newest] == [3]
    assert run("outbox", "list", "--site", ledger.file, "--limit", 0).exit_code == 2


def test_one_message_with_the_servers_own_words(run: Run, ledger: SiteFolder) -> None:
    result = run("outbox", "show", 2, "--site", ledger.file)
    assert result.exit_code == 0
    assert "last words:    550 5.1.1 \ufffd[2J no such user" in result.stdout
    assert "mailbox:       1001@default" in result.stdout
    assert json.loads(run("outbox", "show", 2, "--site", ledger.file, "--json").stdout)["id"] == 2


@pytest.mark.parametrize("number", [77, 2**63 - 1])
def test_a_message_that_is_not_there_exits_1(run: Run, ledger: SiteFolder, number: int) -> None:
    result = run("outbox", "show", number, "--site", ledger.file)
    assert (result.exit_code, f"no entry {number}" in result.stderr) == (1, True)


@pytest.mark.parametrize("number", ["0", "-1", "x", str(2**70)])
def test_what_is_no_number_of_a_message_is_a_wrong_command_line(
    run: Run, ledger: SiteFolder, number: str
) -> None:
    assert run("outbox", "show", "--site", ledger.file, "--", number).exit_code == 2


def test_retry_makes_a_message_wait_again_and_drop_gives_it_up(
    run: Run, ledger: SiteFolder
) -> None:
    retried = run("outbox", "retry", 2, "--site", ledger.file)
    words = "2 to sari@klinik.example: waits for `voxpost run`, which looks every 30 s.\n"
    assert retried.stdout == words
    dropped = run("outbox", "drop", 1, 2, "--site", ledger.file, "--json")
    data = json.loads(dropped.stdout)
    assert [(it["id"], it["state"]) for it in data["changed"]] == [(1, "dropped"), (2, "dropped")]
    assert data["problems"] == []


def test_what_came_back_goes_again_with_its_recording_from_the_telephone(
    run: Run, site: SiteFolder
) -> None:
    """With after_delivery = "keep" ours is removed as soon as the server has the message."""
    msg_id = site.leave_voicemail(0)
    facts = VoicemailFacts("1001@default", msg_id, "0812", "Budi", 1, 1, 1)
    left = entry(1, facts=facts, source=f"voicemail:1001@default:{msg_id}")

    async def bounce() -> None:
        ledger = await open_ledger(sqlite_url(site.state / "ledger.sqlite"))
        box = Outbox(ledger)
        await box.add([left], 1_795_300_000.0)
        await box.settle([End(1, State.DELIVERED)], 1_795_300_001.0)
        await box.bounced(left.message_id, "5.2.2 over quota")
        await ledger.close()

    asyncio.run(bounce())
    assert run("outbox", "retry", 1, "--site", site.file).exit_code == 0
    (again,) = json.loads(run("outbox", "list", "--site", site.file, "--json").stdout)
    assert again["state"] == "waiting"
    assert (site.state / "spool" / again["audio"]).read_bytes().startswith(b"RIFF")


def test_one_that_cannot_be_retried_keeps_no_other_from_it(run: Run, ledger: SiteFolder) -> None:
    result = run("outbox", "retry", 77, 3, 2, "--site", ledger.file)
    assert result.exit_code == 1
    assert "2 to sari@klinik.example" in result.stdout
    assert "no entry 77" in result.stderr
    assert "entry 3 is delivered" in result.stderr
    shown = json.loads(run("outbox", "show", 2, "--site", ledger.file, "--json").stdout)
    assert shown["state"] == State.WAITING


@pytest.mark.parametrize("words", [["list"], ["show", "1"], ["retry", "1"], ["drop", "1"]])
def test_where_no_daemon_ever_ran_no_ledger_is_made(
    run: Run, site: SiteFolder, words: list[str]
) -> None:
    result = run("outbox", *words, "--site", site.file)
    assert (result.exit_code, "`voxpost run` makes it" in result.stderr) == (5, True)
    assert not site.state.exists()


def test_a_ledger_that_is_none_is_named(run: Run, site: SiteFolder) -> None:
    site.state.mkdir()
    (site.state / "ledger.sqlite").write_text("no database, and long enough to be one" * 40)
    for words in (["outbox", "list"], ["status"]):
        result = run(*words, "--site", site.file)
        assert (result.exit_code, "ledger.sqlite" in result.stderr) == (5, True)


@pytest.mark.parametrize("url", ["nonsense", "nosuch://u:hunter2@h/d", "mssql+pyodbc://hunter2@h"])
def test_a_ledger_url_that_leads_nowhere_names_its_key_and_not_its_password(
    run: Run, site: SiteFolder, url: str
) -> None:
    text = site.file.read_text().replace("[service]\n", f'[service]\nledger_url = "{url}"\n')
    site.file.write_text(text)
    result = run("outbox", "list", "--site", site.file)
    assert (result.exit_code, "ledger" in result.stderr) == (5, True)
    assert "hunter2" not in result.output


def test_status_without_a_daemon_says_how_to_start_it(run: Run, ledger: SiteFolder) -> None:
    result = run("status", "--site", ledger.file)
    assert result.exit_code == 1
    assert "not running: start it with `voxpost run`" in result.stdout
    assert "1 waiting, 1 delivered, 1 failed" in result.stdout
    assert "failed 2 to sari@klinik.example: 550 5.1.1" in result.stdout
    assert "\x1b" not in result.stdout
    data = json.loads(run("status", "--site", ledger.file, "--json").stdout)
    assert (data["running"], data["well"], data["daemon"]) == (False, False, None)
    assert data["outbox"]["by_state"] == {"waiting": 1, "delivered": 1, "failed": 1}


def test_status_before_the_first_start_makes_no_ledger(run: Run, site: SiteFolder) -> None:
    result = run("status", "--site", site.file)
    assert (result.exit_code, "outbox:      empty" in result.stdout) == (1, True)
    assert not site.state.exists()


@contextmanager
def stranger(port: int, answer: bytes) -> Iterator[None]:
    """Another program on the daemon's port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", port), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 200 OK\r\n\r\n[1]",
        b'HTTP/1.0 200 OK\r\n\r\n{"healthy": true}',
        b"HTTP/1.0 200 OK\r\n\r\n<html>",
        b"HTTP/1.0 404 No\r\n\r\n",
        b"SSH-2.0-x\r\n",
    ],
)
def test_another_program_on_the_port_is_not_taken_for_the_daemon(
    run: Run, ledger: SiteFolder, answer: bytes
) -> None:
    with stranger(ledger.ports["http"], answer):
        result = run("status", "--site", ledger.file)
    assert (result.exit_code, "not running" in result.stdout) == (1, True)
