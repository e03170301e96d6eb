"""Writes docs/reference/: the site file from its model, the commands from their own help.

Run it after a change of either: `make docs`. A test in tests/docs/ sees when it was forgotten.
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click
from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from cli.main import main as voxpost
from pbx.model import Site

REFERENCE = Path(__file__).parent / "reference"
_NOTICE = "<!-- Written by docs/generate.py. Do not change it by hand. -->\n"
_WIDTH = 90  # characters of a help text

_SITE_FILE_HEAD = f"""\
{_NOTICE}
# Every key of the site file

How the file works, with examples, stands in [The site file](../site-file.md).
A key that is not here is an error. Paths are relative to the site file.
`voxpost check --schema` prints the same as a JSON Schema, for your editor.
"""

_COMMANDS_HEAD = f"""\
{_NOTICE}
# Every command

What each command is for stands in [Operations](../operations.md).
`--json` prints data for programs. Errors go to stderr.

| exit code | meaning |
|---|---|
| 0 | It worked, or all is well. |
| 1 | It did not work, or what was checked is not well. |
| 2 | The command line is wrong. |
| 3 | The site file, or a secret that it names, cannot be used. |
| 4 | Asterisk cannot be reached, or refused the log-in or the configuration. |
| 5 | The ledger cannot be used, or another `voxpost run` uses it. |
"""


def pages() -> dict[str, str]:
    """The text of each generated page by its file name."""
    return {"site-file.md": site_file_page(), "commands.md": commands_page()}


def site_file_page() -> str:
    """The reference of the site file."""
    return _SITE_FILE_HEAD + "".join(_table(Site, "", "", 2))


def commands_page() -> str:
    """The help of every command, as a terminal shows it."""
    return _COMMANDS_HEAD + "".join(_command_help(voxpost, "voxpost", None))


def _table(model: type[BaseModel], path: str, heading: str, level: int) -> Iterator[str]:
    """One table of the site file, then those inside it."""
    inner: list[tuple[str, FieldInfo, type[BaseModel]]] = []
    rows: list[str] = []
    for name, field in model.model_fields.items():
        key = field.alias or name
        sections = list(_sections_in(field.annotation))
        inner += [(key, field, section) for section in sections]
        if not sections or (path and field.description):
            rows.append(_row(key, field, _header(key, field, path) if sections else ""))
    if heading:
        yield f"\n{'#' * level} {heading}\n\n{_first_line(model)}\n"
    elif rows:
        yield f"\n{'#' * level} At the top of the file, before any table\n"
    if rows:
        yield "\n| key | value | left out | meaning |\n|---|---|---|---|\n"
        yield from rows
    for key, field, section in inner:
        where = f"{path}.{key}".lstrip(".")
        title = f"`{_header(key, field, path)}`"
        if "kind" in section.model_fields:
            title += f" with `kind = {_literals(section.model_fields['kind'].annotation)[1:-1]}`"
        yield from _table(section, where, title, min(level + 1, 3) if path else 2)


def _row(key: str, field: FieldInfo, table: str) -> str:
    kind = f"table, see `{table}`" if table else _kind(field.annotation)
    if table and _literals(field.annotation):
        kind += f", or {_literals(field.annotation)}"
    meaning = " ".join((field.description or "").split())
    cells = (f"`{key}`", kind, _default(field, is_table=bool(table)), meaning)
    return f"| {' | '.join(_harmless(cell) for cell in cells)} |\n"


def _harmless(cell: str) -> str:
    """Text that neither ends the cell nor becomes a link."""
    return cell.replace("|", "\\|").replace("<", "&lt;")


def _default(field: FieldInfo, *, is_table: bool) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True)
    if value in (None, (), {}) or is_table:
        return "–"
    if isinstance(value, tuple):
        return f"`{json.dumps(list(value), ensure_ascii=False)}`"
    return f"`{json.dumps(value if isinstance(value, bool | int | float) else str(value))}`"


def _bare(annotation: Any) -> Any:
    """Without Annotated and without `| None`."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in {Union, types.UnionType}:
        rest = [part for part in get_args(annotation) if part is not type(None)]
        if len(rest) == 1:
            return _bare(rest[0])
    return annotation


def _header(key: str, field: FieldInfo, path: str) -> str:
    """How a table begins in the file; in two brackets where there may be many, and only so."""
    where = f"{path}.{key}".lstrip(".")
    one_will_do = any(isinstance(it, BeforeValidator) for it in field.metadata)
    many = get_origin(_bare(field.annotation)) is tuple and not one_will_do
    return f"[[{where}]]" if many else f"[{where}]"


def _sections_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The tables that a value is, holds many of, or may be."""
    bare = _bare(annotation)
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        yield bare
    elif get_origin(bare) in {tuple, Union, types.UnionType}:
        for part in get_args(bare):
            yield from _sections_in(part)


def _literals(annotation: Any) -> str:
    bare = _bare(annotation)
    if get_origin(bare) is Literal:
        return ", ".join(f"`{json.dumps(value)}`" for value in get_args(bare))
    if get_origin(bare) in {Union, types.UnionType}:
        return ", ".join(text for part in get_args(bare) if (text := _literals(part)))
    return ""


_KINDS = {bool: "`true`, `false`", int: "number", float: "number", str: "text", Path: "path"}


def _kind(annotation: Any) -> str:
    bare = _bare(annotation)
    if get_origin(bare) is dict:
        return "table of texts"
    if get_origin(bare) is tuple:
        return f"list of: {_kind(get_args(bare)[0])}"
    if get_origin(bare) in {Union, types.UnionType}:
        return ", or ".join(dict.fromkeys(_kind(part) for part in get_args(bare)))
    return _literals(bare) or _KINDS.get(bare) or str(getattr(bare, "__name__", "text"))


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]


def _command_help(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    context = click.Context(
        command,
        parent=parent,
        info_name=name.rpartition(" ")[2],
        terminal_width=_WIDTH,
        max_content_width=_WIDTH,
        help_option_names=["-h", "--help"],
    )
    yield f"\n## {name}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None:
                yield from _command_help(found, f"{name} {inner}", context)


def main() -> None:
    """Write the pages."""
    REFERENCE.mkdir(exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"docs/reference/{name}\n")


if __name__ == "__main__":
    main()
