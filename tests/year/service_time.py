"""How the simulated year counts service time: a list of office days, walked window by window.

Nothing here comes from `bot.rules`: the holidays are written down, the clocks change by the rule of the EU, and a
budget is taken from one window after the other. Instants are whole seconds since 1970 in UTC.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

HOUR = 3600
FOR_EVER = 4_000_000_000
OPENS, CLOSES = 9, 17

_2026 = ((1, 1), (1, 6), (4, 5), (4, 6), (5, 1), (5, 3), (5, 24), (6, 4), (8, 15), (11, 1), (11, 11), (12, 24))
CLOSED_DAYS = frozenset(
    [date(2026, month, day) for month, day in (*_2026, (12, 25), (12, 26))]
    + [date(2027, month, day) for month, day in ((1, 1), (1, 6), (3, 28), (3, 29), (5, 1), (5, 3))]
)
"""Public holidays in Poland (Dz.U. 1951 nr 4 poz. 28 with its changes; 24 December since 2025)."""

SUMMER_TIME = (
    (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)),
    (datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 10, 31, 1, tzinfo=UTC)),
)
"""From the last Sunday of March to the last Sunday of October, 01:00 UTC (directive 2000/84/EC)."""


def second(at: datetime) -> int:
    """The whole second of an instant."""
    seconds = int(at.timestamp())
    assert seconds == at.timestamp(), f"{at} is no whole second"
    return seconds


def instant(seconds: int) -> datetime:
    """The instant of a second."""
    return datetime.fromtimestamp(seconds, UTC)


def warsaw(day: date, hour: int, minute: int = 0) -> int:
    """The second at which the clocks in Warsaw show this; never asked within the hour of a change."""
    local = datetime.combine(day, time(hour, minute), UTC)
    summer = any(begin <= local - timedelta(hours=1) < end for begin, end in SUMMER_TIME)
    return second(local) - (2 * HOUR if summer else HOUR)


@cache
def office_windows() -> tuple[tuple[int, int], ...]:
    """The windows of 8x5 in 2026 and the first months of 2027, as [opens, closes)."""
    days = (date(2025, 12, 29) + timedelta(days=number) for number in range(500))
    return tuple(
        (warsaw(day, OPENS), warsaw(day, CLOSES)) for day in days if day.weekday() < 5 and day not in CLOSED_DAYS
    )


@cache
def _openings() -> tuple[int, ...]:
    return tuple(opens for opens, _ in office_windows())


def is_open(at: int, *, always: bool) -> bool:
    """Whether service time runs."""
    if always:
        return True
    index = bisect_right(_openings(), at) - 1
    return index >= 0 and at < office_windows()[index][1]


def open_spans(start: int, *, always: bool, pauses: Sequence[tuple[int, int]] = ()) -> Iterator[tuple[int, int]]:
    """The spans from `start` on in which service time runs, cut by pauses [since, until)."""
    windows = ((start, FOR_EVER),) if always else office_windows()[max(bisect_right(_openings(), start) - 1, 0) :]
    for opens, closes in windows:
        begin = max(opens, start)
        for since, until in sorted(pauses):
            if since >= closes:
                break
            if begin < since:
                yield begin, since
            begin = max(begin, until)
        if begin < closes:
            yield begin, closes


def due(start: int, budget: int, *, always: bool, pauses: Sequence[tuple[int, int]] = ()) -> int:
    """When the budget is used up; one that uses up a window exactly is due at its close."""
    for begin, end in open_spans(start, always=always, pauses=pauses):
        if budget <= end - begin:
            return begin + budget
        budget -= end - begin
    raise AssertionError("the list of office days is too short")


def first_open(at: int, *, always: bool, pauses: Sequence[tuple[int, int]] = ()) -> int:
    """The first second from `at` on in which service time runs."""
    return next(begin for begin, _ in open_spans(at, always=always, pauses=pauses))
