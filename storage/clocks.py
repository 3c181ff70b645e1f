"""SLA clocks and their timers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, select, update
from sqlalchemy.sql.dml import ReturningInsert

from bot.model import ClockState, Pause, SlaClock, Timer
from storage.built_once import built_once
from storage.schema import TimerState, clocks, tickets, timers
from storage.transaction import Transaction, Wake, upsert
from storage.types import literal

# Built once: composing a statement takes as long as executing it.
_IS_PENDING = timers.c.state == literal(TimerState.PENDING)
_ITS_ID = timers.c.id == bindparam("its_id")
_HAS_COME = timers.c.fire_at <= bindparam("now")
_CLAIM = built_once(select(timers).where(_ITS_ID, _IS_PENDING, _HAS_COME))
# The ticket first: who does not get it keeps no lock on the timer.
_CLAIM_LOCKED = _CLAIM.join(tickets, tickets.c.id == timers.c.ticket_id).with_for_update(
    skip_locked=True, of=[tickets, timers]
)
_IS_DUE = built_once(select(timers.c.id).where(_ITS_ID, _IS_PENDING, _HAS_COME))
_POSTPONE = built_once(update(timers).where(_ITS_ID, _IS_PENDING).values(fire_at=bindparam("its_time")))
_FINISH = built_once(update(timers).where(_ITS_ID, _IS_PENDING).values(state=TimerState.DONE))
_PARK = built_once(
    update(timers).where(_ITS_ID, _IS_PENDING).values(state=TimerState.PARKED, attempts=timers.c.attempts + 1)
)
_REMOVE = built_once(delete(timers).where(_ITS_ID, _IS_PENDING))
_DROP = built_once(
    update(timers).where(timers.c.clock_id == bindparam("its_clock"), _IS_PENDING).values(state=TimerState.CANCELLED)
)
_COUNT = built_once(
    update(tickets)
    .where(tickets.c.id == bindparam("its_ticket"))
    .values(
        unfinished_clocks=select(func.count())
        .where(
            clocks.c.ticket_id == tickets.c.id,
            clocks.c.state.in_([literal(ClockState.RUNNING), literal(ClockState.PAUSED)]),
        )
        .scalar_subquery()
    )
)
"""So that what is open without a clock is found by an index of its own, among however many tickets are in order."""


_ADD = built_once(clocks.insert().returning(clocks.c.id))
_OF_TICKET = built_once(select(clocks).where(clocks.c.ticket_id == bindparam("its_ticket")).order_by(clocks.c.id))


class StoredClocks:
    """`bot.ports.ClockRepo` over the tables clocks and timers."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def add(self, clock: SlaClock) -> SlaClock:
        """Store a clock; its id is made here."""
        result = await self._connection.execute(_ADD, _clock_values(clock))
        await self._connection.execute(_COUNT, {"its_ticket": clock.ticket_id})
        return replace(clock, id=result.scalar_one())

    async def get(self, clock_id: int) -> SlaClock:
        """One clock; LookupError when there is none."""
        row = (await self._connection.execute(select(clocks).where(clocks.c.id == clock_id))).one_or_none()
        if row is None:
            raise LookupError(f"there is no clock with id {clock_id}")
        return clock_of(row)

    async def of_ticket(self, ticket_id: int) -> tuple[SlaClock, ...]:
        """All clocks of a ticket, oldest first."""
        rows = await self._connection.execute(_OF_TICKET, {"its_ticket": ticket_id})
        return tuple(clock_of(row) for row in rows)

    async def update(self, clock: SlaClock) -> None:
        """Store the changes; LookupError when there is no such clock."""
        result = await self._connection.execute(
            update(clocks).where(clocks.c.id == clock.id).values(_clock_values(clock))
        )
        if result.rowcount != 1:
            raise LookupError(f"there is no clock with id {clock.id}")
        await self._connection.execute(_COUNT, {"its_ticket": clock.ticket_id})

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
                "escalation_id": timer.escalation_id,
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
        await self._connection.execute(_DROP, {"its_clock": clock_id})

    async def claim_timer(self, timer_id: int, now: datetime) -> Timer | None:
        """A timer that is due, for this transaction alone with its ticket; None when it is not to be had.

        It is not when it was done, cancelled or moved meanwhile, nor while another transaction has it or its ticket
        in hand: PostgreSQL passes over what is locked, so nobody waits, and a ticket's timers act one after the other.
        A transaction that breaks off leaves it due as before.
        """
        query = _CLAIM_LOCKED if self._transaction.locks_rows else _CLAIM
        row = (await self._connection.execute(query, {"its_id": timer_id, "now": now})).one_or_none()
        return None if row is None else timer_of(row)

    async def timer_is_due(self, timer_id: int, now: datetime) -> bool:
        """Whether a timer's time has come and it has not acted yet."""
        return await self._connection.scalar(_IS_DUE, {"its_id": timer_id, "now": now}) is not None

    async def postpone_timer(self, timer_id: int, fire_at: datetime) -> None:
        """Fire a pending timer later; its key stays, as it is the same announcement."""
        await self._connection.execute(_POSTPONE, {"its_id": timer_id, "its_time": fire_at})
        self._transaction.wakes.add(Wake.TIMERS)

    async def finish_timer(self, timer_id: int) -> bool:
        """Mark a timer done; False when it was done or cancelled before."""
        return (await self._connection.execute(_FINISH, {"its_id": timer_id})).rowcount == 1

    async def park_timer(self, timer_id: int) -> bool:
        """Set a pending timer aside, for people to look at; False when it was done or cancelled before."""
        return (await self._connection.execute(_PARK, {"its_id": timer_id})).rowcount == 1

    async def remove_timer(self, timer_id: int) -> bool:
        """Forget a pending timer, so that its key may be set again; False when it was done or cancelled before."""
        return (await self._connection.execute(_REMOVE, {"its_id": timer_id})).rowcount == 1


@cache
def _set_timer(*, is_postgresql: bool) -> ReturningInsert[int]:
    insert = upsert(timers, is_postgresql=is_postgresql)
    news = ("kind", "ticket_id", "fire_at", "clock_id", "escalation_id", "level", "state", "attempts")
    setting = insert.on_conflict_do_update(
        index_elements=["key"],
        set_={name: insert.excluded[name] for name in news},
        where=timers.c.state == literal(TimerState.CANCELLED),
    )
    return built_once(setting.returning(timers.c.id))


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


def clock_of(row: Row[*tuple[Any, ...]]) -> SlaClock:
    """The clock of a whole row of the table."""
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
        escalation_id=row.escalation_id,
    )
