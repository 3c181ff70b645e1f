"""The figures of the metrics endpoint. Each costs what waits or what ended lately, never what is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from bot.model import ClockState, TicketState
from bot.ports import InboxState, OutboxState
from storage.engine import Database
from storage.outbox import IS_UNSENT
from storage.schema import TimerState, clocks, inbox, outbox, tickets, timers
from storage.types import literal

SLA_WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Measures:
    """What is counted.

    Attributes:
        inbox: By source ("mail", "slack"): how much waits, and when the oldest was stored.
        outbox: By transport: how much waits, and when the oldest was written.
        timer_due: When the earliest pending timer is due; None where none is.
        parked: By queue ("inbox", "outbox", "timer").
        tickets_open: By state.
        sla: (kind of clock, whether it was kept): how many ended in the last SLA_WINDOW.
        overdue: By kind: running clocks past their deadline.
    """

    inbox: dict[str, tuple[int, datetime | None]]
    outbox: dict[str, tuple[int, datetime | None]]
    timer_due: datetime | None
    parked: dict[str, int]
    tickets_open: dict[str, int]
    sla: dict[tuple[str, bool], int]
    overdue: dict[str, int]


async def measure(database: Database, now: datetime) -> Measures:
    """Count everything, at one moment."""
    async with database.read() as uow:
        connection = uow.transaction.connection
        arrived = await connection.execute(
            select(inbox.c.source, func.count(), func.min(inbox.c.stored_at))
            .where(inbox.c.state == literal(InboxState.NEW))
            .group_by(inbox.c.source)
        )
        leaving = await connection.execute(
            select(outbox.c.transport, func.count(), func.min(outbox.c.created_at))
            .where(IS_UNSENT)
            .group_by(outbox.c.transport)
        )
        is_open = tickets.c.state.not_in([literal(TicketState.RESOLVED), literal(TicketState.CLOSED)])
        states = await connection.execute(
            select(tickets.c.state, func.count()).where(is_open).group_by(tickets.c.state)
        )
        was_kept = clocks.c.breached_at.is_(None)
        ended = await connection.execute(
            select(clocks.c.kind, was_kept.label("kept"), func.count())
            .where(
                clocks.c.ended_at.is_not(None),
                clocks.c.ended_at > now - SLA_WINDOW,
                clocks.c.state == ClockState.MET,
            )
            .group_by(clocks.c.kind, was_kept)
        )
        late = await connection.execute(
            select(clocks.c.kind, func.count())
            .where(clocks.c.state == literal(ClockState.RUNNING), clocks.c.due_at < now)
            .group_by(clocks.c.kind)
        )
        pending = timers.c.state == literal(TimerState.PENDING)
        parked = {
            "inbox": select(func.count()).select_from(inbox).where(inbox.c.state == literal(InboxState.PARKED)),
            "outbox": select(func.count()).select_from(outbox).where(outbox.c.state == literal(OutboxState.PARKED)),
            "timer": select(func.count()).select_from(timers).where(timers.c.state == literal(TimerState.PARKED)),
        }
        return Measures(
            inbox={source: (count, oldest) for source, count, oldest in arrived},
            outbox={transport.value: (count, oldest) for transport, count, oldest in leaving},
            timer_due=await connection.scalar(select(func.min(timers.c.fire_at)).where(pending)),
            parked={name: await connection.scalar(query) or 0 for name, query in parked.items()},
            tickets_open={state.value: count for state, count in states},
            sla={(kind.value, bool(kept)): count for kind, kept, count in ended},
            overdue={kind.value: count for kind, count in late},
        )
