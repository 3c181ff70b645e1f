"""What waits only because a clock was wrong: written while it was ahead, to be done at a time that is hours away.

A machine may start with a wrong clock and be corrected, or be corrected while it runs. Then mails, posts and answers
must not wait until the time has come that was theirs by the wrong clock. Deadlines stand: they are a matter of people.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, or_, select, update

from bot.ports import InboxState, OutboxState
from bot.sendings import SendingState
from handlers.sendings import SENDING
from storage.engine import Database
from storage.inbox import MAIL, SLACK
from storage.outbox import IN_DOUBT, PENDING
from storage.schema import TimerState, Transport, inbox, outbox, timers
from storage.sending_tables import sendings
from storage.transaction import Wake
from storage.types import literal
from storage.unit_of_work import StoredUnitOfWork

CLOCKS_DIFFER_BY = timedelta(minutes=1)
"""Between processes that share a database; so much in the future is no reason to think that a clock was wrong."""


async def hasten(database: Database, now: datetime, longest: timedelta, undo: timedelta, doubt: timedelta) -> int:
    """Let go on what waits longer than anything makes it wait, or was written after now. Gives how many rows.

    Args:
        longest: The longest that a row is put off, for whatever reason.
        undo: How long a pressed answer waits before it leaves.
        doubt: How long a mail waits for its copy that would settle whether it went out; it gets all of it anew.

    Raises:
        DatabaseBusy: not everything was looked at.
    """
    came: list[ColumnElement[bool]] = [inbox.c.state == literal(InboxState.NEW), inbox.c.source.in_([MAIL, SLACK])]
    came.append(_is_wrong(inbox.c.next_attempt_at, inbox.c.stored_at, now, longest))
    is_in_doubt = and_(outbox.c.transport == literal(Transport.MAIL), outbox.c.state == literal(OutboxState.IN_DOUBT))
    goes: list[ColumnElement[bool]] = [outbox.c.transport.in_(list(Transport)), outbox.c.state.in_([PENDING, IN_DOUBT])]
    goes += [~is_in_doubt, _is_wrong(outbox.c.next_attempt_at, outbox.c.created_at, now, longest)]
    waits = [
        is_in_doubt,
        outbox.c.state.in_([PENDING, IN_DOUBT]),
        outbox.c.next_attempt_at > now + CLOCKS_DIFFER_BY + doubt,
    ]
    count = 0
    for query, its_time in (
        (update(inbox).where(*came), now),
        (update(outbox).where(*goes), now),
        (update(outbox).where(*waits), now + doubt),
    ):
        async with database.begin() as uow:
            changed = await uow.transaction.connection.execute(query.values(next_attempt_at=its_time))
            count += changed.rowcount
            if changed.rowcount:
                uow.transaction.wakes.update(Wake)
    async with database.begin() as uow:
        pressed = await _hasten_pressed(uow, now + undo)
        if pressed:
            uow.transaction.wakes.add(Wake.TIMERS)
    return count + pressed


def _is_wrong(due: Column[Any], written: Column[Any], now: datetime, longest: timedelta) -> ColumnElement[bool]:
    soon = now + CLOCKS_DIFFER_BY
    return and_(due > soon, or_(due > soon + longest, written > soon))


async def _hasten_pressed(uow: StoredUnitOfWork, send_at: datetime) -> int:
    connection = uow.transaction.connection
    is_waiting = sendings.c.state == literal(SendingState.WAITING)
    late = (
        await connection.execute(
            select(sendings.c.id, sendings.c.ticket_id, sendings.c.send_at)
            .where(is_waiting, sendings.c.send_at > send_at + CLOCKS_DIFFER_BY)
            .order_by(sendings.c.ticket_id, sendings.c.id)
        )
    ).all()
    for row in late:
        await uow.tickets.get(row.ticket_id)  # whoever changes a sending has locked its ticket
        await connection.execute(update(sendings).where(sendings.c.id == row.id, is_waiting).values(send_at=send_at))
        key = f"{SENDING}:{row.id}:{row.send_at.isoformat()}"
        await connection.execute(
            update(timers)
            .where(timers.c.key == key, timers.c.state == literal(TimerState.PENDING))
            .values(fire_at=send_at)
        )
    return len(late)
