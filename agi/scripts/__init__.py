"""One verb of the dialplan a file; agi.registry.discover() finds them."""
