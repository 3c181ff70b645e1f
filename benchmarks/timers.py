# ruff: noqa: INP001 - a folder of programs, not a package
"""Measure the timers: what finding and claiming costs among many open clocks, and 1,000 reminders due at once.

    python benchmarks/timers.py [--json FILE] [--sizes N,N,...] [--rounds N] [--reminders N] [--only DATABASE]

SQLite is a file with WAL and synchronous=FULL, in the folder that TMPDIR names; PostgreSQL is a private server that is
started for it, with fsync off. docs/timers.md says what was measured and what it has to be.
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
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parents[1]))  # run from a checkout, installed or not

from bot.commands import EmailReceived, TimerDue
from bot.config import Config
from bot.effects import SendMail
from bot.loops.inbox import InboxLoop
from bot.loops.timers import GIVING_WAY, TimerLoop
from bot.mail_ports import FetchedMail
from bot.model import Ticket
from bot.ports import Clock, InboxRow, UnitOfWork
from bot.rules.mail_reading import read_mail
from bot.rules.outgoing_mail import write_mail
from bot.sandbox.clock import MovableClock
from handlers.context import Context, ContextMaker
from handlers.registry import dispatch
from storage.composing import ComposedMail
from storage.contract_import import import_contracts
from storage.engine import Database
from storage.inbox import MAIL
from storage.mail_sink import StoredMailSink
from storage.migrating import upgrade
from storage.queues import TimerQueue
from tests.support.postgres import running_postgres
from tests.support.timer_loops import plain_config

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A Monday, 10:00 in Warsaw."""

DUE = 100
PAUSE = 0.2
"""Seconds between one mail that became a ticket and the next: four mails a second are a busy day."""
SERIAL, CONTRACT = "FG121GTK25004672", "HZ360-2026-000101"
REGISTRY = f"""contract_number,customer,nip,valid_from,valid_to,serial,model,authorised,language
{CONTRACT},Mleczarnia,834-171-00-08,2025-03-01,2035-02-28,{SERIAL},,@klient.test,pl
"""
REPORT = f"""From: Anna Nowak <anna.%(n)d@klient.test>
To: pomoc@myhezo.pl
Subject: Awaria
Message-ID: <%(n)d@klient.test>
Content-Type: text/plain; charset=utf-8

Problem krytyczny: FortiGate nie dziala. Numer seryjny {SERIAL}, umowa {CONTRACT}.
""".replace("\n", "\r\n")


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds."""

    median: float
    p95: float
    longest: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Spread:
        """The spread of these measurements."""
        in_ms = sorted(second * 1000 for second in seconds)
        p95 = quantiles(in_ms, n=20, method="inclusive")[-1]
        return cls(round(median(in_ms), 3), round(p95, 3), round(in_ms[-1], 3))


@dataclass(frozen=True, slots=True)
class Claiming:
    """With so many open clocks: when is the next timer, which are due, take one and finish it, and all DUE of them."""

    database: str
    open_clocks: int
    next_time: Spread
    find: Spread
    claim: Spread
    all_due: Spread


@dataclass(frozen=True, slots=True)
class Catching:
    """Reminders due at once, and a mail's way from being stored to being a ticket, before and meanwhile."""

    database: str
    reminders: int
    queued_in_s: float
    intake_before: Spread
    intake_meanwhile: Spread
    mails_meanwhile: int


def make_database(url: str, clock: Clock, config: Config) -> Database:
    """A database as the bot would open it."""

    def compose(effect: SendMail, row_id: int, ticket: Ticket | None, now: datetime, _files: object) -> ComposedMail:
        return ComposedMail(*write_mail(effect, row_id, ticket.number if ticket else None, now, config, b"key"))

    return Database(url, clock=clock, compose=compose, read_content_key=lambda raw: read_mail(raw).content_key)


