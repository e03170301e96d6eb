"""`voxpost run` beside a real Asterisk on generated files: calls become mails."""

from __future__ import annotations

import asyncio
import signal
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cli.ami_session import manager_session
from cli.manager_accounts import ami_settings
from lab.phone import Phone
from lab.speech import from_prompt, read_audio
from pbx.hours import DAYS
from pbx.site import load_site
from tests.cli.daemon_process import running
from tests.with_asterisk.live_site import CALLER, LiveSite, mail_for

pytestmark = pytest.mark.asyncio(loop_scope="session")

GREETING = 7.0  # seconds of greeting and instructions, until after the beep


async def counts(site: LiveSite, number: str) -> tuple[str, str]:
    """What Asterisk's lamp goes by: new and old messages."""
    async with manager_session(ami_settings(load_site(site.file))) as connection:
        reply = await connection.action("MailboxCount", {"Mailbox": f"{number}@default"})
        return reply.get("NewMessages"), reply.get("OldMessages")


async def test_calls_become_mails_and_each_mailbox_gets_what_it_asks_for(
    live: LiveSite, phone: Phone
) -> None:
    live.begin("calls")
    async with live.mail_server() as server, running(live.file) as daemon:
        await daemon.logged("ami.connected")
        await live.speak("1002")
        await live.speak("1003")
        speech = from_prompt(live.asterisk.sounds_dir, 3.0)
        called = await phone.call(
            "1001",
            live.asterisk.ports.sip,
            speech=speech,
            speak_after=GREETING,
            caller_name="Budi Santoso",
            login=CALLER,
        )
        assert called.answered, called.words
        mail = (await mail_for(server, "1001")).read()
        (recording,) = mail.iter_attachments()
        file = live.folder / "received.wav"
        content = recording.get_content()
        assert isinstance(content, bytes)
        file.write_bytes(content)
        heard = read_audio(file)
        assert heard.seconds > 2
        assert heard.loudness == pytest.approx(speech.loudness, abs=6)

        await live.asterisk.rx("channel request hangup all")
        await mail_for(server, "1002")
        await mail_for(server, "1003")
        await daemon.logged("mailbox in step", times=2)
        assert await counts(live, "1001") == ("1", "0")
        assert await counts(live, "1002") == ("0", "1")
        assert await counts(live, "1003") == ("0", "0")
        assert [len(live.inbox(number)) for number in ("1001", "1002", "1003")] == [1, 0, 0]
        assert len(live.inbox("1002", "Old")) == 1
        assert "asterisk:    connected, version 22" in await live.status()
        assert len(server.received) == 3


async def test_a_caller_who_gives_up_becomes_a_missed_call_mail(
    live: LiveSite, phone: Phone
) -> None:
    live.begin("missed")
    async with live.mail_server() as server, running(live.file):
        await phone.call("1001", live.asterisk.ports.sip, hangup_after=1, login=CALLER)
        mail = await mail_for(server, "1001")
    assert list(mail.read().iter_attachments()) == []
    assert "issed" in mail.subject


async def test_with_a_wrong_secret_the_sweep_goes_on_and_status_says_so(live: LiveSite) -> None:
    live.begin("refused", secret="not-the-secret")
    live.leave_by_hand("1002")
    async with live.mail_server() as server, running(live.file) as daemon:
        await mail_for(server, "1002")
        await daemon.logged("no manager connection")
        said = await live.status()
        assert "asterisk:    NOT connected: " in said
        assert "not-the-secret" not in said + daemon.log
        # Mended: the administrator sends SIGHUP, and what was owed is done.
        live.write(state="refused")
        daemon.signal(signal.SIGHUP)
        await daemon.logged("ami.connected")
        await daemon.logged("mailbox in step")
    assert live.inbox("1002") == []


async def test_a_message_left_while_asterisk_restarts_is_mailed(live: LiveSite) -> None:
    live.begin("restart")
    async with live.mail_server() as server, running(live.file) as daemon:
        await daemon.logged("ami.connected")
        await live.asterisk.stop()
        await daemon.logged("ami.link_down")
        live.leave_by_hand("1003")
        await live.asterisk.start()
        await daemon.logged("ami.connected", times=2)
        await mail_for(server, "1003")
        await daemon.logged("mailbox in step")
        assert await counts(live, "1003") == ("0", "0")


async def test_the_main_number_goes_by_the_hour(live: LiveSite, phone: Phone) -> None:
    tomorrow = datetime.now(ZoneInfo("Asia/Jakarta")) + timedelta(days=1)
    live.begin("office")
    sip = live.asterisk.ports.sip
    async with live.mail_server() as server, running(live.file) as daemon:
        await phone.call("100", sip, hangup_after=1, login=CALLER)
        await mail_for(server, "1002")  # open
        live.write(state="office", hours=f"{DAYS[tomorrow.weekday()]} 00:00-24:00")
        daemon.signal(signal.SIGHUP)
        await daemon.logged("site file reread")
        await phone.call("100", sip, hangup_after=1, login=CALLER)
        await mail_for(server, "1001")  # closed


async def test_asterisk_that_stops_in_the_middle_of_a_recording_loses_nothing(
    live: LiveSite,
) -> None:
    live.begin("middle")
    async with live.mail_server() as server, running(live.file) as daemon:
        await daemon.logged("ami.connected")
        await live.speak("1003")
        recording = live.asterisk.spool_dir / "voicemail/default/1003/tmp"
        async with asyncio.timeout(20):
            while not list(recording.glob("*.wav")):
                await asyncio.sleep(0.1)  # Asterisk tells nobody
        await asyncio.sleep(1.5)  # of speech
        await live.asterisk.restart()
        await daemon.logged("ami.connected", times=2)
        await mail_for(server, "1003")
