"""What each kind of clock measures by the terms of a priority, and at which per cents of it something is said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from bot.model import ClockKind
from bot.rules.calendars import ALWAYS
from bot.rules.sla import BREACH, SlaTerms

RETURN_WITHIN = timedelta(days=7)
"""The damaged device comes back within 7 days of receiving the prepaid waybill (service terms)."""

INTAKE_LEVELS = (100, 200, 400, 800)
"""An incomplete or held report is announced again after 1, 2, 4 and 8 times the configured span."""

ENTITLED = frozenset({ClockKind.DEPLOYMENT, ClockKind.INSTALLATION})
"""They run to a promised day, at any hour; people hear of them in the window of the ticket's priority."""

PROMISED = frozenset({ClockKind.REACTION, ClockKind.REPLY, ClockKind.DELIVERY, *ENTITLED})
"""What we promised the customer: running over is a breach. The others only wait for somebody."""

SUSPENDED_BY_A_DATE = (ClockKind.REACTION, ClockKind.REPLY)
"""While a date that was agreed with the customer lies ahead, none of these runs (service terms)."""


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
            return None if terms.delivery is None else Measure(terms.delivery_calendar, terms.delivery)
        case ClockKind.RETURN:
            return Measure(ALWAYS, RETURN_WITHIN)
        case ClockKind.AGREED | ClockKind.DEPLOYMENT | ClockKind.INSTALLATION:
            return None


def levels(kind: ClockKind, terms: SlaTerms, customer_reminders: Iterable[int]) -> tuple[int, ...]:
    """The per cents of the budget at which something is said of a clock of that kind.

    Args:
        customer_reminders: `sla.customer_reminders`, multiples of the budget.
    """
    match kind:
        case ClockKind.INTAKE:
            return INTAKE_LEVELS
        case ClockKind.CUSTOMER_REPLY:
            return tuple(BREACH * times for times in customer_reminders)
        case ClockKind.RETURN:
            return (BREACH,)
        case _:
            return (*terms.remind_at_percent, BREACH)
