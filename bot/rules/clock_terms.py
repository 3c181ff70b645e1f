"""What each kind of clock measures by the terms of a priority, and at which per cents of it something is said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.model import ClockKind
from bot.rules.calendars import ALWAYS
from bot.rules.sla import BREACH, ReturnTerms, SlaTerms

INTAKE_LEVELS = (100, 200, 400, 800)
"""An incomplete or held report is announced again after 1, 2, 4 and 8 times the configured span."""

ENTITLED = frozenset({ClockKind.DEPLOYMENT, ClockKind.INSTALLATION})
"""They run to a promised day, at any hour; people hear of them in the window of the ticket's priority."""

PROMISED = frozenset({ClockKind.REACTION, ClockKind.REPLY, ClockKind.DELIVERY, *ENTITLED})
"""What we promised the customer: running over is a breach. The others only wait for somebody."""

SUSPENDED_BY_A_DATE = (ClockKind.REACTION, ClockKind.REPLY)
"""While a date that was agreed with the customer lies ahead, none of these runs (service terms)."""


IN_WRITING = frozenset({ClockKind.DELIVERY, ClockKind.RETURN})
"""The customer was told the date in writing: a later change of the priority leaves it alone."""

RETURN_ESCALATES = 200
"""The level at which a device that is not back is escalated; it stands for no share of the time."""


class Measure(NamedTuple):
    """The name of the window in which a clock counts, and its budget of service time."""

    calendar: str
    budget: timedelta


def measure(kind: ClockKind, terms: SlaTerms, intake_reminder: timedelta) -> Measure | None:
    """What a clock of that kind measures; None where the terms promise nothing, and where a clock runs to a date.

    Args:
        intake_reminder: `intake.reminder_after`.
    """
    match kind:
        case ClockKind.REACTION:
            return Measure(terms.calendar, terms.reaction)
        case ClockKind.REPLY | ClockKind.CUSTOMER_REPLY:
            return Measure(terms.calendar, terms.reply)
        case ClockKind.INTAKE:
            return Measure(terms.calendar, intake_reminder)
        case ClockKind.DELIVERY:
            return delivery(terms)
        case ClockKind.RETURN:
            return Measure(ALWAYS, terms.returns.within)
        case ClockKind.AGREED | ClockKind.DEPLOYMENT | ClockKind.INSTALLATION:
            return None


def delivery(terms: SlaTerms) -> Measure | None:
    """What the delivery of a replacement measures; None where none is promised."""
    return None if terms.delivery is None else Measure(terms.delivery_calendar, terms.delivery)


def levels(kind: ClockKind, terms: SlaTerms, customer_reminders: Iterable[int]) -> tuple[int, ...]:
    """The per cents of the budget at which something is said of a clock of that kind; see also `return_instants`.

    Args:
        customer_reminders: `sla.customer_reminders`, multiples of the budget.
    """
    match kind:
        case ClockKind.INTAKE:
            return INTAKE_LEVELS
        case ClockKind.CUSTOMER_REPLY:
            return tuple(BREACH * times for times in customer_reminders)
        case _:
            return (*terms.remind_at_percent, BREACH)


def return_instants(terms: ReturnTerms, started_at: datetime, due_at: datetime) -> list[tuple[int, datetime]]:
    """When something is said of a return, as (level, UTC instant), in order.

    A reminder before the last day has the seconds before the deadline as its level, negative; the deadline is BREACH.
    """
    before = {started_at + span for span in terms.reminders} - {due_at}
    early = [(-int((due_at - at).total_seconds()), at) for at in sorted(before) if at < due_at]
    return [*early, (BREACH, due_at), (RETURN_ESCALATES, due_at + terms.escalate_after)]
