"""One row of the table a file; bench/table.py names them in their order."""
