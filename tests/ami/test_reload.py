from __future__ import annotations

import pytest

from ami.connection import AmiConnection
from ami.errors import ActionFailed, NotPermitted, ReloadRefused
from ami.reload import Reloader
from tests.ami.fake_ami import Action, FakeAmi, packet, response


async def test_a_module_that_does_not_reload_is_told_in_asterisks_words(
    server: FakeAmi, connection: AmiConnection
) -> None:
    def reload(action: Action) -> bytes:
        if action["Module"] == "pbx_config":
            return response(action, Message="Module Reloaded")
        return response(action, "Error", Message="No such module")

    server.answers["Reload"] = reload
    await Reloader(connection).reload("pbx_config")
    with pytest.raises(ReloadRefused, match=r"'app_nosuch'.*No such module"):
        await Reloader(connection).reload("app_nosuch")


async def test_a_missing_privilege_is_not_called_a_refused_module(
    server: FakeAmi, connection: AmiConnection
) -> None:
    server.answers["Reload"] = lambda a: response(a, "Error", Message="Permission denied")
    with pytest.raises(NotPermitted, match=r"manager\.conf"):
        await Reloader(connection).reload("pbx_config")


async def test_what_asterisk_does_not_have_is_an_empty_set(
    server: FakeAmi, connection: AmiConnection
) -> None:
    server.answers |= {
        "ShowDialPlan": lambda a: response(a, "Error", Message="Did not find context x"),
        "PJSIPShowEndpoints": lambda a: response(a, "Error", Message="No endpoints found\n"),
        "VoicemailUsersList": lambda a: response(a, Message="There are no voicemail users"),
    }
    reloader = Reloader(connection)
    assert await reloader.dialplan("x") == set()
    assert await reloader.endpoints() == set()
    assert await reloader.voicemail_users() == set()


async def test_another_error_is_raised(server: FakeAmi, connection: AmiConnection) -> None:
    server.answers |= {
        "ShowDialPlan": lambda a: response(a, "Error", Message="Out of memory"),
        "PJSIPShowEndpoints": lambda a: response(a, "Error", Message="Out of memory"),
    }
    with pytest.raises(ActionFailed):
        await Reloader(connection).dialplan("x")
    with pytest.raises(ActionFailed):
        await Reloader(connection).endpoints()


async def test_a_context_is_read_without_its_includes(
    server: FakeAmi, connection: AmiConnection
) -> None:
    def rows(action: Action) -> bytes:
        own = {"Event": "ListDialplan", "ActionID": action["ActionID"], "Context": "lab"}
        return (
            response(action, EventList="start")
            + packet(**own, Extension="100", Priority="1")
            + packet(**own, Extension="100", Priority="2")
            + packet(**own, Extension="_0X.", Priority="1")
            + packet(**own, IncludeContext="other")
            + packet(Event="End", ActionID=action["ActionID"], EventList="Complete")
        )

    server.answers["ShowDialPlan"] = rows
    assert await Reloader(connection).dialplan("lab") == {"100", "_0X."}
