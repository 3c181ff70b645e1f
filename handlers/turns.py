"""Whose turn it is: which clocks a customer's message or an engineer's contact starts and ends.

The last message decides (service terms, "mutual reply"). What came in another order than it was written:

| what happened                                     | what counts                                                    |
| ------------------------------------------------- | -------------------------------------------------------------- |
| a reply is handled after a mail that was sent     | the customer spoke last: what was asked before the reply is    |
| after the reply was                               | met by it, the later mail has a clock from when it was sent    |
| a mail arrives after our reply, but was sent      | it may not be answered by that reply, so it is our turn; the   |
| before it (crossed in the post), or arrives while | clock runs from the reply, for until then another one ran      |
| the reply can still be taken back                 |                                                                |
| a reply was in time but is handled after a breach | it met the clock; the breach is taken back                     |

A robot's mail, and one of the bot's own, is neither: nobody calls these functions for it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from bot.commands import NextTurn
from bot.effects import Note, PostInThread
from bot.model import ClockKind, ClockState, Direction, Message, Ticket, TicketState
from bot.ports import UnitOfWork
from bot.rules.clock_terms import SUSPENDED_BY_A_DATE
from bot.rules.ticket_replacements import is_replacing
from bot.rules.ticket_states import move
from handlers import acted, agreed_dates, clocks, entitlements, replacement_answers
from handlers.context import Context

LAST_CONTACT = "last_contact_at"
"""The key of the ticket's facts that holds when an engineer last contacted the customer."""


async def customer_spoke(uow: UnitOfWork, ctx: Context, ticket: Ticket, message: Message) -> None:
    """The customer's own clock ends with whatever they write, and a snoozed ticket is back."""
    await acted.customer_spoke(uow, ctx, ticket)
    await clocks.end(
        uow, ctx, ticket, ClockState.MET, message.sent_at, ClockKind.CUSTOMER_REPLY, reason="customer_wrote",
        by=message.author, message_id=message.id,
    )  # fmt: skip


async def customer_wrote(uow: UnitOfWork, ctx: Context, ticket: Ticket, message: Message) -> None:
    """A customer's message moves the turn to us; several in a row keep the first one's clock.

    It may confirm a date or a fault, and while a date is agreed it starts no clock. A report that stays incomplete or
    held is never silent: its intake clock runs, unless the customer was asked anew. The caller stores the ticket.
    """
    if ticket.state in {TicketState.OPEN, TicketState.WAITING}:
        await _our_turn(uow, ctx, ticket, message)
    elif ticket.is_open and not await clocks.unfinished(uow, ticket, ClockKind.INTAKE, ClockKind.CUSTOMER_REPLY):
        await clocks.start(uow, ctx, ticket, ClockKind.INTAKE, message.sent_at, message.id)


async def _our_turn(uow: UnitOfWork, ctx: Context, ticket: Ticket, message: Message) -> None:
    if await agreed_dates.confirmed_by(uow, ctx, ticket, message):
        return
    if await replacement_answers.heed(uow, ctx, ticket, message):
        move(ticket, TicketState.OPEN, ctx.now)
        return
    move(ticket, TicketState.OPEN, ctx.now)
    if ticket.facts.get("enquiry") or await agreed_dates.customer_wrote(uow, ctx, ticket, message):
        return
    if await clocks.unfinished(uow, ticket, *SUSPENDED_BY_A_DATE, ClockKind.INTAKE):
        return
    kind, since = ClockKind.REPLY, message.sent_at
    if ticket.contacted_at is None:  # reopened before anybody answered; a report that was never accepted is no report
        kind = ClockKind.REACTION if ticket.accepted_at else ClockKind.INTAKE
    last_contact = last_contact_of(ticket)
    if last_contact is not None and last_contact > since:
        since = last_contact
    await clocks.start(uow, ctx, ticket, kind, since, message.id)


