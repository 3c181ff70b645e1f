"""Reading only: everything that is known about the clocks of one ticket."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from bot.model import JournalEntry, Message, SlaClock, Ticket, Timer
from storage.clocks import timer_of
from storage.engine import Database
from storage.schema import TimerState, timers
from storage.types import literal

_NUMBER = re.compile(r"(?:HEZO-)?(?:(?P<year>\d{4})-)?0*(?P<id>\d{1,18})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TicketClocks:
    """A ticket with its clocks, oldest first, and what explains them.

    Attributes:
        messages: The ticket's messages by their ids.
        pending: Of each clock the timer that fires next, by the clock's id.
        journal: The whole journal, oldest first.
    """

    ticket: Ticket
    clocks: tuple[SlaClock, ...]
    messages: Mapping[int, Message]
    pending: Mapping[int, Timer]
    journal: tuple[JournalEntry, ...]


async def ticket_clocks(database: Database, number: str) -> TicketClocks | None:
    """The ticket that people call so, with its clocks; None when there is none.

    Args:
        number: "HEZO-2026-000123", in any case, or only its last part: "123".
    """
    named = _NUMBER.fullmatch(number.strip())
    if named is None:
        return None
    async with database.read() as uow:
        try:
            ticket = await uow.tickets.get(int(named["id"]))
        except LookupError:
            return None
        if named["year"] and f"-{named['year']}-" not in ticket.number:
            return None
        clocks = await uow.clocks.of_ticket(ticket.id)
        waiting = select(timers).where(
            timers.c.clock_id.in_([clock.id for clock in clocks]), timers.c.state == literal(TimerState.PENDING)
        )
        latest_first = await uow.transaction.connection.execute(waiting.order_by(timers.c.fire_at.desc()))
        return TicketClocks(
            ticket,
            clocks,
            {message.id: message for message in await uow.tickets.messages(ticket.id)},
            {timer.clock_id: timer for timer in map(timer_of, latest_first) if timer.clock_id is not None},
            await uow.journal_of(ticket.id),
        )
