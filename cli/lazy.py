"""A group of commands, each imported only when it is called, so that the help comes at once."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

Commands = Mapping[str, tuple[str, str]]
"""By name: where it stands ("cli.run:run"), and its line in the help."""

_OF_THE_LAB = {"aiosmtpd", "trustme"}
"""What only the extra `lab` installs."""


class LazyGroup(click.Group):
    """A group whose commands are known without importing them."""

    def __init__(self, *args: Any, lazy: Commands, **more: Any) -> None:
        super().__init__(*args, **more)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._lazy:
            return None
        module, _, attribute = self._lazy[cmd_name][0].partition(":")
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
            formatter.write_dl([(name, help_) for name, (_, help_) in self._lazy.items()])
