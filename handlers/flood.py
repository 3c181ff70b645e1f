"""More mails of strangers than people write: set aside with one word to the operators, so that a flood buries nobody.

Whoever is on a contract is never counted here, unless the receiving server says that the mail is forged. What is set
aside is kept (`hezo360 parked`), counts in no ticket, and is answered by nobody.
"""

from __future__ import annotations

from datetime import timedelta

from bot.effects import PostOperator
from bot.model import Ticket
from bot.ports import InboxState, UnitOfWork
from handlers.context import Context
from handlers.received_mail import ReceivedMail
from handlers.understanding_mail import Understood

_AN_HOUR = timedelta(hours=1)


async def held_back(found: Understood, joins: Ticket | None, uow: UnitOfWork, ctx: Context) -> bool:
    """Set a mail aside if there are too many of its kind; True when that was done.

    Args:
        joins: The ticket that it would go to; None where it would open one.
    """
    arrived = found.arrived
    if found.given.authorised_on and arrived.authentic is not False:
        return False
    who = await _too_many(arrived, joins, uow, ctx)
    if who is None:
        return False
    reason = f"a flood of mails from {who or 'strangers'}: people decide what is worth reading"
    await uow.inbox.finish(arrived.inbox_id, InboxState.PARKED, reason)
    hour = f"{ctx.now:%Y-%m-%dT%H}"
    notice = PostOperator("mail_flood", {"who": who}) if who else PostOperator("mail_flood_of_all", {})
    await uow.outbox.add(notice, dedupe_key=f"flood:{hour}:{who}")
    return True


async def _too_many(arrived: ReceivedMail, joins: Ticket | None, uow: UnitOfWork, ctx: Context) -> str | None:
    """Whose mails are too many: an address, "" for strangers' all together; None where all is well."""
    limits, since = ctx.config.intake, ctx.now - _AN_HOUR
    if joins is not None:
        written = [m for m in await uow.tickets.messages(joins.id) if m.author == arrived.address]
        lately = sum(message.sent_at >= since for message in written)
        return arrived.address if _reaches(lately, limits.stranger_messages_per_ticket_and_hour) else None
    opened = await uow.tickets.recent_of(arrived.address, since) if arrived.address else ()
    lately = sum(ticket.created_at >= since for ticket in opened)
    if _reaches(lately, limits.stranger_tickets_per_sender_and_hour):
        return arrived.address
    # Among twice as many, for those of customers stand between them.
    newest = 2 * limits.stranger_tickets_per_hour
    waiting = await uow.tickets.unaccepted_among_newest(newest, since) if newest else 0
    return "" if _reaches(waiting, limits.stranger_tickets_per_hour) else None


def _reaches(count: int, limit: int) -> bool:
    return 0 < limit <= count  # a limit of 0 is none
