"""What comes due on the way back of a damaged device: the customer is reminded, then engineers, then it escalates."""

from __future__ import annotations

from bot.effects import MailKind, Note, PostInThread
from bot.escalations import EscalationSource
from bot.model import SlaClock, Ticket
from bot.ports import UnitOfWork
from bot.rules import replacement_text as letters
from bot.rules.clock_terms import RETURN_ESCALATES
from bot.rules.sla import BREACH
from handlers import clocks, customer_mails, duty, escalations, replacements
from handlers.context import Context


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
    terms = clocks.terms_of(ticket).returns
    if level < BREACH or (level == BREACH and terms.within in terms.reminders):
        parts = letters.return_reminder(replacements.speaker_of(ctx, ticket, replacement), clock.due_at, ctx.now)
        await customer_mails.notice(uow, ctx, ticket, parts, MailKind.REMINDER)
        await uow.tickets.update(ticket)
    if level < BREACH:
        await replacements.say(uow, ticket, replacement, "reminded", {"due_at": clock.due_at.isoformat()})
        return
    mention = await duty.on_call(uow, ctx, ticket)
    await replacements.say(
        uow, ticket, replacement, "overdue", {"due_at": clock.due_at.isoformat()}, mention=mention, urgent=True
    )
    if level >= RETURN_ESCALATES:
        await escalations.raise_escalation(uow, ctx, ticket, EscalationSource.BREACH, "", "bot", clock=clock)
