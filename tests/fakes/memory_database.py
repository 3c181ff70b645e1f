"""The storage ports in memory, for tests of the core: fast, all or nothing, and true to what the databases do.

It passes the same tests of the ports as SQLite and PostgreSQL (`tests/storage`). Nothing in it really waits, so a
handler can be driven by `run`, without an event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

from bot.commands import EmailReceived
from bot.model import Contract, JournalEntry, Timer
from bot.ports import Clock, InboxState, OutboxRow, OutboxState
from bot.rules.contract_numbers import fold
from storage.composing import MailComposer
from storage.outbox import CARDS
from tests.fakes.memory_entitlements import MemoryEntitlements, MemoryNotices
from tests.fakes.memory_escalations import MemoryDuty, MemoryEscalations
from tests.fakes.memory_queues import MemoryClocks, MemoryInbox, MemoryOutbox
from tests.fakes.memory_replacements import MemoryInterviews, MemoryReplacements
from tests.fakes.memory_sendings import MemorySendings
from tests.fakes.memory_tables import KeptInbox, Tables, kept_facts, utc
from tests.fakes.memory_tickets import MemoryAttachments, MemoryContracts, MemoryTickets

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Drive a coroutine that never waits, at the cost of a function call.

    Raises:
        RuntimeError: it would wait.
    """
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    coroutine.close()
    raise RuntimeError("the coroutine would wait")


class MemoryUnitOfWork:
    """`bot.ports.UnitOfWork` over dictionaries."""

    def __init__(self, tables: Tables, clock: Clock, compose: MailComposer) -> None:
        self._tables = tables
        self.tickets = MemoryTickets(tables)
        self.attachments = MemoryAttachments(tables)
        self.contracts = MemoryContracts(tables)
        self.inbox = MemoryInbox(tables)
        self.outbox = MemoryOutbox(tables, self.tickets, clock, compose)
        self.clocks = MemoryClocks(tables)
        self.escalations = MemoryEscalations(tables)
        self.duty = MemoryDuty(tables)
        self.sendings = MemorySendings(tables)
        self.entitlements = MemoryEntitlements(tables)
        self.notices = MemoryNotices(tables)
        self.replacements = MemoryReplacements(tables)
        self.interviews = MemoryInterviews(tables)

    async def journal(self, entry: JournalEntry) -> None:
        """Write a line into a ticket's journal."""
        lines = self._tables.journal.get(entry.ticket_id, ())
        its_id = lines[-1].id + 1 if lines else 1
        kept = JournalEntry(entry.ticket_id, utc(entry.at), entry.actor, entry.kind, kept_facts(entry.data), its_id)
        self._tables.put(self._tables.journal, entry.ticket_id, (*lines, kept))

    async def journal_of(self, ticket_id: int) -> tuple[JournalEntry, ...]:
        """A ticket's journal, oldest first; a line is never changed, so these are no copies."""
        return self._tables.journal.get(ticket_id, ())

    async def journal_since(self, ticket_id: int, line: int) -> tuple[JournalEntry, ...]:
        """The lines of a ticket's journal behind the one with that id, oldest first."""
        return tuple(entry for entry in self._tables.journal.get(ticket_id, ()) if entry.id > line)

    async def last_line(self, ticket_id: int) -> int:
        """The id of the newest line of a ticket's journal; 0 where there is none."""
        lines = self._tables.journal.get(ticket_id, ())
        return lines[-1].id if lines else 0


class MemoryTimers:
    """`storage.queues.TimerQueue` of the fake."""

    def __init__(self, database: MemoryDatabase, tables: Tables) -> None:
        self._database = database
        self._tables = tables

    async def due(self, now: datetime, limit: int) -> list[Timer]:
        """Pending timers whose time has come, in the order of their times."""
        async with self._database.read():
            found: list[Timer] = []
            passed: set[int] = set()
            while len(found) < limit:
                timer = self._tables.first_pending(passed)
                if timer is None or timer.fire_at > now:
                    break
                found.append(timer)
                passed.add(timer.id)
            return found

    async def next_fire_at(self) -> datetime | None:
        """When the next pending timer's time comes; None when there is none."""
        async with self._database.read():
            timer = self._tables.first_pending(set())
            return None if timer is None else timer.fire_at

    async def retry(self, timer_id: int, at: datetime) -> bool:
        """Count a failed attempt and fire again at `at`; False when the timer was done or cancelled meanwhile."""
        async with self._database.begin() as uow:
            return uow.clocks.move_timer(timer_id, at, failed=1)


class MemoryDatabase:
    """Everything stored, behind transactions that come one after the other.

    Args:
        clock: Says when rows were written.
        compose: Makes a mail's octets when its outbox row is written.

    Attributes:
        tables: What is stored, for tests to look at.
        timers: What is due at a time.
    """

    def __init__(self, *, clock: Clock, compose: MailComposer) -> None:
        self.tables = Tables()
        self.timers = MemoryTimers(self, self.tables)
        self._unit = MemoryUnitOfWork(self.tables, clock, compose)
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[MemoryUnitOfWork]:
        """A unit of work that may write: kept on a clean exit, taken back on any exception."""
        async with self._turn:
            try:
                yield self._unit
            except BaseException:
                self.tables.roll_back()
                raise
            self.tables.commit()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[MemoryUnitOfWork]:
        """A unit of work whose changes are not kept."""
        async with self._turn:
            try:
                yield self._unit
            finally:
                self.tables.roll_back()

    def add_contract(self, contract: Contract) -> None:
        """Put a contract into the registry."""
        self.tables.contracts[fold(contract.number)] = contract

    def receive(self, raw: bytes, received_at: datetime, *, complete: bool = True) -> EmailReceived:
        """Store a mail; gives the command that handles it."""
        inbox_id = self.tables.next_id()
        self.tables.inbox[inbox_id] = KeptInbox(InboxState.NEW)
        return EmailReceived(inbox_id, "pomoc", raw, utc(received_at), len(raw), complete)

    def perform(self) -> list[OutboxRow]:
        """Everything that waits in the outbox, oldest first; it counts as sent from now on."""
        rows = [self.tables.outbox[outbox_id] for outbox_id in self.tables.unsent]
        for row in rows:
            self.tables.outbox_states[row.id] = OutboxState.SENT
            if isinstance(row.effect, CARDS):
                del self.tables.waiting_cards[row.lane]
        self.tables.unsent.clear()
        return rows
