"""What can go wrong with texts."""

from __future__ import annotations


class SmsError(Exception):
    """Base of the SMS centre's errors."""


class BadPdu(SmsError):
    """Octets that are no PDU of 3GPP TS 23.040, or none that can be read; says what is wrong."""


class GatewayUnusable(SmsError):
    """A gateway that cannot be used as the site file has it: says what to do."""


class CannotConnect(SmsError):
    """No connection to a gateway's server came to be; says why."""


class BadTemplate(SmsError):
    """A broadcast's text that cannot be read, or has a field that its list has not."""


class BadRecipients(SmsError):
    """A list of numbers that cannot be read; says what to do."""


class BadBroadcast(SmsError):
    """A broadcast that cannot be made as it was asked for; says what to do."""
