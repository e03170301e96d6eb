"""Escaping, judged by Asterisk itself: many odd values written, and read back from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from dialplan_templates import escape
from dialplan_templates.errors import UnsafeValue
from lab.packages import PackageTree
from lab.ports import AsteriskPorts, PortFinder
from tests.dialplan_templates.generated import GeneratedPbx, generated_pbx, person

SIGNS = """;,"'\\()[]${}=>&|<>#!-~ a1é%^*@/:?"""
ARGUMENTS = """{% include "ours/extensions.conf.j2" %}

[arguments]
exten => s,1,AGI({{ command | argument("command") }}
{%- for one in people %},{{ one.name | argument(one.key) }}{% endfor %})
"""


@dataclass(frozen=True)
class Written:
    """The values that stand in the files of a running Asterisk."""

    pbx: GeneratedPbx
    passwords: list[str]
    names: list[str]


def odd_values(seed: int, count: int) -> list[str]:
    """Values that every escaper takes; what one refuses is tested elsewhere."""
    random = Random(seed)
    found: list[str] = []
    while len(found) < count:
        value = "".join(random.choices(SIGNS, k=random.randint(8, 30)))
        try:
            escape.argument(value, "test")
        except UnsafeValue:
            continue
        found.append(value)
    return found


@pytest.fixture(params=["asterisk22_tree", "asterisk16_tree"])
async def written(
    request: pytest.FixtureRequest, tmp_path: Path, port_finder: PortFinder
) -> AsyncIterator[Written]:
    tree = request.getfixturevalue(request.param)
    assert isinstance(tree, PackageTree)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/extensions.conf.j2").write_text(ARGUMENTS)
    program = tmp_path / "program"
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > "{tmp_path}/said.new"\n'
        f'mv "{tmp_path}/said.new" "{tmp_path}/said"\n'
    )
    program.chmod(0o755)
    passwords, names = odd_values(1, 50), odd_values(2, 50)
    people = [
        person(1000 + i, name=name, phone={"password": password})
        for i, (name, password) in enumerate(zip(names, passwords, strict=True))
    ]
    async with generated_pbx(
        tree,
        tmp_path / "g",
        AsteriskPorts.pick(port_finder, rtp=20),
        people,
        command=program,
        service={"templates_dir": tmp_path / "templates"},
    ) as pbx:
        yield Written(pbx, passwords, names)


async def test_asterisk_reads_every_value_as_it_was_meant(written: Written) -> None:
    users = await written.pbx.rx("voicemail show users")
    for i, (password, name) in enumerate(zip(written.passwords, written.names, strict=True)):
        auth = await written.pbx.rx(f"pjsip show auth phone-{1000 + i}")
        assert f" : {password}\n" in auth
        endpoint = await written.pbx.rx(f"pjsip show endpoint phone-{1000 + i}")
        caller = escape.caller_name(name, "test").replace("\\;", ";")
        assert f' : "{caller}" <{1000 + i}>' in endpoint
        assert escape.mailbox_name(name, "test").replace("\\;", ";") in users


async def test_every_argument_reaches_its_program_alone(written: Written) -> None:
    said = await written.pbx.rx("channel originate Local/s@arguments/n application Wait 5")
    assert said == ""
    file = written.pbx.command.with_name("said")
    async with asyncio.timeout(10):
        while not file.exists():
            await asyncio.sleep(0.05)
    assert file.read_text().splitlines() == written.names
