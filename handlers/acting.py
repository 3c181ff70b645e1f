"""What engineers do to a ticket that ends or answers nothing: give it on, hold it, reopen it, put it off, link it.

Each looks at the ticket as it is now, not as the pressed button showed it: the second of two people learns who was
first, and nothing changes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.commands import TimerDue
from bot.commands_acting import (
    AssignTicket,
    HoldTicket,
    LinkTickets,
    ReopenTicket,
    SnoozeTicket,
    WakeTicket,
)
from bot.model import ClockKind, Ticket, TicketState, Timer
from bot.people import SlackPerson
from bot.ports import UnitOfWork
from bot.rules.clock_terms import SUSPENDED_BY_A_DATE
from bot.rules.ticket_states import Action, move
from handlers import agreed_dates, clocks, duty, escalated_tickets, firsts
from handlers.acted import SNOOZE, said
from handlers.context import Context, journal, said_at, tell
from handlers.ticket_actions import allowed, store, tell_who_has_it

LINKS = "links"
LONGEST_SNOOZE = timedelta(days=31)
MOST_LINKS = 20


async def assign(command: AssignTicket, uow: UnitOfWork, ctx: Context) -> None:
    """A colleague has the ticket, and is told."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not await allowed(uow, ctx, by, ticket, Action.ASSIGN):
        return
    if not ctx.may_act(SlackPerson(command.to, command.to_name)):
        await tell(uow, by, "assign_not_staff", number=ticket.number, who=command.to)
        return
    if ticket.assignee == command.to:
        await tell_who_has_it(uow, ctx, by, ticket)
        return
    previous, ticket.assignee = ticket.assignee, command.to
    await journal(uow, ctx, ticket, by.user, "taken", previous=previous, assignee=command.to)
    await said(uow, ticket, "assigned", by=by.user, to=command.to, previous=previous)
    await escalated_tickets.taken(uow, ctx, ticket, command.to, command.to_name)
    await store(uow, ticket)


async def hold(command: HoldTicket, uow: UnitOfWork, ctx: Context) -> None:
    """Until somebody has decided on the sender nothing is promised; engineers are reminded that it waits.

    An approval lets the reaction time run from when the report was complete: holding gains no time.
    """
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not await allowed(uow, ctx, by, ticket, Action.HOLD):
        return
    await journal(uow, ctx, ticket, by.user, "held")
    await agreed_dates.forget(uow, ctx, ticket)
    await clocks.cancel_all(uow, ctx, ticket, "held", by.user)
    reasons = ticket.facts.get("hold_reasons")
    ticket.facts["hold_reasons"] = [*(reasons if isinstance(reasons, list) else []), "doubted"]
    move(ticket, TicketState.HELD, ctx.now)
    await clocks.start(uow, ctx, ticket, ClockKind.INTAKE, ctx.now, None, reason="held", by=by.user)
    await said(uow, ticket, "held", by=by.user)
    await store(uow, ticket)


