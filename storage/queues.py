"""What the loops take their work from. Each method is a short transaction of its own.

Where an outcome must be committed together with what follows of it, use the same words within the unit of work:
`uow.outbox.mark_sent / mark_retry / mark_parked` and `uow.inbox.mark_retry / mark_parked`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, case, func, or_, select, text, update

from bot.effects import PostOperator
from bot.model import Timer
from bot.ports import InboxRow, InboxState, OutboxRow, OutboxState
from storage.clocks import timer_of
from storage.engine import Database
from storage.leases import is_dead
from storage.outbox import IN_DOUBT, IS_UNSENT, PENDING, SENDING, WAKES, outbox_row_of
from storage.recording import Payload, Recording
from storage.schema import TimerState, Transport, inbox, outbox, tickets, timers
from storage.types import literal

_TIMER_PENDING = literal(TimerState.PENDING)
# In the order of the index ix_timers_due and with a limit: PostgreSQL believes that most of what is pending is due, as
# most of what was ever set is past, and would else read everything that is pending by another index.
_DUE = (
    select(timers)
    .where(timers.c.state == _TIMER_PENDING, timers.c.fire_at <= bindparam("now"))
    .order_by(timers.c.fire_at, timers.c.id)
    .limit(bindparam("limit"))
)
_DUE_FIRST = _DUE.where(timers.c.kind.not_in(bindparam("giving_way", expanding=True)))
_NEXT_FIRE_AT = select(func.min(timers.c.fire_at)).where(timers.c.state == _TIMER_PENDING)
_ONE_AFTER_THE_OTHER = text(
    "SELECT set_config('idle_in_transaction_session_timeout', '5s', true), pg_advisory_xact_lock(360002)"
)
"""PostgreSQL: claims happen one after the other, so that two of a lane are never claimed at once.

A process that is cut off within its claim must not hold up those of all others for as long as any transaction may last.
"""

_OTHER = outbox.alias("other")
_IS_FIRST = ~(
    select(_OTHER.c.id)
    .where(
        _OTHER.c.lane == outbox.c.lane,
        _OTHER.c.state.in_([PENDING, SENDING, IN_DOUBT]),
        # SENDING with a higher id: it was committed and claimed before this one was committed.
        or_(_OTHER.c.id < outbox.c.id, and_(_OTHER.c.id != outbox.c.id, _OTHER.c.state == SENDING)),
    )
    .exists()
)
"""The row's turn in its lane has come: none before it is unsent, and none is being sent."""


_TICKET_NUMBER = (
    select(tickets.c.number).where(tickets.c.id == outbox.c.ticket_id).scalar_subquery().label("ticket_number")
)
_SIZES = select(inbox.c.id, func.length(inbox.c.body))
_WHOLE = select(
    inbox.c.id,
    inbox.c.source,
    inbox.c.place,
    inbox.c.body,
    inbox.c.received_at,
    inbox.c.size,
    inbox.c.complete,
    inbox.c.attempts,
    inbox.c.begun,
    inbox.c.stored_at,
)


MOST_OCTETS = 16 * 1024 * 1024
"""Of what is taken from the inbox at once; a single row may have more."""


