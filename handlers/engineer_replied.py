"""An engineer's reply to the customer: the only way for words to leave Slack (invariant 8)."""

from __future__ import annotations

from bot.commands import ReplyToCustomer
from bot.effects import Note, PostCard, PostInThread
from bot.ports import UnitOfWork
from bot.rules.ticket_states import Action, actions_of
from handlers import customer_mails, customer_words, escalated_tickets, turns
from handlers.context import Context, journal, tell


async def handle(command: ReplyToCustomer, uow: UnitOfWork, ctx: Context) -> None:
    """Mail the words to the customer, meet our clocks, and start the customer's if the reply asks for something."""
    ticket = await uow.tickets.get(command.ticket_id)
    by = command.by
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
        return
    if Action.REPLY not in actions_of(ticket):
        await tell(uow, by, "not_in_this_state", number=ticket.number, state=ticket.state)
        return
    if not customer_words.can_be_reached(ticket):
        await tell(uow, by, "no_address", number=ticket.number, address=ticket.requester)
        return
    message = await customer_mails.engineer_reply(uow, ctx, ticket, by.user, by.name, command.text)
    await journal(uow, ctx, ticket, by.user, "engineer_replied", message=message.id, next_turn=command.next_turn)
    await uow.outbox.add(
        PostInThread(
            ticket.id,
            Note.ENGINEER_REPLY,
            {
                "author": by.user,
                "text": command.text,
                "to": customer_words.shown_recipient(ticket),
                "status": "sending",
            },
            message_id=message.id,
        )
    )
    ticket.assignee = ticket.assignee or by.user
    await turns.engineer_contacted(
        uow, ctx, ticket, command.next_turn, at=by.at or ctx.now, by=by.user, message_id=message.id
    )
    await escalated_tickets.contacted(uow, ctx, ticket, by.at or ctx.now, by.user, by.name)
    await uow.tickets.update(ticket)
    await uow.outbox.add(PostCard(ticket.id))
