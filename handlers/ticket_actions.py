"""What engineers do to a ticket besides replying: take it, set its priority, decide on its sender, close it.

Each looks at the ticket as it is now, not as the pressed button showed it: the second of two people learns who was
first, and nothing changes.
"""

from __future__ import annotations

from bot.commands import CloseTicket, DecideSender, SetPriority, SlackPerson, TakeTicket
from bot.effects import Note, PostCard, PostInThread
from bot.model import ClockKind, ClockState, Ticket, TicketState
from bot.ports import UnitOfWork
from bot.rules.firsts import who_brought_it_here
from bot.rules.ticket_replacements import is_replacing
from bot.rules.ticket_states import Action, actions_of, move
from handlers import agreed_dates, clocks, customer_mails, entitlements, escalated_tickets, firsts
from handlers.context import Context, journal, said_at, tell


async def take(command: TakeTicket, uow: UnitOfWork, ctx: Context) -> None:
    """The engineer has the ticket from now on."""
    ticket = await uow.tickets.get(command.ticket_id)
    if not ctx.may_act(command.by):
        await tell(uow, command.by, "not_allowed")
        return
    if ticket.assignee == command.by.user:
        await tell(uow, command.by, "already_yours", number=ticket.number)
        return
    if ticket.assignee is not None and not command.over:
        await tell_who_has_it(uow, ctx, command.by, ticket)
        return
    if not await allowed(uow, ctx, command.by, ticket, Action.TAKE_OVER if ticket.assignee else Action.TAKE):
        return
    previous, ticket.assignee = ticket.assignee, command.by.user
    await journal(uow, ctx, ticket, command.by.user, "taken", previous=previous)
    await uow.outbox.add(PostInThread(ticket.id, Note.TAKEN, {"by": command.by.user, "previous": previous}))
    await escalated_tickets.taken(uow, ctx, ticket, command.by.user, command.by.name)
    await store(uow, ticket)


async def set_priority(command: SetPriority, uow: UnitOfWork, ctx: Context) -> None:
    """The engineer sets the priority; every deadline is worked out again from the original start."""
    ticket = await uow.tickets.get(command.ticket_id)
    if not await allowed(uow, ctx, command.by, ticket, Action.PRIORITY):
        return
    if ticket.priority is command.priority and ticket.priority_confirmed:
        first = await firsts.who_did(uow, ctx, ticket, command.by, {"priority_set"})
        await tell(uow, command.by, "priority_is_already", number=ticket.number, priority=ticket.priority, **first)
        return
    previous, ticket.priority, ticket.priority_confirmed = ticket.priority, command.priority, True
    await journal(uow, ctx, ticket, command.by.user, "priority_set", priority=ticket.priority, previous=previous)
    await clocks.recompute(uow, ctx, ticket, by=command.by.user)
    await uow.outbox.add(
        PostInThread(ticket.id, Note.PRIORITY_SET, {"priority": ticket.priority, "by": command.by.user})
    )
    await store(uow, ticket)


async def decide_sender(command: DecideSender, uow: UnitOfWork, ctx: Context) -> None:
    """A held report is accepted for this once, or refused. The contract's list of representatives stays as it is."""
    ticket = await uow.tickets.get(command.ticket_id)
    action = Action.APPROVE if command.approve else Action.REJECT
    if not await allowed(uow, ctx, command.by, ticket, action):
        return
    await journal(uow, ctx, ticket, command.by.user, "sender_approved" if command.approve else "sender_rejected")
    await clocks.end(
        uow, ctx, ticket, ClockState.MET, ctx.now, ClockKind.INTAKE, reason="sender_decided", by=command.by.user
    )
    if command.approve:
        await _approve(ticket, uow, ctx)
        note = Note.SENDER_APPROVED
    else:
        move(ticket, TicketState.CLOSED, ctx.now)
        if "sender_not_authentic" not in hold_reasons_of(ticket):  # else the named sender may not have written it
            await customer_mails.rejected(uow, ctx, ticket)
        note = Note.SENDER_REJECTED
    await uow.outbox.add(PostInThread(ticket.id, note, {"by": command.by.user, "address": ticket.requester}))
    await store(uow, ticket)