class InboxQueue:
    """What arrived and is not yet understood."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recording = Recording(database)

    async def take(self, source: str, now: datetime, limit: int) -> list[InboxRow]:
        """New rows of "mail" or "slack" whose time has come, the longest waiting first. Taking changes nothing.

        As many as `limit` and MOST_OCTETS allow, but one in any case.

        Several processes may take the same row; `uow.inbox.finish` lets only one of them commit.
        """
        rows, _ = await self.take_and_count(source, now, limit)
        return rows

    async def take_and_count(self, source: str, now: datetime, limit: int) -> tuple[list[InboxRow], int]:
        """What `take` gives, and how many such rows wait, counted no further than `limit`."""
        due = _SIZES.where(*_new(source), inbox.c.next_attempt_at <= now)
        return await self._first_of(due.order_by(inbox.c.next_attempt_at, inbox.c.id).limit(limit))

    async def take_these(self, source: str, now: datetime, ids: Sequence[int]) -> list[InboxRow]:
        """Those of these rows that `take` could give, in the order of their ids; as many as MOST_OCTETS allow."""
        due = _SIZES.where(*_new(source), inbox.c.next_attempt_at <= now, inbox.c.id.in_(ids))
        rows, _ = await self._first_of(due.order_by(inbox.c.id))
        return rows

    async def _first_of(self, due: Select[*tuple[Any, ...]]) -> tuple[list[InboxRow], int]:
        """The first of these rows, whole, and how many they are: `due` gives their ids and octets."""
        async with self._database.read() as uow:
            connection = uow.transaction.connection
            sizes = (await connection.execute(due)).all()
            if not sizes:
                return [], 0
            so_far = itertools.accumulate(size for _, size in sizes)
            chosen = [row_id for (row_id, _), octets in zip(sizes, so_far, strict=True) if octets <= MOST_OCTETS]
            chosen = chosen or [sizes[0][0]]
            rows = {row.id: row for row in await connection.execute(_WHOLE.where(inbox.c.id.in_(chosen)))}
        return [_inbox_row_of(rows[row_id]) for row_id in chosen], len(sizes)

    async def heads(self, source: str, after: int, limit: int, octets: int) -> list[tuple[int, bytes]]:
        """The beginnings of new rows behind an id, in the order of their ids."""
        query = (
            select(inbox.c.id, func.substr(inbox.c.body, 1, octets))
            .where(*_new(source), inbox.c.id > after)
            .order_by(inbox.c.id)
            .limit(limit)
        )
        async with self._database.read() as uow:
            return [(row[0], bytes(row[1])) for row in await uow.transaction.connection.execute(query)]

    async def next_due(self, source: str) -> datetime | None:
        """When the next new row's time comes (it may be past); None when there is none."""
        async with self._database.read() as uow:
            due: datetime | None = await uow.transaction.connection.scalar(
                select(func.min(inbox.c.next_attempt_at)).where(*_new(source))
            )
            return due

    async def add_slack(
        self, key: str, kind: str, body: bytes, received_at: datetime, *, message: str | None = None
    ) -> bool:
        """Record a Slack payload before it is acknowledged; False when its key was seen before.

        Args:
            key: What names the payload for ever, for example its event id or its trigger id.
            kind: Its type, kept as the row's place.
            body: The payload as UTF-8 JSON.
            received_at: When it came, aware.
            message: What names the message that it brings, whatever event brings it; by this it is found again.
        """
        return await self._recording.add(Payload(key, kind, body, received_at, message))

    async def begin(self, ids: Sequence[int]) -> None:
        """Note that rows are taken in hand, before anything is done: a row that ends the program is known by that."""
        async with self._database.begin() as uow:
            await uow.transaction.connection.execute(
                update(inbox).where(inbox.c.id.in_(ids)).values(begun=inbox.c.begun + 1)
            )

    async def retry(self, inbox_id: int, at: datetime, error: str) -> bool:
        """Count an attempt and wait until `at`; False when the row is no longer new."""
        async with self._database.begin() as uow:
            return await uow.inbox.mark_retry(inbox_id, at, error)

    async def park(self, inbox_id: int, error: str) -> bool:
        """Set a row aside; False when it is no longer new."""
        async with self._database.begin() as uow:
            return await uow.inbox.mark_parked(inbox_id, error)


