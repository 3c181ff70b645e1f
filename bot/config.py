"""The configuration as one frozen tree; `bot.config_loading` reads it from TOML and the environment.

Durations are `timedelta`, written in TOML as "30s", "15min", "2h" or "7d". Secrets are `SecretStr`: they never
show in a repr, a log or an error. The defaults are those of the service terms (HEZO 360).
"""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


def parse_duration(value: object) -> object:
    """Turn "30s", "15min", "2h" or "7d" into a timedelta; anything else is left for pydantic to refuse."""
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"(\d{1,6})\s*(s|min|h|d)", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('allowed is a duration such as "30s", "15min", "2h" or "7d"')
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Security = Literal["tls", "starttls", "none"]
Language = Literal["pl", "en"]
Address = Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$", max_length=254)]
SlackId = Annotated[str, Field(pattern=r"^[CDGUWS][A-Z0-9]{2,}$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Percent = Annotated[int, Field(ge=1, le=99)]

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Section(BaseModel):
    """Base of every section: frozen, unknown keys refused, defaults checked like given values."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)


class ServiceConfig(Section):
    """Who we are, as customers and staff read it."""

    name: str = "HEZO 360"
    company: str = "Exclusive Networks Poland S.A."
    hotline: str = "12 25 25 600"
    escalation_phone: str = "12 25 25 502"
    timezone: str = "Europe/Warsaw"
    staff_language: Language = "pl"


class DatabaseConfig(Section):
    """Where everything is stored: SQLite for one process, PostgreSQL for many."""

    url: SecretStr = SecretStr("sqlite+aiosqlite:///var/hezo360.sqlite3")


class ServerConfig(Section):
    """A mail server's address; without encryption it must be on this machine."""

    host: str
    port: Port
    security: Security = "tls"
    ca_file: str | None = None
    username: str | None = None
    password: SecretStr | None = None
    timeout: Duration = timedelta(seconds=30)

    @model_validator(mode="after")
    def _encrypted_unless_loopback(self) -> ServerConfig:
        if self.security == "none" and self.host not in LOOPBACK:
            raise ValueError('security = "none" is allowed only for 127.0.0.1, ::1 and localhost')
        return self


class ImapConfig(ServerConfig):
    """One mailbox that is read."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$")]
    username: str
    password: SecretStr
    port: Port = 993
    folder: str = "INBOX"
    processed_folder: str | None = "Processed"
    idle: Duration = timedelta(minutes=4)
    poll: Duration = timedelta(minutes=1)
    batch: Annotated[int, Field(ge=1, le=50)] = 50
    max_size_mb: Annotated[int, Field(ge=1, le=150)] = 25


class SmtpConfig(ServerConfig):
    """The server that takes our mail."""

    port: Port = 465


class MailConfig(Section):
    """Addresses, mailboxes and the outgoing server."""

    support_address: Address = "pomoc@myhezo.pl"
    info_address: Address = "info@myhezo.pl"
    escalation_address: Address = "escalation@myhezo.pl"
    sender_name: str = "HEZO 360"
    message_id_domain: Annotated[str, Field(pattern=r"^[a-z0-9.-]+$")] = "myhezo.pl"
    trusted_authserv_ids: tuple[str, ...] = ()
    imap: Annotated[tuple[ImapConfig, ...], Field(min_length=1)]
    smtp: SmtpConfig

    @model_validator(mode="after")
    def _names_differ(self) -> MailConfig:
        names = [mailbox.name for mailbox in self.imap]
        if len(set(names)) != len(names):
            raise ValueError("every mailbox in mail.imap needs a name of its own")
        return self

    @property
    def own_addresses(self) -> frozenset[str]:
        """Every address that is ours, lower case: mail from them is our own coming back."""
        return frozenset(
            address.lower() for address in (self.support_address, self.info_address, self.escalation_address)
        )


class SlackConfig(Section):
    """The workspace: tokens, channels and who may act."""

    bot_token: SecretStr
    app_token: SecretStr
    api_url: Annotated[str, Field(pattern=r"^https?://.+/$")] = "https://slack.com/api/"
    support_channel: SlackId
    escalation_channel: SlackId
    engineers: tuple[SlackId, ...] = ()
    managers: tuple[SlackId, ...] = ()
    timeout: Duration = timedelta(seconds=10)
    silence_limit: Duration = timedelta(minutes=2)

    @model_validator(mode="after")
    def _somebody_may_act(self) -> SlackConfig:
        if not self.engineers and not self.managers:
            raise ValueError("slack.engineers and slack.managers are both empty: nobody could answer a customer")
        if self.api_url.startswith("http://") and not any(f"//{host}" in self.api_url for host in LOOPBACK):
            raise ValueError("slack.api_url may be http:// only on 127.0.0.1, ::1 and localhost")
        return self


class IntakeConfig(Section):
    """How reports are read and answered."""

    contract_patterns: tuple[str, ...] = (r"HZ360-\d{4}-\d{6}", r"\d{4}[A-Z]{2}\d{6}")
    reminder_after: Duration = timedelta(hours=1)
    reopen_within: Duration = timedelta(days=14)
    date_header_trusted_for: Duration = timedelta(hours=4)
    automatic_mails_per_sender_and_hour: Annotated[int, Field(ge=1)] = 10
    automatic_mails_in_a_row: Annotated[int, Field(ge=1)] = 5

    @model_validator(mode="after")
    def _patterns_compile(self) -> IntakeConfig:
        for pattern in self.contract_patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"contract_patterns: {pattern!r} is no regular expression: {error}") from None
        return self


class CalendarConfig(Section):
    """The 8x5 service window, local time of service.timezone, half-open [open, close)."""

    country: str = "PL"
    opens: time = time(9)
    closes: time = time(17)
    weekdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] = (1, 2, 3, 4, 5)
    extra_closed: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> CalendarConfig:
        if self.opens >= self.closes:
            raise ValueError("sla.calendar.opens must be before sla.calendar.closes")
        return self


class PriorityConfig(Section):
    """One priority's terms; reaction and reply are spans of service time in its window."""

    calendar: Literal["24x7", "8x5"]
    reaction: Duration
    reply: Duration
    delivery: Duration | None = None
    delivery_calendar: Literal["24x7", "8x5"] = "24x7"
    remind_at_percent: tuple[Percent, ...] = (50, 80)


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
    customer_reminders: tuple[Annotated[int, Field(ge=1, le=100)], ...] = (1, 3, 6)


class RetryConfig(Section):
    """How often a failing row is tried before it is parked and shown to people."""

    first_wait: Duration = timedelta(seconds=5)
    longest_wait: Duration = timedelta(minutes=15)
    attempts: Annotated[int, Field(ge=1, le=100)] = 20
    attempts_for_our_mistakes: Annotated[int, Field(ge=1, le=10)] = 3
    in_doubt_wait: Duration = timedelta(minutes=12)


class HealthConfig(Section):
    """The health endpoint."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080


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
    sla: SlaConfig = SlaConfig()
    retry: RetryConfig = RetryConfig()
    health: HealthConfig = HealthConfig()
    log: LogConfig = LogConfig()
    stop_within: Duration = timedelta(seconds=20)
