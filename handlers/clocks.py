"""Starting, meeting, cancelling, pausing and recomputing SLA clocks; each change is journaled and arms the next timer.

Whose turn it is, and so which clock starts or ends, is decided in `handlers.turns`; an agreed date in
`handlers.agreed_dates`. Every line of the journal names its clock and tells why: `reason` is a word of this list,
`message` the message that it rests on, `by` who did it.

| journal          | reasons                                                                             |
| ---------------- | ----------------------------------------------------------------------------------- |
| clock_started    | message, asked, agreed, customer_wrote_meanwhile, date_passed, fault_confirmed,     |
|                  | waybill_sent                                                                        |
| clock_met        | replied, called, customer_wrote, report_completed, sender_decided, date_kept,       |
|                  | delivered, returned, done                                                           |
| clock_cancelled  | replied, asked_again, resolved, closed, spam, merged, agreed, new_date,             |
|                  | date_passed, declined, cancelled, new_waybill, waived, taken_back, later_date       |
| clock_paused     | agreed                                                                              |
| clock_resumed    | as what ended the agreed date                                                       |
| clock_recomputed | priority                                                                            |
| clock_level      | none; level, and late: the levels that could not be said in time, with their times  |
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.model import ClockKind, ClockState, SlaClock, Ticket
from bot.ports import UnitOfWork
from bot.rules import clock_terms, paused_clocks
from bot.rules.calendars import ALWAYS, calendar_from_config
from bot.rules.clock_terms import IN_WRITING, PROMISED, SUSPENDED_BY_A_DATE, Measure
from bot.rules.sla import BREACH
from handlers import clock_levels, escalated_tickets
from handlers.context import Context, journal


async def start(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    kind: ClockKind,
    started_at: datetime,
    message_id: int | None,
    *,
    reason: str = "",
    by: str = "bot",
    until: datetime | None = None,
    measure: Measure | None = None,
) -> SlaClock:
    """Start a clock at the sending of a message; gives the clock with its due time.

    Args:
        reason: "message" or "asked" if not given, as there is a message or none.
        until: The date that it runs to, for ClockKind.AGREED and what is in ENTITLED.
        measure: What it measures, where that is not what the present priority says.

    Raises:
        ValueError: The terms of the ticket's priority promise nothing of that kind.
    """
    measure = measure or (_measure(ticket, kind, ctx) if until is None else Measure(ALWAYS, until - started_at))
    if measure is None:
        raise ValueError(f"{ticket.number}: {ticket.priority} promises no {kind}")
    calendar = calendar_from_config(measure.calendar, ctx.config)
    clock = await uow.clocks.add(
        SlaClock(
            id=0,
            ticket_id=ticket.id,
            kind=kind,
            state=ClockState.RUNNING,
            calendar=measure.calendar,
            started_at=started_at,
            budget=measure.budget,
            due_at=calendar.due(started_at, measure.budget),
            message_id=message_id,
        )
    )
    await clock_levels.arm(uow, ctx, ticket, clock)
    await clock_levels.watch_unassigned(uow, ctx, ticket, clock)
    await _journal(
        uow, ctx, ticket, clock, "started", reason or ("asked" if message_id is None else "message"), by, message_id,
        started_at=started_at.isoformat(), calendar=clock.calendar, budget_s=clock.budget.total_seconds(),
        priority=ticket.priority,
    )  # fmt: skip
    return clock


async def running(uow: UnitOfWork, ticket: Ticket, *kinds: ClockKind) -> tuple[SlaClock, ...]:
    """The ticket's running clocks of these kinds, oldest first."""
    return tuple(c for c in await unfinished(uow, ticket, *kinds) if c.state is ClockState.RUNNING)


async def unfinished(uow: UnitOfWork, ticket: Ticket, *kinds: ClockKind) -> tuple[SlaClock, ...]:
    """The ticket's clocks of these kinds that run or stand still, oldest first."""
    going_on = {ClockState.RUNNING, ClockState.PAUSED}
    return tuple(c for c in await uow.clocks.of_ticket(ticket.id) if c.state in going_on and c.kind in kinds)


async def end(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    state: ClockState,
    at: datetime,
    *kinds: ClockKind,
    reason: str = "",
    by: str = "bot",
    message_id: int | None = None,
    only: int | None = None,
) -> None:
    """Meet or cancel the clocks of these kinds that run or stand still.

    Args:
        only: The id of the one clock that is meant; None for all of the kinds.
        state: MET or CANCELLED.
        at: When that happened, which may lie before the handling: a breach that was announced in between is taken
            back. A clock ends at its start at the earliest.
    """
    for clock in await unfinished(uow, ticket, *kinds):
        if only is not None and clock.id != only:
            continue
        ended_at = max(at, clock.started_at)
        withdrawn = await _mark(uow, clock, ended_at)
        if clock.state is ClockState.PAUSED:
            clock.pauses, clock.remaining = paused_clocks.resumed(clock, ended_at), None
        clock.state, clock.ended_at = state, ended_at
        await uow.clocks.update(clock)
        await uow.clocks.drop_timers(clock.id)
        await _journal(
            uow, ctx, ticket, clock, state, reason, by, message_id, at=ended_at.isoformat(),
            late=clock.breached_at is not None, withdrawn=withdrawn or None,
        )  # fmt: skip
        met = {ClockKind.DELIVERY: "delivered", ClockKind.RETURN: "returned"}.get(clock.kind, "answered")
        because = met if state is ClockState.MET and not withdrawn else "withdrawn"
        await escalated_tickets.clock_settled(uow, ctx, ticket, clock, because, by)


