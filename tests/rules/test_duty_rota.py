"""Who is on duty: what people set stands before the week's pattern, and a gap is known before it comes."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.duty_rota import Rota, Shift, WeeklyShift, on_duty, schedule

WARSAW = ZoneInfo("Europe/Warsaw")
WORKDAYS = frozenset({1, 2, 3, 4, 5})
OFFICE = WeeklyShift("EWA", WORKDAYS, time(9), time(17), substitute="MAREK")
NIGHTS = WeeklyShift("JAN", WORKDAYS, time(17), time(9))
MONDAY = datetime(2026, 11, 23, 0, 0, tzinfo=WARSAW)


def at(hour: float, day: int = 0) -> datetime:
    return (MONDAY + timedelta(days=day, hours=hour)).astimezone(UTC)


def who(rota: Rota, instant: datetime) -> str | None:
    shift = on_duty(rota, instant)
    return shift.user if shift else None


def test_the_pattern_of_the_week_reaches_over_midnight() -> None:
    rota = Rota((), (OFFICE, NIGHTS), WARSAW)
    assert [who(rota, at(hour)) for hour in (8.99, 9, 16.99, 17, 23.99)] == [None, "EWA", "EWA", "JAN", "JAN"]
    assert who(rota, at(8.5, day=1)) == "JAN"
    assert who(rota, at(8.5, day=5)) == "JAN", "Friday's night ends on Saturday morning"
    assert who(rota, at(9, day=5)) is None
    assert not rota.is_empty
    assert Rota((), (), WARSAW).is_empty


def test_what_was_set_last_counts_first() -> None:
    holiday = Shift("OLA", at(10), at(12), id=1)
    swap = Shift("PIOTR", at(11), at(11.5), id=2)
    rota = Rota((swap, holiday), (OFFICE,), WARSAW)
    assert [who(rota, at(hour)) for hour in (9, 10, 11, 11.5, 12)] == ["EWA", "OLA", "PIOTR", "OLA", "EWA"]
    assert [(begin, end, shift.user if shift else None) for begin, end, shift in schedule(rota, at(9), at(18))] == [
        (at(9), at(10), "EWA"),
        (at(10), at(11), "OLA"),
        (at(11), at(11.5), "PIOTR"),
        (at(11.5), at(12), "OLA"),
        (at(12), at(17), "EWA"),
        (at(17), at(18), None),
    ]


def test_gaps_are_known_in_advance() -> None:
    rota = Rota((), (OFFICE, NIGHTS), WARSAW)
    assert [entry for entry in schedule(rota, at(9), at(9, day=7)) if entry[2] is None] == [
        (at(9, day=5), at(9, day=7), None)
    ]
    assert schedule(Rota((), (), WARSAW), at(0), at(1)) == [(at(0), at(1), None)]


def test_the_nights_when_the_clocks_change() -> None:
    nights = WeeklyShift("JAN", frozenset(range(1, 8)), time(22), time(6))
    rota = Rota((), (nights,), WARSAW)
    for day, hours in (("2026-03-28", 7), ("2026-10-24", 9)):
        begin = datetime.fromisoformat(f"{day}T22:00").replace(tzinfo=WARSAW)
        [entry] = [
            e for e in schedule(rota, begin.astimezone(UTC), begin.astimezone(UTC) + timedelta(hours=12)) if e[2]
        ]
        assert entry[1] - entry[0] == timedelta(hours=hours)


instants = st.integers(0, 14 * 24 * 4).map(lambda quarters: at(quarters / 4))
kept = st.builds(
    lambda user, start, length, number: Shift(user, start, start + timedelta(minutes=15 * length), id=number),
    st.sampled_from(["A", "B"]), instants, st.integers(1, 200), st.integers(1, 50),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(kept, max_size=5), st.booleans(), instants, st.integers(1, 600))
def test_the_schedule_has_no_holes_and_says_what_each_instant_says(
    shifts: list[Shift], with_pattern: bool, since: datetime, length: int
) -> None:
    rota = Rota(shifts, (OFFICE, NIGHTS) if with_pattern else (), WARSAW)
    until = since + timedelta(minutes=15 * length)
    entries = schedule(rota, since, until)
    assert (entries[0][0], entries[-1][1]) == (since, until)
    assert all(one[1] == next_[0] for one, next_ in itertools.pairwise(entries))
    for begin, end, shift in entries:
        for instant in (begin, begin + (end - begin) / 2, end - timedelta(seconds=1)):
            found = on_duty(rota, instant)
            assert (found.user if found else None) == (shift.user if shift else None)
