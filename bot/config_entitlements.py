"""The section [entitlements]: what a contract entitles each device to, and when the bot proposes and announces.

The defaults are those of the service terms.
"""

from __future__ import annotations

from datetime import time, timedelta
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field

from bot.config_values import Duration, NotAllowed, Percents, Section, TimeOfDay

Allowance = Annotated[int, Field(strict=True, ge=0, le=1000)]


def _descending(value: tuple[int, ...]) -> tuple[int, ...]:
    if any(later >= earlier for earlier, later in pairwise(value)):
        raise NotAllowed("the numbers have to shrink from one to the next", rule=True)
    return value


DaysAhead = Annotated[
    tuple[Annotated[int, Field(strict=True, ge=0, le=366)], ...],
    AfterValidator(_descending),
]


class EntitlementsConfig(Section):
    """Allowances per device and contract year, promised times, and the daily look."""

    configuration_changes: Allowance = 5
    reviews: Allowance = 2
    firmware_upgrades: Allowance = 2
    deployment_within: Duration = timedelta(days=7)
    installation_within: Duration = timedelta(days=14)
    propose_at_percent: Percents = (40, 80)
    announce_end_days: DaysAhead = (60, 30, 7)
    look_at: TimeOfDay = time(9)
    appointment_reminder: Duration = timedelta(days=1)
    close_offers_after: Duration = timedelta(days=30)
