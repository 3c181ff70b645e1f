"""Service time against the given vectors, against an oracle that walks minute by minute, and by its properties."""

from __future__ import annotations

import csv
import time as stopwatch
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.business_hours import ServiceCalendar, public_holidays

WARSAW = ZoneInfo("Europe/Warsaw")
NINE_TO_FIVE = ((time(9), time(17)),)
OFFICE = ServiceCalendar.weekly("Europe/Warsaw", dict.fromkeys(range(1, 6), NINE_TO_FIVE), country="PL")
ALWAYS = ServiceCalendar.always()
CALENDARS = {"24x7": ALWAYS, "8x5": OFFICE}
SPLIT = ServiceCalendar.weekly(
    "Europe/Warsaw",
    {1: ((time(8), time(12)), (time(13), time(16, 30))), 3: ((time(22), time(0)),), 4: ((time(0), time(6)),)},
    country="PL",
    extra_closed=(date(2026, 11, 16),),
)
WHOLE_DAYS = ServiceCalendar.weekly("Europe/Warsaw", dict.fromkeys(range(1, 8), ((time(0), time(0)),)))
NIGHTS = ServiceCalendar.weekly("Europe/Warsaw", dict.fromkeys(range(1, 8), ((time(1, 30), time(2, 30)),)))
NEW_YORK = ServiceCalendar.weekly("America/New_York", dict.fromkeys(range(1, 6), NINE_TO_FIVE), country="US")
LORD_HOWE = ServiceCalendar.weekly("Australia/Lord_Howe", dict.fromkeys(range(1, 8), ((time(1), time(3)),)))
MICROSECOND = timedelta(microseconds=1)
EVERY = (ALWAYS, OFFICE, SPLIT, WHOLE_DAYS, NIGHTS, NEW_YORK, LORD_HOWE)

with (Path(__file__).parents[1] / "data" / "sla_vectors.csv").open(encoding="utf-8", newline="") as file:
    VECTORS = list(csv.DictReader(file))


def warsaw(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WARSAW)


def wall_clock_open(calendar: ServiceCalendar, at: datetime) -> bool:
    """The definition, read off the local wall clock."""
    if calendar.windows is None:
        return True
    local = at.astimezone(ZoneInfo(calendar.zone))
    if local.date() in calendar.extra_closed:
        return False
    if calendar.country and local.date() in public_holidays(calendar.country, local.year):
        return False
    now = local.time()
    return any(
        opens <= now and (closes == time(0) or now < closes) for opens, closes in calendar.windows[local.weekday()]
    )


def walked(calendar: ServiceCalendar, start: datetime, minutes: int) -> int:
    """Open minutes among the next ones, counted one by one; `start` is a whole minute."""
    return sum(wall_clock_open(calendar, start + timedelta(minutes=minute)) for minute in range(minutes))


def test_there_are_all_vectors() -> None:
    assert len(VECTORS) == 314


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['id']}-{vector['tag']}")
def test_vector(vector: dict[str, str]) -> None:
    calendar = CALENDARS[vector["calendar"]]
    start = datetime.fromisoformat(vector["start_at"])
    if vector["kind"] == "elapsed":
        elapsed = calendar.elapsed(start, datetime.fromisoformat(vector["end_at"]))
        assert elapsed == timedelta(seconds=int(vector["elapsed_s"]))
        return
    budget = timedelta(seconds=int(vector["duration_s"]))
    due = calendar.due(start, budget)
    assert due == datetime.fromisoformat(vector["due_at_utc"])
    assert due == datetime.fromisoformat(vector["due_at"])
    assert due.tzinfo is UTC
    assert calendar.elapsed(start, due) == budget


