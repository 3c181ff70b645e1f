"""A countdown never says more than is left, and is shown anew in time but seldom."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import ClockKind, ClockState, SlaClock
from bot.rules.business_hours import ServiceCalendar
from bot.rules.countdown import Alarm, countdown, leading_clock, out_of_date_at

DUE = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
ALWAYS = ServiceCalendar.always()
OFFICE = ServiceCalendar.weekly("Europe/Warsaw", {day: [(time(9), time(17))] for day in range(1, 6)}, country="PL")


def clock(
    kind: ClockKind = ClockKind.REACTION, due: datetime = DUE, state: ClockState = ClockState.RUNNING
) -> SlaClock:
    budget = timedelta(hours=4)
    return SlaClock(1, 1, kind, state, "24x7", due - budget, budget, due)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def test_ours_counts_before_the_customers_and_the_earliest_first() -> None:
    theirs = clock(ClockKind.CUSTOMER_REPLY, DUE - minutes(90))
    late, soon = clock(ClockKind.DELIVERY, DUE + minutes(1)), clock(ClockKind.REPLY)
    assert leading_clock([theirs, late, soon]) is soon
    assert leading_clock([theirs]) is theirs
    assert leading_clock([clock(state=state) for state in ClockState if state is not ClockState.RUNNING]) is None
    assert countdown([], DUE) is None
    assert out_of_date_at([], DUE, ALWAYS) is None


@pytest.mark.parametrize(
    ("left", "shown", "alarm"),
    [
        (250, 240, Alarm.CALM),
        (240, 225, Alarm.CALM),
        (239, 225, Alarm.CALM),
        (120, 105, Alarm.HALF),
        (61, 60, Alarm.HALF),
        (60, 55, Alarm.HALF),
        (59.9, 55, Alarm.HALF),
        (48, 45, Alarm.SOON),
        (5, 0, Alarm.SOON),
        (0.1, 0, Alarm.SOON),
        (0, 0, Alarm.LATE),
        (-14, 0, Alarm.LATE),
        (-15, 15, Alarm.LATE),
        (-121, 120, Alarm.LATE),
        (-3000, 2880, Alarm.LATE),
    ],
)
def test_the_time_left_is_shown_in_steps(left: float, shown: int, alarm: Alarm) -> None:
    seen = countdown([clock()], DUE - minutes(left))
    assert seen is not None
    assert (seen.span, seen.alarm, seen.late) == (minutes(shown), alarm, left <= 0)


@given(st.integers(-3 * 86_400, 20 * 86_400))
def test_it_is_shown_anew_exactly_when_it_would_say_something_else(seconds_left: int) -> None:
    now = DUE - timedelta(seconds=seconds_left)
    clocks = [clock()]
    shown = countdown(clocks, now)
    assert shown is not None
    at = out_of_date_at(clocks, now, ALWAYS)
    if at is None:
        assert now >= DUE + timedelta(days=1)
        return
    before, then = countdown(clocks, at - timedelta(seconds=1)), countdown(clocks, at)
    assert before is not None
    assert then is not None
    assert now < at
    assert (before.span, before.late) == (shown.span, shown.late)
    assert (then.span, then.late) != (shown.span, shown.late)


@given(st.integers(1, 20 * 86_400))
def test_nobody_has_less_time_than_is_shown(seconds_left: int) -> None:
    now = DUE - timedelta(seconds=seconds_left)
    shown, at = countdown([clock()], now), out_of_date_at([clock()], now, ALWAYS)
    assert shown is not None
    assert at is not None
    assert DUE - at >= shown.span


def test_the_hour_before_the_deadline_costs_twelve_edits() -> None:
    now, edits = DUE - timedelta(hours=1), 0
    while (at := out_of_date_at([clock()], now, ALWAYS)) is not None and at <= DUE:
        now, edits = at, edits + 1
    assert edits == 12


def test_at_night_an_office_deadline_is_not_shown_anew() -> None:
    friday_evening = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
    monday = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert out_of_date_at([clock(due=monday + minutes(30))], friday_evening, OFFICE) == monday
