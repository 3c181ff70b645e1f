"""`hezo360 sla`: when something is due, how much service time passed, and what became of a ticket's clocks."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar
from zoneinfo import ZoneInfo

import click

from bot.cli import Invocation, pass_invocation
from bot.cli_commands.db import opened_database
from bot.cli_commands.sla_csv import answer_csv
from bot.cli_commands.sla_questions import ELAPSED, Promises, Question
from bot.cli_commands.sla_words import (
    Unanswerable,
    day_and_time,
    read_instant,
    seconds_number,
    seconds_text,
    shown,
    span_words,
    utc_text,
)
from bot.edges.clock import SystemClock
from bot.model import ClockKind

if TYPE_CHECKING:  # SQLAlchemy behind it takes longer to load than the arithmetic takes altogether
    from storage.explaining import TicketClocks

C = TypeVar("C", bound=Callable[..., Any])

_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
_NOW = click.option("--now", metavar="INSTANT", default="", help="Count the time left from then instead of from now.")


@click.group()
def sla() -> None:
    """Work out deadlines and service time, and explain a ticket's clocks.

    `due` and `elapsed` need neither a database nor a complete configuration: they read the sections [service],
    [mail], [intake] and [sla] without servers and secrets, and take the service terms where there is no file.

    An instant is written in ISO 8601: "2026-11-20T16:30:00+01:00", "2026-11-20T15:30Z", "2026-11-20 16:30
    Europe/Warsaw". Without offset and zone it is a local time of the service's zone (service.timezone). In the
    hour that comes twice when summer time ends, that is its first coming; in the hour that is left out when summer time
    begins, the offset before the change counts (RFC 5545). A note says so.
    """


def _common(command: C) -> C:
    """The options that `due` and `elapsed` share."""
    options: tuple[Callable[[C], C], ...] = (
        _JSON,
        click.option(
            "--csv",
            "csv_file",
            type=click.File("rb"),
            metavar="FILE",
            help="Answer every row of a CSV file ('-': standard input). Columns: id, kind (reaction, next_reply, "
            "delivery, intake, due, elapsed), priority or calendar, start_at, end_at, duration_s; others pass. The "
            "rows come out with due_at_utc and elapsed_s; other options hold for rows that leave a column empty.",
        ),
        click.option("--calendar", metavar="24x7|8x5", default="", help="The window, in place of the priority's."),
        click.option(
            "--priority",
            metavar="PRIORITY",
            default="",
            help="critical, non_critical or question; krytyczny, niekrytyczny or pytanie.",
        ),
    )
    for option in options:
        command = option(command)
    return command


@sla.command()
@_common
@click.option("--sent", metavar="INSTANT", default="", help="When the message was sent.")
@click.option("--reply", "is_reply", is_flag=True, help="The next answer is due, not the first reaction.")
@click.option(
    "--delivery", "is_delivery", is_flag=True, help="The replacement is due; --sent is the fault's confirmation."
)
@click.option(
    "--budget", "--seconds", "budget", metavar="SPAN", default="", help='"2h", "1h 30min" or seconds, not the terms\'.'
)
@_NOW
@pass_invocation
@click.pass_context
def due(
    ctx: click.Context,
    invocation: Invocation,
    *,
    priority: str,
    calendar: str,
    sent: str,
    is_reply: bool,
    is_delivery: bool,
    budget: str,
    now: str,
    csv_file: BinaryIO | None,
    as_json: bool,
) -> None:
    """Say when an answer is due, for a message sent at an instant.

    By default that is the first reaction to a report. Exit code 2 when a question, or a row of a file, has no answer.
    """
    if is_reply and is_delivery:
        raise click.UsageError("--reply and --delivery ask for two different deadlines")
    kind = ClockKind.REPLY if is_reply else ClockKind.DELIVERY if is_delivery else ClockKind.REACTION
    fields = {"kind": kind, "priority": priority, "calendar": calendar, "start_at": sent, "duration_s": budget}
    promises = Promises(invocation.read_sections())
    if csv_file is not None:
        _answer_file(ctx, csv_file, fields, promises, as_json=as_json)
        return
    question = _asked(promises, fields, {"start_at": "--sent"})
    at = _now(now, promises)
    instant = promises.due(question)
    # Before the message is sent nothing of the budget runs.
    left = promises.calendar(question.calendar).elapsed(max(at, question.start), instant)
    _show_due(question, instant, at, left, promises.zone, as_json=as_json)


@sla.command()
@_common
@click.option("--from", "start", metavar="INSTANT", default="", help="The first instant.")
@click.option("--to", "end", metavar="INSTANT", default="", help="The last instant; before the first: a negative span.")
@pass_invocation
@click.pass_context
def elapsed(
    ctx: click.Context,
    invocation: Invocation,
    *,
    priority: str,
    calendar: str,
    start: str,
    end: str,
    csv_file: BinaryIO | None,
    as_json: bool,
) -> None:
    """Say how much service time lies between two instants.

    Exit code 2 when a question, or a row of a file, has no answer.
    """
    fields = {"kind": ELAPSED, "priority": priority, "calendar": calendar, "start_at": start, "end_at": end}
    promises = Promises(invocation.read_sections())
    if csv_file is not None:
        _answer_file(ctx, csv_file, fields, promises, as_json=as_json)
        return
    question = _asked(promises, fields, {"start_at": "--from", "end_at": "--to"})
    _show_elapsed(question, promises.elapsed(question), promises.zone, as_json=as_json)


@sla.command()
@click.argument("ticket")
@_JSON
@_NOW
@pass_invocation
@click.pass_context
def explain(ctx: click.Context, invocation: Invocation, ticket: str, *, as_json: bool, now: str) -> None:
    """Tell of every clock of a ticket when it is due, and why it started, stood still and ended.

    TICKET is a number such as HEZO-2026-000123, or only 123. What is due first comes first. Nothing is changed. Exit
    code 1 when there is no such ticket.
    """
    from bot.cli_commands.sla_explaining import Explanation

    found = asyncio.run(_found(invocation, ticket))
    if found is None:
        click.echo(f"There is no ticket {shown(ticket)}.", err=True)
        ctx.exit(1)
    promises = Promises(invocation.read_sections())
    explanation = Explanation(found, promises, _now(now, promises))
    if as_json:
        click.echo(json.dumps(explanation.as_json(), ensure_ascii=False, indent=2))
        return
    for line in explanation.lines():
        click.echo(line)


async def _found(invocation: Invocation, number: str) -> TicketClocks | None:
    from storage.explaining import ticket_clocks

    async with opened_database(invocation) as database:
        return await ticket_clocks(database, number)


def _answer_file(
    ctx: click.Context, file: BinaryIO, presumed: dict[str, str], promises: Promises, *, as_json: bool
) -> None:
    if as_json:
        raise click.UsageError("--csv answers in CSV; --json belongs to a single question")

    def tell(line: str) -> None:
        click.echo(line, err=True)

    refused = answer_csv(file, sys.stdout.buffer, presumed, promises, tell)
    ctx.exit(2 if refused else 0)


def _asked(promises: Promises, fields: Mapping[str, str], options: Mapping[str, str]) -> Question:
    """The question of one command line; its mistakes and notes name the options."""
    names = {"priority": "--priority", "calendar": "--calendar", "duration_s": "--budget", **options}
    try:
        question = promises.ask(fields)
    except Unanswerable as error:
        raise Unanswerable(error.words, names.get(error.field, error.field)) from None
    for field, words in question.notes.items():
        click.echo(f"{names[field]}: {words}", err=True)
    return question


def _now(text: str, promises: Promises) -> datetime:
    """The instant that somebody chose, or the present one."""
    try:
        return read_instant(text, promises.zone).at if text else SystemClock().now().replace(microsecond=0)
    except Unanswerable as error:
        raise Unanswerable(error.words, "--now") from None


def _show_due(
    question: Question, due: datetime, now: datetime, left: timedelta, zone: ZoneInfo, *, as_json: bool
) -> None:
    assert question.budget is not None
    if as_json:
        answer = {
            "kind": question.kind,
            "priority": question.priority,
            "calendar": question.calendar,
            "budget_s": seconds_number(question.budget),
            "sent_at_utc": utc_text(question.start),
            "due_at": due.astimezone(zone).isoformat(),
            "due_at_utc": utc_text(due),
            "now_utc": utc_text(now),
            "left_s": seconds_number(left),
            "overdue": now > due,
        }
        click.echo(json.dumps(answer))
        return
    of = f"{question.kind}, {question.priority}" if question.priority else "a budget of its own"
    state = f"overdue by {span_words(left)}" if now > due else span_words(left)
    click.echo(f"due      {day_and_time(due, zone)} ({zone})")
    click.echo(f"UTC      {utc_text(due)}")
    click.echo(f"sent     {day_and_time(question.start, zone)}")
    click.echo(f"budget   {span_words(question.budget)} of service time in {question.calendar} ({of})")
    click.echo(f"left     {state} of service time, at {day_and_time(now, zone)}")


def _show_elapsed(question: Question, span: timedelta, zone: ZoneInfo, *, as_json: bool) -> None:
    assert question.end is not None
    if as_json:
        answer = {
            "calendar": question.calendar,
            "from_utc": utc_text(question.start),
            "to_utc": utc_text(question.end),
            "elapsed_s": seconds_number(span),
        }
        click.echo(json.dumps(answer))
        return
    sign = "minus " if span < timedelta(0) else ""
    click.echo(f"elapsed  {sign}{span_words(span)} of service time in {question.calendar}")
    click.echo(f"seconds  {seconds_text(span)}")
    click.echo(f"from     {day_and_time(question.start, zone)} ({zone})")
    click.echo(f"to       {day_and_time(question.end, zone)}")
