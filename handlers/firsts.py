"""Two people at once: a press whose window or button did not know what somebody else did meanwhile changes nothing.

Whoever submits a window is asked in it (`bot.edges.slack_second_answer`); this is for buttons, and for what two people
submitted before the first could be seen.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from bot.commands import Command, SlackPerson
from bot.effects import PostCard
from bot.model import JournalEntry, Language, Ticket
from bot.ports import UnitOfWork
from bot.rules.first_words import said_of
from bot.rules.firsts import BOT, WEIGHS, first_of, typed_in
from bot.rules.wording import words
from handlers.context import Context, said_at, tell


async def somebody_was_first(command: Command, uow: UnitOfWork, ctx: Context) -> bool:
    """Whether the command must not be done; then whoever pressed is told who was first, and with what.

    The ticket is locked from then on, so that nobody can come between this and what the handler does.
    """
    by = getattr(command, "by", None)
    ticket_id = getattr(command, "ticket_id", None)
    if type(command) not in WEIGHS or not isinstance(by, SlackPerson) or by.saw is None or not ctx.may_act(by):
        return False
    assert isinstance(ticket_id, int)
    both = sorted({ticket_id, getattr(command, "target_id", ticket_id)})  # as merging locks them, in one order
    ticket = {each: await uow.tickets.get(each) for each in both}[ticket_id]
    first = first_of(command, await uow.journal_since(ticket_id, by.saw))
    if first is None:
        return False
    language = Language(ctx.config.service.staff_language)
    did, data = said_of(first, words("staff", language), ctx.zone, ctx.now)
    known = {"number": ticket.number, "who": first.actor, "at": said_at(ctx, first.at), "did": did}
    typed = replace(ctx, typed=typed_in(command))
    await tell(uow, by, "was_first", **data | known | typed.own)
    await uow.outbox.add(PostCard(ticket.id))  # whose buttons know of it from now on: a second press is a decision
    return True


async def who_did(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, by: SlackPerson, kinds: Collection[str], **data: object
) -> dict[str, object]:
    """Who was first and when, for a sentence "tell.<what>_by"; nothing where nobody else is known to have done it.

    Args:
        by: Who is told.
        kinds: Of the lines of the journal that say it; the newest counts.
        data: What such a line holds.
    """
    line = await last_line_of(uow, ticket, kinds, **data)
    if line is None or line.actor in {by.user, BOT}:
        return {}
    return {"who": line.actor, "at": said_at(ctx, line.at)}


async def last_line_of(uow: UnitOfWork, ticket: Ticket, kinds: Collection[str], **data: object) -> JournalEntry | None:
    """The newest line of the ticket's journal of these kinds that holds these data; None where there is none."""
    for line in reversed(await uow.journal_of(ticket.id)):
        if line.kind in kinds and all(line.data.get(name) == value for name, value in data.items()):
            return line
    return None
