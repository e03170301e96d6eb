"""Broadcasts: one text to many, and what became of each."""
