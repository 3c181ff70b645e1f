"""SLA clocks and their timers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.sql.dml import ReturningInsert

from bot.model import Pause, SlaClock, Timer
from storage.schema import TimerState, clocks, timers
from storage.transaction import Transaction, Wake, upsert
from storage.types import literal


class StoredClocks:
    """`bot.ports.ClockRepo` over the tables clocks and timers."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def add(self, clock: SlaClock) -> SlaClock:
        """Store a clock; its id is made here."""
        result = await self._connection.execute(clocks.insert().returning(clocks.c.id), _clock_values(clock))
        return replace(clock, id=result.scalar_one())

    async def get(self, clock_id: int) -> SlaClock:
        """One clock; LookupError when there is none."""
        row = (await self._connection.execute(select(clocks).where(clocks.c.id == clock_id))).one_or_none()
        if row is None:
            raise LookupError(f"there is no clock with id {clock_id}")
        return _clock_of(row)

    async def of_ticket(self, ticket_id: int) -> tuple[SlaClock, ...]:
        """All clocks of a ticket, oldest first."""
        rows = await self._connection.execute(
            select(clocks).where(clocks.c.ticket_id == ticket_id).order_by(clocks.c.id)
        )
        return tuple(_clock_of(row) for row in rows)

    async def update(self, clock: SlaClock) -> None:
        """Store the changes; LookupError when there is no such clock."""
        result = await self._connection.execute(
            update(clocks).where(clocks.c.id == clock.id).values(_clock_values(clock))
        )
        if result.rowcount != 1:
            raise LookupError(f"there is no clock with id {clock.id}")

    async def set_timer(self, timer: Timer) -> bool:
        """Store a timer (its id is made here), or set a cancelled one of that key again.

        Gives False, and changes nothing, when the timer of that key waits already or has fired.
        """
        result = await self._connection.execute(
            _set_timer(is_postgresql=self._transaction.is_postgresql),
            {
                "key": timer.key,
                "kind": timer.kind,
                "ticket_id": timer.ticket_id,
                "fire_at": timer.fire_at,
                "clock_id": timer.clock_id,
                "level": timer.level,
                "state": TimerState.PENDING,
                "attempts": 0,
            },
        )
        if result.scalar_one_or_none() is None:
            return False
        self._transaction.wakes.add(Wake.TIMERS)
        return True

    async def drop_timers(self, clock_id: int) -> None:
        """Cancel what is still to come of a clock."""
        await self._connection.execute(
            update(timers)
            .where(timers.c.clock_id == clock_id, timers.c.state == literal(TimerState.PENDING))
            .values(state=TimerState.CANCELLED)
        )

    async def postpone_timer(self, timer_id: int, fire_at: datetime) -> None:
        """Fire a pending timer later; its key stays, as it is the same announcement."""
        await self._connection.execute(
            update(timers)
            .where(timers.c.id == timer_id, timers.c.state == literal(TimerState.PENDING))
            .values(fire_at=fire_at)
        )
        self._transaction.wakes.add(Wake.TIMERS)

    async def finish_timer(self, timer_id: int) -> bool:
        """Mark a timer done; False when it was done or cancelled before."""
        result = await self._connection.execute(
            update(timers)
            .where(timers.c.id == timer_id, timers.c.state == literal(TimerState.PENDING))
            .values(state=TimerState.DONE)
        )
        return result.rowcount == 1

    async def remove_timer(self, timer_id: int) -> bool:
        """Forget a pending timer, so that its key may be set again; False when it was done or cancelled before."""
        result = await self._connection.execute(
            delete(timers).where(timers.c.id == timer_id, timers.c.state == literal(TimerState.PENDING))
        )
        return result.rowcount == 1


@cache
def _set_timer(*, is_postgresql: bool) -> ReturningInsert[int]:
    insert = upsert(timers, is_postgresql=is_postgresql)
    news = ("kind", "ticket_id", "fire_at", "clock_id", "level", "state", "attempts")
    return insert.on_conflict_do_update(
        index_elements=["key"],
        set_={name: insert.excluded[name] for name in news},
        where=timers.c.state == literal(TimerState.CANCELLED),
    ).returning(timers.c.id)


def _clock_values(clock: SlaClock) -> dict[str, object]:
    return {
        "ticket_id": clock.ticket_id,
        "kind": clock.kind,
        "state": clock.state,
        "calendar": clock.calendar,
        "started_at": clock.started_at,
        "budget_us": clock.budget,
        "due_at": clock.due_at,
        "message_id": clock.message_id,
        "ended_at": clock.ended_at,
        "breached_at": clock.breached_at,
        "pauses": [
            [pause.since.astimezone(UTC).isoformat(), pause.until and pause.until.astimezone(UTC).isoformat()]
            for pause in clock.pauses
        ],
        "remaining_us": clock.remaining,
    }


def _clock_of(row: Row[*tuple[Any, ...]]) -> SlaClock:
    return SlaClock(
        id=row.id,
        ticket_id=row.ticket_id,
        kind=row.kind,
        state=row.state,
        calendar=row.calendar,
        started_at=row.started_at,
        budget=row.budget_us,
        due_at=row.due_at,
        message_id=row.message_id,
        ended_at=row.ended_at,
        breached_at=row.breached_at,
        pauses=tuple(
            Pause(datetime.fromisoformat(since), datetime.fromisoformat(until) if until else None)
            for since, until in row.pauses
        ),
        remaining=row.remaining_us,
    )


def timer_of(row: Row[*tuple[Any, ...]]) -> Timer:
    """The timer of a whole row of the table."""
    return Timer(
        id=row.id,
        key=row.key,
        kind=row.kind,
        ticket_id=row.ticket_id,
        fire_at=row.fire_at,
        clock_id=row.clock_id,
        level=row.level,
        attempts=row.attempts,
    )
