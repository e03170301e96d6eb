"""Secrets: written in the site file, or better in a file of their own or the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from pbx.errors import PbxError


class SecretMissing(PbxError):
    """A secret cannot be read: the sentence names the key and what to do."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret stands. It is read when it is used, so that a new one needs no restart.

    Arguments:
        key: the site file's key, for messages: "mail.smtp.password".
        value, file, variable: at most one is set.
    """

    key: str
    value: str | None = field(default=None, repr=False)
    file: Path | None = None
    variable: str | None = None

    @property
    def given(self) -> bool:
        return not (self.value is None and self.file is None and self.variable is None)

    def read(self) -> str:
        """The secret itself, without the line end of its file.

        Raises:
            SecretMissing: nothing is set, or its file or variable cannot be read or is empty.
        """
        if self.value is not None:
            return self.value
        if self.file is not None:
            return self._from_file(self.file)
        if self.variable is not None:
            value = os.environ.get(self.variable, "")
            if not value:
                raise SecretMissing(
                    f"{self.key}_env: the variable {self.variable} is not set. Set it, or name a "
                    f"file with {self.key}_file."
                )
            return value
        raise SecretMissing(f"{self.key} is not set: add {self.key}_file to the site file.")

    def _from_file(self, file: Path) -> str:
        try:
            value = file.read_text(encoding="utf-8-sig").rstrip("\r\n")
        except OSError as error:
            raise SecretMissing(
                f"{self.key}_file: cannot read {file}: {error.strerror}. "
                "Write the secret there, readable by voxpost's user or group alone (mode 640)."
            ) from error
        except ValueError as error:  # also a NUL in the name
            raise SecretMissing(f"{self.key}_file: {file} is not UTF-8 text.") from error
        if not value.strip():
            raise SecretMissing(f"{self.key}_file: {file} is empty. Write the secret there.")
        return value
