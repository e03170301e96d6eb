"""What putting configuration live asks of a real Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ami.connection import AmiConnection
from ami.errors import ReloadRefused
from ami.reload import Reloader
from ami.settings import AmiSettings
from tests.ami.fake_ami import running


@pytest.fixture
async def connection(any_asterisk: Any) -> AsyncIterator[AmiConnection]:
    settings = AmiSettings(
        any_asterisk.host,
        any_asterisk.ami_port,
        any_asterisk.ami_user,
        any_asterisk.ami_secret,
        events=False,
    )
    async with running(AmiConnection(settings)) as connection:
        yield connection


@pytest.fixture
def reloader(connection: AmiConnection) -> Reloader:
    return Reloader(connection)


@pytest.mark.parametrize(
    "module", ["pbx_config", "app_voicemail", "res_pjsip", "app_queue", "app_confbridge"]
)
async def test_the_modules_that_voxpost_configures_reload(reloader: Reloader, module: str) -> None:
    await reloader.reload(module)


@pytest.mark.parametrize(
    ("module", "words"), [("app_nosuch", "No such module"), ("app_echo", "does not support")]
)
async def test_a_refusal_is_told_in_asterisks_words(
    reloader: Reloader, module: str, words: str
) -> None:
    with pytest.raises(ReloadRefused, match=words):
        await reloader.reload(module)


async def test_it_sees_what_asterisk_has(reloader: Reloader) -> None:
    assert {"100", "6001", "h"} <= await reloader.dialplan("lab")
    assert await reloader.dialplan("no-such-context") == set()
    assert "lab" in await reloader.endpoints()
    assert {"6001@default", "6002@default"} <= await reloader.voicemail_users()


async def test_it_counts_the_calls_that_are_up(
    reloader: Reloader, connection: AmiConnection, any_asterisk: Any
) -> None:
    await any_asterisk.rx("channel request hangup all")  # what other tests left
    await no_calls(reloader)
    call = {"Channel": "Local/200@lab", "Application": "Wait", "Data": "30"}
    (await connection.action("Originate", call)).or_fail()  # answers once the call is up
    assert await reloader.active_calls() == 2  # each half of a Local channel is one
    (await connection.action("Hangup", {"Channel": "/^Local.200@lab/"})).or_fail()
    await no_calls(reloader)


async def no_calls(reloader: Reloader) -> None:
    # A channel is off the list of channels before its call is off the count: no event tells.
    async with asyncio.timeout(10):
        while await reloader.active_calls():
            await asyncio.sleep(0.05)


async def test_a_new_extension_is_there_after_the_reload(
    reloader: Reloader, any_asterisk: Any
) -> None:
    file = any_asterisk.etc_dir / "extensions.conf"
    before = file.read_text()
    try:
        file.write_text(before + "\n[reload-trial]\nexten => _0X.,1,NoOp()\n")
        await reloader.reload("pbx_config")
        assert await reloader.dialplan("reload-trial") == {"_0X."}
    finally:
        file.write_text(before)
        await reloader.reload("pbx_config")
