"""Escalations: raised, called out step by step until somebody has them, and ended with an outcome.

When to call is decided in `bot.rules.escalation`, whom in `handlers.called_people`; what people do about one is in
`handlers.escalation_actions`, what becomes of it as its ticket goes on in `handlers.escalated_tickets`. A ticket has at
most one open escalation; what raises another one joins it. Whatever happens is journaled on the ticket, shown on the
head message, and told as a line of the escalation's thread.

| journal                 | data                                                                        |
| ----------------------- | --------------------------------------------------------------------------- |
| escalation_raised       | escalation, source, reason, clock                                           |
| escalation_joined       | escalation, source, reason, clock: something else raised it once more       |
| escalation_called       | escalation, kind (`CallKind`), step, mention, nobody                        |
| escalation_acknowledged | escalation, owner                                                           |
| escalation_reassigned   | escalation, owner, previous                                                 |
| escalation_snoozed      | escalation, until                                                           |
| escalation_slack_down   | escalation                                                                  |
| escalation_tied         | escalation, number                                                          |
| escalation_ended        | escalation, because, outcome                                                |

Of `Escalation.facts` these keys are used:

| key         | holds                                                                                                |
| ----------- | ---------------------------------------------------------------------------------------------------- |
| joined      | [[source, reason, by, at, clock id or null]]: what raised it once more                                |
| owner_name  | the name of who has it, as customers are told                                                        |
| told        | the owner whom the customer was told of                                                              |
| asked_again | how often it asked again since somebody last did anything                                            |
| because     | how it ended: "resolved" by somebody (`outcome` is theirs), or "answered", "assigned", "delivered",  |
|             | "returned", "withdrawn", "joined" by itself                                                          |
| ended_by    | who ended it                                                                                         |
| rang        | whether the webhook was called, so that it hears of the end                                          |
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from bot.commands import TimerDue
from bot.effects import Note, PostCard, PostEscalationCall, PostEscalationCard, PostEscalationLine, PostInThread
from bot.escalations import Escalation, EscalationSource
from bot.model import ClockState, SlaClock, Ticket, Timer
from bot.people import SlackPerson
from bot.ports import UnitOfWork
from bot.rules.calendars import ALWAYS, calendar_from_config
from bot.rules.escalation import (
    CalendarOf,
    Call,
    CallKind,
    Chain,
    Progress,
    call_at,
    chain_from_config,
    next_call,
)
from bot.rules.sla import SlaTerms
from handlers import escalation_alerts, escalation_mails
from handlers.called_people import people_of
from handlers.context import Context, journal, said_at, tell

ESCALATION = "escalation"
"""The kind of the timers that call."""

BY_CLOCKS = frozenset({EscalationSource.BREACH, EscalationSource.UNASSIGNED, EscalationSource.AUDIT})
"""What raised by a clock ends by itself; a person's request does not."""


async def raise_escalation(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    source: EscalationSource,
    reason: str,
    by: str,
    *,
    requester: str | None = None,
    clock: SlaClock | None = None,
) -> Escalation:
    """Raise an escalation and make the calls that are due at once; where one is open already, join it.

    Args:
        reason: Why, in words for staff; may be empty where the source says it.
        by: A Slack user id, an address, or "bot".
        requester: The address of the customer who asked for it and is told what becomes of it.
        clock: The clock that raised it.
    """
    clock_id = None if clock is None else clock.id
    found = await uow.escalations.open_of_ticket(ticket.id)
    if found is not None:
        await _join(uow, ctx, ticket, found, source, reason, by, requester=requester, clock=clock)
        return found
    escalation = await uow.escalations.add(
        Escalation(
            id=0,
            ticket_id=ticket.id,
            source=source,
            reason=reason,
            raised_by=by,
            began_at=ctx.now,
            window=_window_of(ticket, clock),
            chain=_chain_of(ticket, ctx).to_json(),
            requester=requester,
            clock_id=clock_id,
        )
    )
    await journal(
        uow, ctx, ticket, by, "escalation_raised",
        escalation=escalation.id, source=source, reason=reason, clock=clock_id,
    )  # fmt: skip
    await tell_ticket(uow, ticket, "raised", by=by, source=source, reason=reason)
    await show(uow, ticket, escalation)
    await go_on(uow, ctx, ticket, escalation)
    return escalation