# Filling: every open ticket has one running clock and its next timer, all of them later than now.
_NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"
_TICKETS = """INSERT INTO tickets (id, number, version, state, priority, priority_confirmed, language, subject,
requester, requester_name, reported_at, created_at, devices, terms, facts)
{numbers} SELECT n, 'HEZO-2026-' || n, 1, 'open', 'critical', {yes}, 'pl', 'Awaria', 'anna@klient.test', 'Anna',
{now}, {now}, '[]', '{{}}', '{{}}' FROM numbers"""
_CLOCKS = """INSERT INTO clocks (id, ticket_id, kind, state, calendar, started_at, budget_us, due_at, pauses) {numbers}
SELECT n, n, 'reaction', 'running', '24x7', {now}, 3600000000, {later}, '[]' FROM numbers"""
_TIMERS = """INSERT INTO timers (id, key, kind, ticket_id, fire_at, clock_id, level, state) {numbers}
SELECT n, 'clock:' || n || ':2026-11-23T09:00:00+00:00:50', 'clock', n, {later}, n, 50, 'pending' FROM numbers"""


async def fill(database: Database, count: int) -> None:
    """Store so many open tickets, each with its clock and timer."""
    if database.is_postgresql:
        words = {"yes": "true", "now": "timestamptz '2026-11-23 09:00:00+00'"}
        words["later"] = words["now"] + " + (60 + n) * interval '1 second'"
    else:
        words = {"yes": "1", "now": "'2026-11-23 09:00:00.000000'"}
        words["later"] = "strftime('%Y-%m-%d %H:%M:%S.000000', '2026-11-23 09:00:00', (60 + n) || ' seconds')"
    step = 50_000  # one transaction has a time limit
    for first in range(1, count + 1, step):
        numbers = _NUMBERS.format(first=first, last=min(first + step - 1, count))
        for statement in (_TICKETS, _CLOCKS, _TIMERS):
            async with database.begin() as uow:
                await uow.transaction.connection.exec_driver_sql(statement.format(numbers=numbers, **words))
    if database.is_postgresql:
        async with database._writer.connect() as connection:  # as autovacuum does before long
            await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("VACUUM ANALYZE"))


