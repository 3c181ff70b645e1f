"""What a ticket's countdown shows, and when what it shows is out of date.

A countdown in Slack is a message that has to be edited, and Slack allows few edits. So the time left is shown in steps
that grow with it, rounded down: who reads a shown countdown never has less time than it says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model import ClockKind, ClockState, SlaClock
from bot.rules.business_hours import ServiceCalendar

CUSTOMERS_TURN = frozenset({ClockKind.CUSTOMER_REPLY, ClockKind.RETURN})
"""Clocks that wait for the customer: they are shown when none of ours runs."""

_STEPS_LEFT = (
    (timedelta(hours=1), timedelta(minutes=5)),
    (timedelta(hours=4), timedelta(minutes=15)),
    (timedelta.max, timedelta(hours=1)),
)
_STEPS_LATE = (
    (timedelta(hours=2), timedelta(minutes=15)),
    (timedelta(hours=24), timedelta(hours=1)),
)
"""(up to this span, in steps of this one); what is overdue for longer than a day is said in days and not counted on."""

_DAY = timedelta(days=1)
_NOTHING = timedelta(0)


class Alarm(StrEnum):
    """How near a deadline is; each has its colour."""

    CALM = "calm"
    HALF = "half"
    SOON = "soon"
    LATE = "late"


HALF_LEFT, SOON_LEFT = 0.5, 0.2
"""Shares of the budget that are left when the alarm grows."""


@dataclass(frozen=True, slots=True)
class Countdown:
    """What is shown of the clock that counts.

    Attributes:
        span: Time left until `clock.due_at`, or how late it is, in steps.
        late: Whether the deadline has passed.
    """

    clock: SlaClock
    span: timedelta
    late: bool
    alarm: Alarm

    @property
    def is_customers(self) -> bool:
        """Whether it is the customer who is waited for."""
        return self.clock.kind in CUSTOMERS_TURN


def leading_clock(clocks: Iterable[SlaClock]) -> SlaClock | None:
    """The running clock that counts: ours before the customer's, the earliest first; None when none runs."""
    running = [clock for clock in clocks if clock.state is ClockState.RUNNING]
    return min(running, key=lambda clock: (clock.kind in CUSTOMERS_TURN, clock.due_at), default=None)


def countdown(clocks: Iterable[SlaClock], now: datetime) -> Countdown | None:
    """What to show at `now` (aware); None when no clock runs."""
    clock = leading_clock(clocks)
    if clock is None:
        return None
    left = clock.due_at - now
    late = left <= _NOTHING
    return Countdown(clock, _shown(abs(left), late=late), late, _alarm(clock, left))


def _alarm(clock: SlaClock, left: timedelta) -> Alarm:
    """Hours outside the service window count as time left here: nobody can use them up, so they alarm nobody."""
    if left <= _NOTHING:
        return Alarm.LATE
    if not clock.budget or left > clock.budget * HALF_LEFT:
        return Alarm.CALM
    return Alarm.HALF if left > clock.budget * SOON_LEFT else Alarm.SOON


def _shown(span: timedelta, *, late: bool) -> timedelta:
    """What is late counts full steps; what is left goes to the step below, which holds until that is reached."""
    step = _step(span, late=late)
    return span - (span % step if late else span % step or step)


def _step(span: timedelta, *, late: bool) -> timedelta:
    for limit, step in _STEPS_LATE if late else _STEPS_LEFT:
        if span < limit if late else span <= limit:
            return step
    return _DAY


def out_of_date_at(clocks: Iterable[SlaClock], now: datetime, calendar: ServiceCalendar) -> datetime | None:
    """When a countdown that is shown at `now` has to be shown anew, UTC; None when it stays as it is.

    Outside the service window nobody looks at it: it is shown anew when the window opens.

    Args:
        calendar: That of the clock that counts (`leading_clock`).
    """
    clock = leading_clock(clocks)
    if clock is None:
        return None
    left = clock.due_at - now
    if left > _NOTHING:
        changes = clock.due_at - _shown(left, late=False)
    elif -left < _STEPS_LATE[-1][0]:
        step = _step(-left, late=True)
        changes = clock.due_at + (-left - -left % step) + step
    else:
        return None
    return calendar.next_opening(changes)
