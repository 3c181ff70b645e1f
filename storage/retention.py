"""What is kept no longer: each class is found by an index of its own and goes in bounded batches.

| class          | what goes, and what stays                                                                          |
| -------------- | -------------------------------------------------------------------------------------------------- |
| mails          | the octets of mails that were dealt with, and of ours that were sent; that they came and went stays |
| slack_payloads | what Slack told us of clicks and messages, once dealt with; that it did stays                      |
| set_aside      | what was set aside and nobody mended: its octets and words; it cannot be tried again               |
| files          | what files held, of tickets that have ended; their names, sizes and verdicts stay                  |
| tickets        | all words and people of tickets that have ended; states, times, clocks and decisions stay          |
| traces         | timers that have acted, of tickets that have ended; posts that only showed what was then           |
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from sqlalchemy import delete, literal_column, select, text, update

from bot.model import Direction, JournalEntry, TicketState
from bot.ports import InboxState, OutboxState
from bot.rules.erasing import ALIAS, without_words
from storage.conditions import INBOX_IS_KEPT, OUTBOX_HAS_OCTETS, OUTBOX_IS_PASSING, TICKET_HAS_WORDS, TIMER_IS_OVER
from storage.erasing import Eraser, People
from storage.escalation_tables import escalations
from storage.inbox import MAIL, SLACK
from storage.overwriting import overwrite_what_goes
from storage.people import ERASED, show_anew
from storage.schema import attachments, inbox, messages, outbox, ticket_participants, tickets, timers
from storage.types import literal
from storage.unit_of_work import StoredUnitOfWork

_HAS_ENDED = tickets.c.state.in_([literal(TicketState.RESOLVED), literal(TicketState.CLOSED)])

Batch = Callable[[StoredUnitOfWork, datetime, int], Awaitable[int]]
"""Lets at most so many rows go that are older than the instant; gives how many went."""


async def _mails(uow: StoredUnitOfWork, before: datetime, limit: int) -> int:
    came = await _arrivals(uow, MAIL, before, limit)
    old = select(outbox.c.id).where(text(OUTBOX_HAS_OCTETS), outbox.c.created_at < before).limit(limit)
    went = await uow.transaction.connection.execute(update(outbox).where(outbox.c.id.in_(old)).values(raw=None))
    return max(came, went.rowcount)


async def _slack_payloads(uow: StoredUnitOfWork, before: datetime, limit: int) -> int:
    return await _arrivals(uow, SLACK, before, limit)


async def _arrivals(uow: StoredUnitOfWork, source: str, before: datetime, limit: int) -> int:
    old = (
        select(inbox.c.id)
        .where(text(INBOX_IS_KEPT), inbox.c.source == source, inbox.c.stored_at < before)
        .order_by(inbox.c.stored_at)
        .limit(limit)
    )
    emptied = await uow.transaction.connection.execute(
        update(inbox).where(inbox.c.id.in_(old)).values(body=b"", size=0)
    )
    return emptied.rowcount


async def _set_aside(uow: StoredUnitOfWork, before: datetime, limit: int) -> int:
    connection = uow.transaction.connection
    came = (
        select(inbox.c.id).where(inbox.c.state == literal(InboxState.PARKED), inbox.c.stored_at < before).limit(limit)
    )
    given_up = {"state": InboxState.DONE, "body": b"", "size": 0, "outcome": "set aside, and kept no longer"}
    emptied = await connection.execute(update(inbox).where(inbox.c.id.in_(came)).values(given_up))
    parked = (
        select(outbox.c.id, outbox.c.effect)
        .where(outbox.c.state == literal(OutboxState.PARKED), outbox.c.created_at < before)
        .limit(limit)
    )
    rows = (await connection.execute(parked)).all()
    for row in rows:
        await connection.execute(
            update(outbox)
            .where(outbox.c.id == row.id)
            .values(state=OutboxState.CANCELLED, raw=None, effect=without_words(row.effect), error=None)
        )
    return max(emptied.rowcount, len(rows))


async def _files(uow: StoredUnitOfWork, before: datetime, limit: int) -> int:
    query = (
        select(attachments.c.id, attachments.c.sha256)
        .join(tickets, tickets.c.id == attachments.c.ticket_id)
        .where(attachments.c.sha256.is_not(None), tickets.c.closed_at < before)
        .order_by(attachments.c.id)
        .limit(limit)
    )
    rows = (await uow.transaction.connection.execute(query)).all()
    await Eraser(uow.transaction).files([(row.id, row.sha256) for row in rows], keep_names=True)
    return len(rows)


async def _tickets(uow: StoredUnitOfWork, before: datetime, limit: int) -> int:
    connection = uow.transaction.connection
    old = (
        select(tickets.c.id)
        .where(text(TICKET_HAS_WORDS), tickets.c.closed_at < before, _HAS_ENDED)
        .order_by(tickets.c.closed_at)
        .limit(max(1, limit // 20))
    )
    ids: list[int] = []
    for ticket_id in list(await connection.scalars(old)):
        ticket = await uow.tickets.get(ticket_id)  # locked; a customer may just have opened it again
        if ticket.is_open:
            continue
        ids.append(ticket_id)
        await Eraser(uow.transaction).ticket(ticket_id, await _people_of(uow, ticket_id), whole=True)
        now = uow.transaction.clock.now()
        await connection.execute(update(tickets).where(tickets.c.id == ticket_id).values(erased_at=now))
        await uow.journal(JournalEntry(ticket_id, now, "bot", ERASED, {"because": "retention", "whole": True}))
    await show_anew(uow, ids)
    return len(ids)


async def _people_of(uow: StoredUnitOfWork, ticket_id: int) -> People:
    connection = uow.transaction.connection
    on_it = select(ticket_participants.c.address).where(ticket_participants.c.ticket_id == ticket_id)
    asked = select(escalations.c.requester).where(escalations.c.ticket_id == ticket_id)
    reported = select(tickets.c.requester).where(tickets.c.id == ticket_id)
    wrote = select(messages.c.author).where(
        messages.c.ticket_id == ticket_id, messages.c.direction == Direction.FROM_CUSTOMER
    )
    found = [who for query in (on_it, asked, reported, wrote) for who in await connection.scalars(query)]
    # Of customers in shared channels only the Slack id is kept, which names nobody outside of that workspace.
    return People({who.lower(): ALIAS.format(secrets.token_hex(4)) for who in found if who})


async def _traces(uow: StoredUnitOfWork, before: datetime, limit: int) -> int:
    connection = uow.transaction.connection
    acted = (
        select(timers.c.id)
        .join(tickets, tickets.c.id == timers.c.ticket_id)
        .where(
            text(TIMER_IS_OVER.replace("state", "timers.state")),
            timers.c.fire_at < before,
            tickets.c.unfinished_clocks == literal_column("0"),
            _HAS_ENDED,
        )
        .limit(limit)
    )
    gone = await connection.execute(delete(timers).where(timers.c.id.in_(acted)))
    passing = select(outbox.c.id).where(text(OUTBOX_IS_PASSING), outbox.c.created_at < before).limit(limit)
    posts = await connection.execute(delete(outbox).where(outbox.c.id.in_(passing)))
    return max(gone.rowcount, posts.rowcount)


def _overwriting(batch: Batch) -> Batch:
    async def let_go(uow: StoredUnitOfWork, before: datetime, limit: int) -> int:
        await overwrite_what_goes(uow.transaction)
        return await batch(uow, before, limit)

    return let_go


CLASSES: Mapping[str, Batch] = {
    "mails": _overwriting(_mails),
    "slack_payloads": _overwriting(_slack_payloads),
    "set_aside": _overwriting(_set_aside),
    "files": _overwriting(_files),
    "tickets": _overwriting(_tickets),
    "traces": _overwriting(_traces),
}
"""By the keys of the section [retention]."""
