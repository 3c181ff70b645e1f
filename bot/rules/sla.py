"""The promised times of a priority, and the instants that follow from them (service terms: "czas reakcji")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from bot.config import PriorityConfig, SlaConfig
from bot.model import Priority

BREACH = 100
"""The level of a reminder at which the whole budget is used up."""


@dataclass(frozen=True, slots=True)
class ReturnTerms:
    """Within which time a damaged device comes back, counted from the prepaid waybill, at any hour.

    Attributes:
        within: Service terms: 7 days.
        reminders: So long after the waybill the customer is reminded, each at most `within`.
        escalate_after: So long after `within` a device that is not back is escalated.
    """

    within: timedelta = timedelta(days=7)
    reminders: tuple[timedelta, ...] = (timedelta(days=3), timedelta(days=6), timedelta(days=7))
    escalate_after: timedelta = timedelta(days=3)

    def to_json(self) -> dict[str, object]:
        """The terms as JSON values; spans in seconds."""
        return {
            "within_s": self.within.total_seconds(),
            "reminders_s": [span.total_seconds() for span in self.reminders],
            "escalate_after_s": self.escalate_after.total_seconds(),
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """The terms from what `to_json` gave; the published ones for a ticket that is older than they are here.

        Raises:
            KeyError: A value is missing.
            ValueError: A value is of another kind.
        """
        if data is None:
            return cls()
        if not isinstance(data, Mapping) or not isinstance(data["reminders_s"], list | tuple):
            raise ValueError(f"the terms of the return are no such object: {data!r}")
        return cls(_span(data["within_s"]), tuple(map(_span, data["reminders_s"])), _span(data["escalate_after_s"]))


@dataclass(frozen=True, slots=True)
class SlaTerms:
    """What is promised for one priority; frozen onto a ticket, so a changed configuration leaves it alone.

    Attributes:
        calendar: Name of the window in which reaction and reply are counted ("24x7" or "8x5").
        reaction: Service time from the report to an engineer's first contact.
        reply: Service time within which each side answers from then on.
        delivery: Service time from the confirmed fault to the replacement device; None where none is promised.
        delivery_calendar: Name of the window in which the delivery is counted.
        remind_at_percent: Per cents of a running budget at which engineers are reminded, before the breach.
        returns: When the damaged device comes back; the same for every priority.
    """

    calendar: str
    reaction: timedelta
    reply: timedelta
    delivery: timedelta | None
    delivery_calendar: str
    remind_at_percent: tuple[int, ...]
    returns: ReturnTerms = ReturnTerms()

    def to_json(self) -> dict[str, object]:
        """The terms as JSON values; spans in seconds."""
        return {
            "calendar": self.calendar,
            "reaction_s": self.reaction.total_seconds(),
            "reply_s": self.reply.total_seconds(),
            "delivery_s": None if self.delivery is None else self.delivery.total_seconds(),
            "delivery_calendar": self.delivery_calendar,
            "remind_at_percent": list(self.remind_at_percent),
            "return": self.returns.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Self:
        """The terms from what `to_json` gave.

        Raises:
            KeyError: A value is missing.
            ValueError: A value is of another kind.
        """
        levels = data["remind_at_percent"]
        if not isinstance(levels, list | tuple) or not all(isinstance(level, int) for level in levels):
            raise ValueError(f"remind_at_percent is no list of whole numbers: {levels!r}")
        return cls(
            calendar=str(data["calendar"]),
            reaction=_span(data["reaction_s"]),
            reply=_span(data["reply_s"]),
            delivery=None if data["delivery_s"] is None else _span(data["delivery_s"]),
            delivery_calendar=str(data["delivery_calendar"]),
            remind_at_percent=tuple(levels),
            returns=ReturnTerms.from_json(data.get("return")),
        )


def terms_of_priority(config: PriorityConfig, returns: ReturnTerms = ReturnTerms()) -> SlaTerms:
    """The terms as one section of the configuration states them."""
    return SlaTerms(
        calendar=config.calendar,
        reaction=config.reaction,
        reply=config.reply,
        delivery=config.delivery,
        delivery_calendar=config.delivery_calendar,
        remind_at_percent=config.remind_at_percent,
        returns=returns,
    )


def terms_from_config(config: SlaConfig) -> dict[Priority, SlaTerms]:
    """The terms of every priority."""
    returns = ReturnTerms(config.returns.within, config.returns.reminders, config.returns.escalate_after)
    return {
        Priority.CRITICAL: terms_of_priority(config.critical, returns),
        Priority.NON_CRITICAL: terms_of_priority(config.non_critical, returns),
        Priority.QUESTION: terms_of_priority(config.question, returns),
    }


def sent_at(date_header: datetime | None, received_at: datetime, trusted_for: timedelta) -> datetime:
    """When a mail counts as sent, in UTC (service terms: "od chwili wysłania zgłoszenia").

    The Date header is believed when it is not after the arrival and at most `trusted_for` before it. Otherwise, and
    where it is missing or names no zone, the arrival at the mailbox counts.

    Raises:
        ValueError: `received_at` is naive.
    """
    if received_at.utcoffset() is None:
        raise ValueError(f"the arrival time has no zone: {received_at.isoformat()}")
    received_at = received_at.astimezone(UTC)
    if date_header is None or date_header.utcoffset() is None:
        return received_at
    age = received_at - date_header
    credible = timedelta(0) <= age <= trusted_for
    return date_header.astimezone(UTC) if credible else received_at


def _span(seconds: object) -> timedelta:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError(f"a span is a number of seconds, not {seconds!r}")
    return timedelta(seconds=seconds)
