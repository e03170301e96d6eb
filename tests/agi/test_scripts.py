"""The verbs, against a channel that answers from a table."""

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from agi import scripts
from agi.call import Call
from agi.errors import DuplicateScript
from agi.registry import Script, discover, script
from agi.replies import Reply
from agi.runner import run_script
from agi.services import MissedCall, OfficeState
from agi.statistics import ScriptStatistics


class Table:
    """A channel whose variables are a dictionary."""

    hung_up = True

    def __init__(self, variables: dict[str, str]) -> None:
        self.variables = variables

    async def execute(self, command: bytes) -> Reply:
        words = command.decode().strip().split('"')
        if words[0] == "GET VARIABLE ":
            value = self.variables.get(words[1])
            return Reply(200, "", "0") if value is None else Reply(200, "", "1", value)
        assert words[0] == "SET VARIABLE "
        self.variables[words[1]] = words[3]
        return Reply(200, "", "1")

    async def send_last(self, command: bytes) -> None:
        await self.execute(command)


async def run(name: str, services: Any, variables: Mapping[str, str], *args: str) -> dict[str, str]:
    table = Table(dict(variables))
    call = Call(table, {"agi_uniqueid": "17.1"}, name, args=args)
    await run_script(discover()[name], call, services, ScriptStatistics())
    return {key: value for key, value in table.variables.items() if variables.get(key) != value}


LEFT = {
    "VOXPOST_MAILBOX": "1001@default",
    "VMSTATUS": "SUCCESS",
    "VM_MESSAGEFILE": "/var/spool/asterisk/voicemail/default/1001/INBOX/msg0000",
}


async def test_a_voicemail_left_is_handed_over(services: Any) -> None:
    assert await run("voicemail-left", services, LEFT) == {"VOXPOST_RESULT": "done"}
    assert services.voicemails == ["1001@default"]


async def test_the_mailbox_can_stand_in_the_arguments(services: Any) -> None:
    await run("voicemail-left", services, LEFT, "1002@default")
    assert services.voicemails == ["1002@default"]


async def test_a_message_that_another_hint_handed_over_is_nothing_new(services: Any) -> None:
    services.messages = 0
    assert await run("voicemail-left", services, LEFT) == {"VOXPOST_RESULT": "nothing"}


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"VOXPOST_MAILBOX": "1001@default"},
        {"VOXPOST_MAILBOX": "1001@default", "VMSTATUS": "FAILED", "VM_MESSAGEFILE": ""},
        {"VMSTATUS": "SUCCESS"},
    ],
)
async def test_no_voicemail_is_nothing(services: Any, variables: dict[str, str]) -> None:
    assert await run("voicemail-left", services, variables) == {"VOXPOST_RESULT": "nothing"}
    assert services.voicemails == []


async def test_a_caller_who_left_by_a_key_may_have_left_a_message(services: Any) -> None:
    variables = {"VOXPOST_MAILBOX": "1001@default", "VMSTATUS": "USEREXIT"}
    await run("voicemail-left", services, variables)
    assert services.voicemails == ["1001@default"]


MISSED = {
    "VOXPOST_EXTENSION": "1001",
    "DIALSTATUS": "NOANSWER",
    "CALLERID(num)": "5550007",
    "CALLERID(name)": "Caller Seven",
    "UNIQUEID": "1700000000.5",
}


async def test_a_missed_call_is_handed_over(services: Any) -> None:
    assert await run("missed-call", services, MISSED) == {"VOXPOST_RESULT": "done"}
    at = datetime.datetime(2026, 3, 2, 12, 0, tzinfo=datetime.UTC)
    assert services.missed == [MissedCall("1001", "5550007", "Caller Seven", at, "1700000000.5")]


async def test_a_missed_call_of_nobody_has_empty_names(services: Any) -> None:
    await run("missed-call", services, {"VOXPOST_EXTENSION": "1001"})
    (missed,) = services.missed
    assert (missed.caller_number, missed.caller_name, missed.unique_id) == ("", "", "17.1")


@pytest.mark.parametrize(
    "more", [{"DIALSTATUS": "ANSWER"}, {"VMSTATUS": "SUCCESS"}, {"VOXPOST_EXTENSION": ""}]
)
async def test_an_answered_call_or_one_with_a_message_is_not_missed(
    services: Any, more: dict[str, str]
) -> None:
    assert await run("missed-call", services, MISSED | more) == {"VOXPOST_RESULT": "nothing"}
    assert services.missed == []


