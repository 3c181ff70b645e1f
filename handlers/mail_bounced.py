"""A mail server says that a mail of ours did not arrive, or not yet: the people on its ticket learn which address.

It moves no clock: whoever can write to us could otherwise end a customer's reminders, or ours.
"""

from __future__ import annotations

from datetime import timedelta

from bot.effects import Note, PostInThread, SendMail
from bot.model import Ticket
from bot.ports import InboxState, UnitOfWork
from bot.rules.bounces import Bounce, ids_told_of, read_bounce
from handlers import duty
from handlers.context import Context, journal
from handlers.understanding_mail import Understood

LOOKED_BACK = timedelta(days=7)
"""How old a ticket may be to which a bounce without any id is matched by the failing address; servers try for days."""


async def handle(found: Understood, uow: UnitOfWork, ctx: Context) -> None:
    """Show the bounce in the thread of the mail that bounced.

    The mail is found by its Message-ID in the report, or by the address that the report came back to; where it names
    neither, the newest ticket of the failing address is meant.
    """
    mail, inbox_id = found.arrived.mail, found.arrived.inbox_id
    bounce = read_bounce(mail, is_bounce=True)
    if bounce is None:
        await uow.inbox.finish(inbox_id, InboxState.DONE, f"a report that nothing failed: {mail.subject[:80]}")
        return
    ticket, recipient = await _bounced_mail(found, bounce, uow, ctx)
    if ticket is None:
        await uow.inbox.finish(inbox_id, InboxState.DONE, f"a bounce of no mail of ours: {mail.subject[:80]}")
        return
    data: dict[str, object] = {
        "address": recipient,
        "reason": bounce.diagnostic if bounce.status in bounce.diagnostic else f"{bounce.status} {bounce.diagnostic}",
        "failed": bounce.failed,
    }
    await journal(uow, ctx, ticket, "mail server", "bounced", **data)
    mention = await duty.on_call(uow, ctx, ticket) if bounce.failed else ()
    await uow.outbox.add(PostInThread(ticket.id, Note.BOUNCED, data, mention=mention, urgent=bounce.failed))
    await uow.inbox.finish(inbox_id, InboxState.DONE, "bounce", ticket.id)


async def _bounced_mail(found: Understood, bounce: Bounce, uow: UnitOfWork, ctx: Context) -> tuple[Ticket | None, str]:
    """The ticket of the mail that bounced, and the address that fails."""
    for message_id in ids_told_of(found.arrived.mail):
        row = await uow.outbox.by_message_id(message_id)
        if row is not None and isinstance(row.effect, SendMail) and row.effect.ticket_id is not None:
            return await uow.tickets.get(row.effect.ticket_id), bounce.recipient or row.effect.to
    if found.ticket is not None:
        return found.ticket, bounce.recipient or found.ticket.requester
    if bounce.recipient is None:
        return None, ""
    recipient = bounce.recipient.lower()
    recent = await uow.tickets.recent_of(recipient, ctx.now - LOOKED_BACK)
    return next((ticket for ticket in recent if ticket.requester == recipient), None), recipient
