"""What the bot says of contracts in time: services that are not used, and contracts that end soon.

A review and a firmware upgrade are proposed when a configured share of the contract year is over and the device has
used, or agreed on, fewer than there are shares over: at the first point the first of them, at the second the second. A
contract that ends is announced at each of the configured distances. What was missed while nobody looked is said once,
as what it is now.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.config_entitlements import EntitlementsConfig
from bot.entitlements import Entitlement, EntitlementUse, NoticeKind
from bot.model import Contract
from bot.rules.business_hours import ServiceCalendar
from bot.rules.entitlements import PROPOSED_IN_TIME, allowance, standing, year_of

AT_MOST = 10
"""Notices in one message; what else there is comes with the next one, the most urgent first."""

_KINDS = {Entitlement.REVIEW: NoticeKind.REVIEW, Entitlement.FIRMWARE_UPGRADE: NoticeKind.FIRMWARE_UPGRADE}


@dataclass(frozen=True, slots=True)
class Due:
    """Something to say; fields as of `ServiceNotice`."""

    key: str
    kind: NoticeKind
    contract_id: int
    serials: tuple[str, ...]
    due_on: date


def entitlement_of(kind: NoticeKind) -> Entitlement:
    """The entitlement that a proposal is about.

    Raises:
        ValueError: it is no proposal.
    """
    return Entitlement(kind.value)


def due_of(
    contract: Contract, uses: Iterable[EntitlementUse], today: date, config: EntitlementsConfig
) -> tuple[Due, ...]:
    """Everything that is to be said of a contract on a day, whether or not it was said before."""
    known = tuple(uses)
    return (*_ends(contract, today, config), *_unused(contract, known, today, config))


def _ends(contract: Contract, today: date, config: EntitlementsConfig) -> Iterable[Due]:
    left = (contract.valid_to - today).days
    reached = [days for days in config.announce_end_days if left <= days]
    if contract.valid_on(today) and reached:
        key = f"ends:{contract.id}:{contract.valid_to}:{min(reached)}"
        yield Due(key, NoticeKind.ENDS, contract.id, (), contract.valid_to)


def _unused(
    contract: Contract, uses: Sequence[EntitlementUse], today: date, config: EntitlementsConfig
) -> Iterable[Due]:
    year = year_of(contract.valid_from, contract.valid_to, today)
    if year is None:
        return
    days = (year.last - year.first).days + 1
    for kind in PROPOSED_IN_TIME:
        points = config.propose_at_percent[: allowance(kind, contract, config)]
        passed = sum(today >= year.first + timedelta(days=math.ceil(days * percent / 100)) for percent in points)
        lacking = tuple(
            device.serial
            for device in contract.devices
            if standing(kind, device.serial, contract, uses, today, today, config).taken < passed
        )
        if lacking:
            key = f"{kind}:{contract.id}:{year.first}:{passed}"
            yield Due(key, _KINDS[kind], contract.id, lacking, year.last)


def next_look(last: date, now: datetime, look_at: time, zone: ZoneInfo, calendar: ServiceCalendar) -> datetime:
    """When to look next, UTC: at that local time of a working day, or at once where today's look is overdue.

    Args:
        last: The local day of the last look.
        now: Aware.
        calendar: Of the working days.
    """
    today = now.astimezone(zone).date()
    day = today if last < today else last + timedelta(days=1)
    while True:
        midnight = datetime.combine(day, time.min, tzinfo=zone)
        opening = calendar.next_opening(midnight.astimezone(UTC)).astimezone(zone).date()
        if opening == day:
            return datetime.combine(day, look_at, tzinfo=zone).astimezone(UTC)
        day = opening
