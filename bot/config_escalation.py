"""The sections [escalation] and [duty]: who is called when, how often, by which ways, and who is on duty.

The defaults climb from the engineer on duty over the team lead and the manager to all managers (service terms,
"Eskalacja"): critical ones at any hour, the others in the service window of their priority.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bot.config_values import (
    LOOPBACK,
    Address,
    Duration,
    DurationOrNone,
    NotAllowed,
    Secret,
    Section,
    TimeOfDay,
    Weekdays,
)

UserId = Annotated[
    str, Field(pattern=r"^[UW][A-Z0-9]{2,}$", description='the Slack id of a person, such as "U0123456789"')
]
Callee = Annotated[
    str,
    Field(
        pattern=r"^(on_duty|team_lead|manager|all_managers|[USW][A-Z0-9]{2,})$",
        description='"on_duty", "team_lead", "manager", "all_managers", or the Slack id of a person or a user group',
    ),
]
RepeatTime = Annotated[
    Duration,
    Field(ge=timedelta(minutes=1), description='a duration from "1min" to "366d", such as "10min" or "1h"'),
]
WebhookUrl = Annotated[
    str, Field(pattern=r"^https?://[^\s@]+$", max_length=2048, description="an https:// address without a password")
]
PercentOrNone = Annotated[int, Field(strict=True, ge=0, le=99)]


class WebhookConfig(Section):
    """Where a pager or an SMS gateway listens; nothing is called without `url`."""

    url: WebhookUrl | None = None
    secret: Secret | None = None
    timeout: Duration = timedelta(seconds=10)

    @field_validator("url")
    @classmethod
    def _encrypted_unless_loopback(cls, value: str | None) -> str | None:
        if value is not None and value.startswith("http://") and urlsplit(value).hostname not in LOOPBACK:
            raise NotAllowed("an https:// address; http:// only on 127.0.0.1, ::1 and localhost")
        return value

    @field_validator("secret")
    @classmethod
    def _calls_are_signed(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None and info.data.get("url") is not None:
            raise NotAllowed(
                "missing, though escalation.webhook.url is given: set HEZO360_ESCALATION_WEBHOOK_SECRET or secret_file",
                rule=True,
            )
        return value


class StepConfig(Section):
    """One rung of a chain; `after` is counted in `calendar`."""

    who: Annotated[
        tuple[Callee, ...],
        Field(min_length=1, description='a list of who is called, such as ["on_duty"]'),
    ]
    after: DurationOrNone
    calendar: Literal["priority", "24x7", "8x5"] = "priority"
    mail: bool = False
    webhook: bool = False


class ChainConfig(Section):
    """How escalations of one priority call people; frozen into an escalation when it begins."""

    repeat_every: RepeatTime
    ask_again_after: RepeatTime
    unassigned_percent: PercentOrNone
    steps: Annotated[
        tuple[StepConfig, ...],
        Field(
            min_length=1, max_length=20, description="a list of at least one step, such as { who = [...], after = ... }"
        ),
    ]


def _chain(
    repeat_every: timedelta, ask_again_after: timedelta, unassigned_percent: int, *after: timedelta
) -> ChainConfig:
    first, second, third, fourth = after
    return ChainConfig(
        repeat_every=repeat_every,
        ask_again_after=ask_again_after,
        unassigned_percent=unassigned_percent,
        steps=(
            StepConfig(who=("on_duty",), after=first),
            StepConfig(who=("team_lead",), after=second),
            StepConfig(who=("manager",), after=third, mail=True),
            StepConfig(who=("all_managers",), after=fourth, mail=True, webhook=True),
        ),
    )


_QUARTER, _HOUR = timedelta(minutes=15), timedelta(hours=1)


class EscalationConfig(Section):
    """Who is called about what waits too long, or was asked for."""

    team_leads: tuple[UserId, ...] = ()
    mail_to: tuple[Address, ...] = ()
    snooze_at_most: Duration = timedelta(hours=4)
    slack_down_after: Duration = timedelta(seconds=45)
    webhook: WebhookConfig = WebhookConfig()
    critical: ChainConfig = _chain(timedelta(minutes=10), timedelta(minutes=30), 50, timedelta(0), *3 * (_QUARTER,))
    non_critical: ChainConfig = _chain(_HOUR, 2 * _HOUR, 80, timedelta(0), _HOUR, 2 * _HOUR, 2 * _HOUR)
    question: ChainConfig = _chain(_HOUR, 2 * _HOUR, 80, timedelta(0), _HOUR, 2 * _HOUR, 2 * _HOUR)

    @field_validator("critical", "non_critical", "question", mode="before")
    @classmethod
    def _unnamed_rules_stay(cls, value: object, info: ValidationInfo) -> object:
        """A table that names one rule changes that one; the others stay as they are by default."""
        if not isinstance(value, dict) or info.field_name is None:
            return value
        return {**dict(cls.model_fields[info.field_name].default), **value}


class WeeklyDutyConfig(Section):
    """A duty that comes every week: on each of `days` from one local time until another.

    Until the next day where `ends` is no later than `begins`: "17:00" to "09:00" is a night, "00:00" to "00:00" a day.
    """

    user: UserId
    days: Weekdays
    begins: TimeOfDay = Field(alias="from")
    ends: TimeOfDay = Field(alias="to")
    substitute: UserId | None = None

    @field_validator("substitute")
    @classmethod
    def _is_somebody_else(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and value == info.data.get("user"):
            raise NotAllowed("has to be somebody else than user", rule=True)
        return value


class DutyConfig(Section):
    """Who is on duty by the week; shifts set in Slack stand before it."""

    warn_ahead: Duration = timedelta(days=3)
    weekly: tuple[WeeklyDutyConfig, ...] = ()
