"""The transaction against an Asterisk that refuses, hangs, or is not there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dialplan_templates.apply import Applied, Applier
from dialplan_templates.errors import ApplyRefused, CannotWrite, NotOurs
from dialplan_templates.expected import expected_of
from dialplan_templates.mark import with_mark
from dialplan_templates.modules import READERS
from dialplan_templates.render import FILES, PRIVATE_FILES
from tests.dialplan_templates.generated import person, render_site, site_of

Step = Callable[[str], Awaitable[None]]


class FakeAsterisk:
    """It has all that the site needs; on_reload may say otherwise."""

    def __init__(self, on_reload: Step | None = None) -> None:
        expected = expected_of(NEW_SITE)
        self.contexts = {name: set(extensions) for name, extensions in expected.dialplan.items()}
        self.names = set(expected.endpoints)
        self.boxes = set(expected.mailboxes)
        self.reloads: list[str] = []
        self._on_reload = on_reload

    async def reload(self, module: str) -> None:
        self.reloads.append(module)
        if self._on_reload is not None:
            await self._on_reload(module)

    async def dialplan(self, context: str) -> set[str]:
        return self.contexts.get(context, set())

    async def endpoints(self) -> set[str]:
        return self.names

    async def voicemail_users(self) -> set[str]:
        return self.boxes

    async def active_calls(self) -> int:
        return 2


OLD_SITE = site_of([person(1001)])
NEW_SITE = site_of([person(1001), person(777)])


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    for name, text in render_site(OLD_SITE).items():
        (tmp_path / name).write_text(with_mark(text))
    return tmp_path


def there(etc: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in etc.glob("*.conf")}


async def apply(etc: Path, asterisk: FakeAsterisk, *, time_limit: float = 5.0) -> Applied:
    applier = Applier(
        config_dir=etc,
        log_dir=etc / "log",
        reloader=asterisk,
        now=lambda: datetime.now(UTC),
        time_limit=time_limit,
        log_delay=0.0,
    )
    return await applier.apply(render_site(NEW_SITE), expected_of(NEW_SITE))


async def test_only_the_modules_concerned_are_reloaded_in_order(etc: Path) -> None:
    asterisk = FakeAsterisk()
    applied = await apply(etc, asterisk)
    assert asterisk.reloads == ["app_voicemail", "res_pjsip", "pbx_config"]
    assert applied.reloaded == ("app_voicemail", "res_pjsip", "pbx_config")
    assert not applied.log_read
    assert not (etc / "voxpost-backup" / "unfinished").exists()


async def test_a_second_time_nothing_is_touched(etc: Path) -> None:
    await apply(etc, FakeAsterisk())
    asterisk = FakeAsterisk()
    assert await apply(etc, asterisk) == Applied()
    assert asterisk.reloads == []


async def test_a_refused_reload_puts_everything_back_and_reloads_again(etc: Path) -> None:
    before = there(etc)
    failures = iter([RuntimeError("No such module")])

    async def refuse(module: str) -> None:
        if module == "res_pjsip":
            for failure in failures:
                raise failure

    asterisk = FakeAsterisk(refuse)
    with pytest.raises(ApplyRefused, match="No such module") as refused:
        await apply(etc, asterisk)
    assert refused.value.restored
    assert there(etc) == before
    assert asterisk.reloads[-3:] == ["app_voicemail", "res_pjsip", "pbx_config"]


@pytest.mark.parametrize("lost", ["contexts", "names", "boxes"])
async def test_what_asterisk_does_not_have_afterwards_is_named(etc: Path, lost: str) -> None:
    before = there(etc)
    asterisk = FakeAsterisk()
    setattr(asterisk, lost, type(getattr(asterisk, lost))())
    with pytest.raises(ApplyRefused, match="Asterisk does not have"):
        await apply(etc, asterisk)
    assert there(etc) == before


async def test_an_asterisk_that_hangs_is_given_up_and_all_is_put_back(etc: Path) -> None:
    before = there(etc)
    hanging = True

    async def hang(module: str) -> None:
        nonlocal hanging
        if hanging:
            hanging = False
            await asyncio.Event().wait()

    with pytest.raises(ApplyRefused, match="no answer in time"):
        await apply(etc, FakeAsterisk(hang), time_limit=0.2)
    assert there(etc) == before


async def test_a_cancelled_apply_puts_everything_back_first(etc: Path) -> None:
    before = there(etc)
    reached, first = asyncio.Event(), True

    async def hang(module: str) -> None:
        nonlocal first
        if first:
            first = False
            reached.set()
            await asyncio.Event().wait()

    asterisk = FakeAsterisk(hang)
    task = asyncio.create_task(apply(etc, asterisk))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert there(etc) == before
    assert asterisk.reloads == ["app_voicemail", "app_voicemail", "res_pjsip", "pbx_config"]


async def test_when_putting_back_fails_too_it_is_said(etc: Path) -> None:
    async def refuse(module: str) -> None:
        raise ConnectionError("the link is gone")

    with pytest.raises(ApplyRefused, match="could not all be put back") as refused:
        await apply(etc, FakeAsterisk(refuse))
    assert not refused.value.restored
    assert any("reload of res_pjsip with the old file" in line for line in refused.value.words)


async def test_an_asterisk_that_does_not_answer_at_all_changes_nothing(etc: Path) -> None:
    before = there(etc)
    asterisk = FakeAsterisk()

    async def nobody() -> int:
        raise ConnectionRefusedError("nobody listens")

    asterisk.active_calls = nobody  # type: ignore[method-assign]
    with pytest.raises(ConnectionRefusedError):
        await apply(etc, asterisk)
    assert there(etc) == before


async def test_after_a_crash_the_files_that_asterisk_never_read_are_reloaded(etc: Path) -> None:
    from dialplan_templates.compare import compare
    from dialplan_templates.transaction import FileTransaction

    changes = [c for c in compare(render_site(NEW_SITE), etc) if c.changed]
    FileTransaction(etc, changes, datetime.now(UTC)).begin()  # the program died here
    asterisk = FakeAsterisk()
    applied = await apply(etc, asterisk)
    assert "pjsip.conf" in applied.changed
    assert "res_pjsip" in asterisk.reloads


async def test_foreign_and_edited_files_stop_it(etc: Path) -> None:
    (etc / "pjsip.conf").write_text("[mine]\n")
    (etc / "voicemail.conf").write_text((etc / "voicemail.conf").read_text() + "; mine\n")
    asterisk = FakeAsterisk()
    with pytest.raises(NotOurs) as refused:
        await apply(etc, asterisk)
    assert refused.value.foreign == ("pjsip.conf",)
    assert refused.value.edited == ("voicemail.conf",)
    assert asterisk.reloads == []


async def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="No such file"):
        await apply(tmp_path / "none", FakeAsterisk())


def test_every_file_has_its_reader() -> None:
    assert set(READERS) == {*FILES, *PRIVATE_FILES}
