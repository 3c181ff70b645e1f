"""Contract years, allowances, and what a device has used of them (service terms; `[entitlements]` of the config).

A contract year runs from the contract's start date. A contract that started on 29 February has its other years begin
on 1 March, so that every one of them ends with February (Kodeks cywilny, art. 112: where the last month lacks the day,
a term ends with that month). A use counts in the year in which it was done; what is agreed and not done yet holds its
place in the present year, so that two wishes never share the last place. Remote deployment and on-site installation
are promised once: they count whenever they were done. A renewal is a later end, which adds years, or a later start:
then the years are those of the new start, and what was done before it is of no year any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.config_entitlements import EntitlementsConfig
from bot.entitlements import ContractYear, DeviceStanding, Entitlement, EntitlementUse, Standing, UseState
from bot.model import Contract

ONCE = frozenset({Entitlement.REMOTE_DEPLOYMENT, Entitlement.ON_SITE_INSTALLATION})
"""Promised once for a device, not every year."""

PROPOSED_IN_TIME = (Entitlement.REVIEW, Entitlement.FIRMWARE_UPGRADE)
"""The bot proposes each of these in time (service terms)."""

_DAY = timedelta(days=1)


def anniversary(start: date, years: int) -> date:
    """The first day of the contract year that begins so many years after the first one.

    Raises:
        OverflowError: it lies beyond the calendar.
    """
    if start.year + years > date.max.year:
        raise OverflowError("beyond the calendar")
    try:
        return start.replace(year=start.year + years)
    except ValueError:  # 29 February
        return date(start.year + years, 3, 1)


def year_of(starts: date, ends: date, day: date) -> ContractYear | None:
    """The contract year that the day lies in; None where the contract is not valid on it.

    Args:
        starts, ends: The contract's, both included.
    """
    if not starts <= day <= ends:
        return None
    years = day.year - starts.year
    if anniversary(starts, years) > day:
        years -= 1
    try:
        last = anniversary(starts, years + 1) - _DAY
    except OverflowError:
        last = date.max
    return ContractYear(anniversary(starts, years), min(last, ends))


def allowance(kind: Entitlement, contract: Contract, config: EntitlementsConfig) -> int:
    """How often a device of the contract may have it: in a contract year, or once."""
    match kind:
        case Entitlement.CONFIGURATION_CHANGE:
            return config.configuration_changes
        case Entitlement.REVIEW:
            return config.reviews
        case Entitlement.FIRMWARE_UPGRADE:
            return config.firmware_upgrades
        case Entitlement.REMOTE_DEPLOYMENT:
            return 1
        case Entitlement.ON_SITE_INSTALLATION:
            return 1 if contract.on_site else 0


def deadline(use: EntitlementUse, config: EntitlementsConfig) -> datetime | None:
    """Until when it is promised, counted in elapsed time from the request; None where no time is promised."""
    match use.kind:
        case Entitlement.REMOTE_DEPLOYMENT:
            return use.requested_at + config.deployment_within
        case Entitlement.ON_SITE_INSTALLATION:
            return use.requested_at + config.installation_within
        case _:
            return None


def standing(
    kind: Entitlement,
    serial: str,
    contract: Contract,
    uses: Iterable[EntitlementUse],
    day: date,
    today: date,
    config: EntitlementsConfig,
    *,
    without: int | None = None,
) -> Standing:
    """What a device has used of one entitlement, as counts on a day.

    Args:
        uses: All of the contract, of whatever device and kind.
        day: On which one more is or was to be done.
        today: In its contract year the agreed ones hold their places.
        without: The id of a use that is left out: the one that is being decided.
    """
    year = year_of(contract.valid_from, contract.valid_to, day)
    theirs = [use for use in uses if use.kind is kind and use.serial == serial and use.id != without]
    done = [use for use in theirs if use.state is UseState.DONE and use.done_on is not None]
    agreed = sum(use.state is UseState.AGREED for use in theirs)
    allowed = allowance(kind, contract, config)
    if kind in ONCE:
        return Standing(kind, allowed, len(done), agreed, None, year is not None)
    used = sum(year is not None and year.first <= use.done_on <= year.last for use in done if use.done_on)
    holds = year is not None and year.first <= today <= year.last
    return Standing(kind, allowed, used, agreed if holds else 0, None if year is None else year.last, year is not None)


def standings(
    contract: Contract, uses: Iterable[EntitlementUse], today: date, config: EntitlementsConfig
) -> tuple[DeviceStanding, ...]:
    """What every device of the contract has used of everything that it is entitled to, as of today."""
    known = tuple(uses)
    return tuple(
        DeviceStanding(
            device.serial,
            device.model,
            tuple(
                one
                for kind in Entitlement
                if (one := standing(kind, device.serial, contract, known, today, today, config)).allowance or one.taken
            ),
        )
        for device in contract.devices
    )


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The day of an instant where contracts are kept."""
    return at.astimezone(zone).date()
