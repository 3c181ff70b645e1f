"""A ticket's head message, and that of its escalation, is shown anew when its countdown is out of date, and sparingly.

The timer is set when the card is shown (`bot.loops.posting_to_slack`), for the instant from which the card would say
something else. When much waits for Slack, what people wrote goes first and the countdown waits.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.commands import TimerDue
from bot.effects import PostCard, PostEscalationCard
from bot.model import Timer
from bot.ports import UnitOfWork
from handlers.context import Context

CARD = "card"
"""The kind of these timers."""

BUSY = 30
"""Effects that wait for Slack: about half a minute of what it takes from one app."""

WAIT_WHILE_BUSY = timedelta(minutes=5)


def card_timer(ticket_id: int, at: datetime) -> Timer:
    """The timer that shows the card anew at `at`; the same instant gives the same timer."""
    return Timer(0, f"{CARD}:{ticket_id}:{at.isoformat()}", CARD, ticket_id, at)


async def handle(command: TimerDue, uow: UnitOfWork, ctx: Context) -> None:
    """Show the card anew, or wait where Slack has much to take; the timer leaves no trace."""
    timer = command.timer
    if not await uow.clocks.remove_timer(timer.id):
        return
    if await uow.outbox.slack_backlog(BUSY) >= BUSY:
        await uow.clocks.set_timer(card_timer(timer.ticket_id, ctx.now + WAIT_WHILE_BUSY))
        return
    await uow.outbox.add(PostCard(timer.ticket_id))
    escalation = await uow.escalations.open_of_ticket(timer.ticket_id)
    if escalation is not None:
        await uow.outbox.add(PostEscalationCard(timer.ticket_id, escalation.id))
