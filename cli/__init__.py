"""The commands, one a file; `run.py` puts the parts together."""
