# ruff: noqa: INP001 - a folder of programs, not a package
"""Measure how long people wait in Slack: from a press to what they see, with many tickets stored.

    python benchmarks/slack_clicks.py [--json FILE] [--tickets N] [--open N] [--rounds N] [--only DATABASE]

The whole bot runs in this process against the stand-in over real sockets, with the pace of posts as it is by default.
SQLite is a file with WAL and synchronous=FULL, in the folder that TMPDIR names; PostgreSQL is a private server that is
started for it, with fsync off. docs/slack.md says what was measured and what it has to be.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parents[1]))  # run from a checkout, installed or not

from bot.app import Bot
from bot.effects import PostCard
from bot.rules.sla import terms_from_config
from bot.sandbox.slack.model import Message
from storage.engine import Database
from storage.migrating import upgrade
from tests.support.postgres import running_postgres
from tests.support.world import World, make_world, texts

PAUSE = 1.1
"""Seconds between two presses: Slack takes one edit a second, and this is about waiting for the bot."""
LIMIT_MS = 300.0

_NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"
_STATEMENTS = (
    """INSERT INTO tickets (id, number, version, state, priority, priority_confirmed, language, subject, requester,
requester_name, reported_at, created_at, contract_id, devices, terms, facts, assignee, closed_at)
{numbers} SELECT n, 'HEZO-2026-' || n, 1, CASE WHEN n > {closed} THEN 'open' ELSE 'resolved' END, 'critical', {yes},
'pl', 'Awaria', 'anna@klient.test', 'Anna', {now}, {now}, 1, '[]', '{terms}', '{{}}',
CASE WHEN n % 3 = 0 AND n <= {last_open} THEN '{ewa}' END, CASE WHEN n > {closed} THEN NULL ELSE {now} END
FROM numbers""",
    """INSERT INTO messages (ticket_id, direction, author, author_name, text, sent_at, automatic) {numbers}
SELECT n, 'from_customer', 'anna@klient.test', 'Anna', 'FortiGate nie działa od rana.', {now}, {no} FROM numbers""",
    """INSERT INTO messages (ticket_id, direction, author, author_name, text, sent_at, automatic) {numbers}
SELECT n, 'to_customer', 'bot', 'HEZO 360', 'Przyjęliśmy zgłoszenie.', {now}, {yes} FROM numbers""",
    """INSERT INTO journal (ticket_id, at, actor, kind, data) {numbers}
SELECT n, {now}, 'bot', 'opened', '{{}}' FROM numbers""",
    """INSERT INTO journal (ticket_id, at, actor, kind, data) {numbers}
SELECT n, {now}, 'bot', 'accepted', '{{}}' FROM numbers""",
    """INSERT INTO clocks (id, ticket_id, kind, state, calendar, started_at, budget_us, due_at, pauses) {numbers}
SELECT n, n, 'reaction', CASE WHEN n > {closed} THEN 'running' ELSE 'met' END, '24x7', {now}, 360000000000, {later},
'[]' FROM numbers""",
    """INSERT INTO timers (id, key, kind, ticket_id, fire_at, clock_id, level, state) {numbers}
SELECT n, 'clock:' || n || ':x:50', 'clock', n, {later}, n, 50,
CASE WHEN n > {closed} THEN 'pending' ELSE 'cancelled' END FROM numbers""",
)


async def fill(world: World, database: Database, count: int, of_which_open: int, at_hand: int) -> None:
    """Store so many tickets with their messages, journal, clocks and timers; the last `at_hand` nobody has."""
    now, later = world.clock.now(), world.clock.now().replace(microsecond=0)
    if database.is_postgresql:
        words = {"yes": "true", "no": "false", "now": f"timestamptz '{now.isoformat()}'"}
        words["later"] = f"timestamptz '{later.isoformat()}' + interval '20 hours' + n * interval '1 second'"
    else:
        stamp = f"{later:%Y-%m-%d %H:%M:%S}"
        words = {"yes": "1", "no": "0", "now": f"'{stamp}.000000'"}
        words["later"] = f"strftime('%Y-%m-%d %H:%M:%S.000000', '{stamp}', '20 hours', n || ' seconds')"
    words |= {"closed": str(count - of_which_open), "last_open": str(count - at_hand), "ewa": world.ewa}
    terms = {priority: terms.to_json() for priority, terms in terms_from_config(world.config.sla).items()}
    words["terms"] = json.dumps(terms)
    step = 25_000  # one transaction has a time limit
    for first in range(1, count + 1, step):
        numbers = _NUMBERS.format(first=first, last=min(first + step - 1, count))
        for statement in _STATEMENTS:
            async with database.begin() as uow:
                await uow.transaction.connection.exec_driver_sql(statement.format(numbers=numbers, **words))
    if database.is_postgresql:
        async with database.begin() as uow:  # the ids above were given, not drawn
            for table in ("tickets", "clocks", "timers"):
                draw = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {count})"
                await uow.transaction.connection.exec_driver_sql(draw)
        async with database._writer.connect() as connection:  # as autovacuum does before long
            await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("VACUUM ANALYZE"))
    for ticket_id in range(count - at_hand + 1, count + 1):
        async with database.begin() as uow:
            await uow.outbox.add(PostCard(ticket_id))


@dataclass(frozen=True, slots=True)
class Waited:
    """Milliseconds from the press to what it shows."""

    database: str
    what: str
    presses: int
    median: float
    p95: float
    longest: float


class Measured:
    """What people waited for, by what they did."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    @contextmanager
    def waiting_for(self, what: str) -> Iterator[None]:
        """Measure one press."""
        started = perf_counter()
        yield
        self.seconds.setdefault(what, []).append(perf_counter() - started)

    def results(self, database: str) -> Iterator[Waited]:
        """The spread of each."""
        for what, seconds in self.seconds.items():
            in_ms = sorted(second * 1000 for second in seconds)
            p95 = quantiles(in_ms, n=20, method="inclusive")[-1]
            yield Waited(database, what, len(in_ms), round(median(in_ms), 1), round(p95, 1), round(in_ms[-1], 1))


