"""E-mails that come to us: the listener, and what they say."""
