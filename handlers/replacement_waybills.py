"""A prepaid waybill has gone to the customer: from then on the damaged device is due."""

from __future__ import annotations

from dataclasses import replace

from bot.model import ClockKind, ClockState, Message, Ticket
from bot.ports import UnitOfWork
from bot.replacements import Replacement, ReturnWaybill
from bot.rules import replacement as moves
from bot.rules.replacement import Move, moves_of
from bot.rules.ticket_replacements import is_replacing
from bot.sendings import Sending
from handlers import clocks, replacements
from handlers.context import Context


async def gone(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, replacement: Replacement, waybill: ReturnWaybill
) -> Replacement:
    """The way back counts from the waybill; from a second one it counts anew. The caller stores the ticket."""
    by, at = waybill.by, waybill.sent_at
    before = replacement.return_clock_id
    await replacements.stop(uow, ctx, ticket, before, at, ClockState.CANCELLED, "new_waybill", by)
    clock = await clocks.start(uow, ctx, ticket, ClockKind.RETURN, at, None, reason="waybill_sent", by=by)
    made = replace(moves.send_waybill(replacement, waybill), return_clock_id=clock.id, sending_waybill=None)
    return await replacements.moved(
        uow, ctx, ticket, made, Move.SEND_WAYBILL, by, number=waybill.number, files=list(waybill.files)
    )


async def sent(uow: UnitOfWork, ctx: Context, ticket: Ticket, sending: Sending, message: Message) -> None:
    """Words with an uploaded waybill went out: only now, as until then they could be taken back.

    The caller stores the ticket.
    """
    if not is_replacing(ticket):
        return
    for replacement in await uow.replacements.of_ticket(ticket.id):
        pending = replacement.sending_waybill
        if pending is None or pending.sending_id != sending.id or Move.SEND_WAYBILL not in moves_of(replacement):
            continue
        names = tuple(file.name for file in sending.files)
        await gone(uow, ctx, ticket, replacement, ReturnWaybill(pending.number, names, pending.by, message.sent_at))
