"""Dates that an engineer proposes wait like any words to a customer; nothing is proposed before the mail goes.

The ticket's facts keep, under "proposing", what becomes of a ticket when a sending goes: its id -> `proposed` (as of
`handlers.agreed_dates`), `choices` (label and value of each button in a shared channel).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.effects import EditProposal, Note, PostInThread
from bot.model import Message, Ticket
from bot.people import SlackPerson
from bot.ports import UnitOfWork
from bot.rules.appointments import Appointment
from bot.sendings import Sending, SendingState
from handlers import agreed_dates, customer_words
from handlers.context import Context, journal

PROPOSING = "proposing"

Choices = tuple[tuple[str, str], ...]


async def wait(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    by: SlackPerson,
    text: str,
    dates: Sequence[datetime],
    *,
    appointment: Appointment | None = None,
    choices: Choices = (),
) -> Sending:
    """Keep a proposal until its words go; gives these, to be pressed (`handlers.sendings.press`).

    Args:
        dates: One, or all that the customer may choose from.
        appointment: What they are for, where times are offered for an appointment.
    """
    sending = await uow.sendings.add(Sending(0, ticket.id, SendingState.INTERNAL, by.user, text, ctx.now))
    options = dates if appointment is not None else ()
    proposal = agreed_dates.proposal(dates[0], by.user, by.at or ctx.now, options=options, appointment=appointment)
    waiting = {"proposed": proposal, "choices": [list(choice) for choice in choices]}
    ticket.facts[PROPOSING] = {**_waiting(ticket), str(sending.id): waiting}
    await uow.tickets.update(ticket)
    return sending


def choices_of(ticket: Ticket, sending: Sending) -> Choices:
    """The buttons below the words in a shared channel."""
    waiting = _waiting(ticket).get(str(sending.id))
    listed = waiting.get("choices") if isinstance(waiting, dict) else None
    return tuple((str(label), str(value)) for label, value in listed) if isinstance(listed, list) else ()


async def sent(uow: UnitOfWork, ctx: Context, ticket: Ticket, sending: Sending, message: Message) -> None:
    """The words went: the customer has the proposal. The caller stores the ticket."""
    waiting = _take(ticket, sending)
    proposal = waiting.get("proposed")
    if not isinstance(proposal, dict):
        return
    await agreed_dates.close_posts(uow, ticket)
    if customer_words.goes_by_slack(ticket):
        name = f"{message.author_name} ({ctx.config.service.name})"
        proposal = {**proposal, "words": {"message": message.id, "author_name": name}}
    ticket.facts[agreed_dates.PROPOSED] = proposal
    by, dates = str(proposal["by"]), proposal.get("options")
    if not isinstance(dates, list):
        await journal(uow, ctx, ticket, by, "date_proposed", date=proposal["at"], message=message.id)
        return
    appointment = Appointment.from_json(proposal.get("appointment"))
    use_id = appointment.use_id if appointment is not None else None
    await journal(uow, ctx, ticket, by, "times_offered", dates=dates, message=message.id, use=use_id)
    data: dict[str, object] = {"event": "offered", "at": dates[0], "by": by, "options": dates}
    await uow.outbox.add(PostInThread(ticket.id, Note.AGREED_DATE, data))


async def posted(uow: UnitOfWork, effect: PostInThread, ts: str) -> None:
    """The post with a button for each time stands in the thread: they go when none of them is wanted any more."""
    ticket = await uow.tickets.get(effect.ticket_id)
    proposed = ticket.facts.get(agreed_dates.PROPOSED)
    if isinstance(proposed, dict) and proposed.get("options") == effect.data["options"]:
        ticket.facts[agreed_dates.PROPOSED] = {**proposed, "post": ts}
        await uow.tickets.update(ticket)
    else:  # somebody chose before it was posted
        await uow.outbox.add(EditProposal(ticket.id, ts, effect.data))


async def taken_back(uow: UnitOfWork, ticket: Ticket, sending: Sending) -> None:
    """The words do not go, so nothing is proposed."""
    if _take(ticket, sending):
        await uow.tickets.update(ticket)


def _take(ticket: Ticket, sending: Sending) -> dict[str, object]:
    waiting = _waiting(ticket)
    taken = waiting.pop(str(sending.id), None)
    if waiting:
        ticket.facts[PROPOSING] = waiting
    else:
        ticket.facts.pop(PROPOSING, None)
    return taken if isinstance(taken, dict) else {}


def _waiting(ticket: Ticket) -> dict[str, object]:
    fact = ticket.facts.get(PROPOSING)
    return dict(fact) if isinstance(fact, dict) else {}
