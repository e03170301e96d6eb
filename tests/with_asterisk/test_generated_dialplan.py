"""The generated dialplan: real calls through it, with voxpost, without, and with one that hangs."""

from __future__ import annotations

import asyncio
import shutil
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agi import variables
from lab.packages import PackageTree
from lab.ports import AsteriskPorts, PortFinder
from tests.dialplan_templates.generated import (
    AgiStub,
    Asked,
    GeneratedPbx,
    generated_pbx,
    person,
    render_site,
    site_of,
)
from tests.dialplan_templates.sip_phone import SipPhone

PEOPLE = [
    person(1001),
    person(1002, voicemail=False),
    person(1003, phone=None),
    person(1004, phone={"password": "sip-password-1004", "username": "sari"}),
]

# The keys of somebody who listens to the prompts of VoiceMailMain and changes the PIN.
CHANGES_ITS_PIN = """{% include "ours/extensions.conf.j2" %}

[pin]
exten => box,1,Answer()
 same => n,VoiceMailMain(1003@default)
exten => keys,1,Answer()
 same => n,Wait(1)
 same => n,SendDTMF(4242#,200,150)
 same => n,Wait(9)
 same => n,SendDTMF(0,200,150)
 same => n,Wait(3)
 same => n,SendDTMF(5,200,150)
 same => n,Wait(3)
 same => n,SendDTMF(9753#,200,150)
 same => n,Wait(4)
 same => n,SendDTMF(9753#,200,150)
 same => n,Wait(4)
"""


@pytest.fixture(params=["asterisk22_tree", "asterisk16_tree"])
async def pbx(
    request: pytest.FixtureRequest, tmp_path: Path, port_finder: PortFinder
) -> AsyncIterator[GeneratedPbx]:
    tree = request.getfixturevalue(request.param)
    assert isinstance(tree, PackageTree)
    # The program of the fallback: it notes how it was called.
    command = tmp_path / "vox post,(1)"
    command.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >> "{tmp_path}/fallback.new"\n'
        f'cp "{tmp_path}/fallback.new" "{tmp_path}/fallback"\n'
    )
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    ports = AsteriskPorts.pick(port_finder, rtp=20)
    async with generated_pbx(
        tree,
        tmp_path / "g",
        ports,
        PEOPLE,
        command=command,
        office={"open_destination": "1003", "closed_destination": "1003"},
        voicemail={"ring_seconds": 5, "min_seconds": 1},
    ) as pbx:
        # A personal greeting, which is shorter than the one read out.
        box = pbx.private.spool_dir / "voicemail/default/1003"
        box.mkdir(parents=True)
        shutil.copy(pbx.private.sounds_dir / "beep.gsm", box / "unavail.gsm")
        yield pbx


async def call(pbx: GeneratedPbx, number: str, far_end: str, context: str = "incoming") -> None:
    """Call a number; the caller runs an application, and hangs up when it ends."""
    said = await pbx.rx(
        f"channel originate Local/{number}@voxpost-{context}/n application {far_end}"
    )
    assert said == ""


async def asked(agi: AgiStub) -> Asked:
    async with asyncio.timeout(30):
        return await agi.asked.get()


async def test_a_recording_is_handed_over_when_the_caller_hangs_up_during_it(
    pbx: GeneratedPbx,
) -> None:
    async with AgiStub().listening(pbx.ports.agi) as agi:
        # The greeting takes six seconds; the caller speaks over it and beyond.
        await call(pbx, "1003", "Playback vm-intro&demo-thanks")
        question = await asked(agi)
    assert question.script == "voicemail-left"
    assert question.variables[variables.MAILBOX] == "1003@default"
    assert question.variables[variables.VMSTATUS] == "SUCCESS"
    message = Path(question.variables[variables.VM_MESSAGEFILE])
    assert message.with_suffix(".txt").exists()


async def test_a_caller_who_gives_up_during_the_greeting_has_called_in_vain(
    pbx: GeneratedPbx,
) -> None:
    async with AgiStub().listening(pbx.ports.agi) as agi:
        await call(pbx, "1003", "Wait 2")
        question = await asked(agi)
    assert question.script == "missed-call"
    assert question.variables[variables.EXTENSION] == "1003"


async def test_a_caller_who_gives_up_while_it_rings_has_called_in_vain(pbx: GeneratedPbx) -> None:
    async with SipPhone(pbx.ports.sip, "phone-1001", "sip-password-1001") as phone:
        await phone.register()
        async with AgiStub().listening(pbx.ports.agi) as agi:
            await call(pbx, "1001", "Wait 1")
            await phone.rings()
            await pbx.rx("channel request hangup all")
            question = await asked(agi)
    assert question.script == "missed-call"
    assert question.variables[variables.EXTENSION] == "1001"


async def test_a_telephone_with_a_name_of_its_own_for_authentication_rings(
    pbx: GeneratedPbx,
) -> None:
    async with SipPhone(pbx.ports.sip, "phone-1004", "sip-password-1004", "sari") as phone:
        await phone.register()
        await call(pbx, "1004", "Wait 10", "phones")
        await phone.rings()


