# ruff: noqa: INP001 - a folder of programs, not a package
"""What a mail costs when 1,000, 100,000 or 1,000,000 tickets are stored.

The databases take turns, round by round, so that what else the machine does is shared by all. A mail is stored, read,
matched and becomes a ticket, as in `benchmarks.ingest` but without IMAP. What is stored already is whole: tickets with
their participant, message, journal, clock, timers, effects and inbox row; one in fifty is open.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from benchmarks.bot_core import make_database, plain_config
from benchmarks.mails import registry, report
from bot.commands import EmailReceived
from bot.edges.clock import SystemClock
from bot.loops.inbox import InboxLoop
from bot.mail_ports import FetchedMail
from bot.ports import InboxRow
from handlers.context import ContextMaker
from storage.contract_import import import_contracts
from storage.inbox import MAIL
from storage.mail_sink import StoredMailSink

_NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last}) "
_FILL = {
    "tickets": "(id, number, version, state, priority, priority_confirmed, language, subject, requester, "
    "requester_name, reported_at, created_at, devices, terms, facts, closed_at) SELECT n, 'HEZO-2025-' || n, 5, "
    "CASE WHEN n % 50 THEN 'closed' ELSE 'open' END, 'critical', 1, 'pl', 'PILNE: awaria zapory FortiGate', "
    "'it.' || n || '@klient-' || n % 5000 || '.test', 'Anna Nowak', {then}, {then}, '[[\"FG121GTK25000001\", "
    '"FortiGate-121G"]]\', \'{{}}\', \'{{"heard": {{}}, "sender": {{}}}}\', CASE WHEN n % 50 THEN {then} END',
    "ticket_participants": "(ticket_id, address) SELECT n, 'it.' || n || '@klient-' || n % 5000 || '.test'",
    "inbox": "(source, place, source_key, content_key, body, size, complete, received_at, stored_at, state, "
    "next_attempt_at, finished_at, outcome, ticket_id) SELECT 'mail', 'pomoc', 'imap:pomoc:1:' || n, hex(n) || "
    "'fedcba9876543210fedcba9876543210', zeroblob(600), 600, 1, {then}, {then}, 'done', {then}, {then}, 'opened', n",
    "messages": "(ticket_id, direction, author, author_name, text, sent_at, rfc_message_id, automatic, inbox_id) "
    "SELECT n, 'from_customer', 'it.' || n || '@klient.test', 'Anna Nowak', 'Dzień dobry, zgłaszam awarię.', {then}, "
    "'<' || n || '.old@klient.test>', 0, (SELECT id FROM inbox WHERE source_key = 'imap:pomoc:1:' || n)",
    "journal": "(ticket_id, at, actor, kind, data) SELECT n, {then}, 'bot', 'report_received', '{{}}'",
    "journal ": "(ticket_id, at, actor, kind, data) SELECT n, {then}, 'bot', 'clock_started', '{{}}'",
    "clocks": "(ticket_id, kind, state, calendar, started_at, budget_us, due_at, ended_at, pauses) SELECT n, "
    "'reaction', CASE WHEN n % 50 THEN 'met' ELSE 'running' END, '24x7', {then}, 3600000000, {later}, "
    "CASE WHEN n % 50 THEN {then} END, '[]'",
    "timers": "(key, kind, ticket_id, fire_at, level, state) SELECT 'old:' || n, 'clock', n, {later}, 50, "
    "CASE WHEN n % 50 THEN 'done' ELSE 'pending' END",
    "outbox": "(transport, lane, type, effect, ticket_id, state, created_at, next_attempt_at, rfc_message_id, raw, "
    "automatic_to) SELECT 'mail', 'mail:' || n, 'SendMail', '{{}}', n, 'sent', {then}, {then}, '<old.' || n || "
    "'@myhezo.pl>', zeroblob(900), 'it.' || n || '@klient.test'",
    "outbox ": "(transport, lane, type, effect, ticket_id, state, created_at, next_attempt_at) SELECT 'slack', "
    "'slack:' || n, 'PostInThread', '{{}}', n, 'sent', {then}, {then}",
}
_THEN, _LATER = "'2025-06-02 09:00:00.000000'", "'2035-06-02 10:00:00.000000'"
_STEP = 50_000


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds a mail, the median over the rounds: by the clock on the wall, and of the processor.

    Attributes:
        cpu_ratio: The median over the rounds of the processor's time by that of the smallest database's same round.
    """

    stored_tickets: int
    wall_ms: float
    cpu_ms: float
    wall_ratio: float
    cpu_ratio: float


