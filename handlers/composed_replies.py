"""Mails that an engineer sends by choosing, not by writing: asking for data, and the summary of a resolved report.

They leave like any words of an engineer (`handlers.sendings`): in their name, and only after the time for taking back.
"""

from __future__ import annotations

from bot.commands_acting import AskForData, ResolveTicket
from bot.people import NextTurn, SlackPerson
from bot.ports import UnitOfWork
from bot.rules.data_requests import read_items, request_text, resolution_text
from bot.rules.notes import is_note
from bot.rules.ticket_states import Action
from bot.sendings import Sending, SendingState
from handlers import second_answers, sendings
from handlers.acted import said
from handlers.context import Context, journal, tell
from handlers.ticket_actions import allowed


async def ask(command: AskForData, uow: UnitOfWork, ctx: Context) -> None:
    """The customer's clock starts when it goes."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    items = read_items(command.items)
    if not await allowed(uow, ctx, by, ticket, Action.ASK) or not await sendings.may_be_sent(uow, ctx, ticket, by):
        return
    if not items or is_note(command.words):
        await tell(uow, by, "note_stays", number=ticket.number)
        return
    if first := await second_answers.first_answer(uow, ticket, by, command.seen):
        await second_answers.refuse(uow, ctx, ticket, by, first, command.words)
        return
    text = request_text(ctx.customer_words(ticket.language), ticket.number, items, command.words)
    await journal(uow, ctx, ticket, by.user, "asked_for_data", items=list(items))
    await _send(command.ticket_id, text, NextTurn.CUSTOMER, by, uow, ctx)


async def resolve(command: ResolveTicket, uow: UnitOfWork, ctx: Context) -> None:
    """The report is resolved when the summary goes: taking it back leaves the ticket as it is."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not await allowed(uow, ctx, by, ticket, Action.RESOLVE) or not await sendings.may_be_sent(uow, ctx, ticket, by):
        return
    if is_note(command.summary):
        await tell(uow, by, "note_stays", number=ticket.number)
        return
    if first := await second_answers.first_answer(uow, ticket, by, command.seen):
        await second_answers.refuse(
            uow, ctx, ticket, by, first, "\n\n".join(filter(None, (command.summary, command.internal)))
        )
        return
    text = resolution_text(ctx.customer_words(ticket.language), ticket.number, command.summary)
    if command.internal:
        await journal(uow, ctx, ticket, by.user, "resolution_note", text=command.internal)
        await said(uow, ticket, "resolution_note", by=by.user, text=command.internal)
    await _send(command.ticket_id, text, NextTurn.RESOLVED, by, uow, ctx)


async def _send(ticket_id: int, text: str, next_turn: NextTurn, by: SlackPerson, uow: UnitOfWork, ctx: Context) -> None:
    ticket = await uow.tickets.get(ticket_id)
    sending = await uow.sendings.add(Sending(0, ticket.id, SendingState.INTERNAL, by.user, text, ctx.now))
    await sendings.press(uow, ctx, ticket, sending, by, next_turn)
