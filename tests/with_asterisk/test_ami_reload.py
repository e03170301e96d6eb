"""What putting configuration live asks of a real Asterisk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from ami.connection import AmiConnection
from ami.errors import ReloadRefused
from ami.reload import Reloader
from ami.settings import AmiSettings
from tests.ami.fake_ami import running


@pytest.fixture
async def reloader(any_asterisk: Any) -> AsyncIterator[Reloader]:
    settings = AmiSettings(
        any_asterisk.host,
        any_asterisk.ami_port,
        any_asterisk.ami_user,
        any_asterisk.ami_secret,
        events=False,
    )
    async with running(AmiConnection(settings)) as connection:
        yield Reloader(connection)


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


async def test_it_sees_what_asterisk_has(reloader: Reloader, any_asterisk: Any) -> None:
    assert {"100", "6001", "h"} <= await reloader.dialplan("lab")
    assert await reloader.dialplan("no-such-context") == set()
    assert "lab" in await reloader.endpoints()
    assert {"6001@default", "6002@default"} <= await reloader.voicemail_users()
    assert await reloader.active_calls() >= 0
    assert (await reloader.version()).startswith(any_asterisk.version)


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
