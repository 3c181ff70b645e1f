"""When a failed row is tried again, and when it is given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.config import RetryConfig
from bot.errors import ConfigError, InDoubt, OperatorError, RateLimited, Refused, RetryLater, StaffError
from bot.rules.retrying import Park, TryAgain, after_failure, backoff, describe

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CONFIG = RetryConfig()


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


@pytest.mark.parametrize(
    ("attempts", "wait"), [(1, 5), (2, 10), (3, 20), (8, 640), (9, 900), (10, 900), (1_000_000, 900)]
)
def test_the_wait_doubles_up_to_the_longest(attempts: int, wait: int) -> None:
    assert backoff(attempts, CONFIG.first_wait, CONFIG.longest_wait) == seconds(wait)


@pytest.mark.parametrize("error", [RetryLater("down"), OperatorError("wrong password"), ConfigError(["x"])])
def test_what_may_pass_or_be_mended_is_tried_for_long(error: Exception) -> None:
    assert after_failure(error, 1, NOW, CONFIG) == TryAgain(NOW + seconds(5))
    assert after_failure(error, 199, NOW, CONFIG) == TryAgain(NOW + seconds(900))
    assert after_failure(error, 200, NOW, CONFIG) == Park(str(error))


def test_our_own_mistakes_are_tried_three_times() -> None:
    assert after_failure(KeyError("x"), 2, NOW, CONFIG) == TryAgain(NOW + seconds(10))
    assert after_failure(KeyError("x"), 3, NOW, CONFIG) == Park("KeyError: 'x'")


def test_a_refusal_is_final() -> None:
    assert after_failure(Refused("550 no such user"), 1, NOW, CONFIG) == Park("550 no such user")


def test_a_rate_limit_is_obeyed_for_as_long_as_it_lasts() -> None:
    error = RateLimited("slow down", seconds(30))
    assert after_failure(error, 5000, NOW, CONFIG) == TryAgain(NOW + seconds(30))


def test_a_doubt_waits_for_its_settling_or_is_looked_up_soon() -> None:
    error = InDoubt("no answer")
    waits = after_failure(error, 2, NOW, CONFIG, doubt_wait=CONFIG.in_doubt_wait)
    assert waits == TryAgain(NOW + timedelta(minutes=12), in_doubt=True)
    assert after_failure(error, 2, NOW, CONFIG) == TryAgain(NOW + seconds(10), in_doubt=True)


def test_errors_in_one_line() -> None:
    assert describe(RetryLater("the server is down")) == "the server is down"
    assert describe(StaffError("taken by Ewa")) == "StaffError: taken by Ewa"
    assert len(describe(ValueError("x" * 1000))) == 500


@pytest.mark.parametrize("error", [RetryLater("full"), RateLimited("later", seconds(1)), Refused("no"), KeyError("x")])
def test_what_was_done_and_not_noted_is_in_doubt_whatever_went_wrong(error: Exception) -> None:
    assert after_failure(error, 1, NOW, CONFIG, was_done=True) == TryAgain(NOW + seconds(5), in_doubt=True)
    waits = after_failure(error, 1, NOW, CONFIG, doubt_wait=seconds(600), was_done=True)
    assert waits == TryAgain(NOW + seconds(600), in_doubt=True)
