"""What can go wrong between the site file and a running Asterisk."""

from __future__ import annotations

from collections.abc import Sequence


class ConfigError(Exception):
    """Base of the errors of Asterisk's configuration."""


class UnsafeValue(ConfigError):
    """A value of the site file has no safe form in Asterisk's file. Names the key.

    The value is not in the text: it may be a secret.
    """

    def __init__(self, key: str, why: str) -> None:
        self.key = key
        super().__init__(f"{key}: {why}")


class TemplateFailed(ConfigError):
    """A template, ours or the administrator's own, cannot be rendered."""


class NotOurs(ConfigError):
    """Files would be overwritten that voxpost did not write, or that a person changed since."""

    def __init__(self, edited: Sequence[str], foreign: Sequence[str]) -> None:
        self.edited = tuple(edited)
        self.foreign = tuple(foreign)
        parts = []
        if edited:
            parts.append(f"changed by hand since voxpost wrote them: {', '.join(edited)}")
        if foreign:
            parts.append(f"not written by voxpost: {', '.join(foreign)}")
        super().__init__(
            f"{'; '.join(parts)}. Nothing was changed. See what would change with --diff, then "
            "use --force to replace them; the old ones are kept in the backup."
        )


class AnotherApply(ConfigError):
    """Somebody else is applying a configuration in the same folder."""


class CannotWrite(ConfigError):
    """Asterisk's configuration folder cannot be written; everything is as it was."""


class ApplyRefused(ConfigError):
    """Asterisk did not take the configuration; everything was put back.

    Arguments:
        words: what Asterisk said, one complaint each.
        restored: False when putting back failed too; the words then say how.
    """

    def __init__(self, words: Sequence[str], *, restored: bool = True) -> None:
        self.words = tuple(words)
        self.restored = restored
        end = (
            "The old configuration is back and live."
            if restored
            else "The old files could not all be put back or reloaded: see the backup folder."
        )
        super().__init__("\n".join(("Asterisk refused the configuration:", *self.words, end)))
