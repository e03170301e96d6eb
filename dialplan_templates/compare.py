"""What would change in Asterisk's folder, by file and section."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dialplan_templates.errors import CannotWrite, NotOurs
from dialplan_templates.mark import State, state_of, with_mark
from dialplan_templates.sections import hide_secrets, split_sections

_SHOWN = 20  # lines of a section


@dataclass(frozen=True, slots=True)
class SectionChange:
    """One section that would change. `removed` and `added` are lines, secrets hidden."""

    section: str
    kind: Literal["added", "removed", "changed"]
    removed: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file as it stands and as it would be written. `old` is None when there is none."""

    name: str
    state: State
    old: bytes | None
    new: bytes

    @property
    def changed(self) -> bool:
        return self.old != self.new

    @property
    def safe_to_write(self) -> bool:
        """Whether nobody's work would be lost."""
        return not self.changed or self.state in (State.OURS, State.ABSENT)

    def sections(self) -> Iterator[SectionChange]:
        """The sections that differ, in the order of the new file, removed ones last."""
        if not self.changed:
            return
        old = split_sections((self.old or b"").decode(errors="replace"))
        new = split_sections(self.new.decode())
        for header in [*new, *(header for header in old if header not in new)]:
            before, after = old.get(header), new.get(header)
            if before == after:
                continue
            removed, added = _line_changes(before or [], after or [])
            yield SectionChange(
                header,
                "added" if before is None else "removed" if after is None else "changed",
                tuple(hide_secrets(self.name, line) for line in removed),
                tuple(hide_secrets(self.name, line) for line in added),
            )


def compare(rendered: Mapping[str, str], config_dir: Path) -> tuple[FileChange, ...]:
    """Compare rendered files (without mark) with those in Asterisk's folder.

    Raises:
        CannotWrite: a file there cannot be read.
    """
    return tuple(_compare_one(name, text, config_dir / name) for name, text in rendered.items())


def refuse_what_is_not_ours(changes: Sequence[FileChange]) -> None:
    """Nobody's work is lost without being asked. Raises NotOurs."""
    unsafe = [change for change in changes if not change.safe_to_write]
    if unsafe:
        raise NotOurs(
            edited=[change.name for change in unsafe if change.state is State.EDITED],
            foreign=[change.name for change in unsafe if change.state is State.FOREIGN],
        )


def for_people(changes: tuple[FileChange, ...]) -> str:
    """The changes as text: file, section, lines. Empty when nothing would change."""
    return "".join(line for change in changes if change.changed for line in _lines(change))


def as_data(changes: tuple[FileChange, ...]) -> list[dict[str, Any]]:
    """The changes for programs (JSON)."""
    return [
        {
            "file": change.name,
            "state": change.state.value,
            "changed": change.changed,
            "sections": [
                {
                    "section": section.section,
                    "change": section.kind,
                    "removed": list(section.removed),
                    "added": list(section.added),
                }
                for section in change.sections()
            ],
        }
        for change in changes
    ]


def _compare_one(name: str, text: str, file: Path) -> FileChange:
    try:
        old = file.read_bytes()
    except FileNotFoundError:
        old = None
    except OSError as error:
        raise CannotWrite(f"{file}: cannot be read: {error.strerror}.") from error
    return FileChange(name, state_of(old), old, with_mark(text).encode())


_NOTES = {
    State.ABSENT: "new",
    State.OURS: "changed",
    State.EDITED: "was changed by hand; would be replaced with --force",
    State.FOREIGN: "is not voxpost's; would be replaced with --force",
}


def _lines(change: FileChange) -> Iterator[str]:
    yield f"{change.name}: {_NOTES[change.state]}\n"
    nothing = True
    for section in change.sections():
        nothing = False
        yield f"  {section.section or '(before the first section)'} {section.kind}\n"
        lines = [*(f"- {line}" for line in section.removed), *(f"+ {x}" for x in section.added)]
        yield from (f"    {line}\n" for line in lines[:_SHOWN])
        if len(lines) > _SHOWN:
            yield f"    ... and {len(lines) - _SHOWN} lines more\n"
    if nothing:
        yield "  comments and blank lines only\n"


def _line_changes(before: list[str], after: list[str]) -> tuple[list[str], list[str]]:
    # A section of thousands of lines (mailboxes) would take difflib minutes.
    if len(before) * len(after) > 250_000:
        gone, come = set(before) - set(after), set(after) - set(before)
        return [line for line in before if line in gone], [line for line in after if line in come]
    marks = [x for x in difflib.ndiff(before, after) if x[0] in "-+"] if before and after else []
    if not marks:
        return before if not after else [], after if not before else []
    return [x[2:] for x in marks if x[0] == "-"], [x[2:] for x in marks if x[0] == "+"]
