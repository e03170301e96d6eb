"""Secrets: written in the site file, or better in a file of their own or the environment."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from pbx.errors import PbxError


class SecretUnusable(PbxError):
    """A secret cannot be read: the sentence names the key and what to do."""


@dataclass(frozen=True, slots=True)
class SecretForm:
    """What a secret must look like, as a pattern, and what to write instead."""

    pattern: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret stands. It is read when it is used, so that a new one needs no restart.

    Arguments:
        key: the site file's key, for messages: "mail.smtp.password".
        value, file, variable: at most one is set.
        form: what the secret must look like, wherever it stands.
    """

    key: str
    value: str | None = field(default=None, repr=False)
    file: Path | None = None
    variable: str | None = None
    form: SecretForm | None = None

    @property
    def given(self) -> bool:
        return not (self.value is None and self.file is None and self.variable is None)

    def read(self) -> str:
        """The secret itself, without the line end of its file.

        Raises:
            SecretUnusable: nothing is set, or its file or variable cannot be read, is empty, or
                holds something of another form.
        """
        value = self._value()
        if self.form is not None and re.fullmatch(self.form.pattern, value) is None:
            remedy = self.form.remedy
            raise SecretUnusable(f"{self.key}: {self._place()} is not of the right form. {remedy}")
        return value

    def _place(self) -> str:
        if self.file is not None:
            return f"what stands in {self.file}"
        return f"the variable {self.variable}" if self.variable is not None else "the value"

    def _value(self) -> str:
        if self.value is not None:
            return self.value
        if self.file is not None:
            return self._from_file(self.file)
        if self.variable is not None:
            value = os.environ.get(self.variable, "")
            if not value:
                raise SecretUnusable(
                    f"{self.key}_env: the variable {self.variable} is not set. Set it, or name a "
                    f"file with {self.key}_file."
                )
            return value
        raise SecretUnusable(f"{self.key} is not set: add {self.key}_file to the site file.")

    def _from_file(self, file: Path) -> str:
        try:
            value = file.read_text(encoding="utf-8-sig").rstrip("\r\n")
        except OSError as error:
            raise SecretUnusable(
                f"{self.key}_file: cannot read {file}: {error.strerror}. "
                "Write the secret there, readable by voxpost's user or group alone (mode 640)."
            ) from error
        except ValueError as error:  # also a NUL in the name
            raise SecretUnusable(f"{self.key}_file: {file} is not UTF-8 text.") from error
        if not value.strip():
            raise SecretUnusable(f"{self.key}_file: {file} is empty. Write the secret there.")
        if "\n" in value or "\r" in value:
            raise SecretUnusable(f"{self.key}_file: {file} has more than one line. Keep only one.")
        return value
