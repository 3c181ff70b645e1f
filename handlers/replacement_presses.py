"""What every press about a replacement has in common: who may, whether it can be done now, and what follows a move.

A step sees the ticket and the replacement as they are now. Of two people who press, the second learns who was first,
and nothing changes. What customers need to know goes out in the engineer's name, as a reply of theirs: they pressed the
button that says so, and the thread shows what was sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from bot.commands import NextTurn, SlackPerson
from bot.effects import Note, PostInThread
from bot.model import ClockState, Message, Ticket
from bot.ports import UnitOfWork
from bot.replacement_commands import ReplacementPress
from bot.replacements import Replacement
from bot.rules.firsts import MOVED
from bot.rules.replacement import Move, moves_of
from bot.rules.replacement_text import Speaker
from handlers import customer_mails, customer_words, escalated_tickets, firsts, replacements, turns
from handlers.context import Context, journal, said_at, tell

MOMENT = timedelta(minutes=2)
"""Clocks differ a little: what people say happened now is not in the future."""

Files = tuple[tuple[str, str, str], ...]


class Refused(Exception):  # no error: a sentence for the person who pressed
    """It cannot be done with what was typed; nothing was changed yet.

    Attributes:
        sentence: Key of the sentence, which gets the ticket's number and what is in `placeholders`.
    """

    def __init__(self, sentence: str, **placeholders: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.placeholders = placeholders


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press that may be done: the ticket and its replacement, locked in this order."""

    uow: UnitOfWork
    ctx: Context
    by: SlackPerson
    move: Move
    ticket: Ticket
    replacement: Replacement

    @property
    def at(self) -> datetime:
        """When it was pressed."""
        return self.by.at or self.ctx.now

    def speaker(self, replacement: Replacement | None = None) -> Speaker:
        """How the customer is spoken to about the replacement as it was, or as it became."""
        return replacements.speaker_of(self.ctx, self.ticket, replacement or self.replacement)

    def past(self, at: datetime, since: datetime | None) -> datetime:
        """`at`, which may not lie before `since` or in the future.

        Raises:
            Refused: it does.
        """
        if (since is not None and at < since.replace(second=0, microsecond=0)) or at > self.ctx.now + MOMENT:
            raise Refused("replacement_field")
        return min(at, self.ctx.now)

    async def moved(self, made: Replacement, **data: object) -> Replacement:
        """Store, journal and show what the move made; gives what is stored."""
        return await replacements.moved(self.uow, self.ctx, self.ticket, made, self.move, self.by.user, **data)

    async def stop(self, clock_id: int | None, at: datetime, state: ClockState, reason: str) -> None:
        """The delivery or the way back counts no more."""
        await replacements.stop(self.uow, self.ctx, self.ticket, clock_id, at, state, reason, self.by.user)

    async def delivery_due(self, replacement: Replacement) -> datetime | None:
        """By when the new device was promised."""
        return await replacements.delivery_due(self.uow, replacement)

    async def write(
        self,
        text: str,
        next_turn: NextTurn = NextTurn.NOBODY,
        *,
        reason: str = "replied",
        files: Files = (),
        choices: tuple[tuple[str, str], ...] = (),
    ) -> Message | None:
        """Write to the customer in the name of who pressed; gives the stored message, None where nobody is reached."""
        return await write(
            self.uow, self.ctx, self.ticket, self.by, text, next_turn, reason=reason, files=files, choices=choices
        )


C = TypeVar("C", bound=ReplacementPress)
Step = Callable[[C, Pressed], Awaitable[None]]


def press(move: Move) -> Callable[[Step[C]], Callable[[C, UnitOfWork, Context], Awaitable[None]]]:
    """Make a handler of a step: it is taken where the move can be made, and the ticket is stored after it.

    A step may raise Refused before it changes anything.
    """

    def of(step: Step[C]) -> Callable[[C, UnitOfWork, Context], Awaitable[None]]:
        async def handle(command: C, uow: UnitOfWork, ctx: Context) -> None:
            pressed = await _pressed(command, move, uow, ctx)
            if pressed is None:
                return
            try:
                await step(command, pressed)
            except Refused as refused:
                await tell(uow, command.by, refused.sentence, number=pressed.ticket.number, **refused.placeholders)
            else:
                await uow.tickets.update(pressed.ticket)

        handle.__doc__ = step.__doc__
        return handle

    return of


async def _pressed(command: ReplacementPress, move: Move, uow: UnitOfWork, ctx: Context) -> Pressed | None:
    """None when the move cannot be made, and they are told why."""
    by = command.by
    ticket = await uow.tickets.get(command.ticket_id)
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
        return None
    replacement = await uow.replacements.get(command.replacement_id)
    if replacement.ticket_id != ticket.id:
        await tell(uow, by, "ticket_gone")
        return None
    if move not in moves_of(replacement):
        last = await firsts.last_line_of(uow, ticket, MOVED, replacement=replacement.id)
        since = {} if last is None else {"at": said_at(ctx, last.at)}
        await tell(
            uow, by, "replacement_not_now",
            number=ticket.number, replacement_stage=replacement.stage, who=replacement.changed_by, **since,
            **ctx.own,
        )  # fmt: skip
        return None
    return Pressed(uow, ctx, by, move, ticket, replacement)


async def write(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    by: SlackPerson,
    text: str,
    next_turn: NextTurn = NextTurn.NOBODY,
    *,
    reason: str = "replied",
    files: Files = (),
    choices: tuple[tuple[str, str], ...] = (),
) -> Message | None:
    """Write to the customer in the engineer's name, or tell the engineers that nothing can be written there.

    Gives the stored message, None where nothing was written. The caller stores the ticket.
    """
    if not customer_words.can_be_reached(ticket):
        data: dict[str, object] = {"reason": "no_address", "detail": ticket.requester}
        await journal(uow, ctx, ticket, by.user, "mail_withheld", **data)
        await uow.outbox.add(PostInThread(ticket.id, Note.MAIL_WITHHELD, data))
        return None
    message = await customer_mails.engineer_reply(
        uow, ctx, ticket, by.user, by.name, text, files=files, choices=choices
    )
    shown: dict[str, object] = {
        "author": by.user, "text": text, "to": customer_words.shown_recipient(ticket), "status": "sending"
    }  # fmt: skip
    await uow.outbox.add(PostInThread(ticket.id, Note.ENGINEER_REPLY, shown, message_id=message.id))
    await contacted(uow, ctx, ticket, by, next_turn, reason, message.id)
    return message


async def contacted(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    by: SlackPerson,
    next_turn: NextTurn,
    reason: str,
    message_id: int | None = None,
) -> None:
    """The engineer wrote to the customer or talked to them. The caller stores the ticket."""
    at = by.at or ctx.now
    ticket.assignee = ticket.assignee or by.user
    await turns.engineer_contacted(uow, ctx, ticket, next_turn, at=at, by=by.user, reason=reason, message_id=message_id)
    await escalated_tickets.contacted(uow, ctx, ticket, at, by.user, by.name)