async def shows(world: World, condition: Callable[[], object]) -> None:
    """Wait until people see it."""
    await world.slack.workspace.wait_for(condition, 30, "what was pressed for")


def is_of(card: Message, user: str) -> bool:
    """Whether the card names this person."""
    return user in json.dumps(card.blocks)


def is_other_than(card: Message, before: str) -> bool:
    """Whether the card shows something else than before."""
    return texts(card.blocks) != before


async def press_all(world: World, cards: Sequence[Message], measured: Measured) -> None:
    """One engineer at work: takes each ticket, looks at the reply form and at the Home tab."""
    people, workspace = world.slack.people, world.slack.workspace
    for card in cards:
        with measured.waiting_for("take: the card says who has it"):
            await world.press(world.marek, card, "ticket_take")
            await shows(world, partial(is_of, card, world.marek))
        await asyncio.sleep(PAUSE)
        with measured.waiting_for("reply: the form is open"):
            await world.press(world.marek, card, "ticket_reply")
            view = await world.modal(world.marek, "ticket_reply")
        await people.close_view(world.marek, view)
        with measured.waiting_for("home: it is shown"):
            workspace.homes.pop(world.marek, None)
            await people.open_home(world.marek)
            await shows(world, lambda: workspace.homes.get(world.marek))
        await asyncio.sleep(PAUSE)
        with measured.waiting_for("priority: the form is open"):
            priority = await open_priority(world, card)
        before = texts(card.blocks)
        with measured.waiting_for("priority: the card shows it"):
            errors = await people.submit_view(world.marek, priority, {"priority": "question"})
            assert errors is None, errors
            await shows(world, partial(is_other_than, card, before))
        await asyncio.sleep(PAUSE)


async def open_priority(world: World, card: Message) -> str:
    """By its own button, or by the one that shows more."""
    if "ticket_priority" in json.dumps(card.blocks):
        await world.press(world.marek, card, "ticket_priority")
    else:
        await world.press(world.marek, card, "ticket_more")
        views = await world.slack.workspace.wait_for(
            lambda: [
                view
                for view in world.slack.people.open_views(world.marek)
                if "ticket_priority" in json.dumps(view.body)
            ],
            30,
        )
        outcome = await world.slack.people.click_view(world.marek, views[-1].id, "ticket_priority")
        assert outcome.ok, outcome.error
    return await world.modal(world.marek, "ticket_priority")


async def measure(name: str, url: str | None, folder: Path, options: argparse.Namespace) -> list[Waited]:
    """Everything with one database."""
    async with make_world(folder) as world:
        world.tree["slack"] |= {"posts_per_minute": 60, "posts_at_once": 10}
        world.tree["database"] = {"url": url} if url else world.tree["database"]
        await world.fill_registry()
        database = Bot(world.config, world.clock).database
        await database.open()
        started = perf_counter()
        await fill(world, database, options.tickets, options.open, options.rounds)
        await database.close()
        sys.stderr.write(f"{name}: {options.tickets} tickets stored in {perf_counter() - started:.0f} s\n")
        await world.start_bot()
        try:
            await world.slack.connected()
            await shows(world, lambda: len(world.support.messages) >= options.rounds)
            await asyncio.sleep(10 * PAUSE)  # what the first posts used up of Slack's pace comes back
            measured = Measured()
            await press_all(world, list(world.support.messages.values())[: options.rounds], measured)
        finally:
            await world.bot.stop()
    return list(measured.results(name))


def main() -> int:
    """Measure, print a table, and fail where the median is over its limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--open", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    results: list[Waited] = []
    with tempfile.TemporaryDirectory() as folder:
        if options.only != "postgresql":
            results += asyncio.run(measure("SQLite", None, Path(folder), options))
        if options.only != "sqlite":
            with running_postgres() as server:
                asyncio.run(server.create_database("clicks"))
                results += asyncio.run(with_postgres(server.url("clicks"), Path(folder), options))
    machine = {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    if options.json:
        found = {"machine": machine, "tickets": options.tickets, "results": [asdict(each) for each in results]}
        options.json.write_text(json.dumps(found, indent=2))
    sys.stdout.write("| database | what | median ms | p95 ms | longest ms |\n| --- | --- | --- | --- | --- |\n")
    for each in results:
        row = f"| {each.database} | {each.what} | {each.median:.0f} | {each.p95:.0f} | {each.longest:.0f} |\n"
        sys.stdout.write(row)
    too_slow = [each for each in results if each.median > LIMIT_MS]
    return 1 if too_slow else 0


async def with_postgres(url: str, folder: Path, options: argparse.Namespace) -> list[Waited]:
    """As the operator sets it up: the schema is brought up to date before the bot starts."""
    await upgrade(url)
    return await measure("PostgreSQL", url, folder, options)


if __name__ == "__main__":
    sys.exit(main())
