"""Scripts by their names, without global state."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import ModuleType

from agi.call import Call
from agi.errors import DuplicateScript
from agi.services import Services

ScriptFunction = Callable[[Call, Services], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Script:
    """A verb of the dialplan: agi://host/NAME runs `run`, for at most time_limit seconds."""

    name: str
    time_limit: float
    run: ScriptFunction


def script(name: str, *, time_limit: float) -> Callable[[ScriptFunction], Script]:
    """Make a function a Script of this name; time_limit in seconds, while the caller waits."""

    def make(function: ScriptFunction) -> Script:
        return Script(name, time_limit, function)

    return make


def discover(package: ModuleType | None = None) -> Mapping[str, Script]:
    """Every Script that stands in a file of a package, agi.scripts by default.

    Raises DuplicateScript when two files claim one name.
    """
    if package is None:
        package = importlib.import_module("agi.scripts")
    found: dict[str, Script] = {}
    for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        for thing in vars(importlib.import_module(info.name)).values():
            if not isinstance(thing, Script):
                continue
            if found.setdefault(thing.name, thing) is not thing:
                raise DuplicateScript(f"{info.name}: {thing.name!r} is taken; rename this script")
    return found
