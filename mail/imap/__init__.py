"""Talks to an IMAP server (RFC 3501)."""