windows_of_a_day = st.lists(st.integers(0, 24 * 12), min_size=2, max_size=6, unique=True).map(
    lambda cuts: tuple(
        (time(first // 12, first % 12 * 5), time(last // 12 % 24, last % 12 * 5))
        for first, last in zip(*[iter(sorted(cuts)[: len(cuts) // 2 * 2])] * 2, strict=True)
    )
)
random_calendars = st.builds(
    ServiceCalendar.weekly,
    st.sampled_from(
        ["Europe/Warsaw", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]
    ),
    st.dictionaries(st.integers(1, 7), windows_of_a_day, min_size=1),
    country=st.sampled_from([None, "PL", "US"]),
    extra_closed=st.lists(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=3),
)
# Minutes since 1970: 2026 and 2027.
whole_minutes = st.integers(29453760, 30504959).map(lambda minute: datetime.fromtimestamp(minute * 60, UTC))


# Seconds since 1970: 2024 to 2061.
instants = st.integers(1704067200, 2903299199).map(lambda second: datetime.fromtimestamp(second, UTC))
budgets = st.integers(1, 60 * 3600).map(lambda seconds: timedelta(seconds=seconds))
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
calendars = st.sampled_from(EVERY) | random_calendars


@settings(max_examples=60, deadline=None)
@given(calendars, instants, budgets, budgets, offsets)
def test_the_laws_of_due(
    calendar: ServiceCalendar, start: datetime, budget: timedelta, more: timedelta, elsewhere: timezone
) -> None:
    due = calendar.due(start, budget)
    assert calendar.elapsed(start, due) == budget
    # It is the first instant that uses the budget up, and lies at the end of open time.
    assert calendar.elapsed(start, due - MICROSECOND) == budget - MICROSECOND
    assert wall_clock_open(calendar, due - MICROSECOND)
    # Additive, and so monotone in the budget; monotone in the start.
    both = calendar.due(start, budget + more)
    assert calendar.due(due, more) == both
    assert start < due < both
    assert due <= calendar.due(start + more, budget)
    # Whatever zone goes in, UTC comes out.
    assert calendar.due(start.astimezone(elsewhere), budget) == due
    assert {due.tzinfo, calendar.due(start.astimezone(elsewhere), budget).tzinfo} == {UTC}


@settings(max_examples=60, deadline=None)
@given(calendars, instants, st.integers(0, 10**8), st.integers(0, 10**8), offsets)
def test_the_laws_of_elapsed(
    calendar: ServiceCalendar, start: datetime, first: int, second: int, elsewhere: timezone
) -> None:
    middle = start + timedelta(seconds=first)
    end = middle + timedelta(seconds=second)
    assert calendar.elapsed(start, middle) + calendar.elapsed(middle, end) == calendar.elapsed(start, end)
    assert calendar.elapsed(end, start) == -calendar.elapsed(start, end)
    assert timedelta(0) <= calendar.elapsed(start, middle) <= middle - start
    assert calendar.elapsed(start.astimezone(elsewhere), end) == calendar.elapsed(start, end)
    assert ALWAYS.elapsed(start, end) == end - start


@settings(max_examples=60, deadline=None)
@given(calendars, instants, offsets)
def test_the_laws_of_openings(calendar: ServiceCalendar, at: datetime, elsewhere: timezone) -> None:
    assert calendar.is_open(at.astimezone(elsewhere)) == wall_clock_open(calendar, at)
    opening = calendar.next_opening(at.astimezone(elsewhere))
    assert calendar.is_open(opening)
    assert calendar.elapsed(at, opening) == timedelta(0)
    assert opening == at if calendar.is_open(at) else opening > at
    assert opening == calendar.due(at, MICROSECOND) - MICROSECOND
    assert opening.tzinfo is UTC


@settings(max_examples=40, deadline=None)
@given(random_calendars, whole_minutes, st.integers(1, 3 * 1440))
def test_the_same_as_walking_minute_by_minute(calendar: ServiceCalendar, start: datetime, minutes: int) -> None:
    open_minutes = walked(calendar, start, minutes)
    assert calendar.elapsed(start, start + timedelta(minutes=minutes)) == timedelta(minutes=open_minutes)
    if open_minutes:
        due = calendar.due(start, timedelta(minutes=open_minutes))
        assert start < due <= start + timedelta(minutes=minutes)
        assert walked(calendar, start, (due - start) // timedelta(minutes=1)) == open_minutes


def _changes_of_the_clocks() -> list[datetime]:
    """Local midnights of Warsaw before a change of the clocks, 2024 to 2061."""
    midnights = (
        datetime(year, month, day, tzinfo=WARSAW)
        for year in range(2024, 2062)
        for month in (3, 10)
        for day in range(25, 32)
    )
    return [at for at in midnights if at.weekday() == 6]


@pytest.mark.parametrize("midnight", _changes_of_the_clocks(), ids=lambda at: at.date().isoformat())
def test_around_the_clock_is_real_time_on_every_change_of_the_clocks(midnight: datetime) -> None:
    next_midnight = midnight + timedelta(days=1)  # wall time
    real = next_midnight.astimezone(UTC) - midnight.astimezone(UTC)
    assert real == timedelta(hours=23 if midnight.month == 3 else 25)
    assert ALWAYS.elapsed(midnight, next_midnight) == real
    assert WHOLE_DAYS.elapsed(midnight, next_midnight) == real
    for hours in range(1, 26):
        assert ALWAYS.due(midnight, timedelta(hours=hours)) == midnight.astimezone(UTC) + timedelta(hours=hours)
        assert WHOLE_DAYS.due(midnight, timedelta(hours=hours)) == midnight.astimezone(UTC) + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("calendar", "day", "minutes"),
    [
        (NIGHTS, "2027-03-28", 30),  # 02:00 becomes 03:00: 01:30 to 02:00 is left
        (NIGHTS, "2026-10-25", 90),  # 02:00 to 03:00 comes twice
        (NIGHTS, "2026-10-26", 60),
        (LORD_HOWE, "2026-10-04", 90),  # clocks go by half an hour there, 02:00 to 02:30
        (LORD_HOWE, "2027-04-04", 150),
    ],
)
def test_a_window_over_a_change_of_the_clocks_is_as_long_as_it_was(
    calendar: ServiceCalendar, day: str, minutes: int
) -> None:
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(calendar.zone))
    assert calendar.elapsed(midnight, midnight + timedelta(days=1)) == timedelta(minutes=minutes)
    assert walked(calendar, midnight.astimezone(UTC), 24 * 60) == minutes


def test_a_window_in_the_hour_of_the_change_stays_shut_in_spring_and_comes_twice_in_autumn() -> None:
    two_to_three = ServiceCalendar.weekly("Europe/Warsaw", dict.fromkeys(range(1, 8), ((time(2), time(3)),)))
    evening = datetime(2027, 3, 27, 20, tzinfo=UTC)
    assert two_to_three.next_opening(evening) == datetime(2027, 3, 29, 0, tzinfo=UTC)
    assert two_to_three.due(evening, timedelta(hours=1)) == datetime(2027, 3, 29, 1, tzinfo=UTC)
    assert not two_to_three.is_open(datetime(2027, 3, 28, 1, tzinfo=UTC))
    night = datetime(2026, 10, 24, 23, 59, 59, tzinfo=UTC)
    assert two_to_three.next_opening(night) == datetime(2026, 10, 25, 0, tzinfo=UTC)
    assert two_to_three.due(night, timedelta(hours=2)) == datetime(2026, 10, 25, 2, tzinfo=UTC)
    assert two_to_three.due(night, timedelta(hours=2, seconds=1)) == datetime(2026, 10, 26, 1, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        # The spring night has 23 hours: 01:59:59 is followed by 03:00:00.
        ("2027-03-28T00:30:00+01:00", "2027-03-28T01:30:00+01:00"),
        ("2027-03-28T01:30:00+01:00", "2027-03-28T03:30:00+02:00"),
        # The autumn night has 25: 02:30 comes twice, an hour apart.
        ("2026-10-25T01:30:00+02:00", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00"),
    ],
)
def test_an_hour_around_the_clock_is_an_hour_on_the_nights_of_the_changes(start: str, due: str) -> None:
    for calendar in (ALWAYS, WHOLE_DAYS):
        assert calendar.due(datetime.fromisoformat(start), timedelta(hours=1)) == datetime.fromisoformat(due)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-16T09:00", 8, "2026-11-16T17:00"),
        ("2026-11-16T16:00", 1, "2026-11-16T17:00"),
        ("2026-11-16T17:00", 1, "2026-11-17T10:00"),
        ("2026-11-16T16:59:59.999999", 8, "2026-11-17T16:59:59.999999"),
        ("2026-11-20T17:00", 40, "2026-11-27T17:00"),
        ("2026-12-31T09:00", 16, "2027-01-04T17:00"),
    ],
)
def test_a_budget_that_uses_the_window_up_is_due_at_its_close(start: str, hours: int, due: str) -> None:
    assert OFFICE.due(warsaw(start), timedelta(hours=hours)) == warsaw(due)


def test_no_budget_is_due_at_once_even_outside_the_window() -> None:
    at = warsaw("2026-11-16T20:00")
    assert OFFICE.due(at, timedelta(0)) == at
    assert OFFICE.due(at, timedelta(0)).tzinfo is UTC


def test_windows_are_half_open() -> None:
    assert OFFICE.is_open(warsaw("2026-11-16T09:00"))
    assert not OFFICE.is_open(warsaw("2026-11-16T17:00"))
    assert OFFICE.next_opening(warsaw("2026-11-16T17:00")) == warsaw("2026-11-17T09:00")
    assert OFFICE.next_opening(warsaw("2026-11-16T12:00")) == warsaw("2026-11-16T12:00")


def test_several_windows_a_day_and_a_window_over_midnight() -> None:
    monday = warsaw("2026-11-23T11:30")
    assert SPLIT.due(monday, timedelta(hours=1)) == warsaw("2026-11-23T13:30")
    assert SPLIT.due(monday, timedelta(hours=4)) == warsaw("2026-11-23T16:30")
    assert SPLIT.due(monday, timedelta(hours=6, minutes=30)) == warsaw("2026-11-26T00:30")
    assert SPLIT.next_opening(warsaw("2026-11-23T12:00")) == warsaw("2026-11-23T13:00")


def test_extra_days_are_closed() -> None:
    assert SPLIT.next_opening(warsaw("2026-11-16T09:00")) == warsaw("2026-11-18T22:00")


def easter(year: int) -> date:
    """Easter Sunday (Meeus, Jones and Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)


def test_polish_holidays_are_those_of_the_law_until_2061() -> None:
    """Ustawa o dniach wolnych od pracy, art. 1: thirteen days and, from 2025 on, Christmas Eve."""
    for year in range(2024, 2062):
        fixed = ["0101", "0106", "0501", "0503", "0815", "1101", "1111", "1225", "1226"] + ["1224"] * (year >= 2025)
        days = {date(year, int(day[:2]), int(day[2:])) for day in fixed}
        assert public_holidays("PL", year) == days | {easter(year) + timedelta(days=after) for after in (0, 1, 49, 60)}


def test_a_calendar_that_never_opens_again_says_so_and_does_not_search_for_ever() -> None:
    mondays = [date(2195, 11, 23) + timedelta(weeks=week) for week in range(52 * 5)]
    closed_down = ServiceCalendar.weekly("Europe/Warsaw", {1: NINE_TO_FIVE}, extra_closed=mondays)
    last = warsaw("2195-11-16T17:00")
    assert closed_down.due(warsaw("2195-11-16T09:00"), timedelta(hours=8)) == last
    with pytest.raises(ValueError, match="1900 to 2199"):
        closed_down.next_opening(last)
    with pytest.raises(ValueError, match="1900 to 2199"):
        closed_down.due(last, MICROSECOND)


def test_beyond_the_calendar_of_the_computer_is_refused() -> None:
    early, late = datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), datetime.max.replace(tzinfo=UTC)
    for calendar in (ALWAYS, OFFICE):
        with pytest.raises(ValueError, match=r"after the year 9999|1900 to 2199"):
            calendar.due(late, timedelta(hours=1))
        with pytest.raises(ValueError, match=r"before the year 1|1900 to 2199"):
            calendar.next_opening(early)
    assert ALWAYS.elapsed(early, late) > timedelta(days=3_652_058)


@pytest.mark.parametrize(("day", "is_open"), [("2024-12-24", True), ("2025-12-24", False), ("2060-12-24", False)])
def test_christmas_eve_is_free_from_2025_on(day: str, *, is_open: bool) -> None:
    assert OFFICE.is_open(warsaw(f"{day}T12:00")) == is_open


def test_a_paused_clock_keeps_what_it_had_left() -> None:
    start = warsaw("2026-11-20T16:30")
    budget = timedelta(hours=2)
    left = OFFICE.remaining(start, budget, warsaw("2026-11-23T09:15"))
    assert left == timedelta(hours=1, minutes=15)
    assert OFFICE.due(warsaw("2026-11-24T16:00"), left) == warsaw("2026-11-25T09:15")
    assert OFFICE.remaining(start, budget, warsaw("2026-12-20T12:00")) == timedelta(0)


def test_a_naive_datetime_is_refused() -> None:
    naive = datetime(2026, 11, 16, 12)  # noqa: DTZ001 - a naive one is what this test is about
    aware = warsaw("2026-11-16T12:00")
    for calendar in (OFFICE, ALWAYS):
        with pytest.raises(ValueError, match="without a zone"):
            calendar.due(naive, timedelta(hours=1))
        with pytest.raises(ValueError, match="without a zone"):
            calendar.elapsed(naive, aware)
        with pytest.raises(ValueError, match="without a zone"):
            calendar.elapsed(aware, naive)
        with pytest.raises(ValueError, match="without a zone"):
            calendar.next_opening(naive)
        with pytest.raises(ValueError, match="without a zone"):
            calendar.is_open(naive)


def test_a_negative_budget_is_refused() -> None:
    with pytest.raises(ValueError, match="never negative"):
        OFFICE.due(warsaw("2026-11-16T12:00"), timedelta(seconds=-1))


def test_far_beyond_the_known_years_is_refused() -> None:
    with pytest.raises(ValueError, match="1900 to 2199"):
        OFFICE.elapsed(datetime(1899, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(ValueError, match="1900 to 2199"):
        OFFICE.due(datetime(2199, 12, 1, tzinfo=UTC), timedelta(days=365))


@pytest.mark.parametrize(
    ("windows", "wrong"),
    [
        ({}, "at least one window"),
        ({1: ()}, "at least one window"),
        ({1: ((time(9), time(9)),)}, "open before it closes"),
        ({1: ((time(17), time(9)),)}, "open before it closes"),
        ({1: ((time(9), time(12)), (time(11), time(13)))}, "must not overlap"),
        ({1: ((time(13), time(14)), (time(9), time(12)))}, "must not overlap"),
    ],
)
def test_windows_that_make_no_sense_are_refused(windows: dict[int, tuple[tuple[time, time], ...]], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        ServiceCalendar.weekly("Europe/Warsaw", windows)


def test_unknown_zone_and_country_are_refused() -> None:
    with pytest.raises(ValueError, match="no such time zone"):
        ServiceCalendar.weekly("Europe/Warszawa", {1: NINE_TO_FIVE})
    with pytest.raises(ValueError, match="public holidays of 'XX'"):
        ServiceCalendar.weekly("Europe/Warsaw", {1: NINE_TO_FIVE}, country="XX")


def test_equal_calendars_are_equal_and_hash_alike_whatever_they_have_worked_out() -> None:
    other = ServiceCalendar.weekly("Europe/Warsaw", dict.fromkeys(range(1, 6), NINE_TO_FIVE), country="PL")
    OFFICE.is_open(warsaw("2031-11-16T12:00"))
    assert other == OFFICE
    assert hash(other) == hash(OFFICE)
    assert other != ServiceCalendar.weekly("Europe/Warsaw", dict.fromkeys(range(1, 6), NINE_TO_FIVE))


@pytest.mark.parametrize("years", [2, 30])
def test_a_deadline_years_away_costs_no_walk(years: int) -> None:
    start = warsaw("2026-11-16T12:00")
    budget = timedelta(hours=8 * 250 * years)
    assert OFFICE.elapsed(start, OFFICE.due(start, budget)) == budget  # works out the years once
    before = stopwatch.process_time()
    for _ in range(100):
        OFFICE.due(start, budget)
    assert stopwatch.process_time() - before < 0.1
