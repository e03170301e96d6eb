"""The thesis' study, repeated: measures a whole site on this machine and writes a report."""
