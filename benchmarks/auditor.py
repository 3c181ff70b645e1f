# ruff: noqa: INP001 - a folder of programs, not a package
"""Measure one look of the auditor among many open tickets and ten times as many that are over.

    python benchmarks/auditor.py [--json FILE] [--sizes N,N,...] [--rounds N] [--only DATABASE]

Every open ticket has a running clock with its next timer and the timer of its card; every hundredth, but fifty at the
most, has an open escalation; ten are open rightly without a clock, and one has been forgotten. SQLite is a file with
WAL and synchronous=FULL, in the folder that TMPDIR names; PostgreSQL is a private server that is started for it, with
fsync off. docs/escalation.md says what was measured.
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
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parents[1]))  # run from a checkout, installed or not

from bot.rules.neglect import Neglect
from bot.sandbox.clock import MovableClock
from storage.auditing import StoredAudit
from storage.composing import no_content_key, no_mail
from storage.engine import Database
from storage.migrating import upgrade
from tests.support.postgres import running_postgres

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A Monday, 10:00 in Warsaw."""
RIGHTLY_IDLE, FORGOTTEN = 10, 1
OVER = 10
"""So many tickets are over for each that is open."""


@dataclass(frozen=True, slots=True)
class Looking:
    """One look, in milliseconds, among so many open tickets."""

    database: str
    open_tickets: int
    median: float
    p95: float


_NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"
_IS_OPEN = "n <= {open_tickets}"
_HAS_CLOCK = "n <= {open_tickets} - {idle}"
_TICKETS = """INSERT INTO tickets (id, number, version, state, priority, priority_confirmed, language, subject,
requester, requester_name, reported_at, created_at, contacted_at, devices, terms, facts)
{numbers} SELECT n, 'HEZO-2026-' || n, 1, CASE WHEN {is_open} THEN 'open' ELSE 'resolved' END, 'critical', {yes}, 'pl',
'Awaria', 'anna@klient.example', 'Anna', {now}, {now},
CASE WHEN n > {open_tickets} - {forgotten} AND {is_open} THEN NULL ELSE {now} END, '[]', '{{}}', '{{}}' FROM numbers"""
_CLOCKS = """INSERT INTO clocks (ticket_id, kind, state, calendar, started_at, budget_us, due_at, ended_at, pauses)
{numbers} SELECT n, 'reaction', CASE WHEN {has_clock} THEN 'running' ELSE 'met' END, '24x7', {now}, 3600000000, {later},
CASE WHEN {has_clock} THEN NULL ELSE {now} END, '[]' FROM numbers"""
_MESSAGES = """INSERT INTO messages (ticket_id, direction, author, author_name, text, sent_at, automatic)
{numbers} SELECT n, 'from_customer', 'anna@klient.example', 'Anna', 'Awaria', {now}, {no} FROM numbers"""
_TIMERS = """INSERT INTO timers (key, kind, ticket_id, fire_at, clock_id, level, state) {numbers}
SELECT 'clock:' || n, 'clock', n, {later}, n, 50, CASE WHEN {has_clock} THEN 'pending' ELSE 'done' END FROM numbers"""
_CARDS = """INSERT INTO timers (key, kind, ticket_id, fire_at, state) {numbers}
SELECT 'card:' || n, 'card', n, {later}, 'pending' FROM numbers WHERE {has_clock}"""
_ESCALATIONS = """INSERT INTO escalations (id, version, ticket_id, source, reason, raised_by, {window}, chain, began_at,
step, calls, facts) {numbers} SELECT n, 1, n * 100, 'breach', '', 'bot', '24x7', '{{}}', {now}, 0, 1, '{{}}'
FROM numbers WHERE n * 100 <= {open_tickets} AND n <= 50"""
_CALLS = """INSERT INTO timers (key, kind, ticket_id, fire_at, escalation_id, state) {numbers}
SELECT 'escalation:' || n, 'escalation', n * 100, {later}, n, 'pending'
FROM numbers WHERE n * 100 <= {open_tickets} AND n <= 50"""
_COUNTED = """UPDATE tickets SET unfinished_clocks = 1 WHERE id BETWEEN {first} AND {last}
AND id <= {open_tickets} - {idle}"""


