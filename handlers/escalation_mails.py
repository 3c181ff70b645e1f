"""What the customer who escalated is told: who has it, and how it ended. Never a word that was meant for colleagues.

Each of these mails follows from what a person of the staff did, so the limits for automatic mails do not hold it back.
"""

from __future__ import annotations

from bot.effects import MailKind, Note, PostInThread
from bot.escalations import Escalation
from bot.model import Ticket
from bot.ports import UnitOfWork
from handlers import customer_words
from handlers.context import Context, journal


async def acknowledged(uow: UnitOfWork, ctx: Context, ticket: Ticket, escalation: Escalation) -> None:
    """Who has it, by name; once for each who asked and each who has it. The caller stores the escalation."""
    told = mark_of(escalation.requester, escalation.owner)
    if escalation.facts.get("told") == told:
        return
    escalation.facts["told"] = told
    w = ctx.customer_words(ticket.language)
    name = str(escalation.facts.get("owner_name") or w("escalation_somebody"))
    await _send(uow, ctx, ticket, escalation, [w("escalation_acknowledged", number=ticket.number, name=name)])


async def ended(uow: UnitOfWork, ctx: Context, ticket: Ticket, escalation: Escalation, to_customer: str) -> None:
    """How it ended, in the words that somebody wrote for the customer."""
    w = ctx.customer_words(ticket.language)
    parts = [w("escalation_ended", number=ticket.number), to_customer.strip(), w("escalation_ended_how")]
    await _send(uow, ctx, ticket, escalation, [part for part in parts if part])


def mark_of(requester: str | None, owner: str | None) -> str:
    """What `facts["told"]` holds when that requester knows that this owner has it."""
    return f"{requester} {owner}"


async def _send(uow: UnitOfWork, ctx: Context, ticket: Ticket, escalation: Escalation, parts: list[str]) -> None:
    to = escalation.requester
    if to is None:
        return
    if not customer_words.can_be_reached(ticket, to):
        await journal(uow, ctx, ticket, "bot", "mail_withheld", kind=MailKind.NOTICE, reason="no_address", detail=to)
        await uow.outbox.add(PostInThread(ticket.id, Note.MAIL_WITHHELD, {"reason": "no_address", "detail": to}))
        return
    said = "\n\n".join(parts)
    await customer_words.send(uow, ctx, ticket, MailKind.NOTICE, said, to=to)
    await uow.outbox.add(PostInThread(ticket.id, Note.MAILED, {"kind": MailKind.NOTICE, "text": said}))
