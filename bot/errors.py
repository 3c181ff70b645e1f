"""Errors, sorted by who can mend them.

HezoError
├── StaffError           the engineer or manager who clicked: shown where they clicked
├── OperatorError        configuration, credentials, files: one line that says what to do
│   ├── ConfigError
│   ├── LoginRefused     a server takes neither name nor secret: every further try counts towards a lock-out
│   └── ChannelUnusable  Slack does not let us into a channel; what is to be shown there waits until it is mended
├── RetryLater           a passing fault of a server or a connection: tried again by rules/retrying
│   ├── InDoubt          the other side may have done it already: look before repeating
│   └── RateLimited      the other side named the time to wait
└── Refused              a lasting no of the other side: parked and shown to people

What is none of these is our own mistake: logged with its trace, retried a few times, then parked.
"""

from __future__ import annotations

from datetime import timedelta


class HezoError(Exception):
    """Base of every error that this program raises on purpose."""


class StaffError(HezoError):
    """The person in Slack can mend it; the text is shown to them as it is."""


class OperatorError(HezoError):
    """The operator can mend it; the text says what to do and never holds a secret."""


class ConfigError(OperatorError):
    """The configuration is wrong.

    Args:
        problems: One line per mistake, each naming the key and what is allowed there.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class LoginRefused(OperatorError):
    """A server refused the login: tried again seldom, as providers lock accounts after some wrong tries."""


class ChannelUnusable(OperatorError):
    """Slack lets the bot do nothing in a channel, until somebody mends the channel or the app.

    Args:
        channel: The channel's id.
        code: Slack's word for it, such as "is_archived".
        needed: The scope that is missing; "" where it is no scope.
    """

    def __init__(self, message: str, channel: str, code: str, needed: str = "") -> None:
        super().__init__(message)
        self.channel = channel
        self.code = code
        self.needed = needed


class RetryLater(HezoError):
    """A passing fault: nothing was done, trying again is safe."""


class InDoubt(RetryLater):
    """The connection broke after the other side may have accepted: look it up before repeating."""


class RateLimited(RetryLater):
    """The other side asks to wait.

    Args:
        retry_after: How long to wait before the next call of the same kind.
    """

    def __init__(self, message: str, retry_after: timedelta) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Refused(HezoError):
    """A definite, lasting refusal: repeating it unchanged cannot help."""
