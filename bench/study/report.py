"""Writes the study down: docs/study/index.md, its charts and its data."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter

from bench.study.charts import write_charts
from bench.study.data import Study
from bench.study.page import page

DATA = "data.json"


def write_report(study: Study, folder: Path) -> Path:
    """Write the report into a folder, which is made if missing; returns the page's file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DATA).write_bytes(_FORM.dump_json(study, indent=1) + b"\n")
    write_charts(study, folder)
    index = folder / "index.md"
    index.write_text(page(study), encoding="utf-8")
    return index


def read_data(folder: Path) -> Study:
    """Read what an earlier run measured. Raises OSError, ValueError."""
    return _FORM.validate_json((folder / DATA).read_bytes())


_FORM = TypeAdapter(Study)