async def cancel_all(uow: UnitOfWork, ctx: Context, ticket: Ticket, reason: str, by: str = "bot") -> None:
    """End everything that runs on a ticket: it is closed, spam, or merged into another; dates are forgotten.

    The caller stores the ticket.
    """
    for key in ("proposed", "agreed"):
        ticket.facts.pop(key, None)
    await end(uow, ctx, ticket, ClockState.CANCELLED, ctx.now, *ClockKind, reason=reason, by=by)


async def pause(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    at: datetime,
    reason: str,
    by: str = "bot",
    *,
    kinds: Sequence[ClockKind] = SUSPENDED_BY_A_DATE,
) -> None:
    """Let running clocks stand still; what is left of their budgets is kept, and nothing is said meanwhile."""
    for clock in await running(uow, ticket, *kinds):
        clock.pauses = paused_clocks.paused(clock, at)
        since = clock.pauses[-1].since
        clock.state = ClockState.PAUSED
        withdrawn = await _mark(uow, clock, since)
        calendar = clock_levels.calendar_of(clock, ctx)
        clock.remaining = paused_clocks.remaining(clock.started_at, clock.budget, clock.pauses, calendar, since)
        await uow.clocks.update(clock)
        await uow.clocks.drop_timers(clock.id)
        await _journal(
            uow, ctx, ticket, clock, "paused", reason, by, at=since.isoformat(),
            remaining_s=clock.remaining.total_seconds(), withdrawn=withdrawn or None,
        )  # fmt: skip
        await escalated_tickets.clock_settled(uow, ctx, ticket, clock, "withdrawn", by)


async def resume(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    at: datetime,
    reason: str,
    by: str = "bot",
    *,
    kinds: Sequence[ClockKind] = SUSPENDED_BY_A_DATE,
) -> None:
    """Let clocks that stand still go on; what was said before is not said again."""
    for clock in await unfinished(uow, ticket, *kinds):
        if clock.state is not ClockState.PAUSED:
            continue
        previous_due_at = clock.due_at
        clock.pauses = paused_clocks.resumed(clock, at)
        clock.state, clock.remaining = ClockState.RUNNING, None
        clock.due_at = paused_clocks.due(
            clock.started_at, clock.budget, clock.pauses, clock_levels.calendar_of(clock, ctx)
        )
        await uow.clocks.update(clock)
        await _journal(
            uow,
            ctx,
            ticket,
            clock,
            "resumed",
            reason,
            by,
            at=at.isoformat(),
            previous_due_at=previous_due_at.isoformat(),
        )
        await clock_levels.arm_anew(uow, ctx, ticket, clock)


async def recompute(uow: UnitOfWork, ctx: Context, ticket: Ticket, *, by: str = "bot") -> None:
    """After a change of priority: every clock that is not over is worked out again from its original start."""
    for clock in await unfinished(uow, ticket, *ClockKind):
        measure = None if clock.kind in IN_WRITING else _measure(ticket, clock.kind, ctx)
        if measure is not None and measure != (clock.calendar, clock.budget):
            await _measure_anew(uow, ctx, ticket, clock, measure, by)
        if clock.state is ClockState.RUNNING:  # also where the deadline stays: the levels may be others
            await clock_levels.arm_anew(uow, ctx, ticket, clock)
    await escalated_tickets.priority_changed(uow, ctx, ticket)


async def _measure_anew(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, clock: SlaClock, measure: Measure, by: str
) -> None:
    previous_due_at = clock.due_at
    clock.calendar, clock.budget = measure
    calendar = clock_levels.calendar_of(clock, ctx)
    clock.due_at = paused_clocks.due(clock.started_at, clock.budget, clock.pauses, calendar)
    if clock.state is ClockState.PAUSED:
        since = clock.pauses[-1].since
        clock.remaining = paused_clocks.remaining(clock.started_at, clock.budget, clock.pauses, calendar, since)
    withdrawn = await _mark(uow, clock, ctx.now)
    await uow.clocks.update(clock)
    await _journal(
        uow, ctx, ticket, clock, "recomputed", "priority", by, previous_due_at=previous_due_at.isoformat(),
        calendar=clock.calendar, budget_s=clock.budget.total_seconds(), priority=ticket.priority,
        withdrawn=withdrawn or None,
    )  # fmt: skip
    if withdrawn:
        await escalated_tickets.clock_settled(uow, ctx, ticket, clock, "withdrawn", by)


async def mark_breach(uow: UnitOfWork, clock: SlaClock) -> None:
    """The deadline of a running clock has passed: what was promised is late from the due instant on."""
    if clock.kind in PROMISED and clock.breached_at is None:
        clock.breached_at = clock.due_at
        await uow.clocks.update(clock)


def _measure(ticket: Ticket, kind: ClockKind, ctx: Context) -> Measure | None:
    return clock_terms.measure(kind, clock_levels.terms_of(ticket), ctx.config.intake.reminder_after)


async def _mark(uow: UnitOfWork, clock: SlaClock, at: datetime) -> bool:
    """Mark whether the clock, if it runs until `at`, is late; gives whether an announced breach is taken back by that.

    The escalation channel must not go on claiming what is no longer so.
    """
    before = clock.breached_at
    late = clock.kind in PROMISED and paused_clocks.is_overdue(clock, at)
    clock.breached_at = clock.due_at if late else None
    if before is None or late:
        return False
    said = (await clock_levels.said_of(uow, clock)).highest
    return said is not None and said >= BREACH


async def _journal(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    clock: SlaClock,
    event: str,
    reason: str,
    by: str,
    message_id: int | None = None,
    /,
    **more: object,
) -> None:
    known = {key: value for key, value in more.items() if value is not None}
    await journal(
        uow, ctx, ticket, by, f"clock_{event}",
        clock=clock.id, kind=clock.kind, due_at=clock.due_at.isoformat(), reason=reason, message=message_id, by=by,
        **known,
    )  # fmt: skip
