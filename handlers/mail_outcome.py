"""What became of a mail: shown where the engineer wrote it, or as a warning that it did not go out."""

from __future__ import annotations

from bot.commands import MailNotSent, MailSent
from bot.effects import EditReply, Note, PostInThread, PostOperator, SendMail
from bot.ports import UnitOfWork
from handlers import duty
from handlers.context import Context, journal


async def sent(command: MailSent, uow: UnitOfWork, ctx: Context) -> None:
    """The mail server has taken it: the engineer's post in the thread gets its mark."""
    effect = (await uow.outbox.get(command.outbox_id)).effect
    if isinstance(effect, SendMail) and effect.ticket_id is not None:
        ticket = await uow.tickets.get(effect.ticket_id)
        await journal(uow, ctx, ticket, "bot", "mail_sent", kind=effect.kind, to=effect.to)
        if effect.message_id is not None:
            await _mark_reply(uow, effect, status="sent", at=ctx.now.isoformat())


async def not_sent(command: MailNotSent, uow: UnitOfWork, ctx: Context) -> None:
    """It was refused or given up: the people on the ticket must know that the customer read nothing."""
    effect = (await uow.outbox.get(command.outbox_id)).effect
    if not isinstance(effect, SendMail) or effect.ticket_id is None:
        await uow.outbox.add(PostOperator("mail_not_sent", {"reason": command.reason}))
        return
    ticket = await uow.tickets.get(effect.ticket_id)
    await journal(uow, ctx, ticket, "bot", "mail_not_sent", kind=effect.kind, to=effect.to, reason=command.reason)
    data: dict[str, object] = {"address": effect.to, "reason": command.reason}
    mention = await duty.on_call(uow, ctx, ticket)
    await uow.outbox.add(PostInThread(ticket.id, Note.MAIL_NOT_SENT, data, mention=mention, urgent=True))
    if effect.message_id is not None:
        await _mark_reply(uow, effect, status="failed", reason=command.reason)


async def _mark_reply(uow: UnitOfWork, effect: SendMail, **status: object) -> None:
    assert effect.ticket_id is not None
    assert effect.message_id is not None
    message = await uow.tickets.message(effect.message_id)
    data: dict[str, object] = {"author": message.author, "text": message.text, "to": effect.to, **status}
    await uow.outbox.add(EditReply(effect.ticket_id, effect.message_id, data))
