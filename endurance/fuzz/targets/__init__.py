"""One file a parser; a new target is a file here and a name in endurance/fuzz/registry.py."""