async def fill(database: Database, open_tickets: int) -> None:
    """Store the tickets, their clocks, messages and timers, and the escalations."""
    if database.is_postgresql:
        words = {"yes": "true", "no": "false", "now": "timestamptz '2026-11-23 09:00:00+00'", "window": '"window"'}
        words["later"] = words["now"] + " + (3600 + n) * interval '1 second'"
    else:
        words = {"yes": "1", "no": "0", "now": "'2026-11-23 09:00:00.000000'", "window": '"window"'}
        words["later"] = "strftime('%Y-%m-%d %H:%M:%S.000000', '2026-11-23 09:00:00', (3600 + n) || ' seconds')"
    sizes = {"open_tickets": open_tickets, "forgotten": FORGOTTEN, "idle": RIGHTLY_IDLE + FORGOTTEN}
    words |= {"is_open": _IS_OPEN.format(**sizes), "has_clock": _HAS_CLOCK.format(**sizes)}
    step = 25_000  # one transaction has a time limit
    last = open_tickets * (1 + OVER)
    for first in range(1, last + 1, step):
        until = min(first + step - 1, last)
        numbers = _NUMBERS.format(first=first, last=until)
        for statement in (_TICKETS, _CLOCKS, _MESSAGES, _TIMERS, _CARDS, _COUNTED, _ESCALATIONS, _CALLS):
            if statement in {_ESCALATIONS, _CALLS} and first > 1:
                continue
            async with database.begin() as uow:
                sql = statement.format(numbers=numbers, first=first, last=until, **sizes, **words)
                await uow.transaction.connection.exec_driver_sql(sql)
    if database.is_postgresql:
        async with database._writer.connect() as connection:  # as autovacuum does before long
            await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("VACUUM ANALYZE"))


async def measure(url: str, open_tickets: int, rounds: int) -> Looking:
    """Look so many times, once a minute by its own clock."""
    clock = MovableClock(NOW, frozen=True)
    database = Database(url, clock=clock, compose=no_mail, read_content_key=no_content_key)
    await database.open()
    await fill(database, open_tickets)
    took: list[float] = []
    for _ in range(rounds + 1):
        started = perf_counter()
        async with database.read() as uow:
            found = await StoredAudit(uow.transaction).findings(NOW, NOW - timedelta(minutes=1))
        took.append((perf_counter() - started) * 1000)
        assert [finding.kind for finding in found] == [Neglect.NO_CLOCK] * FORGOTTEN, found[:5]
    name = "PostgreSQL" if database.is_postgresql else "SQLite"
    await database.close()
    took = took[1:]  # the first one warms up
    print(f"{name}: {open_tickets} open tickets are done", file=sys.stderr, flush=True)  # noqa: T201 - a program
    return Looking(name, open_tickets, round(median(took), 1), round(quantiles(took, n=20, method="inclusive")[-1], 1))


def as_table(looks: Sequence[Looking]) -> str:
    """For people."""
    lines = ["One look (ms)", f"{'':<12}{'open tickets':>14}{'median':>10}{'95 %':>10}"]
    lines += [f"{look.database:<12}{look.open_tickets:>14,}{look.median:>10.1f}{look.p95:>10.1f}" for look in looks]
    return "\n".join(lines)


def measure_all(arguments: argparse.Namespace) -> list[Looking]:
    """Measure on each database."""
    sizes = [int(size) for size in arguments.sizes.split(",")]
    looks: list[Looking] = []
    if arguments.only != "postgresql":
        with tempfile.TemporaryDirectory(prefix="hezo360-auditor-") as folder:
            urls = [f"sqlite+aiosqlite:///{folder}/{size}.sqlite3" for size in sizes]
            looks += [asyncio.run(measure(*one, arguments.rounds)) for one in zip(urls, sizes, strict=True)]
    if arguments.only != "sqlite":
        with running_postgres() as server:
            for size in sizes:
                asyncio.run(server.create_database(f"open_{size}"))
                url = server.url(f"open_{size}")
                asyncio.run(upgrade(url))
                looks.append(asyncio.run(measure(url, size, arguments.rounds)))
    return looks


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    parser.add_argument("--sizes", default="1000,10000,100000", help="open tickets (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=20, help="looks at each size (default: %(default)s)")
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="one database")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    looks = measure_all(arguments)
    print(as_table(looks))  # noqa: T201 - a program's output
    if arguments.json is not None:
        machine = {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
        figures = {"machine": machine, "looks": [asdict(look) for look in looks]}
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
