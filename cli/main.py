"""`voxpost`: the group of commands."""

from __future__ import annotations

import click

from cli.lazy import Commands, LazyGroup

COMMANDS: Commands = {
    "init": ("cli.init:init", "Write a first site file."),
    "check": ("cli.check:check", "Check the site file."),
    "generate-config": ("cli.generate_config:generate_config", "Write Asterisk's configuration."),
    "run": ("cli.run:run", "Run the daemon in the foreground."),
    "doctor": ("cli.doctor:doctor", "Try each thing for real and say what to mend."),
    "status": ("cli.status:status", "Show connections, the outbox and the last errors."),
    "outbox": ("cli.outbox:outbox", "List, show, retry or drop messages."),
    "sms": ("cli.sms:sms", "Send texts, see what became of them, keep groups and the stop list."),
    "agi": ("cli.agi:agi", "Run one AGI script as a process, for Asterisk."),
    "demo": ("cli.demo:demo", "Show a real call's recording arrive as an e-mail."),
}
"""Name, then where it stands and its line in the help: known without importing it."""


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="voxpost", message="voxpost %(version)s")
def main() -> None:
    """Join a stock Asterisk to people's mail and SMS: voicemail, missed calls and texts.

    Begin with `voxpost init`, or watch `voxpost demo`.
    """
