"""Two who answer at the same instant: the second's words do not go unasked, and are not lost.

Whoever submits a window is asked in it (`bot.edges.slack_second_answer`); this is for what was submitted before the
first answer could be seen there.
"""

from __future__ import annotations

from bot.effects import OfferSending
from bot.model import Ticket
from bot.people import SlackPerson
from bot.ports import UnitOfWork
from bot.rules.same_answer import Answer, answer_since
from bot.sendings import Seen, Sending
from handlers.context import Context, journal, tell

ROOM = 600
"""Characters of the first answer in a line that only the second presser sees."""


async def first_answer(uow: UnitOfWork, ticket: Ticket, by: SlackPerson, seen: Seen | None) -> Answer | None:
    """What a colleague has sent, or is about to send, that `by` had not seen. The caller has locked the ticket."""
    if seen is None:
        return None
    return answer_since(seen, by.user, await uow.tickets.messages(ticket.id), await uow.sendings.waiting(ticket.id))


async def ask_again(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, sending: Sending, by: SlackPerson, first: Answer
) -> None:
    """The words stay with colleagues; who wrote them reads the first answer and is asked whether theirs shall go."""
    await uow.sendings.update(sending)
    await journal(uow, ctx, ticket, by.user, "reply_held_back", sending=sending.id, first=first.by)
    await uow.outbox.add(OfferSending(ticket.id, sending.id, by.user, first.by, first.text))


async def refuse(uow: UnitOfWork, ctx: Context, ticket: Ticket, by: SlackPerson, first: Answer, own: str) -> None:
    """What is more than words, such as a resolution, is not done: they read the first answer and have theirs back."""
    await journal(uow, ctx, ticket, by.user, "reply_held_back", first=first.by)
    await tell(uow, by, "answered_meanwhile", number=ticket.number, who=first.by, words=first.text[:ROOM], own=own)
