"""`voxpost`: the group of commands. Each is imported only when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import click

COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("cli.init:init", "Write a first site file."),
    "check": ("cli.check:check", "Check the site file."),
    "generate-config": ("cli.generate_config:generate_config", "Write Asterisk's configuration."),
    "run": ("cli.run:run", "Run the daemon in the foreground."),
    "doctor": ("cli.doctor:doctor", "Try each thing for real and say what to mend."),
    "status": ("cli.status:status", "Show connections, the outbox and the last errors."),
    "outbox": ("cli.outbox:outbox", "List, show, retry or drop messages."),
    "agi": ("cli.agi:agi", "Run one AGI script as a process, for Asterisk."),
    "demo": ("cli.demo:demo", "Show a real call's recording arrive as an e-mail."),
}
"""Name, then where it stands and its line in the help: known without importing it."""

_OF_THE_LAB = {"aiosmtpd", "trustme"}
"""What only the extra `lab` installs."""


class LazyGroup(click.Group):
    """A group that imports a command when it is called, so that the help comes at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        try:
            command: click.Command = getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as error:
            if error.name not in _OF_THE_LAB:
                raise
            raise click.ClickException(
                f"`voxpost {cmd_name}` needs {error.name}: pip install 'voxpost[lab]'."
            ) from None
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="voxpost", message="voxpost %(version)s")
def main() -> None:
    """Join a stock Asterisk to people's mail: voicemail and missed calls become e-mails.

    Begin with `voxpost init`, or watch `voxpost demo`.
    """
