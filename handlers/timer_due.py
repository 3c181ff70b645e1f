"""A timer's time has come: somebody is reminded, a breach is marked, a silent customer is written to.

After a stop several levels may have passed: only the highest is announced, so that nobody gets a flood.
"""

from __future__ import annotations

from datetime import timedelta

from bot.commands import TimerDue
from bot.effects import Note, PostCard, PostEscalation, PostInThread
from bot.model import ClockKind, ClockState, SlaClock, Ticket
from bot.ports import UnitOfWork
from bot.rules.calendars import calendar_from_config
from bot.rules.sla import BREACH
from handlers import clocks, customer_mails
from handlers.context import Context, journal

ON_TIME = timedelta(minutes=1)
"""A timer that fires this late is not catching up: a breach at 17:00:00 is said at 17:00, though the window closed."""


async def handle(command: TimerDue, uow: UnitOfWork, ctx: Context) -> None:
    """Announce what the clock has reached, once."""
    timer = command.timer
    assert timer.clock_id is not None
    assert timer.level is not None
    clock = await uow.clocks.get(timer.clock_id)
    ticket = await uow.tickets.get(clock.ticket_id)
    calendar = calendar_from_config(clock.calendar, ctx.config)
    if not calendar.is_open(ctx.now) and ctx.now - timer.fire_at > ON_TIME:
        await uow.clocks.postpone_timer(timer.id, calendar.next_opening(ctx.now))
        return
    if not await uow.clocks.finish_timer(timer.id) or clock.state is not ClockState.RUNNING:
        return
    level = _highest_passed(ticket, clock, timer.level, ctx)
    await journal(uow, ctx, ticket, "bot", "clock_level", kind=clock.kind, level=level, due_at=clock.due_at.isoformat())
    await _announce(ticket, clock, level, uow, ctx)
    await clocks.arm(uow, ctx, ticket, clock, after_level=level)


def _highest_passed(ticket: Ticket, clock: SlaClock, fired: int, ctx: Context) -> int:
    instants = clocks.instants_of(ticket, clock, ctx)
    return max((level for level, at in instants if level > fired and at <= ctx.now), default=fired)


async def _announce(ticket: Ticket, clock: SlaClock, level: int, uow: UnitOfWork, ctx: Context) -> None:
    data: dict[str, object] = {"kind": clock.kind, "level": level, "due_at": clock.due_at.isoformat()}
    mention = ctx.on_call(ticket)
    if clock.kind is ClockKind.CUSTOMER_REPLY:
        await _customer_is_silent(ticket, clock, level, uow, ctx)
    elif clock.kind is ClockKind.INTAKE or level < BREACH:
        await uow.outbox.add(PostInThread(ticket.id, Note.REMINDER, data, mention=mention, urgent=True))
    else:
        clock.breached_at = clock.due_at
        await uow.clocks.update(clock)
        await uow.outbox.add(PostInThread(ticket.id, Note.BREACH, data, mention=mention, urgent=True))
        everybody = (*mention, *(m for m in ctx.config.slack.managers if m not in mention))
        await uow.outbox.add(PostEscalation(ticket.id, clock.id, mention=everybody))
    await uow.outbox.add(PostCard(ticket.id))


async def _customer_is_silent(ticket: Ticket, clock: SlaClock, level: int, uow: UnitOfWork, ctx: Context) -> None:
    """The customer's own clock is never a breach of ours: they are reminded, at last with the offer to close."""
    levels = clocks.levels_of(ticket, clock.kind, ctx)
    await customer_mails.remind(uow, ctx, ticket, last=level == levels[-1])
    count = levels.index(level) + 1
    data: dict[str, object] = {"count": count, "of": len(levels), "due_at": clock.due_at.isoformat()}
    mention = ctx.on_call(ticket) if level == levels[-1] else ()
    await uow.outbox.add(PostInThread(ticket.id, Note.CUSTOMER_SILENT, data, mention=mention))
