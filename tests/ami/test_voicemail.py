from __future__ import annotations

import asyncio

import pytest

from ami.connection import AmiConnection
from ami.errors import ActionFailed, NotSupported
from ami.settings import AmiSettings
from ami.voicemail import MailboxActions, VoicemailWatcher
from tests.ami.fake_ami import Action, FakeAmi, packet, response, running

MSG = "1795298035-00000002"


class Mailbox:
    """A mailbox of one message on the scripted server. busy: the phone gets there first."""

    def __init__(self, server: FakeAmi, folder: str | None) -> None:
        self.folder = folder
        self.phone_moves_it_to: str | None = folder
        self.works = True
        self.changes = 0
        server.answers |= {
            "VoicemailBoxSummary": self.summary,
            "VoicemailMove": self.change,
            "VoicemailRemove": self.change,
        }

    def summary(self, action: Action) -> bytes:
        assert (action["Mailbox"], action["Context"]) == ("6001", "default")
        if self.folder is None:
            return response(action, Message="There is no voicemail user matching the given user.")
        other = packet(
            Event="VoicemailBoxDetail", ActionID=action["ActionID"], Folder="Work", ID="1"
        )
        ours = packet(
            Event="VoicemailBoxDetail", ActionID=action["ActionID"], Folder=self.folder, ID=MSG
        )
        end = packet(Event="End", ActionID=action["ActionID"], EventList="Complete")
        return response(action, EventList="start") + other + ours + end

    def change(self, action: Action) -> bytes:
        assert action["ID"] == MSG
        self.changes += 1
        moved = self.works and action["Folder"] == self.folder
        if moved:
            self.folder = action.get("ToFolder")
        else:
            self.folder = self.phone_moves_it_to
        words = "successful" if moved else "failed"
        return response(action, Message=f"Message change {words}\n")


@pytest.mark.parametrize("folder", ["INBOX", "Urgent"])
async def test_a_new_message_is_marked_heard_from_whichever_folder(
    server: FakeAmi, connection: AmiConnection, folder: str
) -> None:
    mailbox = Mailbox(server, folder)
    await MailboxActions(connection).mark_heard("6001@default", MSG)
    assert mailbox.folder == "Old"


@pytest.mark.parametrize("folder", ["Old", "Work", None])
async def test_a_message_heard_or_filed_or_gone_is_left_alone(
    server: FakeAmi, connection: AmiConnection, folder: str | None
) -> None:
    mailbox = Mailbox(server, folder)
    await MailboxActions(connection).mark_heard("6001@default", MSG)
    assert (mailbox.folder, mailbox.changes) == (folder, 0)


async def test_a_heard_message_is_made_new_and_no_other(
    server: FakeAmi, connection: AmiConnection
) -> None:
    mailbox = Mailbox(server, "Old")
    for _ in range(2):
        await MailboxActions(connection).mark_new("6001@default", MSG)
        assert (mailbox.folder, mailbox.changes) == ("INBOX", 1)


@pytest.mark.parametrize(
    ("application", "data", "listens"),
    [
        ("VoiceMailMain", "6001@default", True),
        ("VoiceMailMain", "6001@default,s", True),
        ("VoicemailMain", "6001", True),
        ("VoiceMailPlayMsg", "6001@default,1795-2", True),
        ("VoiceMailMain", "", True),  # its caller is asked for the mailbox
        ("VoiceMailMain", "@default", True),
        ("VoiceMailMain", "6002@default", False),
        ("VoiceMailMain", "6001@other", False),
        ("VoiceMail", "6001@default,u", False),
        ("Dial", "PJSIP/6001@default", False),
    ],
)
async def test_it_is_known_who_listens_to_a_mailbox(
    server: FakeAmi, connection: AmiConnection, application: str, data: str, listens: bool
) -> None:
    def channels(action: Action) -> bytes:
        own = {"ActionID": action["ActionID"]}
        row = {"Event": "CoreShowChannel", "Application": application, "ApplicationData": data}
        end = packet(Event="CoreShowChannelsComplete", EventList="Complete", **own)
        return response(action, EventList="start") + packet(**row, **own) + end

    server.answers["CoreShowChannels"] = channels
    assert await MailboxActions(connection).is_listened_to("6001@default") is listens


@pytest.mark.parametrize("folder", ["INBOX", "Urgent", "Old", "Work"])
async def test_a_message_is_deleted_wherever_it_is(
    server: FakeAmi, connection: AmiConnection, folder: str
) -> None:
    mailbox = Mailbox(server, folder)
    actions = MailboxActions(connection)
    await actions.delete("6001@default", MSG)
    assert mailbox.folder is None
    await actions.delete("6001@default", MSG)  # gone already: no error
    assert mailbox.changes == 1


@pytest.mark.parametrize("method", ["mark_heard", "delete"])
async def test_a_message_that_the_phone_takes_meanwhile_is_no_error(
    server: FakeAmi, connection: AmiConnection, method: str
) -> None:
    mailbox = Mailbox(server, "INBOX")
    mailbox.works, mailbox.phone_moves_it_to = False, None
    change = getattr(MailboxActions(connection), method)
    await change("6001@default", MSG)
    assert mailbox.changes == 1


@pytest.mark.parametrize("method", ["mark_heard", "delete"])
async def test_a_failure_that_calls_itself_success_is_an_error(
    server: FakeAmi, connection: AmiConnection, method: str
) -> None:
    Mailbox(server, "INBOX").works = False
    with pytest.raises(ActionFailed, match="failed"):
        await getattr(MailboxActions(connection), method)("6001@default", MSG)


async def test_asterisk_16_lacks_the_actions_and_says_so(
    server: FakeAmi, connection: AmiConnection
) -> None:
    server.answers["VoicemailBoxSummary"] = lambda action: response(
        action, "Error", Message="Invalid/unknown command: VoicemailBoxSummary. Use Action: ..."
    )
    with pytest.raises(NotSupported, match="VoicemailBoxSummary"):
        await MailboxActions(connection).mark_heard("6001@default", MSG)


async def test_the_watcher_hints_at_changed_mailboxes_and_sweeps_on_connect(
    server: FakeAmi, settings: AmiSettings
) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    connection = AmiConnection(settings)
    VoicemailWatcher(connection, hint=told.put, sweep=lambda: told.put("sweep"))
    async with running(connection):
        assert await told.get() == "sweep"
        await server.say(
            packet(Event="MessageWaiting", Mailbox="6001@default", Waiting="0", New="0", Old="1")
            + packet(Event="MessageWaiting", Mailbox="6002@default", Waiting="1", New="1", Old="0")
        )
        assert await told.get() == "6001@default"  # all is heard now
        assert await told.get() == "6002@default"
        await server.drop()
        assert await asyncio.wait_for(told.get(), 2) == "sweep"