@pytest.mark.parametrize("dialled", ["BUSY", "CANCEL", "CHANUNAVAIL", "CONGESTION", ""])
async def test_every_way_of_not_answering_is_missed(services: Any, dialled: str) -> None:
    await run("missed-call", services, MISSED | {"DIALSTATUS": dialled, "VMSTATUS": "FAILED"})
    assert len(services.missed) == 1


async def test_office_hours_answers_open_and_closed(services: Any) -> None:
    assert await run("office-hours", services, {}) == {
        "VOXPOST_OFFICE": "open",
        "VOXPOST_GREETING": "welcome",
        "VOXPOST_DESTINATION": "2000",
        "VOXPOST_RESULT": "done",
    }
    services.office = OfficeState(open=False, greeting="closed", destination="", reason="Sunday")
    with capture_logs() as logs:
        assert (await run("office-hours", services, {}))["VOXPOST_OFFICE"] == "closed"
    (log,) = logs
    assert (log["event"], log["open"], log["reason"]) == ("agi.office", False, "Sunday")


@pytest.mark.parametrize("name", ["voicemail-left", "missed-call", "office-hours"])
async def test_on_trouble_every_verb_leaves_the_templates_default(services: Any, name: str) -> None:
    services.trouble = OSError("ledger gone")
    assert await run(name, services, LEFT | MISSED | {"VMSTATUS": "", "DIALSTATUS": ""}) == {
        "VOXPOST_RESULT": "failed"
    }


async def test_a_new_verb_is_one_new_file(
    services: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "greet.py").write_text(
        "from agi.registry import script\n\n\n"
        "@script('greet', time_limit=1)\n"
        "async def greet(call, services):\n"
        "    await call.set_variable('GREETED', call.args[0])\n"
    )
    before = discover()
    assert set(before) == {"voicemail-left", "missed-call", "office-hours", "send-text"}
    assert all(one.time_limit > 0 for one in before.values())
    monkeypatch.setattr(scripts, "__path__", [*scripts.__path__, str(tmp_path)])
    assert set(discover()) == {*before, "greet"}
    assert await run("greet", services, {}, "Budi") == {"GREETED": "Budi"}


def test_two_scripts_of_one_name_are_refused(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "twice"
    package.mkdir()
    text = (
        "from agi.registry import script\n\n\n"
        "@script('same', time_limit=1)\nasync def same(call, services):\n    pass\n"
    )
    for name in ("__init__.py", "one.py", "two.py"):
        (package / name).write_text("" if name == "__init__.py" else text)
    monkeypatch.syspath_prepend(tmp_path)
    import twice  # type: ignore[import-not-found]

    with pytest.raises(DuplicateScript, match="same"):
        discover(twice)


def test_the_decorator_keeps_no_global_state() -> None:
    @script("private", time_limit=1)
    async def private(call: Call, services: Any) -> None: ...

    assert isinstance(private, Script)
    assert "private" not in discover()


TEXT = {"CALLERID(num)": "08111111111", "VOXPOST_TEXT": "Kami telepon kembali, ya."}


async def test_a_text_is_asked_for_to_the_caller(services: Any) -> None:
    assert await run("send-text", services, TEXT) == {"VOXPOST_RESULT": "done"}
    (wanted,) = services.texts
    assert (wanted.number, wanted.body) == ("08111111111", "Kami telepon kembali, ya.")
    assert wanted.unique_id == "17.1"


async def test_a_text_goes_to_the_number_in_the_arguments_first(services: Any) -> None:
    await run("send-text", services, TEXT, "08122222222")
    assert services.texts[0].number == "08122222222"


async def test_a_text_that_is_refused_says_why(services: Any) -> None:
    services.refusal = "over-cap-site"
    assert await run("send-text", services, TEXT) == {
        "VOXPOST_RESULT": "refused",
        "VOXPOST_REASON": "over-cap-site",
    }


@pytest.mark.parametrize("missing", sorted(TEXT))
async def test_without_a_number_or_words_there_is_no_text(services: Any, missing: str) -> None:
    variables = {name: value for name, value in TEXT.items() if name != missing}
    assert await run("send-text", services, variables) == {"VOXPOST_RESULT": "nothing"}
    assert services.texts == []
