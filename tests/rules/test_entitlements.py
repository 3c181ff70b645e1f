"""Contract years over leap days and renewals, and allowances that are never negative."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config_entitlements import EntitlementsConfig
from bot.entitlements import ContractYear, Entitlement, EntitlementUse, UseState
from bot.model import Contract, Device
from bot.rules.entitlements import ONCE, allowance, anniversary, deadline, standing, standings, year_of

DAY = timedelta(days=1)
CONFIG = EntitlementsConfig()
SERIAL, OTHER = "FG121GTK25004672", "FGT60FTK20012345"
CONTRACT = Contract(
    1, "HZ360-2026-000101", "Mleczarnia", "8341710008", date(2025, 3, 15), date(2028, 3, 14),
    (Device(SERIAL, "FortiGate-121G"), Device(OTHER, "FortiGate-60F")), ("@klient.example",),
)  # fmt: skip
TODAY = date(2026, 11, 23)
CHANGE, DEPLOYMENT, ON_SITE = (
    Entitlement.CONFIGURATION_CHANGE,
    Entitlement.REMOTE_DEPLOYMENT,
    Entitlement.ON_SITE_INSTALLATION,
)


def a_use(state: UseState, done_on: date | None = None, **changes: object) -> EntitlementUse:
    values: dict[str, object] = {
        "id": 0, "ticket_id": 1, "contract_id": 1, "kind": CHANGE, "state": state, "requested_by": "a@b.example",
        "requested_at": datetime(2026, 11, 1, 9, tzinfo=UTC), "serial": SERIAL, "done_on": done_on,
    }  # fmt: skip
    return EntitlementUse(**(values | changes))  # type: ignore[arg-type]  # a test names the fields it is about


@pytest.mark.parametrize(
    ("starts", "day", "first", "last"),
    [
        (date(2025, 3, 15), date(2025, 3, 15), date(2025, 3, 15), date(2026, 3, 14)),
        (date(2025, 3, 15), date(2026, 3, 14), date(2025, 3, 15), date(2026, 3, 14)),
        (date(2025, 3, 15), date(2026, 3, 15), date(2026, 3, 15), date(2027, 3, 14)),
        (date(2024, 2, 29), date(2025, 2, 28), date(2024, 2, 29), date(2025, 2, 28)),
        (date(2024, 2, 29), date(2025, 3, 1), date(2025, 3, 1), date(2026, 2, 28)),
        (date(2024, 2, 29), date(2028, 2, 28), date(2027, 3, 1), date(2028, 2, 28)),
        (date(2024, 2, 29), date(2028, 2, 29), date(2028, 2, 29), date(2029, 2, 28)),
        (date(2023, 3, 1), date(2024, 2, 29), date(2023, 3, 1), date(2024, 2, 29)),
        (date(2025, 1, 1), date(2025, 12, 31), date(2025, 1, 1), date(2025, 12, 31)),
    ],
)
def test_the_year_that_a_day_lies_in(starts: date, day: date, first: date, last: date) -> None:
    assert year_of(starts, date(2040, 1, 1), day) == ContractYear(first, last)


def test_the_last_year_ends_with_the_contract_and_a_renewal_adds_years() -> None:
    starts, ends = date(2025, 3, 15), date(2026, 8, 31)
    assert year_of(starts, ends, date(2026, 7, 1)) == ContractYear(date(2026, 3, 15), ends)
    assert year_of(starts, ends, ends + DAY) is None
    assert year_of(starts, ends, starts - DAY) is None
    renewed = date(2028, 8, 31)
    assert year_of(starts, renewed, date(2026, 7, 1)) == ContractYear(date(2026, 3, 15), date(2027, 3, 14))


days = st.dates(date(1990, 1, 1), date(2090, 12, 31))


@given(days, st.integers(1, 6000), st.integers(0, 6000))
def test_every_day_of_a_contract_is_in_one_year(starts: date, length: int, at: int) -> None:
    ends = starts + length * DAY
    day = starts + min(at, length) * DAY
    year = year_of(starts, ends, day)
    assert year is not None
    assert starts <= year.first <= day <= year.last <= ends
    assert year_of(starts, ends, year.first) == year_of(starts, ends, year.last) == year
    assert (year.last - year.first).days <= 365
    if year.last < ends:
        following = year_of(starts, ends, year.last + DAY)
        assert following is not None
        assert following.first == year.last + DAY
        assert (year.last - year.first).days >= 364
    if year.first > starts:
        before = year_of(starts, ends, year.first - DAY)
        assert before is not None
        assert before.last == year.first - DAY


@given(days, st.integers(1, 5000), st.integers(0, 5000))
def test_a_later_end_changes_no_year_that_was_whole(starts: date, length: int, more: int) -> None:
    ends = starts + length * DAY
    year = year_of(starts, ends, starts)
    renewed = year_of(starts, ends + more * DAY, starts)
    assert year is not None
    assert renewed is not None
    assert renewed == year or year.last == ends


@given(days, st.integers(0, 100))
def test_anniversaries_follow_each_other(start: date, years: int) -> None:
    assert anniversary(start, years) < anniversary(start, years + 1)
    assert anniversary(start, years).year == start.year + years


def test_at_the_end_of_the_calendar() -> None:
    assert year_of(date(9998, 5, 1), date.max, date.max) == ContractYear(date(9999, 5, 1), date.max)


states = st.sampled_from(list(UseState))
some_uses = st.lists(
    st.builds(
        a_use,
        states,
        st.none() | st.dates(date(2024, 1, 1), date(2029, 1, 1)),
        kind=st.sampled_from(list(Entitlement)),
        serial=st.sampled_from([SERIAL, OTHER, None]),
        beyond=st.booleans(),
    ),
    max_size=30,
)


@given(some_uses, st.sampled_from(list(Entitlement)), st.dates(date(2024, 1, 1), date(2029, 1, 1)))
def test_no_allowance_is_ever_negative_and_every_use_counts_in_one_year(
    uses: list[EntitlementUse], kind: Entitlement, day: date
) -> None:
    found = standing(kind, SERIAL, CONTRACT, uses, day, TODAY, CONFIG)
    assert found.left >= 0
    assert found.left <= found.allowance
    assert found.is_used_up == (found.left == 0)
    if not CONTRACT.valid_on(day):
        assert found.left == 0
    theirs = [use for use in uses if (use.kind, use.serial, use.state) == (kind, SERIAL, UseState.DONE)]
    done = [use.done_on for use in theirs if use.done_on is not None]
    if kind in ONCE:
        assert found.used == len(done)
        return
    starts = (date(2025, 3, 15), date(2026, 3, 15), date(2027, 3, 15))
    counted = sum(standing(kind, SERIAL, CONTRACT, uses, first, TODAY, CONFIG).used for first in starts)
    assert counted == sum(CONTRACT.valid_on(each) for each in done)


def test_what_is_agreed_holds_its_place_in_the_present_year_alone() -> None:
    uses = [a_use(UseState.DONE, TODAY)] * 3 + [a_use(UseState.AGREED, id=7), a_use(UseState.ASKED)]
    uses += [a_use(UseState.DONE, date(2026, 3, 14)), a_use(UseState.DONE, TODAY, serial=OTHER)]
    found = standing(CHANGE, SERIAL, CONTRACT, uses, TODAY, TODAY, CONFIG)
    assert (found.used, found.agreed, found.left, found.until) == (3, 1, 1, date(2027, 3, 14))
    assert standing(CHANGE, SERIAL, CONTRACT, uses, TODAY, TODAY, CONFIG, without=7).left == 2
    last_year = standing(CHANGE, SERIAL, CONTRACT, uses, date(2026, 3, 1), TODAY, CONFIG)
    assert (last_year.used, last_year.agreed, last_year.until) == (1, 0, date(2026, 3, 14))
    assert standing(CHANGE, SERIAL, CONTRACT, uses, date(2029, 1, 1), TODAY, CONFIG).is_used_up


def test_once_is_once_whatever_the_year() -> None:
    uses = [a_use(UseState.DONE, date(2025, 4, 1), kind=DEPLOYMENT)]
    found = standing(DEPLOYMENT, SERIAL, CONTRACT, uses, TODAY, TODAY, CONFIG)
    assert (found.used, found.left, found.until) == (1, 0, None)


def test_an_installation_on_site_is_for_contracts_that_have_it() -> None:
    assert allowance(ON_SITE, CONTRACT, CONFIG) == 0
    assert allowance(ON_SITE, replace(CONTRACT, on_site=True), CONFIG) == 1
    kinds = [one.kind for one in standings(CONTRACT, [], TODAY, CONFIG)[0].standings]
    assert kinds == [CHANGE, Entitlement.REVIEW, Entitlement.FIRMWARE_UPGRADE, DEPLOYMENT]
    granted = [a_use(UseState.AGREED, kind=ON_SITE, beyond=True)]
    assert [one.kind for one in standings(CONTRACT, granted, TODAY, CONFIG)[0].standings][-1] is ON_SITE


def test_seven_and_fourteen_days_from_the_request() -> None:
    use = a_use(UseState.AGREED, kind=DEPLOYMENT)
    assert deadline(use, CONFIG) == datetime(2026, 11, 8, 9, tzinfo=UTC)
    assert deadline(replace(use, kind=ON_SITE), CONFIG) == datetime(2026, 11, 15, 9, tzinfo=UTC)
    assert deadline(replace(use, kind=CHANGE), CONFIG) is None
