"""Applying to a running Asterisk over AMI: all of it, or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import dialplan_templates
from dialplan_templates.errors import ApplyRefused, NotOurs
from dialplan_templates.mark import State, state_of
from lab.packages import PackageTree
from lab.phone import Phone
from lab.ports import AsteriskPorts, PortFinder
from tests.dialplan_templates.generated import GeneratedPbx, generated_pbx, person

# An administrator's own version, which adds a trunk that the lab's phone calls through.
TRUNK = """\
{% include "ours/pjsip.conf.j2" %}

[trunk]
type = identify
endpoint = trunk
match = 127.0.0.1
[trunk]
type = endpoint
context = voxpost-trunk
allow = !all,alaw
"""
ECHO = """\
{% include "ours/extensions.conf.j2" %}

[voxpost-trunk]
exten => 43,1,Answer()
 same => n,Echo()
"""


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    folder = tmp_path / "templates"
    folder.mkdir()
    return folder


@pytest.fixture(params=["asterisk22_tree", "asterisk16_tree"])
async def pbx(
    request: pytest.FixtureRequest, tmp_path: Path, templates: Path, port_finder: PortFinder
) -> AsyncIterator[GeneratedPbx]:
    tree = request.getfixturevalue(request.param)
    assert isinstance(tree, PackageTree)
    (templates / "pjsip.conf.j2").write_text(TRUNK)
    (templates / "extensions.conf.j2").write_text(ECHO)
    ports = AsteriskPorts.pick(port_finder, rtp=20)
    async with generated_pbx(
        tree, tmp_path / "g", ports, [person(1001)], service={"templates_dir": templates}
    ) as pbx:
        yield pbx


def etc(pbx: GeneratedPbx) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in pbx.private.etc_dir.glob("*.conf")}


async def test_a_good_one_is_live_and_a_call_goes_on(
    pbx: GeneratedPbx, asterisk22_tree: PackageTree, port_finder: PortFinder, templates: Path
) -> None:
    phone = Phone(asterisk22_tree, port_finder)
    calling = asyncio.create_task(phone.call("43", pbx.ports.sip, hangup_after=4.0))
    async with asyncio.timeout(10):
        while "1 active call" not in await pbx.rx("core show channels"):
            await asyncio.sleep(0.05)
    site = pbx.site(
        [person(1001), person(777)],
        service={"templates_dir": templates},
        voicemail={"context": "v"},
    )
    applied = await pbx.apply(site)
    assert set(applied.changed) == {"pjsip.conf", "extensions.conf", "voicemail.conf"}
    assert applied.restart == ()
    assert (applied.calls_before, applied.calls_after) == (1, 1)
    assert "phone-777" in await pbx.rx("pjsip show endpoints")
    result = await calling
    assert result.finished, result.words
    assert result.seconds > 3.5
    assert (await pbx.apply(site)).changed == ()


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("pjsip.conf", "\n[phone-1001](+)\nno_such_option = 1\n", "no_such_option"),
        ("pjsip.conf", "\n[x]\ntype = endpoint\ndtmf_mode = wrong\n", "dtmf_mode"),
        ("pjsip.conf", "\n[x](no-such-template)\ntype = endpoint\n", "no-such-template"),
        ("extensions.conf", "\n[x]\nexten => 1,Answer()\n", "Answer"),
        ("extensions.conf", "\n[x]\nexten => 1,n,Answer()\n", "n"),
        ("extensions.conf", "\n[x]\nthis is no line\n", "="),
        ("extensions.conf", "\n[x\n", "]"),
        ("voicemail.conf", "\n[x\n", "]"),
        ("manager.conf", "\n[x]\nsecret = y\npermit = nonsense/99\n", "nonsense"),
        ("queues.conf", "\n[q]\nno_such_key = 1\n", "no_such_key"),
        ("confbridge.conf", "\n[r]\ntype = nonsense\n", "category 'r'"),
    ],
)
async def test_a_bad_one_is_put_back_with_asterisks_words(
    pbx: GeneratedPbx, templates: Path, file: str, text: str, words: str
) -> None:
    before = etc(pbx)
    own = templates / f"{file}.j2"
    base = own.read_text() if own.exists() else f'{{% include "ours/{file}.j2" %}}\n'
    own.write_text(base + text)
    site = pbx.site([person(1001), person(777)], service={"templates_dir": templates})
    with pytest.raises(ApplyRefused) as refused:
        await pbx.apply(site)
    assert any(words in line for line in refused.value.words)
    assert refused.value.restored
    assert etc(pbx) == before
    assert "phone-777" not in await pbx.rx("pjsip show endpoints")
    assert "_XXX@" not in await pbx.rx("core show hints")


async def test_a_section_of_a_type_that_asterisk_passes_over_silently_is_missed(
    pbx: GeneratedPbx, templates: Path
) -> None:
    before = etc(pbx)
    ours = Path(dialplan_templates.__file__).with_name("templates") / "vanilla/pjsip.conf.j2"
    (templates / "pjsip.conf.j2").write_text(
        ours.read_text().replace("type = endpoint\n", "type = endpointt\n")
    )
    with pytest.raises(ApplyRefused, match="Asterisk does not have phone-1001"):
        await pbx.apply(pbx.site([person(1001)], service={"templates_dir": templates}))
    assert etc(pbx) == before
    assert "phone-1001" in await pbx.rx("pjsip show endpoints")


async def test_a_lost_context_or_endpoint_is_found_and_put_back(
    pbx: GeneratedPbx, templates: Path
) -> None:
    before = etc(pbx)
    (templates / "extensions.conf.j2").write_text("[other]\nexten => 1,1,Answer()\n")
    (templates / "pjsip.conf.j2").write_text("[global]\ntype = global\n")
    with pytest.raises(ApplyRefused, match="context voxpost-person") as refused:
        await pbx.apply(pbx.site([person(1001)], service={"templates_dir": templates}))
    assert any("phone-1001" in line for line in refused.value.words)
    assert etc(pbx) == before
    assert "'ring'" in await pbx.rx("dialplan show voxpost-person")
    assert "phone-1001" in await pbx.rx("pjsip show endpoints")


async def test_a_hand_edit_is_found_and_only_replaced_by_force(
    pbx: GeneratedPbx, templates: Path
) -> None:
    edited = pbx.private.etc_dir / "voicemail.conf"
    edited.write_text(edited.read_text().replace("maxlogins = 3", "maxlogins = 9"))
    foreign = pbx.private.etc_dir / "rtp.conf"
    foreign.write_text("[general]\nrtpstart = 9000\n")
    before = etc(pbx)
    site = pbx.site([person(1001)], service={"templates_dir": templates})
    with pytest.raises(NotOurs) as refused:
        await pbx.apply(site)
    assert (refused.value.edited, refused.value.foreign) == (("voicemail.conf",), ("rtp.conf",))
    assert etc(pbx) == before

    applied = await pbx.apply(site, force=True)
    assert applied.backup is not None
    assert b"maxlogins = 9" in (applied.backup / "voicemail.conf").read_bytes()
    assert (applied.backup / "rtp.conf").read_bytes() == before["rtp.conf"]
    assert state_of(edited.read_bytes()) is State.OURS


async def test_what_a_reload_cannot_do_is_said(pbx: GeneratedPbx, templates: Path) -> None:
    ports = pbx.ports
    phones = {
        "bind": "127.0.0.1",
        "udp_port": ports.phone,
        "tcp_port": ports.sip,
        "rtp_first": ports.rtp_first,
        "rtp_last": ports.rtp_last,
    }
    site = pbx.site([person(1001)], service={"templates_dir": templates}, phones=phones)
    applied = await pbx.apply(site)
    assert len(applied.restart) == 1
    assert "transport-udp" in applied.restart[0]
