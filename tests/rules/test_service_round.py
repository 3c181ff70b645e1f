"""What is said of contracts in time, and when it is looked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config_entitlements import EntitlementsConfig
from bot.entitlements import Entitlement, NoticeKind, UseState
from bot.rules.business_hours import ServiceCalendar
from bot.rules.service_round import due_of, next_look
from tests.rules.test_entitlements import CONTRACT, OTHER, SERIAL, a_use

CONFIG, DAY, ZONE = EntitlementsConfig(), timedelta(days=1), ZoneInfo("Europe/Warsaw")
HALF, LATE = date(2026, 3, 15) + 146 * DAY, date(2026, 3, 15) + 292 * DAY
"""40 and 80 per cent of the contract year of 365 days from 15 March 2026."""
OFFICE = ServiceCalendar.weekly("Europe/Warsaw", {day: ((time(9), time(17)),) for day in range(1, 6)}, country="PL")


def keys(today: date, *uses: object, **changes: object) -> list[str]:
    return [due.key for due in due_of(replace(CONTRACT, **changes), uses, today, CONFIG)]  # type: ignore[arg-type]


def test_each_is_proposed_at_its_point_of_the_year() -> None:
    assert keys(HALF - DAY) == []
    assert keys(HALF) == ["review:1:2026-03-15:1", "firmware_upgrade:1:2026-03-15:1"]
    assert keys(LATE - DAY) == keys(HALF)
    assert keys(LATE) == ["review:1:2026-03-15:2", "firmware_upgrade:1:2026-03-15:2"]
    assert due_of(CONTRACT, [], HALF, CONFIG)[0].serials == (SERIAL, OTHER)
    assert due_of(CONTRACT, [], HALF, CONFIG)[0].due_on == date(2027, 3, 14)


def test_what_is_used_or_agreed_is_not_proposed() -> None:
    done = a_use(UseState.DONE, HALF - DAY, kind=Entitlement.REVIEW)
    agreed = a_use(UseState.AGREED, kind=Entitlement.FIRMWARE_UPGRADE)
    found = {due.kind: due.serials for due in due_of(CONTRACT, [done, agreed], HALF, CONFIG)}
    assert found == {NoticeKind.REVIEW: (OTHER,), NoticeKind.FIRMWARE_UPGRADE: (OTHER,)}
    assert due_of(CONTRACT, [done], LATE, CONFIG)[0].serials == (SERIAL, OTHER)


@pytest.mark.parametrize(
    ("left", "level"), [(61, None), (60, 60), (31, 60), (30, 30), (8, 30), (7, 7), (0, 7), (-1, None)]
)
def test_a_contract_that_ends_is_announced_at_each_distance(left: int, level: int | None) -> None:
    found = [key for key in keys(CONTRACT.valid_to - left * DAY) if key.startswith("ends")]
    assert found == ([] if level is None else [f"ends:1:2028-03-14:{level}"])


@given(st.integers(0, 1200), st.integers(1, 1200))
def test_what_is_due_stays_due_or_grows_within_a_year(first: int, later: int) -> None:
    begin = CONTRACT.valid_from + first * DAY
    before, after = due_of(CONTRACT, [], begin, CONFIG), due_of(CONTRACT, [], begin + later * DAY, CONFIG)
    levels = {due.key.rpartition(":")[0]: int(due.key.rpartition(":")[2]) for due in before}
    for due in after:
        what, _, level = due.key.rpartition(":")
        if what in levels:
            assert int(level) >= levels[what] if due.kind is not NoticeKind.ENDS else int(level) <= levels[what]


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        ("2026-11-22", "2026-11-23T07:00", "2026-11-23T09:00"),
        ("2026-11-20", "2026-11-23T12:00", "2026-11-23T09:00"),  # overdue: at once
        ("2026-11-23", "2026-11-23T09:00", "2026-11-24T09:00"),
        ("2026-11-27", "2026-11-27T09:00", "2026-11-30T09:00"),  # over a weekend
        ("2026-12-23", "2026-12-23T10:00", "2026-12-28T09:00"),  # over Christmas
        ("2026-11-20", "2026-11-28T10:00", "2026-11-30T09:00"),  # stopped for a week, started on a Saturday
        ("2026-11-24", "2026-11-23T10:00", "2026-11-25T09:00"),  # the machine's clock was set back
    ],
)
def test_when_to_look_next(last: str, now: str, expected: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=ZONE)
    wanted = datetime.fromisoformat(expected).replace(tzinfo=ZONE).astimezone(UTC)
    assert next_look(date.fromisoformat(last), at, time(9), ZONE, OFFICE) == wanted
