"""Reading only: what people and the health endpoint are shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Ticket, TicketState, TicketView
from bot.ports import InboxState
from storage.engine import Database
from storage.outbox import IS_UNSENT
from storage.schema import TimerState, inbox, outbox, tickets, timers
from storage.tickets import ticket_of
from storage.types import literal

_OPEN = tickets.c.state.not_in([literal(TicketState.RESOLVED), literal(TicketState.CLOSED)])


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits, and since when.

    Attributes:
        inbox_new: Mails and Slack payloads not yet handled; `inbox_oldest` is when the oldest of them was stored.
        outbox_unsent: Effects not yet performed; `outbox_oldest` is when the oldest of them was written.
        timers_oldest: The time of the earliest pending timer; in the past when the timers lag.
    """

    inbox_new: int
    inbox_oldest: datetime | None
    inbox_parked: int
    outbox_unsent: int
    outbox_oldest: datetime | None
    outbox_parked: int
    timers_oldest: datetime | None


class OverviewQueries:
    """Answers about everything, each in a reading transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ticket_view(self, ticket_id: int) -> TicketView:
        """What a ticket's head message shows; LookupError when there is no such ticket."""
        async with self._database.read() as uow:
            return await uow.tickets.view(ticket_id)

    async def open_tickets(self, limit: int, *, contract_id: int | None = None) -> tuple[Ticket, ...]:
        """Open tickets, the longest reported first; only those of one contract where it is given."""
        query = select(tickets).where(_OPEN).order_by(tickets.c.reported_at, tickets.c.id).limit(limit)
        if contract_id is not None:
            query = query.where(tickets.c.contract_id == contract_id)
        async with self._database.read() as uow:
            return tuple(ticket_of(row) for row in await uow.transaction.connection.execute(query))

    async def backlog(self) -> Backlog:
        """How much waits, for the health endpoint."""
        new = inbox.c.state == literal(InboxState.NEW)
        pending = timers.c.state == literal(TimerState.PENDING)
        async with self._database.read() as uow:
            connection = uow.transaction.connection
            arrived = (await connection.execute(select(func.count(), func.min(inbox.c.stored_at)).where(new))).one()
            leaving = (
                await connection.execute(select(func.count(), func.min(outbox.c.created_at)).where(IS_UNSENT))
            ).one()
            return Backlog(
                inbox_new=arrived[0],
                inbox_oldest=arrived[1],
                inbox_parked=await _count_parked(connection, inbox),
                outbox_unsent=leaving[0],
                outbox_oldest=leaving[1],
                outbox_parked=await _count_parked(connection, outbox),
                timers_oldest=await connection.scalar(select(func.min(timers.c.fire_at)).where(pending)),
            )


async def _count_parked(connection: AsyncConnection, table: Table) -> int:
    # The word is the same in both tables' states.
    parked = literal(InboxState.PARKED)
    return await connection.scalar(select(func.count()).select_from(table).where(table.c.state == parked)) or 0