class OutboxQueue:
    """What is to be done outside.

    Args:
        worker: Names this start of this process; never used again by a later one, or its crash would not be seen.
        finished_within: How long another process that is not heard any more could still be busy with what it has
            begun (PostgreSQL).
    """

    def __init__(self, database: Database, worker: str, *, finished_within: timedelta = timedelta(0)) -> None:
        self._database = database
        self._worker = worker
        self._finished_within = finished_within

    async def claim(
        self, now: datetime, limit: int, transport: Transport | None = None, *, only_urgent: bool = False
    ) -> list[OutboxRow]:
        """Rows to perform now, urgent ones first; they are SENDING, and committed as that, when this returns.

        With a transport only its rows are looked at, so that loops work side by side.

        Each is the first unsent one of its lane, so no two of them share a lane. `attempts` does not count the attempt
        that begins now. A row that this program cannot read is parked on the way.
        """
        query = (
            select(outbox, _TICKET_NUMBER)
            .where(*_waiting(transport), outbox.c.next_attempt_at <= now, _IS_FIRST)
            .order_by(outbox.c.urgent.desc(), outbox.c.id)
            .limit(limit)
        )
        if only_urgent:
            query = query.where(outbox.c.urgent)
        async with self._database.begin() as uow:
            transaction = uow.transaction
            if transaction.is_postgresql:
                await transaction.connection.execute(_ONE_AFTER_THE_OTHER)
                query = query.with_for_update(skip_locked=True, of=outbox)
            rows = (await transaction.connection.execute(query)).all()
            if not rows:
                return []
            await transaction.connection.execute(
                update(outbox)
                .where(outbox.c.id.in_([row.id for row in rows]))
                .values(state=OutboxState.SENDING, worker=self._worker, claimed_at=now, attempts=outbox.c.attempts + 1)
            )
            claimed = []
            for row in rows:
                try:
                    claimed.append(outbox_row_of(row))
                except (LookupError, ValueError) as error:
                    reason = f"this version cannot read it: {error}"
                    await uow.outbox.mark_parked(row.id, reason)
                    notice = PostOperator("outbox_parked", {"outbox": row.id, "reason": reason})
                    await uow.outbox.add(notice, dedupe_key=f"outbox-parked:{row.id}")
            return claimed

    async def next_due(self, transport: Transport | None = None, *, only_urgent: bool = False) -> datetime | None:
        """When the next row's time comes that is first of its lane (it may be past); None when none waits.

        Rows behind one that is being sent are not counted: its outcome wakes the loop.
        """
        query = (
            select(outbox.c.next_attempt_at)
            .where(*_waiting(transport), _IS_FIRST)
            .order_by(outbox.c.next_attempt_at, outbox.c.id)
            .limit(1)
        )
        if only_urgent:
            query = query.where(outbox.c.urgent)
        async with self._database.read() as uow:
            due: datetime | None = await uow.transaction.connection.scalar(query)
            return due

    async def sent(self, outbox_id: int, result: dict[str, object]) -> bool:
        """It was performed; False when that was known already."""
        async with self._database.begin() as uow:
            return await uow.outbox.mark_sent(outbox_id, result)

    async def retry(self, outbox_id: int, at: datetime, error: str, *, in_doubt: bool, is_attempt: bool = True) -> bool:
        """It failed and waits until `at`; False when it was settled or taken over meanwhile."""
        async with self._database.begin() as uow:
            return await uow.outbox.mark_retry(
                outbox_id, at, error, in_doubt=in_doubt, worker=self._worker, is_attempt=is_attempt
            )

    async def park(self, outbox_id: int, error: str) -> bool:
        """It is given up; False when it was settled or taken over meanwhile."""
        async with self._database.begin() as uow:
            return await uow.outbox.mark_parked(outbox_id, error, worker=self._worker)

    async def recover(self, now: datetime, in_doubt_until: datetime) -> int:
        """What workers that are no more left SENDING is IN_DOUBT. Gives how many rows.

        With SQLite these are all others. With PostgreSQL they are those that have not been heard (`storage.leases`) for
        so long that one which was only cut off is done with what it had begun: by the database server's clock, as ours
        may jump. Mails wait until `in_doubt_until` for the copy that would settle them, everything else is looked up.
        """
        if self._database.is_postgresql:
            of_the_dead = is_dead(self._worker, self._finished_within)
        else:
            of_the_dead = outbox.c.worker != self._worker
        return await self._into_doubt(of_the_dead, in_doubt_until, now)

    async def recover_own(self, now: datetime, in_doubt_until: datetime, transport: Transport) -> int:
        """What this worker has in hand no more, since its outcome could not be stored, is IN_DOUBT.

        Also a claim that we gave up, and whose COMMIT was held up on its way to PostgreSQL: it is waited for.
        """
        is_ours = (outbox.c.worker == self._worker) & (outbox.c.transport == transport)
        return await self._into_doubt(is_ours, in_doubt_until, now, after_claims=True)

    async def _into_doubt(
        self, which: ColumnElement[bool], mails_from: datetime, others_from: datetime, *, after_claims: bool = False
    ) -> int:
        async with self._database.begin() as uow:
            if after_claims and uow.transaction.is_postgresql:
                await uow.transaction.connection.execute(_ONE_AFTER_THE_OTHER)
            result = await uow.transaction.connection.execute(
                update(outbox)
                .where(IS_UNSENT, outbox.c.state == SENDING, which)
                .values(
                    state=OutboxState.IN_DOUBT,
                    worker=None,
                    next_attempt_at=case((outbox.c.transport == Transport.MAIL, mails_from), else_=others_from),
                )
            )
            if result.rowcount:
                uow.transaction.wakes.update(WAKES.values())
            return result.rowcount


