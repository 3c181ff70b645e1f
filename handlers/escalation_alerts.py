"""The other ways to ring beside Slack: mails to the configured addresses, and the webhook of a pager or SMS gateway.

A step may use them by its own rules. Whatever the rules say, a call that Slack has not taken within
`escalation.slack_down_after` leaves by both.
"""

from __future__ import annotations

from datetime import datetime

from bot.commands import TimerDue
from bot.effects import CallWebhook, MailKind, PostEscalationLine, SendMail
from bot.escalations import Escalation
from bot.model import Language, Ticket, Timer
from bot.ports import OutboxState, UnitOfWork
from bot.rules.wording import format_date, words
from handlers.context import Context, journal

DELIVERY = "escalation_delivery"
"""The kind of the timers that see whether Slack has taken a call; their keys end with the row of the outbox."""

RANG = "rang"
"""The key of `Escalation.facts` that says that the webhook was called: it hears how that went on."""


async def ring(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, escalation: Escalation, posted: int, *, mail: bool, webhook: bool
) -> None:
    """Ring by the ways of the steps, and see later whether Slack has taken the call.

    Args:
        posted: The outbox row of the call's post.
    """
    config = ctx.config.escalation
    if mail:
        await _mail(uow, ctx, ticket, escalation, slack_down=False)
    if webhook:
        await tell_webhook(uow, ctx, ticket, escalation, "call")
    if (config.mail_to and not mail) or (config.webhook.url and not webhook):
        key = f"{DELIVERY}:{escalation.id}:{posted}"
        at = ctx.now + config.slack_down_after
        await uow.clocks.set_timer(Timer(0, key, DELIVERY, ticket.id, at, escalation_id=escalation.id))


async def delivery_due(command: TimerDue, uow: UnitOfWork, ctx: Context) -> None:
    """Where Slack has not taken the call, and nobody has the escalation by now, it leaves by mail and webhook."""
    timer = command.timer
    assert timer.escalation_id is not None
    if not await uow.clocks.finish_timer(timer.id):
        return
    posted = int(timer.key.rpartition(":")[2])
    if await uow.outbox.state(posted) is OutboxState.SENT:
        return
    escalation = await uow.escalations.get(timer.escalation_id)
    if not escalation.is_open or escalation.acknowledged_at is not None:
        return
    ticket = await uow.tickets.get(escalation.ticket_id)
    await journal(uow, ctx, ticket, "bot", "escalation_slack_down", escalation=escalation.id)
    await _mail(uow, ctx, ticket, escalation, slack_down=True)
    await tell_webhook(uow, ctx, ticket, escalation, "call", slack_down=True)
    escalation.facts[RANG] = True
    await uow.escalations.update(escalation)
    await uow.outbox.add(PostEscalationLine(ticket.id, escalation.id, "slack_down", {"at": ctx.now.isoformat()}))


async def tell_webhook(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, escalation: Escalation, event: str, *, slack_down: bool = False
) -> None:
    """Call the webhook, if there is one: with "call", and then of what it was called for, how it went on.

    Args:
        event: "call", "acknowledged" or "ended".
    """
    if ctx.config.escalation.webhook.url is None or (event != "call" and not escalation.facts.get(RANG)):
        return
    data = {**body(ticket, escalation, ctx.now), "event": event, "slack_down": slack_down}
    await uow.outbox.add(CallWebhook(ticket.id, escalation.id, event, data))


def body(ticket: Ticket, escalation: Escalation, at: datetime) -> dict[str, object]:
    """What the webhook is told, as JSON values; `escalation` and `call` name the call for whoever gets it twice."""
    return {
        "at": at.isoformat(),
        "escalation": escalation.id,
        "call": escalation.calls,
        "step": escalation.step + 1,
        "ticket": ticket.number,
        "subject": ticket.subject,
        "priority": ticket.priority,
        "source": escalation.source,
        "reason": escalation.reason,
        "since": escalation.began_at.isoformat(),
        "owner": escalation.owner if escalation.acknowledged_at else None,
        "outcome": escalation.outcome,
    }


async def _mail(uow: UnitOfWork, ctx: Context, ticket: Ticket, escalation: Escalation, *, slack_down: bool) -> None:
    language = Language(ctx.config.service.staff_language)
    w = words("staff", language)
    source = w(f"escalation_source.{escalation.source}")
    lines = [
        w("escalation_mail.what", number=ticket.number, priority=w(f"priority.{ticket.priority}")),
        w("escalation_mail.subject_of", subject=ticket.subject),
        w("escalation_mail.why", source=source),
        *([w("escalation_mail.reason", reason=escalation.reason)] if escalation.reason else []),
        w("escalation_mail.since", since=format_date(escalation.began_at, language, ctx.zone), count=escalation.calls),
        "",
        *([w("escalation_mail.slack_down")] if slack_down else []),
        w("escalation_mail.how"),
    ]
    for address in ctx.config.escalation.mail_to:
        await uow.outbox.add(
            SendMail(
                kind=MailKind.REMINDER,
                ticket_id=None,
                to=address,
                to_name="",
                subject=w("escalation_mail.subject", number=ticket.number, source=source),
                text="\n".join(lines),
                language=language,
            )
        )
