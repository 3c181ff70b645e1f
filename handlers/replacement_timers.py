"""What comes due on the way back of a damaged device: the customer is reminded, then engineers, then it escalates."""

from __future__ import annotations

from bot.commands import TimerDue
from bot.effects import MailKind, Note, PostInThread
from bot.escalations import EscalationSource
from bot.model import SlaClock, Ticket, Timer
from bot.ports import UnitOfWork
from bot.replacements import Replacement, Stage
from bot.rules import replacement_text as letters
from bot.rules.calendars import OFFICE_HOURS, calendar_from_config
from bot.rules.clock_terms import RETURN_ESCALATES
from bot.rules.sla import BREACH
from handlers import clock_levels, customer_mails, duty, escalations, replacements
from handlers.context import Context

REPLACEMENT = "replacement"
"""The kind of the timers of `wait_for_us`."""

WAIT_FOR_US = {Stage.DELIVERED: "waybill_missing", Stage.RETURNED: "not_closed"}
"""Steps that only an engineer can make, and what reminds of them."""


async def return_level(uow: UnitOfWork, ctx: Context, ticket: Ticket, clock: SlaClock, level: int) -> None:
    """A return has reached a level of `bot.rules.clock_terms.return_instants`. The caller stores nothing.

    The customer is reminded once also where several levels were missed; on the last day only where that is configured.
    """
    replacement = await uow.replacements.by_clock(clock.id)
    if replacement is None:  # then there is nobody to remind
        if level == BREACH:
            data: dict[str, object] = {"kind": clock.kind, "level": level, "due_at": clock.due_at.isoformat()}
            await uow.outbox.add(PostInThread(ticket.id, Note.REMINDER, data, urgent=True))
        return
    terms, was_written = clock_levels.terms_of(ticket).returns, False
    if level < BREACH or (level == BREACH and terms.within in terms.reminders):
        parts = letters.return_reminder(replacements.speaker_of(ctx, ticket, replacement), clock.due_at, ctx.now)
        was_written = await customer_mails.notice(uow, ctx, ticket, parts, MailKind.REMINDER)
        await uow.tickets.update(ticket)
    if level < BREACH:
        if was_written:  # else the thread says why the customer read nothing
            await replacements.say(uow, ticket, replacement, "reminded", {"due_at": clock.due_at.isoformat()})
        return
    mention = await duty.on_call(uow, ctx, ticket)
    await replacements.say(
        uow, ticket, replacement, "overdue", {"due_at": clock.due_at.isoformat()}, mention=mention, urgent=True
    )
    if level >= RETURN_ESCALATES:
        await escalations.raise_escalation(uow, ctx, ticket, EscalationSource.BREACH, "", "bot", clock=clock)


async def wait_for_us(uow: UnitOfWork, ctx: Context, replacement: Replacement) -> None:
    """Set the timer that reminds engineers of a step that no clock measures, because it is theirs alone."""
    calendar = calendar_from_config(OFFICE_HOURS, ctx.config)
    at = calendar.next_opening(calendar.due(ctx.now, ctx.config.sla.returns.remind_engineers_after))
    key = f"{REPLACEMENT}:{replacement.id}:{replacement.stage}:{at.isoformat()}"
    await uow.clocks.set_timer(Timer(0, key, REPLACEMENT, replacement.ticket_id, at))


async def due(command: TimerDue, uow: UnitOfWork, ctx: Context) -> None:
    """Remind engineers of what still waits for them, and again as long as it does."""
    ticket = await uow.tickets.get(command.timer.ticket_id)
    if not await uow.clocks.finish_timer(command.timer.id) or not ticket.is_open:
        return
    _, its_id, stage, *_ = command.timer.key.split(":")
    replacement = await uow.replacements.get(int(its_id))
    if replacement.stage != stage or replacement.stage not in WAIT_FOR_US:
        return
    mention = await duty.on_call(uow, ctx, ticket)
    await replacements.say(uow, ticket, replacement, WAIT_FOR_US[replacement.stage], {}, mention=mention, urgent=True)
    await wait_for_us(uow, ctx, replacement)
