"""What engineers do about a date with the customer: propose one, mark it confirmed, say that it was kept."""

from __future__ import annotations

from bot.commands import AgreeDate, ConfirmDate, DateKept, NextTurn
from bot.model import ClockState
from bot.ports import UnitOfWork
from bot.rules.agreed_dates import local_instant, proposal_text
from bot.rules.ticket_states import Action
from bot.rules.wording import format_full_date
from handlers import agreed_dates, customer_words, proposed_dates, second_answers, sendings
from handlers.context import Context, journal, tell
from handlers.ticket_actions import allowed, store


async def propose(command: AgreeDate, uow: UnitOfWork, ctx: Context) -> None:
    """Mail the proposal in the engineer's name, unless it is taken back: the customer's clock runs when it goes."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not await allowed(uow, ctx, by, ticket, Action.AGREE):
        return
    date = local_instant(command.day, command.clock_time, ctx.zone)
    if date is None:
        await tell(uow, by, "no_such_time", number=ticket.number)
        return
    if date <= ctx.now + ctx.config.replies.undo_within:
        await tell(uow, by, "date_is_past", number=ticket.number)
        return
    if not customer_words.can_be_reached(ticket):
        await tell(uow, by, "no_address", number=ticket.number, address=ticket.requester)
        return
    if first := await second_answers.first_answer(uow, ticket, by, command.seen):
        await second_answers.refuse(uow, ctx, ticket, by, first, command.words)
        return
    said = format_full_date(date, ticket.language, ctx.zone)
    text = proposal_text(ctx.customer_words(ticket.language), ticket.number, said, command.words)
    sending = await proposed_dates.wait(uow, ctx, ticket, by, text, [date])
    await sendings.press(uow, ctx, ticket, sending, by, NextTurn.CUSTOMER)


async def confirm(command: ConfirmDate, uow: UnitOfWork, ctx: Context) -> None:
    """The customer agreed, by phone or in other words than a plain yes."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not await allowed(uow, ctx, by, ticket, Action.CONFIRM_DATE):
        return
    date = agreed_dates.proposed_at(ticket)
    if date is None or date <= ctx.now:
        await tell(uow, by, "date_is_past", number=ticket.number)
        return
    await agreed_dates.confirm(uow, ctx, ticket, by.at or ctx.now, by.user)
    await store(uow, ticket)


async def kept(command: DateKept, uow: UnitOfWork, ctx: Context) -> None:
    """What was agreed is done: the date is over, what stood still goes on."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not await allowed(uow, ctx, by, ticket, Action.DATE_KEPT):
        return
    date = agreed_dates.agreed_at(ticket)
    assert date is not None
    await journal(uow, ctx, ticket, by.user, "date_kept", date=date.isoformat())
    await agreed_dates.finish(uow, ctx, ticket, by.at or ctx.now, ClockState.MET, "date_kept", by.user)
    await agreed_dates.say(uow, ticket, "kept", date, by=by.user)
    await store(uow, ticket)
