"""What staff do about escalations: raise one, have it, give it on, put it off, end it, tie it to another ticket.

Only these acknowledge: neither a reaction nor a plain message in the thread does. Each looks at the escalation as it is
now, not as the pressed message showed it: the second of two people learns who was first, and nothing changes.
"""

from __future__ import annotations

from datetime import timedelta

from bot.commands import SlackPerson
from bot.effects import Note, PostInThread
from bot.escalation_commands import (
    AcknowledgeEscalation,
    EscalateTicket,
    ReassignEscalation,
    ResolveEscalation,
    SnoozeEscalation,
    TakeOverEscalation,
    TieEscalation,
)
from bot.escalations import Escalation, EscalationSource
from bot.model import Language, Message, Ticket
from bot.ports import UnitOfWork
from bot.rules.escalation_presses import can_be_tied, may_end
from bot.rules.wording import format_span
from handlers import escalated_tickets, escalation_calls, escalation_mails, escalations, firsts, quoted_ticket
from handlers.context import Context, journal, said_at, tell
from handlers.ticket_actions import store

_Press = (
    AcknowledgeEscalation
    | TakeOverEscalation
    | ReassignEscalation
    | SnoozeEscalation
    | ResolveEscalation
    | TieEscalation
)


async def raise_by_hand(command: EscalateTicket, uow: UnitOfWork, ctx: Context) -> None:
    """An engineer escalates, of their own accord or because the customer's words ask for it."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
        return
    asked = await _message(uow, ticket, command.message_id)
    source = EscalationSource.ENGINEER if asked is None else EscalationSource.CUSTOMER
    requester = None if asked is None else asked.author
    await escalations.tell_who_escalated(uow, ctx, ticket, by)
    await escalations.raise_escalation(uow, ctx, ticket, source, command.reason, by.user, requester=requester)


async def _message(uow: UnitOfWork, ticket: Ticket, message_id: int | None) -> Message | None:
    message = None if message_id is None else await uow.tickets.message(message_id)
    return message if message is not None and message.ticket_id == ticket.id else None


async def acknowledge(command: AcknowledgeEscalation, uow: UnitOfWork, ctx: Context) -> None:
    """Whoever pressed has it, unless somebody else was first."""
    found = await _open(command, uow, ctx)
    if found is None:
        return
    ticket, escalation = found
    by = command.by
    if escalation.acknowledged_at is not None:
        what = "escalation_is_yours" if escalation.owner == by.user else "escalation_has_somebody"
        await tell(
            uow, by, what, number=ticket.number, who=escalation.owner, at=said_at(ctx, escalation.acknowledged_at)
        )
        return
    await escalations.acknowledge(uow, ctx, ticket, escalation, by.user, by.name, by.user)


async def take_over(command: TakeOverEscalation, uow: UnitOfWork, ctx: Context) -> None:
    """Whoever pressed has the escalation and the ticket."""
    found = await _open(command, uow, ctx)
    if found is None:
        return
    ticket, escalation = found
    by = command.by
    owner = escalation.owner if escalation.acknowledged_at is not None else None
    if owner == by.user == ticket.assignee:
        await tell(uow, by, "escalation_is_yours", number=ticket.number)
    elif owner is not None and owner not in {command.owner_shown, by.user}:
        since = said_at(ctx, escalation.acknowledged_at)
        await tell(uow, by, "escalation_has_somebody", number=ticket.number, who=owner, at=since)
    else:
        await _assign(uow, ctx, ticket, by.user, by.user)
        if escalated_tickets.is_for_want_of_somebody(escalation):
            await escalations.end(uow, ctx, ticket, escalation, "assigned", "assigned", by.user)
        else:
            await escalations.acknowledge(uow, ctx, ticket, escalation, by.user, by.name, by.user)


async def reassign(command: ReassignEscalation, uow: UnitOfWork, ctx: Context) -> None:
    """A colleague has the escalation and the ticket; they are asked like anybody who has one."""
    found = await _open(command, uow, ctx)
    if found is None:
        return
    ticket, escalation = found
    by = command.by
    if not ctx.may_act(SlackPerson(command.to, command.to_name)):
        await tell(uow, by, "escalation_not_staff", who=command.to)
    elif escalation.acknowledged_at is not None and escalation.owner == command.to == ticket.assignee:
        since = said_at(ctx, escalation.acknowledged_at)
        await tell(uow, by, "escalation_has_somebody", number=ticket.number, who=command.to, at=since)
    else:
        await _assign(uow, ctx, ticket, command.to, by.user)
        await escalations.acknowledge(uow, ctx, ticket, escalation, command.to, command.to_name, by.user)


async def snooze(command: SnoozeEscalation, uow: UnitOfWork, ctx: Context) -> None:
    """Nobody is called for a while, which has its bound; then the chain goes on."""
    found = await _open(command, uow, ctx)
    if found is None:
        return
    ticket, escalation = found
    by, at_most = command.by, ctx.config.escalation.snooze_at_most
    if not timedelta(0) < command.span <= at_most:
        language = Language(ctx.config.service.staff_language)
        await tell(uow, by, "snooze_too_long", number=ticket.number, at_most=format_span(at_most, language))
        return
    await escalations.snooze(uow, ctx, ticket, escalation, ctx.now + command.span, by.user, by.name)


async def resolve(command: ResolveEscalation, uow: UnitOfWork, ctx: Context) -> None:
    """It is over; the customer who asked for it reads only what was written for them."""
    found = await _open(command, uow, ctx)
    if found is None:
        return
    ticket, escalation = found
    by = command.by
    leaders = {*ctx.config.slack.managers, *ctx.config.escalation.team_leads}
    if not may_end(by.user, escalation, leaders):
        await tell(uow, by, "escalation_for_managers", number=ticket.number)
        return
    await escalations.end(uow, ctx, ticket, escalation, "resolved", command.outcome, by.user)
    await escalation_mails.ended(uow, ctx, ticket, escalation, command.to_customer)
    await escalation_calls.close_case(uow, ctx, ticket, by.user)


async def tie(command: TieEscalation, uow: UnitOfWork, ctx: Context) -> None:
    """The mail that escalated was about another ticket: its words go there, and the escalation with them."""
    found = await _open(command, uow, ctx)
    if found is None:
        return
    ticket, escalation = found
    by, target = command.by, await uow.tickets.by_number(command.number)
    if target is None or target.id == ticket.id:
        await tell(uow, by, "no_such_ticket", number=command.number)
    elif not can_be_tied(escalation, ticket):
        await tell(uow, by, "escalation_has_its_ticket", number=ticket.number)
    else:
        await quoted_ticket.join(ticket, target, by.user, uow, ctx)
        await store(uow, ticket)


async def _assign(uow: UnitOfWork, ctx: Context, ticket: Ticket, to: str, by: str) -> None:
    if ticket.assignee == to:
        return
    previous, ticket.assignee = ticket.assignee, to
    await journal(uow, ctx, ticket, by, "taken", previous=previous, assignee=to)
    await uow.outbox.add(PostInThread(ticket.id, Note.TAKEN, {"by": to, "previous": previous}))
    await store(uow, ticket)


async def _open(command: _Press, uow: UnitOfWork, ctx: Context) -> tuple[Ticket, Escalation] | None:
    """The ticket and its escalation, locked in this order; None when nothing can be done, and whoever pressed is told.

    Whether they may act, whether it has not ended, and whether it still belongs to that ticket.
    """
    by = command.by
    ticket = await uow.tickets.get(command.ticket_id)
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
        return None
    escalation = await uow.escalations.get(command.escalation_id)
    if not escalation.is_open:
        what = "escalation_resolved" if escalation.facts.get("because") == "resolved" else "escalation_over"
        ended_by = escalation.facts.get("ended_by")
        who = {"who": ended_by, "at": said_at(ctx, escalation.ended_at)} if ended_by not in {None, "bot"} else {}
        await tell(uow, by, what, number=ticket.number, **who, **ctx.own)
        return None
    if escalation.ticket_id != ticket.id:
        first = await firsts.who_did(uow, ctx, ticket, by, {"escalation_tied"})
        await tell(uow, by, "escalation_moved", number=ticket.number, other=ticket.facts.get("joined"), **first)
        return None
    return ticket, escalation
