"""What became of words to a customer: shown where the engineer wrote them, or as a warning that they did not go out."""

from __future__ import annotations

from bot.commands import MailNotSent, MailSent
from bot.effects import EditReply, Note, PostInThread, PostOperator, PostToCustomer, SendMail
from bot.model import Ticket
from bot.ports import UnitOfWork
from handlers import customer_words, duty
from handlers.context import Context, journal


async def sent(command: MailSent, uow: UnitOfWork, ctx: Context) -> None:
    """The mail server has taken it: the engineer's post in the thread gets its mark."""
    effect = (await uow.outbox.get(command.outbox_id)).effect
    if isinstance(effect, SendMail | PostToCustomer) and effect.ticket_id is not None:
        ticket = await uow.tickets.get(effect.ticket_id)
        await journal(uow, ctx, ticket, "bot", "mail_sent", kind=effect.kind, to=effect.to)
        if effect.message_id is not None:
            await _mark_reply(uow, ticket, effect, status="sent", at=ctx.now.isoformat())


async def not_sent(command: MailNotSent, uow: UnitOfWork, ctx: Context) -> None:
    """It was refused or given up: the people on the ticket must know that the customer read nothing."""
    effect = (await uow.outbox.get(command.outbox_id)).effect
    if not isinstance(effect, SendMail | PostToCustomer) or effect.ticket_id is None:
        await uow.outbox.add(PostOperator("mail_not_sent", {"reason": command.reason}))
        return
    ticket = await uow.tickets.get(effect.ticket_id)
    await journal(uow, ctx, ticket, "bot", "mail_not_sent", kind=effect.kind, to=effect.to, reason=command.reason)
    data: dict[str, object] = {
        "address": customer_words.shown_recipient(ticket, effect.to),
        "reason": command.reason,
    }
    mention = await duty.on_call(uow, ctx, ticket)
    await uow.outbox.add(PostInThread(ticket.id, Note.MAIL_NOT_SENT, data, mention=mention, urgent=True))
    if effect.message_id is not None:
        await _mark_reply(uow, ticket, effect, status="failed", reason=command.reason)


async def _mark_reply(uow: UnitOfWork, ticket: Ticket, effect: SendMail | PostToCustomer, **status: object) -> None:
    assert effect.message_id is not None
    message = await uow.tickets.message(effect.message_id)
    to = customer_words.shown_recipient(ticket, effect.to)
    files = [name for name, _, _ in effect.files] if isinstance(effect, SendMail) else []
    data: dict[str, object] = {"author": message.author, "text": message.text, "to": to, "files": files, **status}
    await uow.outbox.add(EditReply(ticket.id, effect.message_id, data))
