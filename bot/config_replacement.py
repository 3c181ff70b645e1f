"""The section [sla.returns]: when a damaged device comes back, once its replacement is delivered (service terms)."""

from __future__ import annotations

from datetime import timedelta

from pydantic import ValidationInfo, field_validator

from bot.config_values import Duration, NotAllowed, Section


class ReturnsConfig(Section):
    """The time for the way back, counted from the prepaid waybill; frozen onto a ticket when it is accepted."""

    within: Duration = timedelta(days=7)
    reminders: tuple[Duration, ...] = (timedelta(days=3), timedelta(days=6), timedelta(days=7))
    escalate_after: Duration = timedelta(days=3)
    remind_engineers_after: Duration = timedelta(hours=4)

    @field_validator("reminders")
    @classmethod
    def _none_comes_too_late(cls, value: tuple[timedelta, ...], info: ValidationInfo) -> tuple[timedelta, ...]:
        if any(span > info.data.get("within", span) for span in value):
            raise NotAllowed("none may be longer than sla.returns.within", rule=True)
        return value