async def engineer_contacted(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    next_turn: NextTurn,
    *,
    at: datetime,
    by: str,
    reason: str = "replied",
    message_id: int | None = None,
    unread: Collection[object] = (),
) -> None:
    """An engineer's public reply or logged call: it meets what we owed, and says whose turn it is now.

    A ticket with a replacement that has not ended is not resolved by words: it stays open, and the thread says why. The
    caller stores the ticket.

    Args:
        at: When the engineer did it, as recorded.
        reason: "replied" or "called".
        unread: The ids of messages that the engineer had not seen then, whenever they were sent.
    """
    ticket.contacted_at = ticket.contacted_at or at
    ticket.facts[LAST_CONTACT] = max(at, last_contact_of(ticket) or at).isoformat()
    agreed_dates.engineer_wrote(ticket, at)
    await replacement_answers.engineer_wrote(uow, ticket, at)
    if next_turn is NextTurn.RESOLVED and is_replacing(ticket):  # its parcels are agreed within the open ticket
        next_turn = NextTurn.NOBODY
        await uow.outbox.add(PostInThread(ticket.id, Note.REPLACEMENT, {"event": "stays_open", "by": by}))
    later = await _written_after(uow, ticket, at, unread)
    if later is not None:
        await _meet_ours(uow, ctx, ticket, at, reason, by, message_id)
        await customer_wrote(uow, ctx, ticket, later)
        return
    match next_turn:
        case NextTurn.RESOLVED:
            await _resolve(uow, ctx, ticket, at, reason, by, message_id)
        case NextTurn.CUSTOMER:
            await _meet_ours(uow, ctx, ticket, at, reason, by, message_id)
            await _end_theirs(uow, ctx, ticket, at, "asked_again", by, message_id)
            await clocks.start(uow, ctx, ticket, ClockKind.CUSTOMER_REPLY, at, message_id, by=by)
            if ticket.state is not TicketState.INCOMPLETE:  # that one waits for the customer's numbers anyway
                move(ticket, TicketState.WAITING, ctx.now)
        case NextTurn.NOBODY if ticket.state is TicketState.INCOMPLETE:
            return  # its numbers are still missing: the reminders of both sides go on
        case NextTurn.NOBODY:
            await _meet_ours(uow, ctx, ticket, at, reason, by, message_id)
            await _end_theirs(uow, ctx, ticket, at, "replied", by, message_id)
            if ticket.state is TicketState.WAITING:
                move(ticket, TicketState.OPEN, ctx.now)


def last_contact_of(ticket: Ticket) -> datetime | None:
    """When an engineer last contacted the customer, UTC."""
    at = ticket.facts.get(LAST_CONTACT)
    return datetime.fromisoformat(at) if isinstance(at, str) else ticket.contacted_at


async def _written_after(uow: UnitOfWork, ticket: Ticket, at: datetime, unread: Collection[object]) -> Message | None:
    """The customer's first message that was sent after `at`, though we know it already, or is one of `unread`."""
    theirs = [m for m in await uow.tickets.messages(ticket.id) if m.direction is Direction.FROM_CUSTOMER]
    later = (m for m in theirs if (m.sent_at > at or m.id in unread) and not m.automatic)
    return min(later, key=lambda m: m.sent_at, default=None)


async def _meet_ours(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, at: datetime, reason: str, by: str, message_id: int | None
) -> None:
    """Meet what waited for an engineer; a clock that a later message started goes on."""
    ours = (*SUSPENDED_BY_A_DATE, ClockKind.INTAKE)
    started = {clock.kind for clock in await clocks.unfinished(uow, ticket, *ours) if clock.started_at <= at}
    await clocks.end(uow, ctx, ticket, ClockState.MET, at, *started, reason=reason, by=by, message_id=message_id)


async def _end_theirs(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, at: datetime, reason: str, by: str, message_id: int | None
) -> None:
    theirs = ClockKind.CUSTOMER_REPLY
    await clocks.end(uow, ctx, ticket, ClockState.CANCELLED, at, theirs, reason=reason, by=by, message_id=message_id)


async def _resolve(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, at: datetime, reason: str, by: str, message_id: int | None
) -> None:
    """The report is answered for good: what we owed is met, and nothing runs on an ended ticket."""
    await agreed_dates.forget(uow, ctx, ticket)
    met = (*SUSPENDED_BY_A_DATE, ClockKind.INTAKE, ClockKind.AGREED)
    await clocks.end(uow, ctx, ticket, ClockState.MET, at, *met, reason=reason, by=by, message_id=message_id)
    await clocks.cancel_all(uow, ctx, ticket, "resolved", by)
    move(ticket, TicketState.RESOLVED, ctx.now)
    await entitlements.ticket_ended(uow, ctx, ticket)
