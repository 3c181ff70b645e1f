"""An engineer decides whether a customer's words ask for an escalation (`handlers.escalated_tickets.propose`)."""

from __future__ import annotations

from bot.effects import EditProposal
from bot.escalation_commands import DecideProposal, EscalateTicket
from bot.model import JournalEntry, Ticket
from bot.ports import UnitOfWork
from handlers import escalation_actions
from handlers.context import Context, journal, said_at, tell

DECIDED = "escalation_proposal_decided"
"""The journal's line: message (`Message.id`), accepted."""


async def decide(command: DecideProposal, uow: UnitOfWork, ctx: Context) -> None:
    """Escalate for the customer, or not; whoever presses second learns who was first."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
        return
    words, decided = await _proposed(uow, ticket, command.message_id)
    if words is None:
        return  # no words of this ticket were ever proposed: the button is none of ours
    if decided is not None:
        await tell(uow, by, "proposal_decided", who=decided.actor, at=said_at(ctx, decided.at))
        return
    await journal(uow, ctx, ticket, by.user, DECIDED, message=command.message_id, accepted=command.accept)
    message = await uow.tickets.message(command.message_id)
    data: dict[str, object] = {
        "by": by.user,
        "accepted": command.accept,
        "words": words,
        "address": message.author,
    }
    await uow.outbox.add(EditProposal(ticket.id, command.post_ts, data))
    if command.accept:
        escalate = EscalateTicket(by, ticket.id, words, command.message_id)
        await escalation_actions.raise_by_hand(escalate, uow, ctx)


async def _proposed(uow: UnitOfWork, ticket: Ticket, message_id: int) -> tuple[str | None, JournalEntry | None]:
    """The words of that message that were proposed, and the line of whoever has decided on them."""
    words, decided = None, None
    for entry in await uow.journal_of(ticket.id):
        if entry.data.get("message") == message_id:
            if entry.kind == "escalation_proposed":
                words = str(entry.data["words"])
            elif entry.kind == DECIDED:
                decided = entry
    return words, decided
