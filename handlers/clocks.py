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
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model import ClockKind, ClockState, SlaClock, Ticket, Timer
from bot.ports import UnitOfWork
from bot.rules import agreed_dates, clock_terms, paused_clocks
from bot.rules.business_hours import ServiceCalendar
from bot.rules.calendars import ALWAYS, OFFICE_HOURS, calendar_from_config
from bot.rules.clock_terms import ENTITLED, IN_WRITING, PROMISED, SUSPENDED_BY_A_DATE, Measure
from bot.rules.sla import BREACH, SlaTerms
from handlers import escalated_tickets
from handlers.context import Context, journal

_AGAIN = "#"

UNASSIGNED = "unassigned"
"""The kind of the timers that see whether somebody has taken a ticket."""

ON_TIME = timedelta(minutes=1)
"""A timer that fires this late is not catching up: a breach at 17:00:00 is said at 17:00, though the window closed."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was announced of a clock.

    Attributes:
        highest: The highest level; a breach that was taken back does not count.
        last_at: When something was last said.
        taken_back: How often an announced breach was taken back.
        of_this_deadline: The highest level that was said of the present due time; it covers those below.
    """

    highest: int | None = None
    last_at: datetime | None = None
    taken_back: int = 0
    of_this_deadline: int | None = None


NOTHING = Said()


def terms_of(ticket: Ticket) -> SlaTerms:
    """The terms that were written onto the ticket for its present priority (invariant 7)."""
    return SlaTerms.from_json(ticket.terms[ticket.priority])


def levels_of(ticket: Ticket, kind: ClockKind, ctx: Context) -> tuple[int, ...]:
    """The per cents of the budget at which something is said; not for an agreed date or a return."""
    return clock_terms.levels(kind, terms_of(ticket), ctx.config.sla.customer_reminders)


def calendar_of(clock: SlaClock, ctx: Context) -> ServiceCalendar:
    """The calendar in which a clock counts."""
    return calendar_from_config(clock.calendar, ctx.config)


def window_of(ticket: Ticket, clock: SlaClock, ctx: Context) -> ServiceCalendar:
    """When something may be said of a clock: its own window; of one that runs to a date, the priority's."""
    if clock.kind is ClockKind.RETURN:  # by day: it is the customer who is told
        return calendar_from_config(OFFICE_HOURS, ctx.config)
    if clock.kind in {ClockKind.AGREED, *ENTITLED}:
        return calendar_from_config(terms_of(ticket).calendar, ctx.config)
    return calendar_of(clock, ctx)


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
    await arm(uow, ctx, ticket, clock)
    await _watch_unassigned(uow, ctx, ticket, clock)
    await _journal(
        uow, ctx, ticket, clock, "started", reason or ("asked" if message_id is None else "message"), by, message_id,
        started_at=started_at.isoformat(), calendar=clock.calendar, budget_s=clock.budget.total_seconds(),
        priority=ticket.priority,
    )  # fmt: skip
    return clock


def instants_of(ticket: Ticket, clock: SlaClock, ctx: Context) -> list[tuple[int, datetime]]:
    """When each level of the clock is announced: (level, instant), in their order."""
    if clock.kind is ClockKind.AGREED:
        spans = ctx.config.sla.agreed_date_reminders
        return agreed_dates.reminders(clock.started_at, clock.due_at, spans, window_of(ticket, clock, ctx))
    if clock.kind is ClockKind.RETURN:
        return clock_terms.return_instants(terms_of(ticket).returns, clock.started_at, clock.due_at)
    calendar, levels = calendar_of(clock, ctx), levels_of(ticket, clock.kind, ctx)
    return paused_clocks.level_instants(
        clock.started_at, clock.budget, clock.pauses, calendar, levels, promised=clock.kind in PROMISED
    )


async def arm(uow: UnitOfWork, ctx: Context, ticket: Ticket, clock: SlaClock, said: Said = NOTHING) -> None:
    """Set the timer of the clock's next level.

    A level that lies in the past and was not said fires at once, so nothing is skipped in silence. One that was said
    is not said again, unless its deadline moved so far that it lies ahead once more. A customer is not reminded twice
    in a row, because a reminder came late or the deadline moved: the time between two reminders stays.
    """
    for level, at in instants_of(ticket, clock, ctx):
        if said.of_this_deadline is not None and level <= said.of_this_deadline:
            continue  # though its own timer may never have fired: a lower one's said it
        fire_at = at
        if said.highest is not None and level <= said.highest:
            if at <= ctx.now:
                continue
        elif said.highest is not None and said.last_at is not None and clock.kind is ClockKind.CUSTOMER_REPLY:
            calendar = calendar_of(clock, ctx)
            apart = calendar.due(said.last_at, clock.budget * (level - said.highest) / BREACH)
            fire_at = calendar.next_opening(apart) if apart - at > ON_TIME else at
        key = f"clock:{clock.id}:{clock.due_at.isoformat()}:{level}"
        if said.taken_back:
            key += f"{_AGAIN}{said.taken_back}"  # what was taken back and is true again has to be said again
        if await uow.clocks.set_timer(Timer(0, key, "clock", clock.ticket_id, fire_at, clock.id, level)):
            return


