"""Reading only: the open tickets in the order of what is due, for the App Home."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, case, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.home import HomeFilter, Load, Managed
from bot.model import ClockState, DueTicket, DueTickets, Holder, SlaClock, Ticket, TicketState
from bot.rules.countdown import CUSTOMERS_TURN
from storage.clocks import clock_of
from storage.contract_tables import contracts
from storage.engine import Database
from storage.escalation_tables import escalations
from storage.schema import clocks, tickets
from storage.tickets import ticket_of
from storage.types import literal

IS_OPEN = tickets.c.state.not_in([literal(TicketState.RESOLVED), literal(TicketState.CLOSED)])
_RUNNING = clocks.c.state == literal(ClockState.RUNNING)
_CUSTOMERS = clocks.c.kind.in_(sorted(CUSTOMERS_TURN))
_ESCALATED = select(func.count()).select_from(escalations).where(escalations.c.ended_at.is_(None))


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
                    await connection.scalar(select(func.count()).select_from(tickets).where(IS_OPEN, condition)) or 0,
                )
                for holder, condition in _holders(user).items()
            }

    async def home(self, user: str, shown: HomeFilter, size: int) -> dict[Holder, DueTickets]:
        """A page of each holder's open tickets that the filter lets through, in the same order.

        Args:
            size: Tickets of a page.
        """
        async with self._database.read() as uow:
            connection = uow.transaction.connection
            found: dict[Holder, DueTickets] = {}
            for holder, whose in _holders(user).items():
                condition = and_(whose, *_chosen(shown))
                start = shown.page(holder) * size
                counted = select(func.count()).select_from(tickets).where(IS_OPEN, condition)
                first = await _first(connection, condition, start + size)
                found[holder] = DueTickets(first[start:], await connection.scalar(counted) or 0)
            return found

    async def customers(self, limit: int) -> tuple[str, ...]:
        """The customers with open tickets, by name."""
        query = (
            select(contracts.c.customer)
            .join(tickets, tickets.c.contract_id == contracts.c.id)
            .where(IS_OPEN)
            .distinct()
            .order_by(contracts.c.customer)
            .limit(limit)
        )
        async with self._database.read() as uow:
            return tuple(await uow.transaction.connection.scalars(query))

    async def managed(self, limit: int) -> Managed:
        """What managers see besides."""
        late = select(clocks.c.ticket_id).where(_RUNNING, ~_CUSTOMERS, clocks.c.breached_at.is_not(None))
        is_late = tickets.c.id.in_(late)
        async with self._database.read() as uow:
            connection = uow.transaction.connection
            count = await connection.scalar(select(func.count()).select_from(tickets).where(IS_OPEN, is_late)) or 0
            raised = await uow.escalations.all_open(limit)
            rows = {row.ticket.id: row for row in await described(connection, [one.ticket_id for one in raised])}
            loads = select(tickets.c.assignee, func.count(), func.sum(case((is_late, 1), else_=0))).where(IS_OPEN)
            load = await connection.execute(loads.group_by(tickets.c.assignee).order_by(func.count().desc()))
            return Managed(
                await _first(connection, is_late, limit),
                count,
                tuple(
                    (rows[one.ticket_id], one.owner if one.acknowledged_at else None)
                    for one in raised
                    if one.ticket_id in rows
                ),
                await connection.scalar(_ESCALATED) or 0,
                tuple(Load(*row) for row in load),
            )

    async def everything(self, limit: int) -> DueTickets:
        """All open tickets in the same order."""
        async with self._database.read() as uow:
            connection, anybody = uow.transaction.connection, true()
            count = await connection.scalar(select(func.count()).select_from(tickets).where(IS_OPEN)) or 0
            return DueTickets(await _first(connection, anybody, limit), count)


def _holders(user: str) -> dict[Holder, ColumnElement[bool]]:
    return {
        Holder.MINE: tickets.c.assignee == user,
        Holder.NOBODY: tickets.c.assignee.is_(None),
        Holder.OTHERS: tickets.c.assignee != user,
    }


def _chosen(shown: HomeFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if shown.priority is not None:
        conditions.append(tickets.c.priority == shown.priority)
    if shown.state is not None:
        conditions.append(tickets.c.state == shown.state)
    if shown.customer is not None:
        theirs = select(contracts.c.id).where(contracts.c.customer == shown.customer)
        conditions.append(tickets.c.contract_id.in_(theirs))
    return conditions


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
        .where(_RUNNING, turn, IS_OPEN, holder, tickets.c.id.not_in(known))
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
    query = _WITH_CUSTOMER.where(IS_OPEN, holder, ~runs).order_by(tickets.c.reported_at, tickets.c.id).limit(limit)
    return [DueTicket(ticket_of(row), row.customer, None) for row in await connection.execute(query)]


_WITH_CUSTOMER = select(tickets, contracts.c.customer.label("customer")).join_from(
    tickets, contracts, contracts.c.id == tickets.c.contract_id, isouter=True
)


async def described(connection: AsyncConnection, ids: Sequence[int]) -> tuple[DueTicket, ...]:
    """These tickets in the given order, each with its customer and the clock that counts."""
    known = await _tickets(connection, ids)
    running: dict[int, SlaClock] = {}
    query = select(clocks).where(clocks.c.ticket_id.in_(ids), _RUNNING).order_by(clocks.c.due_at, clocks.c.id)
    for row in await connection.execute(query):
        clock = clock_of(row)
        standing = running.get(clock.ticket_id)
        if standing is None or (standing.kind in CUSTOMERS_TURN and clock.kind not in CUSTOMERS_TURN):
            running[clock.ticket_id] = clock
    return tuple(DueTicket(*known[each], running.get(each)) for each in ids if each in known)
