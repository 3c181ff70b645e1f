"""`hezo360 config`: is the configuration right, and what does it say?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, time, timedelta
from urllib.parse import urlsplit

import click
from pydantic import BaseModel, SecretStr

from bot.cli import Invocation, pass_invocation
from bot.config import Config
from bot.config_advice import odd_but_legal
from bot.config_loading import LoadedConfig
from bot.config_mail import ServerConfig
from bot.config_values import OpeningTime

_OFF_BY_EMPTY_TEXT = frozenset({"processed_folder", "delivery"})
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@click.group()
def config() -> None:
    """Check or show the configuration."""


@config.command()
@pass_invocation
def check(invocation: Invocation) -> None:
    """Say what is in force, or name every mistake with its line.

    Nothing is connected to. Exit code 0 when the configuration can be used, 2 when it cannot.
    """
    loaded = invocation.read_config()
    for title, value in _summary(loaded):
        click.echo(f"{title:12} {value}")
    warnings = (*loaded.warnings, *odd_but_legal(loaded.config))
    for warning in warnings:
        click.echo(f"warning      {warning}", err=True)
    click.echo(f"{loaded.path} can be used" + (f", with {len(warnings)} warning(s)." if warnings else "."))


@config.command()
@pass_invocation
def show(invocation: Invocation) -> None:
    """Print every key that is in force, defaults included, as TOML without the secrets."""
    for line in _as_toml(invocation.load_config(), ""):
        click.echo(line)


def _summary(loaded: LoadedConfig) -> Iterator[tuple[str, str]]:
    config = loaded.config
    for mailbox in config.mail.imap:
        yield "mailbox", f"{mailbox.name}: {mailbox.username} at {_server(mailbox)}, folder {mailbox.folder}"
    user = config.mail.smtp.username or "no login"
    yield (
        "SMTP",
        f"{user} at {_server(config.mail.smtp)}, from {config.mail.sender_name} <{config.mail.support_address}>",
    )
    slack = config.slack
    yield "Slack", f"{slack.api_url}, support in {slack.support_channel}, escalations in {slack.escalation_channel}"
    yield "people", f"{len(slack.engineers)} engineer(s), {len(slack.managers)} manager(s)"
    groups = (*slack.engineer_groups, *slack.manager_groups)
    if groups:
        yield "people", f"and the members of the user groups {', '.join(groups)}"
    yield "database", _without_password(config.database.url.get_secret_value())
    yield "health", f"http://{config.health.host}:{config.health.port}/healthz"
    yield from _sla(config)
    for key, origin in loaded.origins.items():
        yield "secret", f"{key} from {origin}"
    if config.mail.token_key is None:
        yield "secret", "mail.token_key is made at the first start and kept in the database"


def _server(server: ServerConfig) -> str:
    by_token = f', token of mail.oauth "{server.oauth}"' if server.oauth else ""
    return (
        f"{server.host}:{server.port} ({'not encrypted' if server.security == 'none' else server.security}{by_token})"
    )


def _sla(config: Config) -> Iterator[tuple[str, str]]:
    for name, terms in (
        ("critical", config.sla.critical),
        ("non_critical", config.sla.non_critical),
        ("question", config.sla.question),
    ):
        delivery = f", delivery {_text(terms.delivery)} ({terms.delivery_calendar})" if terms.delivery else ""
        reminders = ", ".join(f"{percent} %" for percent in terms.remind_at_percent) or "none"
        times = f"{terms.calendar}, reaction {_text(terms.reaction)}, reply {_text(terms.reply)}{delivery}"
        yield "SLA", f"{name}: {times}, reminders {reminders}"
    calendar = config.sla.calendar
    days = ((name, calendar.spans(number)) for number, name in enumerate(_DAYS, start=1))
    hours = ", ".join(f"{name} {' '.join(map(_opening_time, spans))}" for name, spans in days if spans)
    yield (
        "8x5",
        f"{hours} ({config.service.timezone}; holidays of {calendar.country}, {len(calendar.extra_closed)} more)",
    )


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return url.replace(parts.netloc, f"{parts.username}:***@{parts.netloc.rpartition('@')[2]}", 1)


def _as_toml(section: BaseModel, path: str) -> Iterator[str]:
    """The section as TOML: its own keys first, then its tables."""
    tables: list[tuple[str, BaseModel]] = []
    for name, value in section:
        if isinstance(value, BaseModel):
            tables.append((f"[{path}{name}]", value))
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            tables.extend((f"[[{path}{name}]]", item) for item in value)
        elif isinstance(value, SecretStr):
            yield f"#{name} is set and hidden"
        elif value is None:
            yield f'{name} = ""' if name in _OFF_BY_EMPTY_TEXT else f"#{name} is not set"
        else:
            yield f"{name} = {_toml_value(value)}"
    for header, table in tables:
        yield ""
        yield header
        yield from _as_toml(table, header.strip("[]") + ".")


def _toml_value(value: object) -> str:
    if isinstance(value, OpeningTime):
        return json.dumps(_opening_time(value))
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml_value, value))}]"
    if isinstance(value, timedelta):
        return json.dumps(_text(value))
    if isinstance(value, date | time):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False)


def _opening_time(span: tuple[time, time]) -> str:
    opens, closes = span
    return f"{opens:%H:%M}-{'24:00' if closes == time.min else f'{closes:%H:%M}'}"


def _text(span: timedelta | None) -> str:
    """A duration as it is written in the configuration, in its largest whole unit."""
    seconds = int((span or timedelta(0)).total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
