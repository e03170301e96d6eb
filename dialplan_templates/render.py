"""Renders Asterisk's files from the site file's model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
)

from dialplan_templates.errors import TemplateFailed
from dialplan_templates.escape import FILTERS
from dialplan_templates.modules import READERS
from dialplan_templates.values import template_values
from pbx.model import Site

PRIVATE_FILES = ("asterisk.conf",)
FILES = tuple(name for name in READERS if name not in PRIVATE_FILES)


def render(
    site: Site,
    *,
    site_file: Path,
    command: Path,
    directories: Mapping[str, Path] | None = None,
) -> dict[str, str]:
    """The text of every file by its name, without the mark.

    Arguments:
        site_file, command: for the dialplan's fallback, which runs `command agi --site site_file`.
        directories: more entries for asterisk.conf of a private instance (astmoddir, say).

    Raises:
        UnsafeValue: a value has no safe form; names the site file's key.
        TemplateFailed: a template cannot be rendered.
        pbx.secret.SecretUnusable: a secret cannot be read.
    """
    values = template_values(
        site, site_file=site_file, command=command, directories=directories or {}
    )
    environment = _environment(site.asterisk.target, site.service.templates_dir)
    names = FILES + PRIVATE_FILES if site.asterisk.private else FILES
    return {name: _render_one(environment, name, values) for name in names}


def _environment(target: str, own_templates: Path | None) -> Environment:
    if own_templates is not None and not own_templates.is_dir():
        # The loader would take ours alone, without a word: a trunk of theirs would be gone.
        raise TemplateFailed(f"service.templates_dir: {own_templates} is no folder. Mend the path.")
    ours = PackageLoader("dialplan_templates", f"templates/{target}")
    theirs = [] if own_templates is None else [FileSystemLoader(own_templates)]
    environment = Environment(
        # An own version may add to ours: {% include "ours/pjsip.conf.j2" %} and more lines.
        loader=ChoiceLoader([*theirs, ours, PrefixLoader({"ours": ours})]),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - not HTML: every value goes through a filter of escape.py
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(FILTERS)
    return environment


def _render_one(environment: Environment, name: str, values: Mapping[str, object]) -> str:
    try:
        return environment.get_template(f"{name}.j2").render(values)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        place = f"{name}.j2" if line is None else f"{name}.j2, line {line}"
        raise TemplateFailed(f"{place}: {error.message}. Mend the template.") from error
