"""A mail to the address for escalations: nobody must wait unheard, so it is said where managers read."""

from __future__ import annotations

from bot.effects import Note, PostInThread, PostOperator
from bot.model import Ticket
from bot.ports import UnitOfWork
from handlers.context import Context, journal
from handlers.received_mail import ReceivedMail


async def announce(arrived: ReceivedMail, ticket: Ticket, uow: UnitOfWork, ctx: Context) -> None:
    """Mark the ticket, call managers and whoever has it into its thread, and say it in the escalation channel.

    The caller stores the ticket.
    """
    ticket.facts["escalated"] = True
    await journal(uow, ctx, ticket, arrived.address, "escalated_by_mail", subject=arrived.mail.subject)
    everybody = tuple(dict.fromkeys((*ctx.on_call(ticket), *ctx.config.slack.managers)))
    note = PostInThread(ticket.id, Note.ESCALATED_BY_MAIL, {"address": arrived.address}, mention=everybody, urgent=True)
    await uow.outbox.add(note)
    data: dict[str, object] = {
        "number": ticket.number,
        "address": arrived.address,
        "subject": arrived.mail.subject[:150],
    }
    await uow.outbox.add(PostOperator("escalation_mail", data))
