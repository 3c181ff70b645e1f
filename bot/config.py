"""The configuration as one frozen tree; `bot.config_loading` reads it from TOML and the environment.

Durations are `timedelta`, written in TOML as "30s", "15min", "2h" or "7d". Secrets are `SecretStr`: they never
show in a repr, a log or an error. The defaults are those of the service terms (HEZO 360).

Rules between two keys are checks of the later key, not of the whole section: pydantic skips a section's checks when one
of its keys is wrong, and the operator is to read every mistake at once. A `description` says what is allowed in words.
"""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bot.config_entitlements import EntitlementsConfig
from bot.config_escalation import DutyConfig, EscalationConfig
from bot.config_mail import MailConfig, MailNamesConfig
from bot.config_replacement import ReturnsConfig
from bot.config_replies import RepliesConfig
from bot.config_retention import RetentionConfig
from bot.config_slack import SlackConfig
from bot.config_values import (
    DANGEROUS_TYPES,
    Day,
    DayTimes,
    DeliveryTime,
    Duration,
    DurationOrNone,
    Extension,
    Host,
    Language,
    Multiples,
    Name,
    NotAllowed,
    OpeningTime,
    Percents,
    Secret,
    Section,
    TimeOfDay,
    Weekdays,
    check_database_url,
)

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class ServiceConfig(Section):
    """Who we are, as customers and staff read it."""

    name: Name = "HEZO 360"
    company: Name = "Exclusive Networks Poland S.A."
    hotline: str = "12 25 25 600"
    escalation_phone: str = "12 25 25 502"
    timezone: str = "Europe/Warsaw"
    staff_language: Language = "pl"

    @field_validator("timezone")
    @classmethod
    def _time_zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, OSError, ValueError):
            raise NotAllowed('a time zone of the IANA database, such as "Europe/Warsaw"') from None
        return value


class DatabaseConfig(Section):
    """Where everything is stored: SQLite for one process, PostgreSQL for many."""

    url: Secret = SecretStr("sqlite+aiosqlite:///var/hezo360.sqlite3")
    start_patience: DurationOrNone = timedelta(minutes=5)

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, value: SecretStr) -> SecretStr:
        check_database_url(value.get_secret_value())
        return value


