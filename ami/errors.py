"""What can go wrong with the manager connection; all of it is an `AmiError`."""

from __future__ import annotations


class AmiError(Exception):
    """Trouble with Asterisk's manager interface."""


class UnsafeValue(AmiError, ValueError):
    """A name or value that AMI cannot carry; the action was not sent."""

    def __init__(self, action: str, field: str, why: str) -> None:
        super().__init__(f"action {action!r}, field {field!r}: {why}; the action was not sent")
        self.action = action
        self.field = field


class NotAsterisk(AmiError):
    """What answered on the AMI port is not an Asterisk manager interface."""


class NotConnected(AmiError):
    """There was no link within the time limit. The action was not sent; it may be tried again."""


class ConnectionLost(AmiError):
    """The link ended. An action that was waiting may or may not have been done."""


class ActionTimeout(AmiError):
    """Asterisk did not answer in time. The action may or may not have been done."""

    def __init__(self, action: str, seconds: float) -> None:
        super().__init__(
            f"action {action!r}: no answer within {seconds:g} s; it may or may not have been done"
        )
        self.action = action


class LoginRefused(AmiError):
    """Asterisk refused the name or the secret. Final: trying again would only trip fail2ban."""

    def __init__(self, where: str, username: str, words: str) -> None:
        super().__init__(
            f"Asterisk at {where} refused the AMI user {username!r}: {words}. "
            "Compare the site file's [asterisk] ami with manager.conf (secret, permit, deny), "
            "then start again"
        )


class ActionFailed(AmiError):
    """Asterisk answered an action with an error; `words` are its own."""

    def __init__(self, action: str, words: str, remedy: str = "") -> None:
        super().__init__(f"action {action!r}: Asterisk said {words!r}{remedy and '; '}{remedy}")
        self.action = action
        self.words = words


class NotSupported(ActionFailed):
    """This Asterisk does not know the action: it is too old, or the module is not loaded."""

    def __init__(self, action: str, words: str) -> None:
        super().__init__(
            action, words, "this Asterisk is too old for it, or its module is not loaded"
        )


class NotPermitted(ActionFailed):
    """The AMI account lacks the privilege that the action needs."""

    def __init__(self, action: str, words: str) -> None:
        super().__init__(action, words, "add the privilege to write= of this user in manager.conf")


class ShuttingDown(AmiError):
    """Asterisk takes no more actions, as it is about to end; the next one will."""

    def __init__(self, action: str) -> None:
        super().__init__(f"action {action!r}: Asterisk is shutting down")


class ReloadRefused(AmiError):
    """Asterisk did not reload a module; `words` are its own."""

    def __init__(self, module: str, words: str) -> None:
        super().__init__(f"module {module!r} was not reloaded: Asterisk said {words!r}")
        self.module = module
        self.words = words
