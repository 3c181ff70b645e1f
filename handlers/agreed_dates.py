"""A date agreed with the customer: proposed by mail, confirmed, kept or past; meanwhile our reply clocks stand still.

What is known of it is kept in the ticket's facts:

| key      | holds                                                                                                    |
| -------- | -------------------------------------------------------------------------------------------------------- |
| proposed | at (the date), by, sent (when it was proposed), open (False once somebody wrote something else since)    |
| agreed   | at (the date), by (who confirmed), since, unanswered (the first message the customer wrote meanwhile)    |

A plain yes by mail confirms a proposal, as long as neither side wrote anything else since: after "rather Friday?" an
"ok" may mean Friday. Everything else an engineer reads, and confirms by the button where it was meant.
"""

from __future__ import annotations

from datetime import datetime

from bot.effects import Note, PostInThread
from bot.model import ClockKind, ClockState, Message, SlaClock, Ticket, TicketState
from bot.ports import UnitOfWork
from bot.rules.agreed_dates import confirms
from bot.rules.clock_terms import SUSPENDED_BY_A_DATE
from bot.rules.ticket_states import move
from handlers import clocks, customer_mails, duty
from handlers.context import Context, journal

PROPOSED, AGREED = "proposed", "agreed"


def proposed_at(ticket: Ticket) -> datetime | None:
    """The date that waits for the customer's confirmation, UTC."""
    return _instant(ticket, PROPOSED, "at")


def agreed_at(ticket: Ticket) -> datetime | None:
    """The date that is agreed, UTC."""
    return _instant(ticket, AGREED, "at")


def use_of(ticket: Ticket) -> int | None:
    """The use of an entitlement that the agreed date is for."""
    use = (_fact(ticket, AGREED) or {}).get("use")
    return use if isinstance(use, int) else None


def propose(ticket: Ticket, at: datetime, by: str, sent: datetime) -> None:
    """Remember what was proposed; an older proposal is forgotten."""
    ticket.facts[PROPOSED] = {"at": at.isoformat(), "by": by, "sent": sent.isoformat(), "open": True}


def engineer_wrote(ticket: Ticket, at: datetime) -> None:
    """An engineer wrote to the customer: what was unanswered is answered, and a yes may now mean something else."""
    proposed, agreed = _fact(ticket, PROPOSED), _fact(ticket, AGREED)
    if proposed is not None:
        ticket.facts[PROPOSED] = {**proposed, "open": False}
    unanswered = agreed.get("unanswered") if agreed is not None else None
    if agreed is not None and isinstance(unanswered, dict) and datetime.fromisoformat(unanswered["sent_at"]) <= at:
        ticket.facts[AGREED] = {key: value for key, value in agreed.items() if key != "unanswered"}


async def confirmed_by(uow: UnitOfWork, ctx: Context, ticket: Ticket, message: Message) -> bool:
    """Take a customer's message for the confirmation of the proposed date, if it is one."""
    proposed, at, sent = _fact(ticket, PROPOSED), proposed_at(ticket), _instant(ticket, PROPOSED, "sent")
    if proposed is None or at is None or sent is None:
        return False
    if message.sent_at < sent.replace(microsecond=0):  # written before it; a Date header counts whole seconds
        return False
    names = f"{message.author_name} {message.author} {ticket.requester_name}"
    if proposed["open"] and at > ctx.now and confirms(message.text, names, at.astimezone(ctx.zone)):
        await confirm(uow, ctx, ticket, message.sent_at, message.author, message.id)
        return True
    ticket.facts[PROPOSED] = {**proposed, "open": False}
    return False