class IntakeConfig(Section):
    """How reports are read and answered."""

    contract_patterns: tuple[str, ...] = (r"HZ360-\d{4}-\d{6}", r"\d{4}[A-Z]{2}\d{6}")
    reminder_after: Duration = timedelta(hours=1)
    reopen_within: DurationOrNone = timedelta(days=14)
    date_header_trusted_for: DurationOrNone = timedelta(hours=4)
    automatic_mails_per_sender_and_hour: Annotated[int, Field(strict=True, ge=1)] = 10
    automatic_mails_in_a_row: Annotated[int, Field(strict=True, ge=1)] = 3
    stranger_tickets_per_sender_and_hour: Annotated[int, Field(strict=True, ge=0, le=20)] = 10
    stranger_tickets_per_hour: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 100
    stranger_messages_per_ticket_and_hour: Annotated[int, Field(strict=True, ge=0, le=1000)] = 30
    attachment_max_mb: Annotated[int, Field(strict=True, ge=1, le=150)] = 20
    attachments_max_count: Annotated[int, Field(strict=True, ge=0, le=1000)] = 50
    dangerous_types: tuple[Extension, ...] = DANGEROUS_TYPES

    @field_validator("contract_patterns")
    @classmethod
    def _patterns_compile(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            try:
                compiled = re.compile(pattern)
            except re.error as error:
                raise NotAllowed(f"{pattern!r} is no regular expression: {error}", rule=True) from None
            if compiled.match(""):
                raise NotAllowed(
                    f"{pattern!r} matches an empty text, so every mail would hold a contract number", rule=True
                )
        return value


class WindowsConfig(Section):
    """Opening times per weekday; a day that is not named is closed."""

    mon: DayTimes = ()
    tue: DayTimes = ()
    wed: DayTimes = ()
    thu: DayTimes = ()
    fri: DayTimes = ()
    sat: DayTimes = ()
    sun: DayTimes = ()


class CalendarConfig(Section):
    """The 8x5 service window, local time of service.timezone, half-open [open, close).

    `opens`, `closes` and `weekdays` are the simple form, `windows` the full one; `spans` reads either.
    """

    country: str = "PL"
    opens: TimeOfDay = time(9)
    closes: TimeOfDay = time(17)
    weekdays: Weekdays = (1, 2, 3, 4, 5)
    windows: WindowsConfig | None = None
    extra_closed: tuple[Day, ...] = ()

    @field_validator("country")
    @classmethod
    def _holidays_are_known(cls, value: str) -> str:
        if value != "PL":  # known; the package takes a fifth of a second to load
            import holidays

            if value not in holidays.list_supported_countries():
                raise NotAllowed('a country code of ISO 3166 whose holidays are known, such as "PL"')
        return value

    @field_validator("closes")
    @classmethod
    def _opens_before_it_closes(cls, value: time, info: ValidationInfo) -> time:
        if value <= info.data.get("opens", time.min):
            raise NotAllowed("has to be after sla.calendar.opens", rule=True)
        return value

    @field_validator("windows")
    @classmethod
    def _some_day_is_open(cls, value: WindowsConfig | None) -> WindowsConfig | None:
        if value is not None and not any(getattr(value, day) for day in WEEKDAYS):
            raise NotAllowed("no day has an opening time", rule=True)
        return value

    def spans(self, isoweekday: int) -> tuple[tuple[time, time], ...]:
        """The opening times of a weekday (1 = Monday ... 7 = Sunday) as (opens, closes), in order, local time."""
        if self.windows is not None:
            day: tuple[OpeningTime, ...] = getattr(self.windows, WEEKDAYS[isoweekday - 1])
            return tuple((span.opens, span.closes) for span in day)
        return ((self.opens, self.closes),) if isoweekday in self.weekdays else ()


class PriorityConfig(Section):
    """One priority's terms; reaction and reply are spans of service time in its window."""

    calendar: Literal["24x7", "8x5"]
    reaction: Duration
    reply: Duration
    delivery: DeliveryTime = None
    delivery_calendar: Literal["24x7", "8x5"] = "24x7"
    remind_at_percent: Percents = (50, 80)


class SlaConfig(Section):
    """The terms per priority, as published; frozen onto a ticket when it is accepted."""

    calendar: CalendarConfig = CalendarConfig()
    critical: PriorityConfig = PriorityConfig(
        calendar="24x7", reaction=timedelta(hours=1), reply=timedelta(hours=1), delivery=timedelta(hours=8)
    )
    non_critical: PriorityConfig = PriorityConfig(
        calendar="8x5", reaction=timedelta(hours=1), reply=timedelta(hours=2), delivery=timedelta(hours=8)
    )
    question: PriorityConfig = PriorityConfig(calendar="8x5", reaction=timedelta(hours=2), reply=timedelta(hours=4))
    provisional_priority: Literal["critical", "non_critical", "question"] = "non_critical"
    customer_reminders: Multiples = (1, 3, 6)
    agreed_date_reminders: tuple[Duration, ...] = (timedelta(days=1), timedelta(hours=1))
    returns: ReturnsConfig = ReturnsConfig()

    @field_validator("critical", "non_critical", "question", mode="before")
    @classmethod
    def _unnamed_terms_stay(cls, value: object, info: ValidationInfo) -> object:
        """A table that names one term changes that one; the others stay as published."""
        if not isinstance(value, dict) or info.field_name is None:
            return value
        return {**dict(cls.model_fields[info.field_name].default), **value}


class RetryConfig(Section):
    """How often a failing row is tried before it is parked and shown to people."""

    first_wait: Duration = timedelta(seconds=5)
    longest_wait: Duration = timedelta(minutes=15)
    attempts: Annotated[int, Field(strict=True, ge=1, le=1000)] = 200
    attempts_for_our_mistakes: Annotated[int, Field(strict=True, ge=1, le=10)] = 3
    in_doubt_wait: Duration = timedelta(minutes=12)

    @field_validator("longest_wait")
    @classmethod
    def _not_shorter_than_the_first(cls, value: timedelta, info: ValidationInfo) -> timedelta:
        if value < info.data.get("first_wait", value):
            raise NotAllowed("has to be at least retry.first_wait", rule=True)
        return value


class HealthConfig(Section):
    """The health endpoint."""

    host: Host = "127.0.0.1"
    port: Annotated[int, Field(strict=True, ge=0, le=65535)] = 8080


class LogConfig(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "json"


class Config(Section):
    """The whole configuration."""

    service: ServiceConfig = ServiceConfig()
    database: DatabaseConfig = DatabaseConfig()
    mail: MailConfig
    slack: SlackConfig
    intake: IntakeConfig = IntakeConfig()
    replies: RepliesConfig = RepliesConfig()
    sla: SlaConfig = SlaConfig()
    escalation: EscalationConfig = EscalationConfig()
    duty: DutyConfig = DutyConfig()
    entitlements: EntitlementsConfig = EntitlementsConfig()
    retention: RetentionConfig = RetentionConfig()
    retry: RetryConfig = RetryConfig()
    health: HealthConfig = HealthConfig()
    log: LogConfig = LogConfig()
    stop_within: Duration = timedelta(seconds=20)


class ServiceSections(Section):
    """What the service promises and how mails are read: the sections without servers and secrets."""

    service: ServiceConfig = ServiceConfig()
    mail: MailNamesConfig = MailNamesConfig()
    intake: IntakeConfig = IntakeConfig()
    sla: SlaConfig = SlaConfig()
