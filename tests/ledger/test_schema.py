"""The tables as each database gets them."""

from __future__ import annotations

import subprocess
import sys

from tests.cli.site_folder import ROOT

ON_POSTGRESQL = """
import sys
from ledger import rows, store
assert "sqlalchemy.dialects.postgresql" not in sys.modules, "two megabytes for nothing"
from ledger.schema import metadata, partial_on_postgresql
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex
partial_on_postgresql()
for table in metadata.sorted_tables:
    for index in table.indexes:
        words = str(CreateIndex(index).compile(dialect=postgresql.dialect()))
        if " WHERE " in words:
            print(index.name)
"""


def test_postgresql_has_the_same_indexes_of_some_rows_and_is_not_loaded_for_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ON_POSTGRESQL], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert sorted(done.stdout.split()) == [
        "in_step_open",
        "outbox_kept_audio",
        "text_parts_unjoined",
        "texts_by_day",
        "texts_of_account",
        "texts_of_broadcast",
    ]