async def test_a_stranger_or_a_wrong_password_is_not_registered(pbx: GeneratedPbx) -> None:
    async with SipPhone(pbx.ports.sip, "phone-1001", "wrong-password") as phone:
        with pytest.raises(PermissionError):
            await phone.register()
    async with SipPhone(pbx.ports.sip, "1001", "sip-password-1001") as phone:
        with pytest.raises(PermissionError):
            await phone.register()


@pytest.mark.parametrize("user", ["x&PJSIP/phone-1004/sip:evil", "x,99,g"])
async def test_a_telephone_cannot_add_devices_or_options_to_the_dial(
    pbx: GeneratedPbx, user: str
) -> None:
    async with (
        SipPhone(pbx.ports.sip, "phone-1001", "sip-password-1001") as phone,
        SipPhone(pbx.ports.sip, "phone-1004", "sip-password-1004", "sari") as other,
    ):
        await phone.register(contact_user=user)
        await other.register()
        await call(pbx, "1001", "Wait 10")
        await phone.rings()
        dialled = [
            line
            for line in (await pbx.rx("core show channels concise")).splitlines()
            if "!Dial!" in line
        ]
        assert len(dialled) == 1
        assert "!Dial!PJSIP/phone-1001,5!" in dialled[0]
        assert not other.has_rung


async def test_a_number_of_nobody_asks_nothing_and_ends(pbx: GeneratedPbx) -> None:
    async with AgiStub().listening(pbx.ports.agi) as agi:
        await call(pbx, "1999", "Wait 30")
        while "0 active channels" not in await pbx.rx("core show channels"):
            await asyncio.sleep(0.1)
        assert agi.asked.empty()


async def test_without_voxpost_a_missed_call_is_noted_by_a_process_and_a_recording_waits(
    pbx: GeneratedPbx,
) -> None:
    await call(pbx, "1003", "Playback vm-intro&demo-thanks")  # leaves a recording: no process
    await call(pbx, "1003", "Wait 1")  # hangs up in the greeting
    words = pbx.command.with_name("fallback")
    async with asyncio.timeout(30):
        while not words.exists():
            await asyncio.sleep(0.1)
    said = words.read_text().splitlines()
    assert said == ["agi", "--site", "/etc/voxpost/site.toml", "missed-call"]


async def test_the_main_number_goes_where_voxpost_says(pbx: GeneratedPbx) -> None:
    answers = {
        variables.GREETING: "beep",
        variables.DESTINATION: "1001&PJSIP/x",
        variables.OFFICE: "closed",
    }
    async with AgiStub(answers).listening(pbx.ports.agi) as agi:
        await call(pbx, "100", "Wait 3")
        assert (await asked(agi)).script == "office-hours"
        question = await asked(agi)
    assert question.script == "missed-call"
    assert question.variables[variables.EXTENSION] == "1001"
    assert question.variables[variables.MAILBOX] == "1001@default"
    assert question.variables[variables.DIALSTATUS] == ""


@pytest.mark.parametrize("frozen", [False, True], ids=["is down", "hangs"])
async def test_the_main_number_goes_on_when_voxpost(pbx: GeneratedPbx, frozen: bool) -> None:
    async with AgiStub(frozen=True).listening(pbx.ports.agi if frozen else pbx.ports.phone):
        await call(pbx, "100", "Wait 20")
        async with asyncio.timeout(10):
            while "!VoiceMail!1003@default,u!" not in await pbx.rx("core show channels concise"):
                await asyncio.sleep(0.1)


async def test_a_pin_changed_by_telephone_stays_and_does_not_rewrite_our_file(
    asterisk22_tree: PackageTree, tmp_path: Path, port_finder: PortFinder
) -> None:
    (tmp_path / "extensions.conf.j2").write_text(CHANGES_ITS_PIN)
    ports = AsteriskPorts.pick(port_finder, rtp=20)
    async with generated_pbx(
        asterisk22_tree, tmp_path / "g", ports, PEOPLE, service={"templates_dir": tmp_path}
    ) as pbx:
        ours = (pbx.private.etc_dir / "voicemail.conf").read_bytes()
        await pbx.rx("channel originate Local/box@pin/n extension keys@pin")
        changed = pbx.private.spool_dir / "voicemail/default/1003/secret.conf"
        async with asyncio.timeout(60):
            while not (changed.exists() and "password = 9753" in changed.read_text()):
                await asyncio.sleep(0.2)
        assert (pbx.private.etc_dir / "voicemail.conf").read_bytes() == ours


def test_the_channel_variables_are_those_that_the_scripts_use() -> None:
    office = {"open_destination": "1001", "closed_destination": "1001"}
    dialplan = render_site(site_of([person(1001)], office=office))["extensions.conf"]
    for name in (
        variables.MAILBOX,
        variables.EXTENSION,
        variables.OFFICE,
        variables.GREETING,
        variables.DESTINATION,
        variables.RESULT,
        variables.DIALSTATUS,
        variables.VM_MESSAGEFILE,
    ):
        assert f"({name}=" in dialplan or f"${{{name}}}" in dialplan, name
