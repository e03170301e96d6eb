"""The words of the e-mails: Jinja templates, any of which an administrator may replace.

A file in the administrator's folder of the same name comes first: `id/voicemail.html`,
`en/missed-call.subject.txt`, `layout.html`. What it can use stands in docs, in `_common` and in the
kind's own file.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from mail.errors import MailError
from mail.letters import Letter, Letterhead, Reader
from mail.plain import plain

_SUBJECT = 200


class TextsBroken(MailError):
    """A template of the administrator's cannot be rendered."""


class _Environment(jinja2.Environment):
    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The globals of a template, as a plain dict.

        They do not change here. The library's ChainMap takes a tenth of a letter's time.
        """
        return {**self.globals, **(d or {})}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter in words. subject: one line."""

    subject: str
    text: str
    page: str


class Texts:
    """Renders letters.

    own_folder: the administrator's templates (`mail.texts_dir`), which come before ours.
    """

    def __init__(self, own_folder: Path | None = None) -> None:
        loaders: list[jinja2.BaseLoader] = [jinja2.PackageLoader("mail", "texts")]
        if own_folder is not None:
            loaders.insert(0, jinja2.FileSystemLoader(own_folder))
        self._environment = _Environment(
            loader=jinja2.ChoiceLoader(loaders),
            autoescape=jinja2.select_autoescape(["html"], default=False),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            # To look after each file for every letter takes a third of its time.
            auto_reload=False,
            cache_size=-1,  # all of them, in a plain dict
        )

    def render(self, letter: Letter, head: Letterhead) -> Rendered:
        """Write a letter in its reader's language.

        Raises:
            TextsBroken: an own template is at fault; the sentence names it.
        """
        stem = f"{letter.reader.language}/{letter.template}"
        context = _common(letter.reader, head) | letter.context
        subject = plain(self._render(f"{stem}.subject.txt", context), _SUBJECT)
        context["subject"] = subject
        return Rendered(
            subject,
            self._render(f"{stem}.txt", context),
            self._render(f"{stem}.html", context),
        )

    def _render(self, name: str, context: dict[str, Any]) -> str:
        try:
            return self._environment.get_template(name).render(context)
        except Exception as error:  # a file that may not be read, one that includes itself, ...
            line = f", line {error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
            raise TextsBroken(
                f"The e-mail template {name}{line} cannot be used: {error}. "
                "Mend the file in mail.texts_dir, or remove it to have the built-in one back."
            ) from error


def _common(reader: Reader, head: Letterhead) -> dict[str, Any]:
    return {
        "language": reader.language,
        "site_name": head.site_name,
        "access_extension": head.access_extension,
        "person_name": reader.name,
    }
