"""Starting, meeting, cancelling and recomputing SLA clocks; each change is journaled and arms the next timer."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.model import ClockKind, ClockState, SlaClock, Ticket, Timer
from bot.ports import UnitOfWork
from bot.rules.calendars import calendar_from_config
from bot.rules.sla import BREACH, SlaTerms, reminder_instants
from handlers.context import Context, journal

INTAKE_LEVELS = (100, 200, 400, 800)
"""An incomplete or held report is announced again after 1, 2, 4 and 8 times the configured span."""


def terms_of(ticket: Ticket) -> SlaTerms:
    """The terms that were written onto the ticket for its present priority (invariant 7)."""
    return SlaTerms.from_json(ticket.terms[ticket.priority])


def measure(ticket: Ticket, kind: ClockKind, ctx: Context) -> tuple[str, timedelta]:
    """The calendar and the budget of a clock of that kind."""
    terms = terms_of(ticket)
    if kind is ClockKind.REACTION:
        return terms.calendar, terms.reaction
    if kind is ClockKind.INTAKE:
        return terms.calendar, ctx.config.intake.reminder_after
    return terms.calendar, terms.reply


def levels_of(ticket: Ticket, kind: ClockKind, ctx: Context) -> tuple[int, ...]:
    """The per cents of the budget at which something is said."""
    if kind is ClockKind.INTAKE:
        return INTAKE_LEVELS
    if kind is ClockKind.CUSTOMER_REPLY:
        return tuple(BREACH * times for times in ctx.config.sla.customer_reminders)
    return (*terms_of(ticket).remind_at_percent, BREACH)


async def start(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, kind: ClockKind, started_at: datetime, message_id: int | None
) -> SlaClock:
    """Start a clock at the sending of a message; gives the clock with its due time."""
    calendar_name, budget = measure(ticket, kind, ctx)
    due = calendar_from_config(calendar_name, ctx.config).due(started_at, budget)
    clock = await uow.clocks.add(
        SlaClock(
            id=0,
            ticket_id=ticket.id,
            kind=kind,
            state=ClockState.RUNNING,
            calendar=calendar_name,
            started_at=started_at,
            budget=budget,
            due_at=due,
            message_id=message_id,
        )
    )
    await arm(uow, ctx, ticket, clock)
    await journal(uow, ctx, ticket, "bot", "clock_started", kind=kind, due_at=due.isoformat(), message=message_id)
    return clock


def instants_of(ticket: Ticket, clock: SlaClock, ctx: Context) -> list[tuple[int, datetime]]:
    """When each level of the clock is announced: (per cent, instant), in their order."""
    calendar = calendar_from_config(clock.calendar, ctx.config)
    levels = levels_of(ticket, clock.kind, ctx)
    return reminder_instants(clock.started_at, clock.budget, clock.due_at, calendar, levels)


async def arm(uow: UnitOfWork, ctx: Context, ticket: Ticket, clock: SlaClock, after_level: int = 0) -> None:
    """Set the timer of the clock's next level. One already past fires at once, so nothing is skipped in silence."""
    for level, fire_at in instants_of(ticket, clock, ctx):
        if level <= after_level:
            continue
        key = f"clock:{clock.id}:{clock.due_at.isoformat()}:{level}"
        if await uow.clocks.set_timer(Timer(0, key, "clock", clock.ticket_id, fire_at, clock.id, level)):
            return


async def running(uow: UnitOfWork, ticket: Ticket, *kinds: ClockKind) -> tuple[SlaClock, ...]:
    """The ticket's running clocks of these kinds, oldest first."""
    clocks = await uow.clocks.of_ticket(ticket.id)
    return tuple(clock for clock in clocks if clock.state is ClockState.RUNNING and clock.kind in kinds)


async def end(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, state: ClockState, at: datetime, *kinds: ClockKind
) -> None:
    """Meet or cancel the running clocks of these kinds."""
    for clock in await running(uow, ticket, *kinds):
        clock.state = state
        clock.ended_at = at
        if state is ClockState.MET and at > clock.due_at and clock.breached_at is None:
            clock.breached_at = clock.due_at
        await uow.clocks.update(clock)
        await uow.clocks.drop_timers(clock.id)
        await journal(uow, ctx, ticket, "bot", f"clock_{state}", kind=clock.kind, late=clock.breached_at is not None)


async def recompute(uow: UnitOfWork, ctx: Context, ticket: Ticket) -> None:
    """After a change of priority: every running clock is worked out again from its original start."""
    for clock in await running(uow, ticket, *ClockKind):
        clock.calendar, clock.budget = measure(ticket, clock.kind, ctx)
        clock.due_at = calendar_from_config(clock.calendar, ctx.config).due(clock.started_at, clock.budget)
        if clock.breached_at is not None and clock.due_at > ctx.now:
            clock.breached_at = None
        await uow.clocks.update(clock)
        await uow.clocks.drop_timers(clock.id)
        await arm(uow, ctx, ticket, clock)
        await journal(uow, ctx, ticket, "bot", "clock_recomputed", kind=clock.kind, due_at=clock.due_at.isoformat())
