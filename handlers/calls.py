"""A phone call with the customer (the hotline) is logged: a contact that counts for the clocks as a mail does.

`log` is for whoever has a ticket in hand, also one that has just been opened for the caller.
"""

from __future__ import annotations

from datetime import timedelta

from bot.commands_acting import LogCall
from bot.model import Ticket
from bot.people import NextTurn
from bot.ports import UnitOfWork
from bot.rules.ticket_states import Action
from handlers import escalated_tickets, turns
from handlers.acted import said
from handlers.context import Context, journal, tell
from handlers.ticket_actions import allowed, store

LOGGED_WITHIN = timedelta(days=7)
"""So long after it a call may be logged."""


async def handle(command: LogCall, uow: UnitOfWork, ctx: Context) -> None:
    """The call was on a ticket that exists."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not await allowed(uow, ctx, by, ticket, Action.CALL):
        return
    at = command.called_at or by.at or ctx.now
    if not ctx.now - LOGGED_WITHIN <= at <= ctx.now + timedelta(minutes=1):
        await tell(uow, by, "call_out_of_range", number=ticket.number)
        return
    await log(uow, ctx, ticket, command)
    await store(uow, ticket)


async def log(uow: UnitOfWork, ctx: Context, ticket: Ticket, call: LogCall) -> None:
    """Write it down, and let the clocks know; whoever calls stores the ticket.

    A call that is logged late counts from when it was: a reaction that was in time is no breach. Before the report it
    cannot have been about it, so nothing counts earlier than that.
    """
    by = call.by
    at = max(min(call.called_at or by.at or ctx.now, ctx.now), ticket.reported_at)
    await journal(
        uow, ctx, ticket, by.user, "called",
        direction=call.direction, person=call.person, summary=call.summary, at=at.isoformat(), next_turn=call.next_turn,
    )  # fmt: skip
    await said(
        uow, ticket, "call", by=by.user, direction=call.direction, person=call.person, text=call.summary,
        at=at.isoformat(), next_turn=call.next_turn,
    )  # fmt: skip
    ticket.assignee = ticket.assignee or by.user
    await turns.engineer_contacted(uow, ctx, ticket, NextTurn(call.next_turn), at=at, by=by.user, reason="called")
    await escalated_tickets.contacted(uow, ctx, ticket, at, by.user, by.name)
