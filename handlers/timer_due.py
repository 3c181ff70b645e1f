"""A clock's timer: somebody is reminded, a breach is marked, a silent customer is written to, a date is over.

After a stop several levels may have passed: one message announces the highest and names those that could not be said
in time. A customer gets one reminder after the other, never two at once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.commands import TimerDue
from bot.effects import Note, PostCard, PostInThread
from bot.escalations import EscalationSource
from bot.model import ClockKind, ClockState, SlaClock, Ticket
from bot.ports import UnitOfWork
from bot.rules.clock_terms import PROMISED
from bot.rules.sla import BREACH
from bot.sendings import Sending
from handlers import agreed_dates, clock_levels, clocks, customer_mails, duty, escalations, replacement_timers
from handlers.clock_levels import ON_TIME
from handlers.context import Context, journal

Passed = list[tuple[int, datetime]]

A_MOMENT = timedelta(seconds=1)
"""Behind the instant at which an answer goes out, a clock is looked at again."""


async def handle(command: TimerDue, uow: UnitOfWork, ctx: Context) -> None:
    """Announce what the clock has reached, once, and within its window."""
    timer = command.timer
    assert timer.clock_id is not None
    assert timer.level is not None
    ticket = await uow.tickets.get(timer.ticket_id)
    clock = await uow.clocks.get(timer.clock_id)
    if clock.state is not ClockState.RUNNING or not ticket.is_open:
        await uow.clocks.finish_timer(timer.id)
        return
    window = clock_levels.window_of(ticket, clock, ctx)
    is_a_fact = timer.level == BREACH and clock.kind in {*PROMISED, ClockKind.AGREED}  # all else reminds
    if not window.is_open(ctx.now) and not (is_a_fact and ctx.now - timer.fire_at <= ON_TIME):
        if clock.due_at < ctx.now:  # a fact, whoever is there to hear it
            await clocks.mark_breach(uow, clock)
        await uow.clocks.postpone_timer(timer.id, window.next_opening(ctx.now))
        return
    pressed_in_time = [one for one in await uow.sendings.waiting(ticket.id) if _answers(one, timer.fire_at)]
    if clock.kind in PROMISED and pressed_in_time:  # it goes unless it is taken back: nobody is alarmed meanwhile
        send_at = max(one.send_at or ctx.now for one in pressed_in_time)
        await uow.clocks.postpone_timer(timer.id, max(send_at, ctx.now) + A_MOMENT)
        return
    if not await uow.clocks.finish_timer(timer.id):
        return
    passed = _passed(ticket, clock, timer.level, ctx)
    level = passed[-1][0]
    late = [[one, at.isoformat()] for one, at in passed] if ctx.now - passed[0][1] > ON_TIME else []
    await journal(
        uow, ctx, ticket, "bot", "clock_level",
        clock=clock.id, kind=clock.kind, level=level, due_at=clock.due_at.isoformat(), late=late,
    )  # fmt: skip
    if clock.kind is ClockKind.AGREED and level == BREACH:
        await agreed_dates.passed(uow, ctx, ticket, clock)
    else:
        await _announce(ticket, clock, level, late, uow, ctx)
        await clock_levels.arm(uow, ctx, ticket, clock, replace(await clock_levels.said_of(uow, clock), highest=level))
    await uow.outbox.add(PostCard(ticket.id))


def _answers(sending: Sending, by: datetime) -> bool:
    return sending.pressed_at is not None and sending.pressed_at <= by


def _passed(ticket: Ticket, clock: SlaClock, fired: int, ctx: Context) -> Passed:
    """The levels that are announced now, with their instants: that of the timer and all that passed since."""
    instants = clock_levels.instants_of(ticket, clock, ctx)
    theirs = [(level, at) for level, at in instants if level == fired] or [(fired, ctx.now)]
    if clock.kind is ClockKind.CUSTOMER_REPLY:
        return theirs
    return theirs + [(level, at) for level, at in instants if level > fired and at <= ctx.now]


async def _announce(
    ticket: Ticket, clock: SlaClock, level: int, late: list[list[object]], uow: UnitOfWork, ctx: Context
) -> None:
    if clock.kind is ClockKind.CUSTOMER_REPLY:
        await _customer_is_silent(ticket, clock, level, uow, ctx)
        return
    if clock.kind is ClockKind.RETURN:
        await replacement_timers.return_level(uow, ctx, ticket, clock, level)
        return
    mention = await duty.on_call(uow, ctx, ticket)
    if clock.kind is ClockKind.AGREED:
        await agreed_dates.say(uow, ticket, "reminder", clock.due_at, mention=mention, urgent=True)
        return
    data: dict[str, object] = {"kind": clock.kind, "level": level, "due_at": clock.due_at.isoformat(), "late": late}
    if clock.kind not in PROMISED or level < BREACH:
        await uow.outbox.add(PostInThread(ticket.id, Note.REMINDER, data, mention=mention, urgent=True))
        return
    await clocks.mark_breach(uow, clock)
    await uow.outbox.add(PostInThread(ticket.id, Note.BREACH, data, mention=mention, urgent=True))
    await escalations.raise_escalation(uow, ctx, ticket, EscalationSource.BREACH, "", "bot", clock=clock)


async def _customer_is_silent(ticket: Ticket, clock: SlaClock, level: int, uow: UnitOfWork, ctx: Context) -> None:
    """The customer's own clock is never a breach of ours: they are reminded, at last with the offer to close."""
    levels = clock_levels.levels_of(ticket, clock.kind, ctx)
    last = level >= levels[-1]
    await customer_mails.remind(uow, ctx, ticket, last=last)
    count = len(levels) if last else sum(one <= level for one in levels)
    data: dict[str, object] = {"count": count, "of": len(levels), "due_at": clock.due_at.isoformat()}
    mention = await duty.on_call(uow, ctx, ticket) if last else ()
    await uow.outbox.add(PostInThread(ticket.id, Note.CUSTOMER_SILENT, data, mention=mention))


async def unassigned(command: TimerDue, uow: UnitOfWork, ctx: Context) -> None:
    """A share of our time has passed: escalate, within the clock's window, unless somebody has the ticket."""
    timer = command.timer
    assert timer.clock_id is not None
    ticket = await uow.tickets.get(timer.ticket_id)
    clock = await uow.clocks.get(timer.clock_id)
    waits = clock.state is ClockState.RUNNING and ticket.is_open and ticket.assignee is None
    window = clock_levels.window_of(ticket, clock, ctx)
    if waits and not window.is_open(ctx.now):
        await uow.clocks.postpone_timer(timer.id, window.next_opening(ctx.now))
        return
    if await uow.clocks.finish_timer(timer.id) and waits:
        await escalations.raise_escalation(uow, ctx, ticket, EscalationSource.UNASSIGNED, "", "bot", clock=clock)
