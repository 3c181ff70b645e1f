"""Replacements (AHR 8h): begun, moved on, shown; the clocks that they start and stop.

Which move is legal is decided in `bot.rules.replacement` alone. What engineers press is in
`handlers.replacement_actions`, what customers answer in `handlers.replacement_answers`, what comes due in
`handlers.replacement_timers`. Every move is journaled on the ticket, told as a line of its thread, and shown on the
replacement's panel there.

| journal                  | data                                                                                     |
| ------------------------ | ---------------------------------------------------------------------------------------- |
| replacement_begin        | replacement, serial                                                                      |
| replacement_check        | replacement, check, note, files                                                          |
| replacement_verify       | replacement                                                                              |
| replacement_ask          | replacement                                                                              |
| replacement_confirm      | replacement, via, who, accepted_at (None while the fault is not verified)                |
| replacement_answer       | replacement, answer (`FaultAnswer`), message: not taken for a confirmation               |
| replacement_dispatch     | replacement, carrier, waybill, address, contact, phone                                   |
| replacement_lose         | replacement, waybill                                                                     |
| replacement_deliver      | replacement, at, received_by, old, new, model, fate, contract, late                      |
| replacement_send_waybill | replacement, number, files                                                               |
| replacement_return       | replacement, at, note                                                                    |
| replacement_waive, replacement_refute, replacement_decline, replacement_cancel | replacement, reason               |
| replacement_close        | replacement                                                                              |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.effects import EditProposal, Note, PostCard, PostInThread, PostReplacementPanel
from bot.model import ClockKind, ClockState, Device, Message, Priority, Ticket
from bot.ports import UnitOfWork
from bot.replacements import Replacement, Stage, Via
from bot.rules import clock_terms
from bot.rules import replacement as moves
from bot.rules.clock_terms import Measure
from bot.rules.replacement import Move, moves_of
from bot.rules.replacement_text import Speaker
from bot.rules.sla import SlaTerms
from bot.rules.ticket_replacements import note
from handlers import clocks, customer_words
from handlers.context import Context, journal

QUESTIONS = "fault_questions"
"""The key of the ticket's facts that keeps, by the replacement's id, the words whose button confirms its fault."""


async def begin(uow: UnitOfWork, ctx: Context, ticket: Ticket, device: Device, by: str, at: datetime) -> Replacement:
    """Begin a replacement of a device that has none. The caller stores the ticket."""
    replacement = await uow.replacements.add(
        Replacement(
            id=0,
            ticket_id=ticket.id,
            device=device,
            stage=Stage.REPORTED,
            begun_at=at,
            begun_by=by,
            contract_id=ticket.contract_id,
            changed_by=by,
        )
    )
    await journal(uow, ctx, ticket, by, "replacement_begin", replacement=replacement.id, serial=device.serial)
    await say(uow, ticket, replacement, "begin", {"by": by})
    await show(uow, ticket, replacement)
    return replacement


async def moved(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, replacement: Replacement, move: Move, by: str, **data: object
) -> Replacement:
    """Store what a move made, journal it, and show it; gives what is stored. The caller stores the ticket.

    Args:
        by: A Slack user id, or the customer's address.
        data: For the journal; JSON values.
    """
    stored = await uow.replacements.update(replace(replacement, changed_by=by))
    await journal(uow, ctx, ticket, by, f"replacement_{move}", replacement=stored.id, **data)
    await say(uow, ticket, stored, move, {"by": by, **data})
    if move is Move.ASK or Move.CONFIRM not in moves_of(stored):
        await _close_question(uow, ticket, stored)
    await show(uow, ticket, stored)
    return stored


def keep_question(ctx: Context, ticket: Ticket, replacement: Replacement, message: Message) -> None:
    """Remember the words with the button that confirms the fault, where they have one. The caller stores the ticket."""
    if customer_words.goes_by_slack(ticket):
        asked = {"message": message.id, "author_name": f"{message.author_name} ({ctx.config.service.name})"}
        ticket.facts[QUESTIONS] = {**_questions(ticket), str(replacement.id): asked}


async def _close_question(uow: UnitOfWork, ticket: Ticket, replacement: Replacement) -> None:
    """Take the button away: a press would only be told that it is late."""
    questions = _questions(ticket)
    asked = questions.pop(str(replacement.id), None)
    if isinstance(asked, dict):
        ticket.facts[QUESTIONS] = questions
        await uow.outbox.add(EditProposal(ticket.id, "", asked))


def _questions(ticket: Ticket) -> dict[str, object]:
    kept = ticket.facts.get(QUESTIONS)
    return dict(kept) if isinstance(kept, dict) else {}


async def show(uow: UnitOfWork, ticket: Ticket, replacement: Replacement) -> None:
    """Show the panel and the ticket's card as they are now. The caller stores the ticket."""
    note(ticket, replacement)
    await uow.outbox.add(PostCard(ticket.id))
    await uow.outbox.add(PostReplacementPanel(ticket.id, replacement.id))