def fill_sqlite(file: Path, count: int) -> None:
    """Store so many old tickets, behind those that are there, in a database that is at our revision."""
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA cache_size = -200000")
    (last,) = database.execute("SELECT coalesce(max(id), 0) FROM tickets").fetchone()
    for first in range(last + 1, last + count + 1, _STEP):
        numbers = _NUMBERS.format(first=first, last=min(first + _STEP - 1, last + count))
        database.execute("BEGIN")
        for table, rows in _FILL.items():
            columns, _, query = rows.format(then=_THEN, later=_LATER).partition(" SELECT ")
            database.execute(f"INSERT INTO {table} {columns} {numbers} SELECT {query} FROM numbers")  # noqa: S608 - ours
        database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def measure(folder: Path, sizes: list[int], *, rounds: int, mails: int, say: Callable[[str], None]) -> list[Cost]:
    """Fill and measure."""
    return asyncio.run(_measure(folder, sizes, rounds, mails, say))


async def _measure(folder: Path, sizes: list[int], rounds: int, mails: int, say: Callable[[str], None]) -> list[Cost]:
    crowds = [_Stored(folder / f"{size}.sqlite3", size, mails) for size in sizes]
    for crowd in crowds:
        await crowd.open()
        say(f"growth: {crowd.size:,} tickets are there")
    for _ in range(rounds + 1):  # the first warms up
        for crowd in crowds:
            await crowd.play_round()
    for crowd in crowds:
        await crowd.database.close()
    least = crowds[0]
    return [
        Cost(
            crowd.size,
            median(crowd.wall[1:]),
            median(crowd.cpu[1:]),
            median(ours / theirs for ours, theirs in zip(crowd.wall[1:], least.wall[1:], strict=True)),
            median(ours / theirs for ours, theirs in zip(crowd.cpu[1:], least.cpu[1:], strict=True)),
        )
        for crowd in crowds
    ]


class _Stored:
    """A database with old tickets, and what new mails cost there in each round."""

    def __init__(self, file: Path, size: int, mails: int) -> None:
        self.size = size
        self._file = file
        self._mails = mails
        self._number = 0
        self._config = plain_config()
        self._clock = SystemClock()
        self.database = make_database(f"sqlite+aiosqlite:///{file}", self._clock, self._config)
        self.wall: list[float] = []
        self.cpu: list[float] = []

    async def open(self) -> None:
        """Fill it."""
        await self.database.open()
        await self.database.close()
        fill_sqlite(self._file, self.size)
        self.database = make_database(f"sqlite+aiosqlite:///{self._file}", self._clock, self._config)
        await self.database.open()
        await import_contracts(self.database, registry(5000))

    async def play_round(self) -> None:
        """Store so many new mails, and handle them."""
        now = self._clock.now()
        mails = []
        for _ in range(self._mails):
            self._number += 1
            raw = report(self._number, self._number % 4999 + 1, now)
            mails.append(FetchedMail("pomoc", 2, self._number, now, raw, len(raw)))
        wanted = self._done() + self._mails
        stopping, queued = asyncio.Event(), self.database.wakes.mail_outbox
        contexts = ContextMaker(self._clock, self._config, b"a key of thirty-two octets ......")
        loop = InboxLoop(MAIL, self.database, _command, self.database.wakes.mail_inbox, contexts)
        wall, cpu = perf_counter(), process_time()
        task = asyncio.create_task(loop.run(stopping))
        await StoredMailSink(self.database).store(mails)
        while self._done() < wanted:
            await queued.wait()
            queued.clear()
        self.wall.append((perf_counter() - wall) / self._mails * 1000)
        self.cpu.append((process_time() - cpu) / self._mails * 1000)
        stopping.set()
        self.database.wakes.mail_inbox.set()
        await task

    def _done(self) -> int:
        """The newest ticket's id: counting a million would be measured, too."""
        with closing(sqlite3.connect(self._file)) as looking:
            return int(looking.execute("SELECT coalesce(max(id), 0) FROM tickets").fetchone()[0])


def _command(row: InboxRow) -> EmailReceived:
    return EmailReceived(row.id, row.place, row.body, row.received_at, row.size, row.complete)
