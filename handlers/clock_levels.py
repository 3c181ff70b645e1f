"""When something is said of an SLA clock, and the timer that says it; what was said stands in the journal.

A clock's next announcement is one timer, keyed by (clock, due, level): a moved deadline announces anew, an unmoved one
never twice. Clocks are started, met and moved in `handlers.clocks`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model import ClockKind, SlaClock, Ticket, Timer
from bot.ports import UnitOfWork
from bot.rules import agreed_dates, clock_terms, paused_clocks
from bot.rules.business_hours import ServiceCalendar
from bot.rules.calendars import OFFICE_HOURS, calendar_from_config
from bot.rules.clock_terms import ENTITLED, PROMISED, SUSPENDED_BY_A_DATE
from bot.rules.sla import BREACH, SlaTerms
from handlers.context import Context

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


async def watch_unassigned(uow: UnitOfWork, ctx: Context, ticket: Ticket, clock: SlaClock) -> None:
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


async def arm_anew(uow: UnitOfWork, ctx: Context, ticket: Ticket, clock: SlaClock) -> None:
    """After a deadline moved: set the timers anew; what was said is not said again."""
    await uow.clocks.drop_timers(clock.id)
    await arm(uow, ctx, ticket, clock, await said_of(uow, clock))
    await watch_unassigned(uow, ctx, ticket, clock)
