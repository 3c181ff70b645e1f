"""Clocks that stand still in between: nothing that was waited is lost, nothing in a pause counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import CalendarConfig
from bot.model import ClockKind, ClockState, Pause, SlaClock
from bot.rules.business_hours import ServiceCalendar
from bot.rules.calendars import named_calendar
from bot.rules.paused_clocks import due, is_overdue, level_instants, paused, remaining, resumed, running_spans, used

OFFICE = named_calendar("8x5", CalendarConfig(), "Europe/Warsaw")
ALWAYS = named_calendar("24x7", CalendarConfig(), "Europe/Warsaw")
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
"""Monday, 12:00 in Warsaw; the window closes five hours later."""
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LEVELS = (50, 80, 100, 300)

seconds = st.integers(0, 4 * 86400).map(lambda count: timedelta(seconds=count))
budgets = st.integers(1, 2 * 86400).map(lambda count: timedelta(seconds=count))
calendars = st.sampled_from([OFFICE, ALWAYS])


@st.composite
def histories(draw: st.DrawFn) -> tuple[datetime, tuple[Pause, ...]]:
    """A start around the end of summer time, and pauses one after the other, some of them empty."""
    start = at = datetime(2026, 10, 22, 8, 0, tzinfo=UTC) + draw(seconds)
    pauses = []
    for waited, stood in draw(st.lists(st.tuples(seconds, seconds), max_size=3)):
        pauses.append(Pause(at + waited, at + waited + stood))
        at += waited + stood
    return start, tuple(pauses)


def clock(**changes: object) -> SlaClock:
    values: dict[str, object] = {
        "id": 1,
        "ticket_id": 1,
        "kind": ClockKind.REPLY,
        "state": ClockState.RUNNING,
        "calendar": "24x7",
        "started_at": NOON,
        "budget": HOUR,
        "due_at": NOON + HOUR,
    }
    return SlaClock(**(values | changes))  # type: ignore[arg-type]  # a test names the fields it is about


@settings(max_examples=60, deadline=None)
@given(histories(), budgets, calendars, seconds)
def test_used_and_left_are_the_budget_and_the_due_instant_is_where_nothing_is_left(
    history: tuple[datetime, tuple[Pause, ...]], budget: timedelta, window: ServiceCalendar, later: timedelta
) -> None:
    start, pauses = history
    at = start + later
    waited = used(start, pauses, window, at)
    assert timedelta(0) <= waited <= window.elapsed(start, at)
    assert remaining(start, budget, pauses, window, at) == max(budget - waited, timedelta(0))
    deadline = due(start, budget, pauses, window)
    assert used(start, pauses, window, deadline) == budget
    assert used(start, pauses, window, deadline - timedelta(seconds=1)) < budget
    assert remaining(start, budget, pauses, window, deadline) == timedelta(0)
    # Stopped at `at`, and going on at once or in the next hour: what was waited stays, the rest is counted from there.
    if not any(pause.since <= at < (pause.until or at) for pause in pauses) and at < deadline:
        before = tuple(pause for pause in pauses if pause.since < at)
        gone_on = due(start, budget, (*before, Pause(at, at + HOUR)), window)
        assert gone_on == window.due(at + HOUR, budget - waited)
    instants = [instant for _, instant in level_instants(start, budget, pauses, window, LEVELS)]
    assert instants == sorted(instants)
    assert dict(level_instants(start, budget, pauses, window, LEVELS))[100] == deadline


@settings(max_examples=25, deadline=None)
@given(histories(), budgets, calendars)
def test_without_pauses_it_is_the_calendar_and_empty_pauses_are_none(
    history: tuple[datetime, tuple[Pause, ...]], budget: timedelta, window: ServiceCalendar
) -> None:
    start, pauses = history
    deadline = window.due(start, budget)
    empty = tuple(Pause(pause.since, pause.since) for pause in pauses)
    assert due(start, budget, (), window) == due(start, budget, empty, window) == deadline
    # The breach to the second, also at a close; every reminder when the window is open.
    reached = {percent: window.due(start, budget * percent / 100) for percent in LEVELS}
    expected = [(percent, at if percent == 100 else window.next_opening(at)) for percent, at in reached.items()]
    assert level_instants(start, budget, (), window, LEVELS) == expected
    assert level_instants(start, budget, empty, window, LEVELS) == expected
    # Round the clock a pause before the end moves it by its own length; another calendar and back changes nothing.
    stood_still = sum(((pause.until or start) - pause.since for pause in pauses), timedelta(0))
    last = pauses[-1].until if pauses else None
    if last is None or ALWAYS.due(start, budget) > last:
        assert due(start, budget, pauses, ALWAYS) == start + budget + stood_still


def test_a_level_in_a_pause_or_at_a_close_is_said_when_the_clock_runs_again() -> None:
    # Half of ten hours is reached at 17:00, as the window closes; the pause lasts until Wednesday 11:00.
    pauses = (Pause(NOON + 7 * HOUR, NOON + 46 * HOUR),)
    levels = dict(level_instants(NOON, 10 * HOUR, pauses, OFFICE, (50, 60, 100)))
    assert levels[50] == NOON + 46 * HOUR
    assert levels[60] == NOON + 47 * HOUR
    # The breach is a fact, to the second, also at a close.
    assert level_instants(NOON, 5 * HOUR, (), OFFICE, (100,)) == [(100, NOON + 5 * HOUR)]
    waiting = level_instants(NOON, 5 * HOUR, (), OFFICE, (100,), promised=False)
    assert waiting == [(100, NOON + 21 * HOUR)]
    # Where a pause begins just as a level is reached, it is said after it.
    assert level_instants(NOON, 2 * HOUR, (Pause(NOON + HOUR, NOON + 3 * HOUR),), ALWAYS, (50,)) == [
        (50, NOON + 3 * HOUR)
    ]


def test_another_calendar_counts_from_the_start_but_never_in_a_pause() -> None:
    pauses = (Pause(NOON + 30 * MINUTE, NOON + 20 * HOUR),)
    assert due(NOON, HOUR, pauses, ALWAYS) == NOON + 20 * HOUR + 30 * MINUTE
    # Tuesday 08:00 is closed: the second half hour begins at nine.
    assert due(NOON, HOUR, pauses, OFFICE) == NOON + 21 * HOUR + 30 * MINUTE
    assert due(NOON, 30 * MINUTE, pauses, OFFICE) == NOON + 30 * MINUTE
    # While the pause lasts, the deadline is that of the moment before.
    assert due(NOON, HOUR, (Pause(NOON + 30 * MINUTE),), ALWAYS) == NOON + HOUR
    assert list(running_spans(NOON, (Pause(NOON + 30 * MINUTE),))) == [(NOON, NOON + 30 * MINUTE)]
    assert used(NOON, (Pause(NOON + 30 * MINUTE),), ALWAYS, NOON + 9 * HOUR) == 30 * MINUTE


def test_pausing_and_going_on() -> None:
    stopped = replace(clock(), state=ClockState.PAUSED, pauses=paused(clock(), NOON + 10 * MINUTE))
    assert stopped.pauses == (Pause(NOON + 10 * MINUTE),)
    assert resumed(stopped, NOON + HOUR) == (Pause(NOON + 10 * MINUTE, NOON + HOUR),)
    assert resumed(stopped, NOON + 10 * MINUTE) == resumed(stopped, NOON) == ()
    # Events that come late never reach behind the start or the last pause.
    assert paused(clock(), NOON - HOUR) == (Pause(NOON),)
    again = clock(pauses=(Pause(NOON, NOON + 5 * MINUTE),))
    assert paused(again, NOON)[-1] == Pause(NOON + 5 * MINUTE)


@pytest.mark.parametrize(
    ("pause_at", "at", "late"),
    [(None, 60, False), (None, 61, True), (30, 500, False), (60, 500, False), (70, 500, True)],
)
def test_a_clock_that_stands_still_becomes_no_later_and_one_that_was_overdue_stays_so(
    pause_at: int | None, at: int, late: bool
) -> None:
    running = clock()
    if pause_at is not None:
        running = replace(running, state=ClockState.PAUSED, pauses=(Pause(NOON + pause_at * MINUTE),))
    assert is_overdue(running, NOON + at * MINUTE) is late
