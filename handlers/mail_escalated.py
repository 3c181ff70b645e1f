"""A customer escalates by mail: to the address for it, which is heeded, or by words, which an engineer weighs."""

from __future__ import annotations

from bot.escalations import EscalationSource
from bot.model import Message, Ticket
from bot.ports import UnitOfWork
from bot.rules.escalation_words import asks_for_escalation
from handlers import escalated_tickets, escalations
from handlers.context import Context
from handlers.received_mail import ReceivedMail, is_escalation

_MOST_WORDS = 1_500
"""Letters of a mail that are the escalation's reason; the whole stands in the ticket's thread."""


async def heed(arrived: ReceivedMail, ticket: Ticket, message: Message, uow: UnitOfWork, ctx: Context) -> None:
    """Escalate what was sent to the address for escalations, and propose it where the words of a person ask for it.

    A sender whom the mail server found to be forged is not told what becomes of it. The caller stores the ticket.
    """
    if is_escalation(arrived, ctx):
        ticket.facts["escalated"] = True
        reason = (arrived.new_text.strip() or arrived.mail.subject)[:_MOST_WORDS]
        requester = None if arrived.authentic is False else arrived.address
        await escalations.raise_escalation(
            uow, ctx, ticket, EscalationSource.MAIL, reason, arrived.address, requester=requester
        )
    elif not arrived.screening.sounds_automatic:
        subject = arrived.mail.subject if arrived.mail.subject == ticket.subject else ""  # not that of an answer
        if arrived.reading is not None and subject:
            words = arrived.reading.escalates
        else:
            words = asks_for_escalation(f"{subject}\n{arrived.new_text}")
        if words is not None:
            await escalated_tickets.propose(uow, ctx, ticket, message, words)
