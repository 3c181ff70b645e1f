"""A clock that stood still in between: what it used up, when it is due, when its levels are reached.

A clock counts the service time from its original start on, outside of its pauses. Start, budget and calendar may be
worked out again at any time (a change of priority): what was waited before and between pauses is never lost, and time
inside a pause never counts, whichever calendar comes. Pauses are half-open, [since, until).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from bot.model import ClockState, Pause, SlaClock
from bot.rules.business_hours import ServiceCalendar
from bot.rules.sla import BREACH


def running_spans(start: datetime, pauses: Iterable[Pause]) -> Iterator[tuple[datetime, datetime | None]]:
    """The spans in which a clock runs, in order; the last has no end, unless a pause still lasts."""
    begin = start
    for pause in sorted(pauses, key=lambda pause: pause.since):
        if pause.since > begin:
            yield begin, pause.since
        if pause.until is None:
            return
        begin = max(begin, pause.until)
    yield begin, None


def used(start: datetime, pauses: Iterable[Pause], calendar: ServiceCalendar, at: datetime) -> timedelta:
    """The service time that a clock has used up at `at`: nothing before its start, nothing in its pauses."""
    spans = ((begin, at if end is None else min(end, at)) for begin, end in running_spans(start, pauses))
    return sum((calendar.elapsed(begin, end) for begin, end in spans if begin < end), timedelta(0))


def remaining(
    start: datetime, budget: timedelta, pauses: Iterable[Pause], calendar: ServiceCalendar, at: datetime
) -> timedelta:
    """What is left of the budget at `at`, never below zero."""
    return max(budget - used(start, pauses, calendar, at), timedelta(0))


def due(start: datetime, budget: timedelta, pauses: Iterable[Pause], calendar: ServiceCalendar) -> datetime:
    """When the budget is used up, UTC; while a pause lasts, when it would have been without that pause.

    A budget that is used up at the very begin of a pause is due there.
    """
    left = budget
    for begin, end in running_spans(start, [pause for pause in pauses if pause.until is not None]):
        if end is None or left <= (here := calendar.elapsed(begin, end)):
            return calendar.due(begin, left)
        left -= here
    raise AssertionError("the last span has no end")


def level_instants(
    start: datetime,
    budget: timedelta,
    pauses: Sequence[Pause],
    calendar: ServiceCalendar,
    percents: Iterable[int],
    *,
    promised: bool = True,
) -> list[tuple[int, datetime]]:
    """When each level is announced, as (per cent of the budget, UTC instant), in the order of the levels.

    The breach (100) of a promise is marked at the due instant itself, to the second, also at a window's close. Every
    other level is a reminder: where it is reached at a close or as a pause begins, the first open instant at which the
    clock runs takes its place. While a pause lasts the instants are those that it would have had without.

    Args:
        promised: Whether running over is a breach; a clock that only waits for somebody has nothing but reminders.
    """
    closed = [pause for pause in pauses if pause.until is not None]
    instants = []
    for percent in sorted(set(percents)):
        at = due(start, budget * percent / BREACH, closed, calendar).astimezone(UTC)
        instants.append((percent, at if promised and percent == BREACH else _first_open(at, closed, calendar)))
    return instants


def _first_open(at: datetime, pauses: Iterable[Pause], calendar: ServiceCalendar) -> datetime:
    at = calendar.next_opening(at)
    for pause in sorted(pauses, key=lambda pause: pause.since):
        if pause.until is not None and pause.since <= at < pause.until:
            at = calendar.next_opening(pause.until)
    return at


def paused(clock: SlaClock, at: datetime) -> tuple[Pause, ...]:
    """The clock's pauses with one more that begins at `at`, but neither before its start nor within the last one."""
    since = max([at, clock.started_at, *(pause.until for pause in clock.pauses if pause.until is not None)])
    return (*clock.pauses, Pause(since))


def resumed(clock: SlaClock, at: datetime) -> tuple[Pause, ...]:
    """The clock's pauses with the open one ended at `at`; one that ends where it began leaves no trace."""
    *before, last = clock.pauses
    return tuple(before) if at <= last.since else (*before, Pause(last.since, at))


def is_overdue(clock: SlaClock, at: datetime) -> bool:
    """Whether the clock ran past its due instant before `at`; meeting it in that very instant is in time."""
    stood_still = clock.state is ClockState.PAUSED and clock.pauses
    return clock.due_at < (min(at, clock.pauses[-1].since) if stood_still else at)
