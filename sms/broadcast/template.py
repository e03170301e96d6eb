"""The text of a broadcast, with fields: "Halo {name|Bapak/Ibu}, besok jam {time}."

{field} is a column of the list, {field|what stands there if it is empty}; {{ and }} are braces.
A field is put in as it is: nothing in it is read again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sms.errors import BadTemplate

_TOKEN = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}|]*)(?:\|(?P<default>[^{}]*))?\}|[{}]|[^{}]+")


class EmptyField(Exception):  # never leaves this folder: it makes a bad row
    """A field has no value in this row, and the template says nothing for that."""


@dataclass(frozen=True, slots=True)
class Field:
    """A place in the template. default: what stands there when the value is empty."""

    name: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was read. Made by `read_template`."""

    source: str
    parts: tuple[str | Field, ...]

    @property
    def fields(self) -> list[str]:
        """Names of its fields, folded, each once, in order."""
        return list(dict.fromkeys(part.name for part in self.parts if isinstance(part, Field)))

    def render(self, values: Mapping[str, str]) -> str:
        """The text for one number. values: by folded name.

        Raises:
            EmptyField: a value is empty, and there is no default.
        """
        return "".join(
            part if isinstance(part, str) else _value(part, values) for part in self.parts
        )


def read_template(source: str) -> Template:
    """Read a template.

    Raises:
        BadTemplate: a brace that stands alone, a field without a name, or no words at all.
    """
    source = "\n".join(line.rstrip() for line in source.strip().splitlines())
    if not source:
        raise BadTemplate("the text is empty: write some words.")
    parts: list[str | Field] = []
    for token in _TOKEN.finditer(source):
        words = token[0]
        if words in ("{{", "}}"):
            parts.append(words[0])
        elif words in ("{", "}"):
            raise BadTemplate(
                f"a {words} stands alone at {_place(source, token.start())}: fields are written "
                "{name}, and a brace that is meant as one is written twice."
            )
        elif token["name"] is not None:
            parts.append(_field(source, token))
        else:
            parts.append(words)
    return Template(source, tuple(parts))


def check_fields(template: Template, known: Collection[str]) -> None:
    """Check that the list has every field of the template.

    Arguments:
        known: the list's columns, as people wrote them.

    Raises:
        BadTemplate: it has a field that the list has not.
    """
    folded = {fold(name) for name in known}
    for name in template.fields:
        if name not in folded:
            there_are = ", ".join(f"{{{it}}}" for it in known) or "none"
            raise BadTemplate(f"the list has no field {{{name}}}. There are: {there_are}.")


def fold(name: str) -> str:
    """A field's name without what people do not mean: capitals, and spaces around or doubled."""
    return " ".join(name.split()).casefold()


def _field(source: str, token: re.Match[str]) -> Field:
    name = fold(token["name"])
    if not name:
        raise BadTemplate(
            f"a field without a name at {_place(source, token.start())}: write it like {{name}}."
        )
    return Field(name, token["default"])


def _value(field: Field, values: Mapping[str, str]) -> str:
    value = values.get(field.name, "")
    if value:
        return value
    if field.default is None:
        raise EmptyField(field.name)
    return field.default


def _place(source: str, at: int) -> str:
    return f'character {at + 1}, "{source[max(0, at - 10) : at + 10]}"'