class TimerQueue:
    """What is due at a time; `uow.clocks.claim_timer` takes one of them in hand."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, now: datetime, limit: int, *, giving_way: Sequence[str] = ()) -> list[Timer]:
        """Pending timers whose time has come, in the order of their times.

        Several processes may see the same one; `uow.clocks.claim_timer` gives it to one of them.

        Args:
            giving_way: Kinds of timers that come after all others that are due.
        """
        values = {"now": now, "limit": limit}
        async with self._database.read() as uow:
            connection = uow.transaction.connection
            first = []
            if giving_way:
                first = [
                    timer_of(row) for row in await connection.execute(_DUE_FIRST, {**values, "giving_way": giving_way})
                ]
            if len(first) == limit:
                return first
            known = {timer.id for timer in first}
            others = (timer_of(row) for row in await connection.execute(_DUE, values) if row.id not in known)
            return [*first, *others][:limit]

    async def retry(self, timer_id: int, at: datetime, *, attempts: int | None = None) -> bool:
        """Count a failed attempt and fire again at `at`; False when the timer was done or cancelled meanwhile.

        Args:
            attempts: How many had failed before this one: False also when another process counted this one meanwhile.
        """
        query = update(timers).where(timers.c.id == timer_id, timers.c.state == _TIMER_PENDING)
        if attempts is not None:
            query = query.where(timers.c.attempts == attempts)
        async with self._database.begin() as uow:
            result = await uow.transaction.connection.execute(query.values(attempts=timers.c.attempts + 1, fire_at=at))
            return result.rowcount == 1

    async def next_fire_at(self) -> datetime | None:
        """When the next pending timer's time comes (it may be past); None when there is none."""
        async with self._database.read() as uow:
            fire_at: datetime | None = await uow.transaction.connection.scalar(_NEXT_FIRE_AT)
            return fire_at


def _new(source: str) -> tuple[ColumnElement[bool], ...]:
    return inbox.c.state == literal(InboxState.NEW), inbox.c.source == source


def _waiting(transport: Transport | None) -> list[ColumnElement[bool]]:
    transports = list(Transport) if transport is None else [transport]
    return [outbox.c.transport.in_(transports), outbox.c.state.in_([PENDING, IN_DOUBT])]


def _inbox_row_of(row: Row[*tuple[Any, ...]]) -> InboxRow:
    return InboxRow(
        id=row.id,
        source=row.source,
        place=row.place,
        body=row.body,
        received_at=row.received_at,
        size=row.size,
        complete=row.complete,
        attempts=row.attempts,
        begun=row.begun,
        stored_at=row.stored_at,
    )
