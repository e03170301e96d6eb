"""What can go wrong with a message, said so that a person can mend it."""


class MailError(Exception):
    """Base of the errors of mail."""


class HandoverFailed(MailError):
    """A recording could not be secured. It stays on the telephone and is tried again."""