async def confirm(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, at: datetime, by: str, message_id: int | None = None
) -> None:
    """From `at` on the date is agreed: reply clocks stand still, and a clock runs to the date.

    The proposal has to lie ahead. A date that was agreed before is replaced; the caller stores the ticket.
    """
    date = proposed_at(ticket)
    assert date is not None
    previous = _fact(ticket, AGREED) or {}
    del ticket.facts[PROPOSED]
    ticket.facts[AGREED] = {**previous, "at": date.isoformat(), "by": by, "since": at.isoformat()}
    await journal(uow, ctx, ticket, by, "date_agreed", date=date.isoformat(), message=message_id)
    await clocks.end(
        uow, ctx, ticket, ClockState.CANCELLED, at, ClockKind.AGREED, reason="new_date", by=by, message_id=message_id
    )
    await clocks.end(
        uow, ctx, ticket, ClockState.CANCELLED, at, ClockKind.CUSTOMER_REPLY, reason="agreed", by=by,
        message_id=message_id,
    )  # fmt: skip
    await clocks.pause(uow, ctx, ticket, at, "agreed", by)
    await clocks.start(uow, ctx, ticket, ClockKind.AGREED, at, message_id, reason="agreed", by=by, until=date)
    move(ticket, TicketState.OPEN, ctx.now)
    await customer_mails.date_confirmed(uow, ctx, ticket, date)
    await say(uow, ticket, "confirmed", date, by=by)


async def customer_wrote(uow: UnitOfWork, ctx: Context, ticket: Ticket, message: Message) -> bool:
    """While a date is agreed a message starts no clock: engineers are told, and it counts when the date is over."""
    agreed, date = _fact(ticket, AGREED), agreed_at(ticket)
    if agreed is None or date is None:
        return False
    if "unanswered" not in agreed:
        unanswered = {"message": message.id, "sent_at": message.sent_at.isoformat()}
        ticket.facts[AGREED] = {**agreed, "unanswered": unanswered}
    await say(uow, ticket, "customer_wrote", date, mention=await duty.on_call(uow, ctx, ticket))
    return True


async def finish(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, at: datetime, state: ClockState, reason: str, by: str
) -> None:
    """The agreed date is over, kept or not: what stood still goes on, and what is unanswered starts its clock.

    Args:
        at: When the clocks go on.
    """
    await clocks.end(uow, ctx, ticket, state, at, ClockKind.AGREED, reason=reason, by=by)
    agreed = ticket.facts.pop(AGREED, None)
    await clocks.resume(uow, ctx, ticket, at, reason, by)
    unanswered = agreed.get("unanswered") if isinstance(agreed, dict) else None
    if unanswered and not await clocks.unfinished(uow, ticket, *SUSPENDED_BY_A_DATE):
        await clocks.start(
            uow, ctx, ticket, ClockKind.REPLY, max(at, datetime.fromisoformat(unanswered["sent_at"])),
            unanswered["message"], reason="customer_wrote_meanwhile",
        )  # fmt: skip


async def passed(uow: UnitOfWork, ctx: Context, ticket: Ticket, clock: SlaClock) -> None:
    """The date came and nobody said that it was kept: it is our turn, from the date on, unless the customer's runs."""
    await journal(uow, ctx, ticket, "bot", "date_passed", date=clock.due_at.isoformat())
    await finish(uow, ctx, ticket, clock.due_at, ClockState.CANCELLED, "date_passed", "bot")
    if not await clocks.unfinished(uow, ticket, *SUSPENDED_BY_A_DATE, ClockKind.CUSTOMER_REPLY):
        await clocks.start(uow, ctx, ticket, ClockKind.REPLY, clock.due_at, None, reason="date_passed")
        move(ticket, TicketState.OPEN, ctx.now)
    await say(uow, ticket, "passed", clock.due_at, mention=await duty.on_call(uow, ctx, ticket), urgent=True)
    await uow.tickets.update(ticket)


async def say(
    uow: UnitOfWork,
    ticket: Ticket,
    event: str,
    date: datetime,
    *,
    by: str | None = None,
    mention: tuple[str, ...] = (),
    urgent: bool = False,
) -> None:
    """Tell in the ticket's thread what became of a date.

    Args:
        event: A sentence "thread.date_<event>".
    """
    data: dict[str, object] = {"event": event, "at": date.isoformat(), "by": by}
    await uow.outbox.add(PostInThread(ticket.id, Note.AGREED_DATE, data, mention=mention, urgent=urgent))


def _fact(ticket: Ticket, key: str) -> dict[str, object] | None:
    fact = ticket.facts.get(key)
    return fact if isinstance(fact, dict) else None


def _instant(ticket: Ticket, key: str, name: str) -> datetime | None:
    fact = _fact(ticket, key)
    return None if fact is None else datetime.fromisoformat(str(fact[name]))
