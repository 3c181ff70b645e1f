"""When a failed row is tried again, and when it is given up and shown to people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.config import Config, RetryConfig
from bot.errors import HezoError, InDoubt, OperatorError, RateLimited, Refused, RetryLater


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Try the row again.

    Attributes:
        at: Not before this instant.
        in_doubt: The last try may have succeeded: look before repeating.
    """

    at: datetime
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class Park:
    """Set the row aside for people."""

    reason: str


def backoff(attempts: int, first: timedelta, longest: timedelta) -> timedelta:
    """The wait after `attempts` failed tries (1 or more): doubles from `first`, never over `longest`."""
    return min(first * (1 << min(attempts - 1, 20)), longest)


def after_failure(
    error: Exception,
    attempts: int,
    now: datetime,
    config: RetryConfig,
    *,
    doubt_wait: timedelta | None = None,
    was_done: bool = False,
) -> TryAgain | Park:
    """Decide what becomes of a row whose try number `attempts` (from 1) raised `error`.

    A fault that the operator must mend (a wrong password) is tried for as long as a passing one: it is mended while
    we run, and the row must go out then. A rate limit is no failure: it is obeyed for as long as it lasts.

    Args:
        doubt_wait: What must pass before an unknown outcome can be looked up; None where it can be at any time.
        was_done: It succeeded, and only that could not be stored.
    """
    if isinstance(error, RateLimited) and not was_done:
        return TryAgain(now + error.retry_after)
    if isinstance(error, Refused) and not was_done:
        return Park(str(error))
    limit = config.attempts if isinstance(error, HezoError) else config.attempts_for_our_mistakes
    if attempts >= limit:
        return Park(describe(error))
    wait = backoff(attempts, config.first_wait, config.longest_wait)
    if was_done or isinstance(error, InDoubt):
        return TryAgain(now + (doubt_wait or wait), in_doubt=True)
    return TryAgain(now + wait)


def longest_wait(config: Config) -> timedelta:
    """How long a row waits at most before it is looked at again; only a rate limit of the other side may be longer."""
    return max(config.retry.longest_wait, config.retry.in_doubt_wait, config.slack.report_after)


def describe(error: BaseException) -> str:
    """One line about an error, for people: our own errors in their words, others with their type."""
    if isinstance(error, RetryLater | OperatorError | Refused):
        return str(error)
    return f"{type(error).__name__}: {error}"[:500]