async def tell_who_escalated(uow: UnitOfWork, ctx: Context, ticket: Ticket, by: SlackPerson) -> None:
    """Whoever escalates what somebody has escalated already learns of that; theirs joins it."""
    found = await uow.escalations.open_of_ticket(ticket.id)
    if found is not None and found.raised_by not in {by.user, "bot"}:
        at = said_at(ctx, found.began_at)
        await tell(uow, by, "escalation_runs", number=ticket.number, who=found.raised_by, at=at)


async def _join(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    escalation: Escalation,
    source: EscalationSource,
    reason: str,
    by: str,
    *,
    requester: str | None,
    clock: SlaClock | None,
) -> None:
    clock_id = None if clock is None else clock.id
    if clock is not None and clock.calendar == ALWAYS:  # a delivery is late at any hour, whatever was raised before
        escalation.window = ALWAYS
    escalation.facts["joined"] = [*_joined(escalation), [source, reason, by, ctx.now.isoformat(), clock_id]]
    escalation.requester = escalation.requester or requester
    await journal(
        uow, ctx, ticket, by, "escalation_joined",
        escalation=escalation.id, source=source, reason=reason, clock=clock_id,
    )  # fmt: skip
    has_it = (escalation.owner,) if escalation.acknowledged_at and escalation.owner else ()
    await say(uow, ticket, escalation, "joined", mention=has_it, source=source, reason=reason, by=by)
    if escalation.acknowledged_at is not None:
        await escalation_mails.acknowledged(uow, ctx, ticket, escalation)  # a new requester is told who has it
    await store(uow, ctx, ticket, escalation)


async def call_due(command: TimerDue, uow: UnitOfWork, ctx: Context) -> None:
    """A timer has come: call if that is due by what happened since; otherwise wait for when it will be."""
    timer = command.timer
    assert timer.escalation_id is not None
    escalation = await uow.escalations.get(timer.escalation_id)
    if not await uow.clocks.finish_timer(timer.id) or escalation.ticket_id != timer.ticket_id:
        return  # it was tied to another ticket, whose timers go on
    await go_on(uow, ctx, await uow.tickets.get(escalation.ticket_id), escalation)


async def go_on(uow: UnitOfWork, ctx: Context, ticket: Ticket, escalation: Escalation) -> None:
    """Make the call that is due, one also where several were missed, and set the timer of the next."""
    call = call_at(*_rules_of(escalation, ctx), ctx.now)
    if call is not None:
        await _call(uow, ctx, ticket, escalation, call)
        await store(uow, ctx, ticket, escalation)
    else:
        await _arm(uow, ctx, escalation)


async def store(uow: UnitOfWork, ctx: Context, ticket: Ticket, escalation: Escalation) -> None:
    """Store what changed, show it, and set the timer of the next call."""
    await uow.escalations.update(escalation)
    await show(uow, ticket, escalation)
    await _arm(uow, ctx, escalation)


