"""What was done to a ticket, said in its thread; and a snoozed ticket that its customer brings back."""

from __future__ import annotations

from bot.effects import Note, PostInThread
from bot.model import Ticket
from bot.ports import UnitOfWork
from handlers import duty
from handlers.context import Context, journal

SNOOZE = "snooze"
"""The key of a snoozed ticket's facts; also the kind of the timers that bring it back."""


async def said(uow: UnitOfWork, ticket: Ticket, event: str, /, mention: tuple[str, ...] = (), **data: object) -> None:
    """Say in the ticket's thread what was done: the sentence "acted.<event>"."""
    await uow.outbox.add(PostInThread(ticket.id, Note.ACTED, {"event": event, **data}, mention=mention))


async def customer_spoke(uow: UnitOfWork, ctx: Context, ticket: Ticket) -> None:
    """A customer's message brings a snoozed ticket back; the caller stores it."""
    fact = ticket.facts.pop(SNOOZE, None)
    if fact is not None:
        await journal(uow, ctx, ticket, "bot", "woken", because="customer_wrote")
        await said(uow, ticket, "snooze_answered", await duty.on_call(uow, ctx, ticket))
