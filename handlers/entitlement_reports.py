"""The report in which a review ends (service terms): delivered to the customer, it is the review done.

| journal          | data                                                       |
| ---------------- | ---------------------------------------------------------- |
| report_delivered | use, files (names), message: what the customer got of it   |
"""

from __future__ import annotations

from bot.effects import PostEntitlement
from bot.entitlements import Entitlement, EntitlementUse, UseState
from bot.model import Message, Ticket
from bot.ports import UnitOfWork
from bot.rules.entitlements import local_day
from bot.sendings import Sending
from handlers import entitlements
from handlers.context import Context, journal

REPORT, SENT_FILES = "report", "sent_files"
"""Keys of a use's facts: the sending that delivers its report; files that went to the customer meanwhile."""


async def sent(uow: UnitOfWork, ctx: Context, ticket: Ticket, sending: Sending, message: Message) -> None:
    """An engineer's words went out: with the report of a review, or with files that may be one.

    A file that was sent otherwise is shown with the review that waits on the ticket: an engineer says whether it was
    its report.
    """
    if not sending.files:
        return
    names = [file.name for file in sending.files]
    waiting = [
        use
        for use in await uow.entitlements.of_ticket(ticket.id)
        if use.kind is Entitlement.REVIEW and use.state is UseState.AGREED
    ]
    for use in waiting:
        if use.facts.get(REPORT) == sending.id:
            await _delivered(uow, ctx, ticket, use, sending, message)
            return
    for use in waiting:
        use.facts[SENT_FILES] = names
        await entitlements.store(uow, ticket, use)


async def _delivered(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, use: EntitlementUse, sending: Sending, message: Message
) -> None:
    by, at = sending.sent_by or "bot", sending.pressed_at or ctx.now
    names = [file.name for file in sending.files]
    await journal(uow, ctx, ticket, by, "report_delivered", use=use.id, files=names, message=message.id)
    use.facts[SENT_FILES] = names
    day = local_day(at, ctx.zone)
    counted = await entitlements.count(uow, ctx, use, day)
    if counted.before.is_used_up and not use.beyond:  # a new contract year began meanwhile: an engineer decides
        await entitlements.store(uow, ticket, use)
        return
    await entitlements.finish(uow, ctx, ticket, use, by, counted, day, at=at, told=False)


async def done_by_hand(uow: UnitOfWork, ctx: Context, ticket: Ticket, use: EntitlementUse, by: str) -> None:
    """An engineer counted a review after a file had gone to the customer: that was its report."""
    names = use.facts.get(SENT_FILES)
    if use.kind is Entitlement.REVIEW and names and REPORT not in use.facts:
        await journal(uow, ctx, ticket, by, "report_delivered", use=use.id, files=names, message=None)
        await uow.outbox.add(PostEntitlement(ticket.id, use.id))
