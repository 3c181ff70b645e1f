"""Terms of a priority, due times, reminders inside the window, and the instant a mail counts as sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import CalendarConfig, PriorityConfig, SlaConfig
from bot.model import ClockKind, Priority
from bot.rules.business_hours import ServiceCalendar
from bot.rules.calendars import named_calendar
from bot.rules.clock_terms import RETURN_ESCALATES, measure, return_instants
from bot.rules.paused_clocks import level_instants
from bot.rules.sla import (
    ReturnTerms,
    SlaTerms,
    sent_at,
    terms_from_config,
    terms_of_priority,
)

WARSAW = ZoneInfo("Europe/Warsaw")
OFFICE = named_calendar("8x5", CalendarConfig(), "Europe/Warsaw")
ALWAYS = named_calendar("24x7", CalendarConfig(), "Europe/Warsaw")
FOUR_HOURS = timedelta(hours=4)
RECEIVED = datetime(2026, 11, 16, 12, tzinfo=UTC)


def warsaw(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WARSAW)


def test_the_terms_of_the_service() -> None:
    terms = terms_from_config(SlaConfig())
    assert set(terms) == set(Priority)
    hours = {p: (t.calendar, t.reaction / timedelta(hours=1), t.reply / timedelta(hours=1)) for p, t in terms.items()}
    assert hours == {
        Priority.CRITICAL: ("24x7", 1, 1),
        Priority.NON_CRITICAL: ("8x5", 1, 2),
        Priority.QUESTION: ("8x5", 2, 4),
    }
    assert terms[Priority.CRITICAL].delivery == terms[Priority.NON_CRITICAL].delivery == timedelta(hours=8)
    assert terms[Priority.QUESTION].delivery is None
    assert {t.remind_at_percent for t in terms.values()} == {(50, 80)}


spans = st.integers(1, 10**6).map(lambda seconds: timedelta(seconds=seconds))
any_terms = st.builds(
    SlaTerms,
    calendar=st.sampled_from(["24x7", "8x5"]),
    reaction=spans,
    reply=spans,
    delivery=st.none() | spans,
    delivery_calendar=st.sampled_from(["24x7", "8x5"]),
    remind_at_percent=st.lists(st.integers(1, 99), unique=True).map(lambda levels: tuple(sorted(levels))),
)


@settings(deadline=None)
@given(any_terms)
def test_terms_survive_json(terms: SlaTerms) -> None:
    assert SlaTerms.from_json(json.loads(json.dumps(terms.to_json()))) == terms


def test_terms_that_are_no_terms_are_refused() -> None:
    data = terms_of_priority(SlaConfig().question).to_json()
    for key in data.keys() - {"return"}:  # tickets of before have none, and get the published one
        with pytest.raises(KeyError, match=key):
            SlaTerms.from_json({k: v for k, v in data.items() if k != key})
    for key, value in (("reaction_s", "2h"), ("reply_s", None), ("delivery_s", True), ("remind_at_percent", "50")):
        with pytest.raises(ValueError, match=r"a span is|no list"):
            SlaTerms.from_json({**data, key: value})


def test_due_times_follow_the_terms() -> None:
    terms = terms_from_config(SlaConfig())

    def due(priority: Priority, kind: ClockKind) -> datetime | None:
        measured = measure(kind, terms[priority], timedelta(hours=1))
        calendars = {"8x5": OFFICE, "24x7": ALWAYS}
        return measured and calendars[measured.calendar].due(warsaw("2026-11-20T16:30"), measured.budget)

    assert due(Priority.NON_CRITICAL, ClockKind.REACTION) == warsaw("2026-11-23T09:30")
    assert due(Priority.NON_CRITICAL, ClockKind.REPLY) == warsaw("2026-11-23T10:30")
    assert due(Priority.CRITICAL, ClockKind.REACTION) == warsaw("2026-11-20T17:30")
    assert due(Priority.CRITICAL, ClockKind.DELIVERY) == warsaw("2026-11-21T00:30")
    assert due(Priority.QUESTION, ClockKind.DELIVERY) is None


def test_reminders_count_service_time() -> None:
    start, budget = warsaw("2026-11-20T16:00"), timedelta(hours=4)
    assert level_instants(start, budget, (), OFFICE, (50, 80, 100)) == [
        (50, warsaw("2026-11-23T10:00")),
        (80, warsaw("2026-11-23T11:12")),
        (100, warsaw("2026-11-23T12:00")),
    ]


def test_a_reminder_that_falls_at_the_close_waits_for_the_opening() -> None:
    start, budget = warsaw("2026-11-20T16:00"), timedelta(hours=2)
    assert level_instants(start, budget, (), OFFICE, (50,)) == [(50, warsaw("2026-11-23T09:00"))]


def test_a_breach_at_the_close_is_marked_at_the_close() -> None:
    start, budget = warsaw("2026-11-20T15:00"), timedelta(hours=2)
    assert level_instants(start, budget, (), OFFICE, (80, 100)) == [
        (80, warsaw("2026-11-20T16:36")),
        (100, warsaw("2026-11-20T17:00")),
    ]


def test_levels_come_in_order_and_once() -> None:
    start, budget = warsaw("2026-11-16T10:00"), timedelta(hours=1)
    levels = level_instants(start, budget, (), OFFICE, (100, 50, 200, 50))
    assert levels == [
        (50, warsaw("2026-11-16T10:30")),
        (100, warsaw("2026-11-16T11:00")),
        (200, warsaw("2026-11-16T12:00")),
    ]


@settings(deadline=None)
@given(
    st.sampled_from([OFFICE, ALWAYS]),
    st.integers(1735689600, 1956527999).map(lambda second: datetime.fromtimestamp(second, UTC)),  # 2025 to 2031
    st.integers(60, 8 * 3600),
    st.lists(st.integers(1, 99), max_size=5),
)
def test_no_reminder_outside_the_window_and_none_after_the_breach(
    calendar: ServiceCalendar, start: datetime, seconds: int, percents: list[int]
) -> None:
    budget = timedelta(seconds=seconds)
    due = calendar.due(start, budget)
    instants = level_instants(start, budget, (), calendar, [*percents, 100])
    assert instants[-1] == (100, due)
    assert [level for level, _ in instants] == sorted({*percents, 100})
    assert all(earlier[1] <= later[1] for earlier, later in pairwise(instants))
    for _, instant in instants[:-1]:
        assert calendar.is_open(instant)
        assert instant.tzinfo is UTC


@pytest.mark.parametrize(
    ("date_header", "expected"),
    [
        (RECEIVED - timedelta(minutes=5), RECEIVED - timedelta(minutes=5)),
        (RECEIVED, RECEIVED),
        (RECEIVED - FOUR_HOURS, RECEIVED - FOUR_HOURS),
        (RECEIVED - FOUR_HOURS - timedelta(seconds=1), RECEIVED),
        (RECEIVED + timedelta(seconds=1), RECEIVED),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), RECEIVED),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))), RECEIVED),
        (datetime(2026, 11, 16, 12, 55, tzinfo=WARSAW), datetime(2026, 11, 16, 11, 55, tzinfo=UTC)),
        (datetime(2026, 11, 16, 11, 55), RECEIVED),  # noqa: DTZ001 - a header that names no zone
        (None, RECEIVED),
    ],
)
def test_the_date_header_counts_when_it_is_credible(date_header: datetime | None, expected: datetime) -> None:
    sent = sent_at(date_header, RECEIVED, FOUR_HOURS)
    assert sent == expected
    assert sent.tzinfo is UTC


def test_the_arrival_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="no zone"):
        sent_at(None, datetime(2026, 11, 16, 12), FOUR_HOURS)  # noqa: DTZ001 - refused for being naive


def test_calendars_by_name() -> None:
    assert ALWAYS.windows is None
    assert OFFICE is named_calendar("8x5", CalendarConfig(), "Europe/Warsaw")
    assert OFFICE.country == "PL"
    short = CalendarConfig.model_validate({"closes": time(12), "weekdays": (1,), "country": "PL"})
    assert named_calendar("8x5", short, "Europe/Warsaw").due(warsaw("2026-11-16T11:00"), timedelta(hours=2)) == warsaw(
        "2026-11-23T10:00"
    )
    with pytest.raises(ValueError, match="no such calendar"):
        named_calendar("9x5", CalendarConfig(), "Europe/Warsaw")


def test_the_windows_of_the_configuration_and_its_country() -> None:
    section = CalendarConfig.model_validate(
        {
            "country": "US",
            "windows": {"mon": ["08:00-12:00", "13:00-16:30"], "sat": ["22:00-24:00"], "sun": ["00:00-03:00"]},
            "extra_closed": ["2026-11-23"],
        }
    )
    calendar = named_calendar("8x5", section, "Europe/Warsaw")
    monday = warsaw("2026-11-16T11:30")
    assert calendar.due(monday, timedelta(hours=1)) == warsaw("2026-11-16T13:30")
    assert calendar.due(monday, timedelta(hours=6)) == warsaw("2026-11-22T00:00")
    assert calendar.due(monday, timedelta(hours=9)) == warsaw("2026-11-22T03:00")
    assert calendar.due(monday, timedelta(hours=10)) == warsaw("2026-11-28T23:00")  # the 23rd is closed
    assert calendar.next_opening(warsaw("2026-05-25T09:00")) == warsaw("2026-05-30T22:00")  # Memorial Day
    assert not named_calendar("8x5", section, "America/New_York").is_open(monday)


def test_terms_of_one_section() -> None:
    section = PriorityConfig(calendar="8x5", reaction=timedelta(minutes=30), reply=timedelta(hours=3))
    assert terms_of_priority(section).reaction == timedelta(minutes=30)


def test_the_terms_of_a_return_are_kept_and_those_of_before_are_the_published_ones() -> None:
    own = ReturnTerms(timedelta(days=10), (timedelta(days=9),), timedelta(days=1))
    kept = terms_of_priority(SlaConfig().critical, own).to_json()
    assert SlaTerms.from_json(kept).returns == own
    del kept["return"]
    assert SlaTerms.from_json(kept).returns == ReturnTerms()
    for broken in ("7 days", {}, {"within_s": 1, "reminders_s": 2, "escalate_after_s": 3}):
        with pytest.raises((ValueError, KeyError)):
            ReturnTerms.from_json(broken)


def test_a_return_is_reminded_of_on_day_3_6_and_7_and_escalated_later() -> None:
    start = datetime(2026, 11, 23, 12, tzinfo=UTC)
    day = timedelta(days=1)
    assert return_instants(ReturnTerms(), start, start + 7 * day) == [
        (-4 * 86_400, start + 3 * day),
        (-86_400, start + 6 * day),
        (100, start + 7 * day),
        (RETURN_ESCALATES, start + 10 * day),
    ]
