"""An engineer delivers the report of a review: a mail with the file, in their name, that can be taken back in time."""

from __future__ import annotations

from bot.entitlement_commands import DeliverReport
from bot.entitlements import Entitlement, UseState
from bot.people import NextTurn
from bot.ports import UnitOfWork
from bot.sendings import Sending, SendingState
from handlers import entitlement_mails, entitlements, sendings
from handlers.context import Context, said_at, tell
from handlers.entitlement_reports import REPORT


async def deliver(command: DeliverReport, uow: UnitOfWork, ctx: Context) -> None:
    """The words with the report wait as any reply does; when they go, the review is counted."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not await sendings.may_be_sent(uow, ctx, ticket, by):
        return
    use = next((each for each in await uow.entitlements.of_ticket(ticket.id) if each.id == command.use_id), None)
    if use is None or use.kind is not Entitlement.REVIEW:
        return  # the form is none of ours
    if use.state is not UseState.AGREED:
        since = {"at": said_at(ctx, use.decided_at)} if use.decided_at else {}
        await tell(uow, by, f"entitlement_is_{use.state}", number=ticket.number, who=use.decided_by or "", **since)
        return
    earlier = use.facts.get(REPORT)
    sent = await uow.sendings.get(earlier) if isinstance(earlier, int) else None
    if sent is not None and sent.state in sendings.GONE:
        at = said_at(ctx, sent.pressed_at)
        await tell(uow, by, "report_on_its_way", number=ticket.number, who=sent.sent_by, at=at)
        return
    counted = await entitlements.count(uow, ctx, use)
    text = entitlement_mails.report_text(ctx, ticket, use, counted.contract, counted.before, command.words)
    sending = await uow.sendings.add(
        Sending(0, ticket.id, SendingState.INTERNAL, by.user, text, ctx.now, files=command.files)
    )
    use.facts[REPORT] = sending.id
    await entitlements.store(uow, ticket, use)
    await sendings.press(uow, ctx, ticket, sending, by, NextTurn.NOBODY)
