"""What is used of python-gsmmodem-new.

Its source has escapes and comparisons that Python warns of whenever it compiles them.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", SyntaxWarning)
    warnings.simplefilter("ignore", DeprecationWarning)  # the same escapes, before 3.12
    from gsmmodem.exceptions import CmeError, CmsError, CommandError
    from gsmmodem.modem import GsmModem

__all__ = ["CmeError", "CmsError", "CommandError", "GsmModem"]
