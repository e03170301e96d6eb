"""`voxpost sms`: the commands of the SMS centre."""

from __future__ import annotations

import click

from cli.lazy import Commands, LazyGroup

COMMANDS: Commands = {
    "send": ("cli.sms_send:send", "Send a text."),
    "list": ("cli.sms_list:list_", "List the newest texts, in and out."),
    "show": ("cli.sms_list:show", "Show a text, and what became of each of its pieces."),
    "retry": ("cli.sms_by_hand:retry", "Send failed, unknown or dropped texts after all."),
    "drop": ("cli.sms_by_hand:drop", "Give texts up that are not sent."),
    "forget": ("cli.sms_forget:forget", "Forget what a number wrote and was written."),
    "gateways": ("cli.sms_gateways:gateways", "List the gateways, and the addresses they call."),
    "broadcast": ("cli.sms_broadcast:broadcast", "Send one text to many."),
    "groups": ("cli.sms_groups:groups", "Keep groups of numbers, for broadcasts."),
    "stoplist": ("cli.sms_stoplist:stoplist", "Keep the list of numbers that want no texts."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def sms() -> None:
    """Send texts, see what became of them, keep groups and the stop list.

    A text is put into the ledger; `voxpost run` sends it.
    """