async def reopen(command: ReopenTicket, uow: UnitOfWork, ctx: Context) -> None:
    """We owe the customer an answer again, from now on."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not await allowed(uow, ctx, by, ticket, Action.REOPEN):
        return
    ended_as = ticket.state
    move(ticket, TicketState.OPEN, ctx.now)
    ticket.facts.pop("spam", None)
    await journal(uow, ctx, ticket, by.user, "reopened", ended_as=ended_as)
    if not ticket.facts.get("enquiry") and not await clocks.unfinished(uow, ticket, *SUSPENDED_BY_A_DATE):
        kind = ClockKind.REPLY if ticket.contacted_at else ClockKind.REACTION
        kind = kind if ticket.accepted_at else ClockKind.INTAKE
        await clocks.start(uow, ctx, ticket, kind, by.at or ctx.now, None, reason="reopened", by=by.user)
    await said(uow, ticket, "reopened", by=by.user)
    await store(uow, ticket)


async def snooze(command: SnoozeTicket, uow: UnitOfWork, ctx: Context) -> None:
    """Out of mind until then, but no clock stands still and no reminder stays away: only an agreed date does that.

    What is snoozed already is snoozed anew by who has seen that (`handlers.firsts`).
    """
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    fact = ticket.facts.get(SNOOZE)
    if not await allowed(uow, ctx, by, ticket, Action.WAKE if fact else Action.SNOOZE):
        return
    if not ctx.now < command.until <= ctx.now + LONGEST_SNOOZE:
        await tell(uow, by, "snooze_out_of_range", number=ticket.number)
        return
    until = command.until.isoformat()
    if isinstance(fact, dict) and (by.saw is None or fact["until"] == until):
        at = said_at(ctx, datetime.fromisoformat(str(fact["until"])))
        await tell(uow, by, "snoozed_before", number=ticket.number, who=fact["by"], until=at)
        return
    ticket.facts[SNOOZE] = {"until": until, "by": by.user, "reason": command.reason}
    await uow.clocks.set_timer(Timer(0, f"{SNOOZE}:{ticket.id}:{until}", SNOOZE, ticket.id, command.until))
    await journal(uow, ctx, ticket, by.user, "snoozed", until=until, reason=command.reason)
    await said(uow, ticket, "snoozed", by=by.user, until=until, reason=command.reason)
    await store(uow, ticket)


async def wake(command: WakeTicket, uow: UnitOfWork, ctx: Context) -> None:
    """It is back."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not await allowed(uow, ctx, by, ticket, Action.WAKE):
        return
    ticket.facts.pop(SNOOZE, None)
    await journal(uow, ctx, ticket, by.user, "woken", because="pressed")
    await said(uow, ticket, "woken", by=by.user)
    await store(uow, ticket)


async def snooze_over(command: TimerDue, uow: UnitOfWork, ctx: Context) -> None:
    """The time has come, unless it was put off to another one, or is over for another reason."""
    timer = command.timer
    ticket = await uow.tickets.get(timer.ticket_id)
    if not await uow.clocks.finish_timer(timer.id):
        return
    fact = ticket.facts.get(SNOOZE)
    if not ticket.is_open or not isinstance(fact, dict) or f"{SNOOZE}:{ticket.id}:{fact.get('until')}" != timer.key:
        return
    ticket.facts.pop(SNOOZE)
    await journal(uow, ctx, ticket, "bot", "woken", because="time")
    mention = await duty.on_call(uow, ctx, ticket)
    await said(uow, ticket, "snooze_over", mention, by=fact.get("by"), reason=fact.get("reason") or "")
    await store(uow, ticket)


async def link(command: LinkTickets, uow: UnitOfWork, ctx: Context) -> None:
    """Each shows the other one."""
    both = sorted({command.ticket_id, command.other_id})  # locked in one order: two who link never wait for each other
    locked = {each: await uow.tickets.get(each) for each in both}
    ticket, by = locked[command.ticket_id], command.by
    if not await allowed(uow, ctx, by, ticket, Action.LINK):
        return
    other = locked.get(command.other_id)
    if other is None or other.id == ticket.id or other.number in links_of(ticket):
        first = {} if other is None else await firsts.who_did(uow, ctx, ticket, by, {"linked"}, number=other.number)
        await tell(uow, by, "linked_before", number=ticket.number, **first)
        return
    await join_links(uow, ctx, ticket, other, by.user)
    for one in (ticket, other):
        await said(uow, one, "linked", by=by.user, number=(other if one is ticket else ticket).number)
    await store(uow, ticket)
    await store(uow, other)


async def join_links(uow: UnitOfWork, ctx: Context, ticket: Ticket, other: Ticket, by: str) -> None:
    """Write each into the facts of the other; the caller stores both."""
    for one, two in ((ticket, other), (other, ticket)):
        one.facts[LINKS] = [*links_of(one), two.number][-MOST_LINKS:]
        await journal(uow, ctx, one, by, "linked", number=two.number)


def links_of(ticket: Ticket) -> list[str]:
    """The numbers of the tickets that it has to do with."""
    links = ticket.facts.get(LINKS)
    return [str(number) for number in links] if isinstance(links, list) else []
