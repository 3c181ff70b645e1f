"""Reading only: the open tickets in the order of what is due, for the App Home."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import ClockState, DueTicket, DueTickets, Holder, Ticket, TicketState
from bot.rules.countdown import CUSTOMERS_TURN
from storage.clocks import clock_of
from storage.engine import Database
from storage.schema import clocks, contracts, tickets
from storage.tickets import ticket_of
from storage.types import literal

_OPEN = tickets.c.state.not_in([literal(TicketState.RESOLVED), literal(TicketState.CLOSED)])
_RUNNING = clocks.c.state == literal(ClockState.RUNNING)
_CUSTOMERS = clocks.c.kind.in_(sorted(CUSTOMERS_TURN))


class DueNextQueries:
    """What is due first, each answer in a reading transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user: str, limit: int) -> dict[Holder, DueTickets]:
        """Open tickets by their holder: our clocks by their deadlines, then the customer's, then those without one.

        Args:
            user: The Slack user who asks.
            limit: The most tickets that are given of each holder.
        """
        async with self._database.read() as uow:
            connection = uow.transaction.connection
            return {
                holder: DueTickets(
                    await _first(connection, condition, limit),
                    await connection.scalar(select(func.count()).select_from(tickets).where(_OPEN, condition)) or 0,
                )
                for holder, condition in _holders(user).items()
            }


def _holders(user: str) -> dict[Holder, ColumnElement[bool]]:
    return {
        Holder.MINE: tickets.c.assignee == user,
        Holder.NOBODY: tickets.c.assignee.is_(None),
        Holder.OTHERS: tickets.c.assignee != user,
    }


async def _first(connection: AsyncConnection, holder: ColumnElement[bool], limit: int) -> tuple[DueTicket, ...]:
    found: dict[int, DueTicket] = {}
    for turn in (~_CUSTOMERS, _CUSTOMERS):
        if len(found) < limit:
            for due in await _with_clock(connection, holder, turn, limit, tuple(found)):
                found.setdefault(due.ticket.id, due)
    if len(found) < limit:
        for due in await _without_clock(connection, holder, limit - len(found)):
            found.setdefault(due.ticket.id, due)
    return tuple(found.values())[:limit]


async def _with_clock(
    connection: AsyncConnection,
    holder: ColumnElement[bool],
    turn: ColumnElement[bool],
    limit: int,
    known: Sequence[int],
) -> list[DueTicket]:
    earliest = (
        select(clocks.c.ticket_id, func.min(clocks.c.due_at).label("due_at"))
        .join(tickets, tickets.c.id == clocks.c.ticket_id)
        .where(_RUNNING, turn, _OPEN, holder, tickets.c.id.not_in(known))
        .group_by(clocks.c.ticket_id)
        .order_by(func.min(clocks.c.due_at), clocks.c.ticket_id)
        .limit(limit)
        .subquery()
    )
    query = (
        select(clocks)
        .join(earliest, (clocks.c.ticket_id == earliest.c.ticket_id) & (clocks.c.due_at == earliest.c.due_at))
        .where(_RUNNING, turn)
        .order_by(clocks.c.due_at, clocks.c.id)
    )
    running = [clock_of(row) for row in await connection.execute(query)]
    seen = await _tickets(connection, [clock.ticket_id for clock in running])
    return [DueTicket(*seen[clock.ticket_id], clock) for clock in running]


async def _tickets(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, tuple[Ticket, str | None]]:
    query = _WITH_CUSTOMER.where(tickets.c.id.in_(ids))
    return {row.id: (ticket_of(row), row.customer) for row in await connection.execute(query)}


async def _without_clock(connection: AsyncConnection, holder: ColumnElement[bool], limit: int) -> list[DueTicket]:
    runs = select(clocks.c.id).where(clocks.c.ticket_id == tickets.c.id, _RUNNING).exists()
    query = _WITH_CUSTOMER.where(_OPEN, holder, ~runs).order_by(tickets.c.reported_at, tickets.c.id).limit(limit)
    return [DueTicket(ticket_of(row), row.customer, None) for row in await connection.execute(query)]


_WITH_CUSTOMER = select(tickets, contracts.c.customer.label("customer")).join_from(
    tickets, contracts, contracts.c.id == tickets.c.contract_id, isouter=True
)