async def _watch_unassigned(uow: UnitOfWork, ctx: Context, ticket: Ticket, clock: SlaClock) -> None:
    """Set the timer that escalates when nobody has taken the ticket by a share of a reaction or reply time."""
    percent = getattr(ctx.config.escalation, ticket.priority).unassigned_percent
    if ticket.assignee or not percent or clock.kind not in SUSPENDED_BY_A_DATE:
        return
    [(level, at)] = paused_clocks.level_instants(
        clock.started_at, clock.budget, clock.pauses, calendar_of(clock, ctx), [percent]
    )
    key = f"{UNASSIGNED}:{clock.id}:{clock.due_at.isoformat()}"
    await uow.clocks.set_timer(Timer(0, key, UNASSIGNED, clock.ticket_id, at, clock.id, level))


async def said_of(uow: UnitOfWork, clock: SlaClock) -> Said:
    """What was announced of a clock so far, as the journal tells; a breach that was taken back is forgotten."""
    said: list[tuple[int, datetime, object]] = []
    taken_back = 0
    for entry in await uow.journal_of(clock.ticket_id):
        if entry.data.get("clock") != clock.id:
            continue
        if entry.kind == "clock_level":
            said.append((int(str(entry.data["level"])), entry.at, entry.data["due_at"]))
        elif entry.data.get("withdrawn"):
            said = [one for one in said if one[0] < BREACH]
            taken_back += 1
    return Said(
        highest=max((level for level, _, _ in said), default=None),
        last_at=max((at for _, at, _ in said), default=None),
        taken_back=taken_back,
        of_this_deadline=max((level for level, _, due in said if due == clock.due_at.isoformat()), default=None),
    )


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
        calendar = calendar_of(clock, ctx)
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
        clock.due_at = paused_clocks.due(clock.started_at, clock.budget, clock.pauses, calendar_of(clock, ctx))
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
        await _arm_anew(uow, ctx, ticket, clock)


async def recompute(uow: UnitOfWork, ctx: Context, ticket: Ticket, *, by: str = "bot") -> None:
    """After a change of priority: every clock that is not over is worked out again from its original start."""
    for clock in await unfinished(uow, ticket, *ClockKind):
        measure = None if clock.kind in IN_WRITING else _measure(ticket, clock.kind, ctx)
        if measure is not None and measure != (clock.calendar, clock.budget):
            await _measure_anew(uow, ctx, ticket, clock, measure, by)
        if clock.state is ClockState.RUNNING:  # also where the deadline stays: the levels may be others
            await _arm_anew(uow, ctx, ticket, clock)
    await escalated_tickets.priority_changed(uow, ctx, ticket)


async def _measure_anew(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, clock: SlaClock, measure: Measure, by: str
) -> None:
    previous_due_at = clock.due_at
    clock.calendar, clock.budget = measure
    calendar = calendar_of(clock, ctx)
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
    return clock_terms.measure(kind, terms_of(ticket), ctx.config.intake.reminder_after)


async def _mark(uow: UnitOfWork, clock: SlaClock, at: datetime) -> bool:
    """Mark whether the clock, if it runs until `at`, is late; gives whether an announced breach is taken back by that.

    The escalation channel must not go on claiming what is no longer so.
    """
    before = clock.breached_at
    late = clock.kind in PROMISED and paused_clocks.is_overdue(clock, at)
    clock.breached_at = clock.due_at if late else None
    if before is None or late:
        return False
    said = (await said_of(uow, clock)).highest
    return said is not None and said >= BREACH


async def _arm_anew(uow: UnitOfWork, ctx: Context, ticket: Ticket, clock: SlaClock) -> None:
    await uow.clocks.drop_timers(clock.id)
    await arm(uow, ctx, ticket, clock, await said_of(uow, clock))
    await _watch_unassigned(uow, ctx, ticket, clock)


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