async def say(
    uow: UnitOfWork,
    ticket: Ticket,
    replacement: Replacement,
    event: str,
    data: Mapping[str, object],
    *,
    mention: tuple[str, ...] = (),
    urgent: bool = False,
) -> None:
    """Tell a line in the ticket's thread: the sentence "replacement_line.<event>"; `data` holds JSON values."""
    said: dict[str, object] = {"event": event, "serial": replacement.device.serial, **data}
    await uow.outbox.add(PostInThread(ticket.id, Note.REPLACEMENT, said, mention=mention, urgent=urgent))


def speaker_of(ctx: Context, ticket: Ticket, replacement: Replacement) -> Speaker:
    """How the customer is spoken to about it."""
    return Speaker(ctx.customer_words(ticket.language), ticket.number, replacement, ctx.zone)


def promised(ticket: Ticket) -> Measure | None:
    """The delivery time by the terms that were frozen onto the ticket.

    A replacement that was begun for a fault keeps its promise when somebody calls the report a question later.
    """
    for priority in (ticket.priority, Priority.CRITICAL, Priority.NON_CRITICAL):
        terms = ticket.terms.get(priority)
        found = clock_terms.delivery(SlaTerms.from_json(terms)) if terms else None
        if found is not None:
            return found
    return None


async def confirmed(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    replacement: Replacement,
    by: str,
    via: Via,
    at: datetime,
    *,
    logged_by: str | None = None,
    message_id: int | None = None,
) -> Replacement:
    """The user has confirmed; where the fault is verified, the delivery time runs from this moment on."""
    made = moves.confirm(replacement, by, via, at, logged_by=logged_by)
    made = await start_delivery(uow, ctx, ticket, made, logged_by or by, message_id)
    accepted = made.accepted_at
    return await moved(
        uow, ctx, ticket, made, Move.CONFIRM, logged_by or by,
        via=via, who=by, accepted_at=accepted and accepted.isoformat(),
    )  # fmt: skip


async def start_delivery(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, replacement: Replacement, by: str, message_id: int | None = None
) -> Replacement:
    """Start the delivery clock where both confirmations stand, at the moment since they do."""
    measure, accepted = promised(ticket), replacement.accepted_at
    if replacement.stage is not Stage.CONFIRMED or accepted is None or measure is None:
        return replacement
    clock = await clocks.start(
        uow, ctx, ticket, ClockKind.DELIVERY, accepted, message_id, reason="fault_confirmed", by=by, measure=measure
    )
    return replace(replacement, delivery_clock_id=clock.id)


async def delivery_due(uow: UnitOfWork, replacement: Replacement) -> datetime | None:
    """By when the new device was promised; None where nothing was."""
    if replacement.delivery_clock_id is None:
        return None
    return (await uow.clocks.get(replacement.delivery_clock_id)).due_at


async def stop(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    clock_id: int | None,
    at: datetime,
    state: ClockState,
    reason: str,
    by: str,
) -> None:
    """The delivery or the way back counts no more: it was met at `at`, or nobody waits for it any longer.

    Args:
        clock_id: None where no such clock was ever started.
    """
    if clock_id is not None:
        kinds = (ClockKind.DELIVERY, ClockKind.RETURN)
        await clocks.end(uow, ctx, ticket, state, at, *kinds, reason=reason, by=by, only=clock_id)
