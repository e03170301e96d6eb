"""Writes messages, delivers them, and keeps the mailbox in step."""
