"""Kannel by its sendsms service, and by callback."""