async def _call(uow: UnitOfWork, ctx: Context, ticket: Ticket, escalation: Escalation, call: Call) -> None:
    chain = Chain.from_json(escalation.chain)
    people = await people_of(uow, ctx, ticket, escalation, chain, call)
    steps = chain.steps[call.step : people.step + 1]
    is_new = call.kind in {CallKind.STEP, CallKind.SNOOZE_OVER} or people.step > escalation.step
    if is_new:
        escalation.step, escalation.stepped_at = max(people.step, escalation.step), ctx.now
    if call.kind is CallKind.SNOOZE_OVER:
        escalation.snoozed_until = escalation.acknowledged_at = None
    if call.kind is CallKind.ASK_AGAIN:
        escalation.facts["asked_again"] = _asked_again(escalation) + 1
    escalation.called_at = ctx.now
    escalation.calls += 1
    await journal(
        uow, ctx, ticket, "bot", "escalation_called",
        escalation=escalation.id, kind=call.kind, step=people.step, mention=list(people.mention),
        nobody=list(people.nobody),
    )  # fmt: skip
    posted = await uow.outbox.add(
        PostEscalationCall(
            ticket.id, escalation.id, escalation.calls, call.kind, people.step, people.mention, people.nobody
        )
    )
    assert posted is not None, "a call has no dedupe key"
    webhook = any(step.webhook for step in steps)
    if webhook:
        escalation.facts[escalation_alerts.RANG] = True
    mail = is_new and any(step.mail for step in steps)
    await escalation_alerts.ring(uow, ctx, ticket, escalation, posted, mail=mail, webhook=webhook)


async def acknowledge(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, escalation: Escalation, owner: str, name: str, by: str
) -> None:
    """Somebody has it from now on, and nobody else is called while they do something about it.

    Args:
        owner: The Slack user id; `name` is what the customer is told.
        by: Who says so: the owner, or who gave it to them.
    """
    previous = escalation.owner if escalation.acknowledged_at is not None else None
    escalation.owner, escalation.facts["owner_name"], escalation.facts["asked_again"] = owner, name, 0
    escalation.acknowledged_at = escalation.touched_at = ctx.now
    escalation.snoozed_until = None
    event = "acknowledged" if by == owner else "reassigned"
    await journal(uow, ctx, ticket, by, f"escalation_{event}", escalation=escalation.id, owner=owner, previous=previous)
    mention = () if by == owner else (owner,)
    await say(uow, ticket, escalation, event, mention=mention, by=by, owner=owner, previous=previous)
    await tell_ticket(uow, ticket, "acknowledged", by=by, owner=owner)
    await escalation_mails.acknowledged(uow, ctx, ticket, escalation)
    await escalation_alerts.tell_webhook(uow, ctx, ticket, escalation, "acknowledged")
    await store(uow, ctx, ticket, escalation)


async def snooze(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, escalation: Escalation, until: datetime, by: str, name: str
) -> None:
    """Nobody is called until then; who puts off what nobody has, has it."""
    if escalation.acknowledged_at is None:
        await acknowledge(uow, ctx, ticket, escalation, by, name, by)
    escalation.snoozed_until, escalation.touched_at = until, ctx.now
    await journal(uow, ctx, ticket, by, "escalation_snoozed", escalation=escalation.id, until=until.isoformat())
    await say(uow, ticket, escalation, "snoozed", by=by, until=until.isoformat())
    await store(uow, ctx, ticket, escalation)


async def end(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, escalation: Escalation, because: str, outcome: str, by: str
) -> None:
    """It is over, and nobody is called any more.

    Args:
        because: "resolved", or how it ended by itself: "answered", "assigned", "withdrawn" or "joined".
        outcome: In the words of who ended it; `because` where nobody did.
    """
    escalation.ended_at, escalation.outcome = ctx.now, outcome
    escalation.facts |= {"because": because, "ended_by": by}
    await journal(uow, ctx, ticket, by, "escalation_ended", escalation=escalation.id, because=because, outcome=outcome)
    await say(uow, ticket, escalation, "ended", by=by, because=because, outcome=outcome)
    await tell_ticket(uow, ticket, "ended", by=by, because=because, outcome=outcome)
    await escalation_alerts.tell_webhook(uow, ctx, ticket, escalation, "ended")
    await store(uow, ctx, ticket, escalation)


async def touch(uow: UnitOfWork, ctx: Context, ticket: Ticket, escalation: Escalation) -> None:
    """Somebody did something about it: whoever has it is not asked for a while."""
    escalation.touched_at, escalation.facts["asked_again"] = ctx.now, 0
    await store(uow, ctx, ticket, escalation)


