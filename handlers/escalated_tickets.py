"""What becomes of an escalation as its ticket goes on: clocks end, engineers write, it is taken, joined, changed.

An escalation that clocks raised ends by itself when what they waited for has happened. One that a person asked for, a
customer above all, stays until somebody records an outcome; whoever works on its ticket has it.
"""

from __future__ import annotations

from datetime import datetime

from bot.effects import Note, PostInThread
from bot.escalations import Escalation, EscalationSource
from bot.model import ClockState, Message, SlaClock, Ticket
from bot.ports import UnitOfWork
from handlers import duty, escalation_mails, escalations
from handlers.context import Context, journal


async def propose(uow: UnitOfWork, ctx: Context, ticket: Ticket, message: Message, words: str) -> None:
    """A customer's words sound like a request to escalate: an engineer decides, nothing is escalated by itself.

    Args:
        words: Those that sound like it (`bot.rules.escalation_words`).
    """
    if await uow.escalations.open_of_ticket(ticket.id) is not None:
        return
    await journal(uow, ctx, ticket, "bot", "escalation_proposed", message=message.id, words=words)
    data: dict[str, object] = {"words": words, "address": message.author, "message": message.id}
    mention = await duty.on_call(uow, ctx, ticket)
    await uow.outbox.add(PostInThread(ticket.id, Note.ESCALATION_PROPOSED, data, mention=mention, urgent=True))


async def clock_settled(uow: UnitOfWork, ctx: Context, ticket: Ticket, clock: SlaClock, because: str, by: str) -> None:
    """A clock has ended, stands still or is no longer late: what only clocks raised is over with the last of them.

    Args:
        because: "answered", "delivered", "returned" or "withdrawn".
    """
    escalation = await uow.escalations.open_of_ticket(ticket.id)
    if escalation is None or not all(
        source in escalations.BY_CLOCKS and clock_id is not None
        for source, clock_id in escalations.sources_of(escalation)
    ):
        return
    raised_by = {clock_id for _, clock_id in escalations.sources_of(escalation)}
    if clock.id not in raised_by:
        return
    for other in await uow.clocks.of_ticket(ticket.id):
        if other.id in raised_by and other.id != clock.id and other.state is ClockState.RUNNING:
            return
    await escalations.end(uow, ctx, ticket, escalation, because, because, by)


async def contacted(uow: UnitOfWork, ctx: Context, ticket: Ticket, at: datetime, by: str, name: str) -> None:
    """An engineer wrote to the customer or talked to them: whoever does that about an escalated ticket, has it.

    Args:
        at: When they did; before the escalation began it says nothing about it.
    """
    escalation = await uow.escalations.open_of_ticket(ticket.id)
    if escalation is None or at < escalation.began_at:
        return
    if escalation.acknowledged_at is not None:
        await escalations.touch(uow, ctx, ticket, escalation)
        return
    if escalation.requester == ticket.requester:  # they read it in the answer itself
        escalation.facts["told"] = escalation_mails.mark_of(escalation.requester, by)
    await escalations.acknowledge(uow, ctx, ticket, escalation, by, name, by)


async def taken(uow: UnitOfWork, ctx: Context, ticket: Ticket, by: str, name: str) -> None:
    """Somebody took the ticket: that nobody had it is over, and what else was raised has somebody now."""
    if await has_somebody(uow, ctx, ticket, by):
        return
    escalation = await uow.escalations.open_of_ticket(ticket.id)
    if escalation is None:
        return
    if escalation.acknowledged_at is None:
        await escalations.acknowledge(uow, ctx, ticket, escalation, by, name, by)
    else:
        await escalations.touch(uow, ctx, ticket, escalation)


async def has_somebody(uow: UnitOfWork, ctx: Context, ticket: Ticket, by: str) -> bool:
    """Somebody has the ticket: what was raised for want of one alone is over. Gives whether there was such."""
    escalation = await uow.escalations.open_of_ticket(ticket.id)
    if escalation is None or not is_for_want_of_somebody(escalation):
        return False
    await escalations.end(uow, ctx, ticket, escalation, "assigned", "assigned", by)
    return True


def is_for_want_of_somebody(escalation: Escalation) -> bool:
    """Whether it was raised only because nobody had the ticket."""
    return all(source is EscalationSource.UNASSIGNED for source, _ in escalations.sources_of(escalation))


async def priority_changed(uow: UnitOfWork, ctx: Context, ticket: Ticket) -> None:
    """The rules of the new priority apply from now on: what became critical at night waits for no opening."""
    escalation = await uow.escalations.open_of_ticket(ticket.id)
    if escalation is None:
        return
    await escalations.use_rules_of(uow, ticket, escalation, ctx)
    await escalations.say(uow, ticket, escalation, "priority", priority=ticket.priority)
    await escalations.store(uow, ctx, ticket, escalation)


async def move(uow: UnitOfWork, ctx: Context, ticket: Ticket, target: Ticket, by: str) -> None:
    """A ticket proves to be part of another one: its escalation goes on there, or joins the one that is open there."""
    escalation = await uow.escalations.open_of_ticket(ticket.id)
    if escalation is None:
        return
    await escalations.tell_ticket(uow, ticket, "tied", by=by, number=target.number)
    await journal(uow, ctx, ticket, by, "escalation_tied", escalation=escalation.id, number=target.number)
    if await uow.escalations.open_of_ticket(target.id) is not None:
        await escalations.end(uow, ctx, ticket, escalation, "joined", "joined", by)
        await escalations.raise_escalation(
            uow, ctx, target, escalation.source, escalation.reason, escalation.raised_by, requester=escalation.requester
        )
        return
    escalation.ticket_id = target.id
    await escalations.use_rules_of(uow, target, escalation, ctx)
    await journal(
        uow, ctx, target, by, "escalation_raised",
        escalation=escalation.id, source=escalation.source, reason=escalation.reason, clock=None, of=ticket.number,
    )  # fmt: skip
    await escalations.tell_ticket(
        uow, target, "raised", by=escalation.raised_by, source=escalation.source, reason=escalation.reason
    )
    await escalations.say(uow, target, escalation, "tied", by=by, number=target.number, of=ticket.number)
    await escalations.store(uow, ctx, target, escalation)
