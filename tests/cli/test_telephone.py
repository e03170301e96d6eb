"""What the manager's errors mean for a message on the telephone."""

import pytest

from ami.errors import (
    ActionFailed,
    AmiError,
    ConnectionLost,
    NotPermitted,
    NotSupported,
    ShuttingDown,
)
from cli.telephone import explained
from mail.aftercare import MailboxUnable, MailboxUnreachable


@pytest.mark.parametrize(
    "error",
    [
        ShuttingDown("VoicemailRemove"),
        NotPermitted("VoicemailRemove", "Permission denied"),
        NotSupported("VoicemailRemove", "Invalid/unknown command"),
        ConnectionLost("cut"),
    ],
)
def test_what_passes_leaves_the_message_owed(error: AmiError) -> None:
    with pytest.raises(MailboxUnreachable), explained():
        raise error


def test_what_asterisk_will_never_do_is_said_and_given_up() -> None:
    with pytest.raises(MailboxUnable, match="no such message"), explained():
        raise ActionFailed("VoicemailRemove", "no such message")