async def make_due(database: Database, size: int) -> None:
    """Let DUE timers, spread over all of them, be due again."""
    ids = ", ".join(str(number) for number in range(1, size + 1, size // DUE))
    at = "'2026-11-23 08:59:00+00'" if database.is_postgresql else "'2026-11-23 08:59:00.000000'"
    statement = f"UPDATE timers SET state = 'pending', fire_at = {at} WHERE id IN ({ids})"  # noqa: S608 - our numbers
    async with database.begin() as uow:
        await uow.transaction.connection.exec_driver_sql(statement)


@contextmanager
def timed(into: list[float]) -> Iterator[None]:
    """Append the seconds that the block takes."""
    started = perf_counter()
    yield
    into.append(perf_counter() - started)


class Crowd:
    """A database with many open clocks, and what its due timers cost in each round."""

    def __init__(self, url: str, size: int) -> None:
        self.size = size
        self.database = make_database(url, MovableClock(NOW, frozen=True), plain_config())
        self._queue = TimerQueue(self.database)
        self._nexts: list[float] = []
        self._finds: list[float] = []
        self._claims: list[float] = []
        self._totals: list[float] = []

    async def open(self) -> None:
        """Fill it and warm up."""
        await self.database.open()
        await fill(self.database, self.size)
        await self.play_round()
        for measured in (self._nexts, self._finds, self._claims, self._totals):
            measured.clear()
        progress(f"{self.name}: {self.size} open clocks are there")

    @property
    def name(self) -> str:
        """Which database."""
        return "PostgreSQL" if self.database.is_postgresql else "SQLite"

    async def play_round(self) -> None:
        """What the timer loop does for DUE due timers, without what their handlers do."""
        await make_due(self.database, self.size)
        with timed(self._nexts):
            await self._queue.next_fire_at()
        with timed(self._totals):
            with timed(self._finds):
                due = await self._queue.due(NOW, DUE, giving_way=GIVING_WAY)
            for timer in due:
                with timed(self._claims):
                    async with self.database.begin() as uow:
                        assert await uow.clocks.claim_timer(timer.id, NOW)
                        await uow.clocks.finish_timer(timer.id)
        assert len(due) == DUE

    def result(self) -> Claiming:
        """What was measured."""
        measured = (self._nexts, self._finds, self._claims, self._totals)
        return Claiming(self.name, self.size, *(Spread.of(each) for each in measured))


async def measure_claiming(urls: Sequence[str], sizes: Sequence[int], rounds: int) -> list[Claiming]:
    """The rounds of all sizes take turns, so that what else the machine does is shared by all."""
    crowds = [Crowd(url, size) for url, size in zip(urls, sizes, strict=True)]
    for crowd in crowds:
        await crowd.open()
    for _ in range(rounds):
        for crowd in crowds:
            await crowd.play_round()
    for crowd in crowds:
        await crowd.database.close()
    return [crowd.result() for crowd in crowds]


class Office:
    """The bot's core over a database: mails in, timers, and everything queued; nothing goes out."""

    def __init__(self, url: str) -> None:
        self.config = plain_config()
        self.clock = MovableClock(NOW)
        self.database = make_database(url, self.clock, self.config)
        self.fired = 0
        self._sink = StoredMailSink(self.database)
        self._mails = 0

    async def _handle(self, command: TimerDue, uow: UnitOfWork, ctx: Context) -> None:
        await dispatch(command, uow, ctx)
        self.fired += 1

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Run the loops meanwhile."""
        await self.database.open()
        await import_contracts(self.database, REGISTRY)
        stopping, wakes = asyncio.Event(), self.database.wakes
        contexts = ContextMaker(self.clock, self.config, b"key")
        loops = [
            InboxLoop(MAIL, self.database, _mail_command, wakes.mail_inbox, contexts).run(stopping),
            TimerLoop(self.database, wakes.timers, contexts, handle=self._handle).run(stopping),
        ]
        tasks = [asyncio.create_task(loop) for loop in loops]
        yield
        stopping.set()
        wakes.mail_inbox.set()
        wakes.timers.set()
        await asyncio.gather(*tasks)
        await self.database.close()

    def _mail(self) -> FetchedMail:
        self._mails += 1
        raw = (REPORT % {"n": self._mails}).encode()
        return FetchedMail("pomoc", 1, self._mails, self.clock.now(), raw, len(raw))

    async def receive(self) -> None:
        """Store a mail and wait until it is a ticket with its acknowledgement queued."""
        queued = self.database.wakes.mail_outbox
        queued.clear()
        await self._sink.store([self._mail()])
        await queued.wait()

    async def receive_many(self, count: int) -> None:
        """Store so many mails and wait until each is a ticket."""
        await self._sink.store([self._mail() for _ in range(count)])
        queued = self.database.wakes.mail_outbox
        queued.clear()
        while await self.count("tickets") < self._mails:
            await queued.wait()
            queued.clear()

    async def count(self, table: str, where: str = "true") -> int:
        """Rows of a table."""
        async with self.database.read() as uow:
            statement = text(f"SELECT count(*) FROM {table} WHERE {where}")  # noqa: S608 - our own words
            return await uow.transaction.connection.scalar(statement) or 0


def _mail_command(row: InboxRow) -> EmailReceived:
    return EmailReceived(row.id, row.place, row.body, row.received_at, row.size, row.complete)


async def measure_catching_up(url: str, reminders: int) -> Catching:
    """Let the 50 % reminders of that many tickets come due at once, with mails coming in before and meanwhile."""
    office = Office(url)
    async with office.open():
        await office.receive_many(reminders)
        progress(f"{reminders} tickets are there")
        before: list[float] = []
        for _ in range(40):
            with timed(before):
                await office.receive()
            await asyncio.sleep(PAUSE)
        due = reminders + len(before)
        assert office.fired == 0
        meanwhile: list[float] = []
        started = perf_counter()
        office.clock.move(timedelta(minutes=31))
        while office.fired < due:
            with timed(meanwhile):
                await office.receive()
            await asyncio.sleep(PAUSE)
        queued_in = perf_counter() - started
        posts = await office.count("outbox", "type = 'PostInThread' AND urgent")
        assert posts >= due, f"{posts} reminders are queued"
        name = "PostgreSQL" if office.database.is_postgresql else "SQLite"
        result = Catching(name, due, round(queued_in, 2), Spread.of(before), Spread.of(meanwhile), len(meanwhile))
    progress(f"{name}: {due} reminders in {result.queued_in_s} s")
    return result


def progress(line: str) -> None:
    """Tell who waits that something goes on."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - a program's output


def as_table(claimings: Sequence[Claiming], catchings: Sequence[Catching]) -> str:
    """For people."""
    lines = [
        f"{DUE} due timers (ms, median / 95 %)",
        f"{'':<12}{'open clocks':>12}{'next time':>16}{'find':>18}{'claim one':>18}{'all':>20}{'times the least':>17}",
    ]
    for each in claimings:
        least = min(other.all_due.median for other in claimings if other.database == each.database)
        spreads = (each.next_time, each.find, each.claim, each.all_due)
        cells = [f"{spread.median:.2f} / {spread.p95:.2f}" for spread in spreads]
        ratio = each.all_due.median / least
        lines.append(
            f"{each.database:<12}{each.open_clocks:>12,}{cells[0]:>16}{cells[1]:>18}{cells[2]:>18}{cells[3]:>20}{ratio:>17.2f}"
        )
    lines += ["", "Reminders due at once, and a mail's way in (ms, median / 95 % / longest)"]
    for catching in catchings:
        ways = [
            f"{s.median:.1f} / {s.p95:.1f} / {s.longest:.1f}"
            for s in (catching.intake_before, catching.intake_meanwhile)
        ]
        lines.append(
            f"{catching.database:<12}{catching.reminders} queued in {catching.queued_in_s} s; mails before: {ways[0]}; "
            f"meanwhile ({catching.mails_meanwhile}): {ways[1]}"
        )
    return "\n".join(lines)


def measure(arguments: argparse.Namespace) -> tuple[list[Claiming], list[Catching]]:
    """Measure on each database."""
    sizes = [int(size) for size in arguments.sizes.split(",")]
    names = [*(f"clocks_{size}" for size in sizes), "reminders"]
    claimings: list[Claiming] = []
    catchings: list[Catching] = []

    def on(*urls: str) -> None:
        claimings.extend(asyncio.run(measure_claiming(urls[:-1], sizes, arguments.rounds)))
        catchings.append(asyncio.run(measure_catching_up(urls[-1], arguments.reminders)))

    if arguments.only != "postgresql":
        with tempfile.TemporaryDirectory(prefix="hezo360-timers-") as folder:
            on(*(f"sqlite+aiosqlite:///{folder}/{name}.sqlite3" for name in names))
    if arguments.only != "sqlite":
        with running_postgres() as server:
            for name in names:
                asyncio.run(server.create_database(name))
                asyncio.run(upgrade(server.url(name)))
            on(*(server.url(name) for name in names))
    return claimings, catchings


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    parser.add_argument("--sizes", default="1000,100000,1000000", help="open clocks, growing (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=30, help="of 100 due timers each (default: %(default)s)")
    parser.add_argument("--reminders", type=int, default=1000, help="due at once (default: %(default)s)")
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="one database")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    claimings, catchings = measure(arguments)
    print(as_table(claimings, catchings))  # noqa: T201 - a program's output
    if arguments.json is not None:
        figures = {
            "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
            "claiming": [asdict(each) for each in claimings],
            "catching_up": [asdict(each) for each in catchings],
        }
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