async def show(uow: UnitOfWork, ticket: Ticket, escalation: Escalation) -> None:
    """Show the head messages of the escalation and of its ticket as they are now."""
    await uow.outbox.add(PostEscalationCard(ticket.id, escalation.id))
    await uow.outbox.add(PostCard(ticket.id))


async def say(
    uow: UnitOfWork,
    ticket: Ticket,
    escalation: Escalation,
    event: str,
    *,
    mention: tuple[str, ...] = (),
    **data: object,
) -> None:
    """Tell a line of the escalation's history (`PostEscalationLine`)."""
    await uow.outbox.add(PostEscalationLine(ticket.id, escalation.id, event, data, mention))


async def tell_ticket(uow: UnitOfWork, ticket: Ticket, event: str, **data: object) -> None:
    """Tell those who work on the ticket, in its thread."""
    await uow.outbox.add(PostInThread(ticket.id, Note.ESCALATION, {"event": event, **data}, urgent=True))


def progress_of(escalation: Escalation) -> Progress:
    """How far it has come, as the rules see it."""
    return Progress(
        escalation.began_at,
        escalation.step,
        escalation.stepped_at,
        escalation.called_at,
        escalation.acknowledged_at,
        escalation.touched_at,
        escalation.snoozed_until,
        escalation.ended_at,
    )


def _rules_of(escalation: Escalation, ctx: Context) -> tuple[Chain, Progress, CalendarOf, str]:
    calendar_of = partial(calendar_from_config, config=ctx.config)
    return Chain.from_json(escalation.chain), progress_of(escalation), calendar_of, escalation.window


async def _arm(uow: UnitOfWork, ctx: Context, escalation: Escalation) -> None:
    """Set the timer of the next call. Those set before stay: what is not due when they come is not done."""
    call = next_call(*_rules_of(escalation, ctx))
    if call is not None:
        key = f"{ESCALATION}:{escalation.id}:{escalation.version}:{call.at.isoformat()}"
        timer = Timer(0, key, ESCALATION, escalation.ticket_id, call.at, escalation_id=escalation.id)
        await uow.clocks.set_timer(timer)


def _chain_of(ticket: Ticket, ctx: Context) -> Chain:
    return chain_from_config(getattr(ctx.config.escalation, ticket.priority))


async def use_rules_of(uow: UnitOfWork, ticket: Ticket, escalation: Escalation, ctx: Context) -> None:
    """Let the rules of the ticket's priority apply, as they are configured now. The caller stores the escalation.

    What a clock raised that still runs at any hour, as a delivery's does, goes on at any hour.
    """
    chain = _chain_of(ticket, ctx)
    raised_by = {clock_id for _, clock_id in sources_of(escalation)}
    theirs = [clock for clock in await uow.clocks.of_ticket(ticket.id) if clock.id in raised_by]
    at_any_hour = (clock for clock in theirs if clock.state is ClockState.RUNNING and clock.calendar == ALWAYS)
    escalation.chain, escalation.window = chain.to_json(), _window_of(ticket, next(at_any_hour, None))
    escalation.step = min(escalation.step, len(chain.steps) - 1)


def _window_of(ticket: Ticket, clock: SlaClock | None) -> str:
    return SlaTerms.from_json(ticket.terms[ticket.priority]).calendar if clock is None else clock.calendar


def _joined(escalation: Escalation) -> list[list[object]]:
    joined = escalation.facts.get("joined")
    return joined if isinstance(joined, list) else []


def sources_of(escalation: Escalation) -> list[tuple[EscalationSource, int | None]]:
    """What raised it, first and since, each with its clock."""
    more = [
        (EscalationSource(str(source)), clock_id if isinstance(clock_id, int) else None)
        for source, _, _, _, clock_id in _joined(escalation)
    ]
    return [(escalation.source, escalation.clock_id), *more]


def _asked_again(escalation: Escalation) -> int:
    count = escalation.facts.get("asked_again", 0)
    return count if isinstance(count, int) else 0
