"""A customer's words on a ticket whose fault they were asked to confirm, by mail or in their thread of a channel.

A clear yes confirms, while nothing else was asked since, only one device is asked about, and whoever writes represents
the customer. Everything else is shown to the engineers, who press the button where a yes was meant.
"""

from __future__ import annotations

from datetime import datetime

from bot.model import ClockKind, ClockState, Message, Ticket, TicketState
from bot.ports import UnitOfWork
from bot.replacement_commands import ConfirmFault
from bot.replacements import ENDS, Replacement, Stage, Via
from bot.rules import replacement_text as letters
from bot.rules.customer_channels import is_slack_user
from bot.rules.fault_answers import FaultAnswer, fault_answer
from bot.rules.replacement import Move, moves_of, no_longer_asks
from bot.rules.ticket_replacements import is_replacing
from bot.rules.ticket_states import move
from handlers import clocks, customer_mails, duty, replacements
from handlers.context import Context, journal, tell, tell_customer


async def heed(uow: UnitOfWork, ctx: Context, ticket: Ticket, message: Message) -> bool:
    """Take a customer's message for the confirmation that was asked for, if it is one. The caller stores the ticket.

    Returns:
        Whether it is a confirmation and nothing but one: then it starts no clock on us.
    """
    if not is_replacing(ticket):
        return False
    asking = [
        each
        for each in await uow.replacements.of_ticket(ticket.id)
        if each.stage is Stage.VERIFIED and each.asked_at is not None and message.sent_at >= _second(each)
    ]
    if not asking:
        return False
    answer = fault_answer(message.text)
    clear = len(asking) == 1 and asking[0].asks and await _represents(uow, ticket, message.author)
    if answer is FaultAnswer.YES and clear:
        await _confirm(uow, ctx, ticket, asking[0], message)
        return len(message.text.split()) <= _FEW
    for each in asking:
        await _show(uow, ctx, ticket, each, message, answer)
    return False


async def pressed(command: ConfirmFault, uow: UnitOfWork, ctx: Context) -> None:
    """The customer pressed "yes" in their own channel: as good as a written one, however often it is pressed."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not ctx.is_customer(by) or by.channel is None or by.channel != ticket.customer_channel:
        await tell(uow, by, "not_allowed")  # engineers log it in the panel, with who said so
        return
    replacement = await uow.replacements.get(command.replacement_id)
    if replacement.ticket_id != ticket.id or replacement.asked_at is None:
        return  # no button of ours says this
    if Move.CONFIRM not in moves_of(replacement):
        stands = replacement.confirmed_at is not None and replacement.stage not in _GIVEN_UP
        what, serial = "fault_confirmed_already" if stands else "replacement_over", replacement.device.serial
        await tell_customer(uow, by, what, ticket.language, number=ticket.number, serial=serial)
        return
    await _confirmed(uow, ctx, ticket, replacement, by.user, Via.SLACK, by.at or ctx.now, None)
    at = by.at or ctx.now
    await clocks.end(
        uow, ctx, ticket, ClockState.MET, at, ClockKind.CUSTOMER_REPLY, reason="customer_wrote", by=by.user
    )
    if ticket.state is TicketState.WAITING:
        move(ticket, TicketState.OPEN, ctx.now)
    await uow.tickets.update(ticket)


_FEW = 6
"""Words of an answer that asks for no answer: "Tak, potwierdzam. Pozdrawiam, Anna Nowak"."""

_GIVEN_UP = ENDS - {Stage.CLOSED}
"""Ends of a replacement that brought no device."""


def _second(replacement: Replacement) -> datetime:
    """When it was asked, to the second: a Date header counts no finer."""
    assert replacement.asked_at is not None
    return replacement.asked_at.replace(microsecond=0)


async def _represents(uow: UnitOfWork, ticket: Ticket, author: str) -> bool:
    """Whether this person may confirm a fault (service terms: upoważniony przedstawiciel)."""
    if author == ticket.requester or (ticket.customer_channel is not None and is_slack_user(author)):
        return True
    return ticket.contract_id is not None and (await uow.contracts.get(ticket.contract_id)).authorises(author)


async def _confirm(uow: UnitOfWork, ctx: Context, ticket: Ticket, replacement: Replacement, message: Message) -> None:
    via = Via.SLACK if is_slack_user(message.author) else Via.MAIL
    await _confirmed(uow, ctx, ticket, replacement, message.author, via, message.sent_at, message.id)


async def _confirmed(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    replacement: Replacement,
    who: str,
    via: Via,
    at: datetime,
    message_id: int | None,
) -> None:
    """The customer reads by when the device comes, and engineers that it is to be sent."""
    stored = await replacements.confirmed(uow, ctx, ticket, replacement, who, via, at, message_id=message_id)
    due = await replacements.delivery_due(uow, stored)
    await customer_mails.notice(uow, ctx, ticket, letters.confirmed(replacements.speaker_of(ctx, ticket, stored), due))
    mention = await duty.on_call(uow, ctx, ticket)
    await replacements.say(
        uow, ticket, stored, "to_send", {"due_at": due and due.isoformat()}, mention=mention, urgent=True
    )


async def _show(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, replacement: Replacement, message: Message, answer: FaultAnswer
) -> None:
    """An engineer reads it and decides; a plain yes that comes later may mean something else."""
    await journal(
        uow, ctx, ticket, message.author, "replacement_answer",
        replacement=replacement.id, answer=answer, message=message.id,
    )  # fmt: skip
    if replacement.asks:
        await uow.replacements.update(no_longer_asks(replacement))
    mention = await duty.on_call(uow, ctx, ticket)
    await replacements.say(uow, ticket, replacement, f"answer_{answer}", {}, mention=mention, urgent=True)


async def engineer_wrote(uow: UnitOfWork, ticket: Ticket, at: datetime) -> None:
    """An engineer wrote something else to the customer at `at`: a plain yes may mean that from now on."""
    if is_replacing(ticket):
        for each in await uow.replacements.of_ticket(ticket.id):
            if each.asks and each.asked_at is not None and each.asked_at < at:
                await uow.replacements.update(no_longer_asks(each))