async def _approve(ticket: Ticket, uow: UnitOfWork, ctx: Context) -> None:
    """The hold was ours: the reaction clock starts with the message that completed the report.

    Where an engineer had written to the reporter before, while the report was incomplete, it is a reply that we owe.
    A report that lacks its numbers is asked for them first: without both it is not accepted (service terms).
    """
    if ticket.facts.get("problems"):
        move(ticket, TicketState.INCOMPLETE, ctx.now)
        await clocks.start(uow, ctx, ticket, ClockKind.INTAKE, ctx.now, None)
        await customer_mails.ask(uow, ctx, ticket)
        return
    messages = await uow.tickets.messages(ticket.id)
    completed_by = messages[0]
    for message in messages:
        if message.id == ticket.facts.get("completed_by"):
            completed_by = message
    move(ticket, TicketState.OPEN, ctx.now)
    ticket.accepted_at = completed_by.sent_at
    kind = ClockKind.REACTION if ticket.contacted_at is None else ClockKind.REPLY
    await clocks.start(uow, ctx, ticket, kind, completed_by.sent_at, completed_by.id)
    await customer_mails.accepted(uow, ctx, ticket)
    await entitlements.heed_all(uow, ctx, ticket)


def hold_reasons_of(ticket: Ticket) -> tuple[str, ...]:
    """Why intake held the report (`bot.rules.intake`)."""
    reasons = ticket.facts.get("hold_reasons")
    return tuple(str(reason) for reason in reasons) if isinstance(reasons, list) else ()


async def close(command: CloseTicket, uow: UnitOfWork, ctx: Context) -> None:
    """The ticket ends without an answer; its clocks are cancelled, an agreed date is forgotten."""
    ticket = await uow.tickets.get(command.ticket_id)
    if not await allowed(uow, ctx, command.by, ticket, Action.CLOSE):
        return
    await agreed_dates.forget(uow, ctx, ticket)
    move(ticket, TicketState.CLOSED, ctx.now)
    await journal(uow, ctx, ticket, command.by.user, "closed")
    await clocks.cancel_all(uow, ctx, ticket, "closed", command.by.user)
    await uow.outbox.add(
        PostInThread(ticket.id, Note.STATE_CHANGED, {"state": ticket.state, "by": command.by.user, "reason": "closed"})
    )
    await entitlements.ticket_ended(uow, ctx, ticket)
    await store(uow, ticket)


async def allowed(uow: UnitOfWork, ctx: Context, by: SlackPerson, ticket: Ticket, action: Action) -> bool:
    """Whether this person may do that to the ticket as it is now; if not, they are told why."""
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
        return False
    if action is Action.CLOSE and is_replacing(ticket):
        await tell(uow, by, "replacement_is_open", number=ticket.number)
        return False
    if action not in actions_of(ticket):
        await tell_the_state(uow, ctx, by, ticket)
        return False
    return True


async def tell_who_has_it(uow: UnitOfWork, ctx: Context, by: SlackPerson, ticket: Ticket) -> None:
    """Somebody has the ticket already; since when, where they took it or were given it."""
    line = next((entry for entry in reversed(await uow.journal_of(ticket.id)) if entry.kind == "taken"), None)
    since = {} if line is None else {"at": said_at(ctx, line.at)}
    await tell(uow, by, "already_taken", number=ticket.number, who=ticket.assignee, **since)


async def tell_the_state(uow: UnitOfWork, ctx: Context, by: SlackPerson, ticket: Ticket) -> None:
    """It cannot be done in this state; whoever was first, where a colleague brought the ticket there, is named."""
    first = who_brought_it_here(await uow.journal_of(ticket.id), by.user)
    who = {} if first is None else {"who": first.actor, "at": said_at(ctx, first.at)}
    await tell(uow, by, "not_in_this_state", number=ticket.number, state=ticket.state, **who, **ctx.own)


async def store(uow: UnitOfWork, ticket: Ticket) -> None:
    """Store the ticket and show it."""
    await uow.tickets.update(ticket)
    await uow.outbox.add(PostCard(ticket.id))
