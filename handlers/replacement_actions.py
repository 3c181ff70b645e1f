"""What engineers do about replacements: each press is checked against the replacement as it is now.

Of two people who press, the second learns who was first, and nothing changes. What customers need to know goes out in
the engineer's name, as a reply of theirs: they pressed the button that says so, and the thread shows what was sent.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.commands import NextTurn, SlackPerson
from bot.effects import Note, PostInThread
from bot.model import ClockState, Ticket
from bot.ports import UnitOfWork
from bot.replacement_commands import (
    AskUser,
    BeginReplacement,
    CancelReplacement,
    CloseReplacement,
    DeclineReplacement,
    DispatchReplacement,
    LogConfirmation,
    RecordCheck,
    RefuteFault,
    ReplacementPress,
    ReportLoss,
    VerifyFault,
)
from bot.replacements import CheckDone, Replacement, Shipment, Stage, Via
from bot.rules import replacement as moves
from bot.rules import replacement_text as letters
from bot.rules.replacement import Move, moves_of
from bot.rules.shipping import is_address, is_name, phone_number, waybill_number
from bot.rules.ticket_replacements import replaceable
from bot.rules.ticket_states import Action
from handlers import customer_mails, customer_words, escalated_tickets, replacements, turns
from handlers.context import Context, journal, tell
from handlers.ticket_actions import allowed

MOMENT = timedelta(minutes=2)
"""Clocks differ a little: what people say happened now is not in the future."""

Files = tuple[tuple[str, str, str], ...]


async def begin(command: BeginReplacement, uow: UnitOfWork, ctx: Context) -> None:
    """An engineer begins a replacement; a device has one at a time, whatever its ticket."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
        return
    running = await uow.replacements.open_of_device(command.serial)
    if running is not None:
        other = await uow.tickets.get(running.ticket_id) if running.ticket_id != ticket.id else ticket
        await tell(uow, by, "replacement_runs", number=other.number, serial=command.serial, who=running.begun_by)
        return
    if replacements.promised(ticket) is None or not ticket.terms[ticket.priority].get("delivery_s"):
        await tell(uow, by, "replacement_for_faults", number=ticket.number, priority=ticket.priority)
        return
    if not await allowed(uow, ctx, by, ticket, Action.REPLACE):
        return
    device = next((each for each in ticket.devices if each.serial == command.serial), None)
    if device is None or device.serial not in replaceable(ticket):
        await tell(uow, by, "not_in_this_state", number=ticket.number, state=ticket.state)
        return
    await replacements.begin(uow, ctx, ticket, device, by.user, by.at or ctx.now)
    ticket.assignee = ticket.assignee or by.user
    await uow.tickets.update(ticket)


async def record_check(command: RecordCheck, uow: UnitOfWork, ctx: Context) -> None:
    """Something was done to verify the fault."""
    found = await pressed(command, Move.CHECK, uow, ctx)
    if found is None:
        return
    ticket, replacement = found
    by = command.by
    own = {file.id for file in await uow.attachments.of_ticket(ticket.id)}
    files = tuple(each for each in command.files if each in own)
    made = moves.check(replacement, CheckDone(command.check, by.user, by.at or ctx.now, command.note.strip(), files))
    await replacements.moved(
        uow, ctx, ticket, made, Move.CHECK, by.user, check=command.check, note=command.note.strip(), files=list(files)
    )
    await uow.tickets.update(ticket)


async def verify(command: VerifyFault, uow: UnitOfWork, ctx: Context) -> None:
    """The fault is verified; where the user has confirmed before, the delivery time runs from now on."""
    found = await pressed(command, Move.VERIFY, uow, ctx)
    if found is None:
        return
    ticket, replacement = found
    by = command.by
    made = moves.verify(replacement, by.user, by.at or ctx.now)
    made = await replacements.start_delivery(uow, ctx, ticket, made, by.user)
    stored = await replacements.moved(uow, ctx, ticket, made, Move.VERIFY, by.user)
    if stored.stage is Stage.CONFIRMED and stored.confirmed_by is not None:
        speaker = replacements.speaker_of(ctx, ticket, stored)
        due = await replacements.delivery_due(uow, stored)
        await write(uow, ctx, ticket, by, _confirmed_letter(speaker, stored, due))
    await uow.tickets.update(ticket)


async def ask(command: AskUser, uow: UnitOfWork, ctx: Context) -> None:
    """The user is asked to confirm: a plain yes to this mail does it."""
    found = await pressed(command, Move.ASK, uow, ctx)
    if found is None:
        return
    ticket, replacement = found
    by = command.by
    if not customer_words.can_be_reached(ticket):
        await tell(uow, by, "no_address", number=ticket.number, address=ticket.requester)
        return
    text = letters.asking(
        replacements.speaker_of(ctx, ticket, replacement), replacements.promised(ticket), command.words
    )
    await replacements.moved(uow, ctx, ticket, moves.ask(replacement, by.at or ctx.now), Move.ASK, by.user)
    yes = ctx.customer_words(ticket.language)("replacement_yes")
    choices = ((yes, moves.yes_value(ticket.id, replacement.id)),)
    await write(uow, ctx, ticket, by, text, NextTurn.CUSTOMER, choices=choices)
    await uow.tickets.update(ticket)


async def log_confirmation(command: LogConfirmation, uow: UnitOfWork, ctx: Context) -> None:
    """The user confirmed on the phone, or in words that an engineer has read: they have it in writing now."""
    found = await pressed(command, Move.CONFIRM, uow, ctx)
    if found is None:
        return
    ticket, replacement = found
    by = command.by
    if not is_name(command.who):
        await tell(uow, by, "replacement_field", number=ticket.number)
        return
    via = Via.CALL if command.by_phone else Via.MAIL
    who = command.who.strip()
    stored = await replacements.confirmed(uow, ctx, ticket, replacement, who, via, by.at or ctx.now, logged_by=by.user)
    speaker, due = replacements.speaker_of(ctx, ticket, stored), await replacements.delivery_due(uow, stored)
    if stored.stage is Stage.CONFIRMED:
        told = _confirmed_letter(speaker, stored, due)
        await write(uow, ctx, ticket, by, told, reason="called" if command.by_phone else "replied")
    elif command.by_phone:  # the fault is not verified yet: nothing to promise, but they were talked to
        await contacted(uow, ctx, ticket, by, NextTurn.NOBODY, "called")
    await uow.tickets.update(ticket)


def _confirmed_letter(speaker: letters.Speaker, replacement: Replacement, due: datetime | None) -> str:
    """What was said on the phone stands in it as such; who wrote it knows that they did."""
    if replacement.confirmed_via is Via.CALL and replacement.confirmed_by is not None:
        return letters.confirmed_on_the_phone(speaker, replacement.confirmed_by, due)
    return speaker.letter(*letters.confirmed(speaker, due))


async def refute(command: RefuteFault, uow: UnitOfWork, ctx: Context) -> None:
    """There is no fault that asks for a replacement."""
    found = await pressed(command, Move.REFUTE, uow, ctx)
    if found is not None:
        ticket, replacement = found
        text = letters.unfounded(replacements.speaker_of(ctx, ticket, replacement), command.words)
        await _end(command, Move.REFUTE, ticket, replacement, command.words, text, uow, ctx)


async def decline(command: DeclineReplacement, uow: UnitOfWork, ctx: Context) -> None:
    """The customer wants none."""
    found = await pressed(command, Move.DECLINE, uow, ctx)
    if found is not None:
        ticket, replacement = found
        text = letters.declined(replacements.speaker_of(ctx, ticket, replacement), command.words)
        await _end(command, Move.DECLINE, ticket, replacement, command.words, text, uow, ctx)


async def cancel(command: CancelReplacement, uow: UnitOfWork, ctx: Context) -> None:
    """It is given up before anything was sent. Who was never told of a replacement hears nothing of its end."""
    found = await pressed(command, Move.CANCEL, uow, ctx)
    if found is not None:
        ticket, replacement = found
        knows = replacement.asked_at is not None or replacement.confirmed_at is not None or command.words.strip()
        text = letters.cancelled(replacements.speaker_of(ctx, ticket, replacement), command.words) if knows else ""
        await _end(command, Move.CANCEL, ticket, replacement, command.reason, text, uow, ctx)


async def _end(
    command: RefuteFault | DeclineReplacement | CancelReplacement,
    move: Move,
    ticket: Ticket,
    replacement: Replacement,
    reason: str,
    text: str,
    uow: UnitOfWork,
    ctx: Context,
) -> None:
    by = command.by
    at = by.at or ctx.now
    made = moves.end(replacement, move, by.user, at, reason.strip())
    why = "declined" if move is Move.DECLINE else "cancelled"
    await replacements.stop(uow, ctx, ticket, replacement.delivery_clock_id, at, ClockState.CANCELLED, why, by.user)
    await replacements.moved(uow, ctx, ticket, made, move, by.user, reason=reason.strip())
    if text:
        await write(uow, ctx, ticket, by, text)
    await uow.tickets.update(ticket)


async def dispatch(command: DispatchReplacement, uow: UnitOfWork, ctx: Context) -> None:
    """The new device is on its way; never before both confirmations stand."""
    found = await pressed(command, Move.DISPATCH, uow, ctx)
    if found is None:
        return
    ticket, replacement = found
    by = command.by
    number, phone = waybill_number(command.waybill), phone_number(command.phone)
    named = is_name(command.carrier) and is_name(command.contact)
    if number is None or phone is None or not named or not is_address(command.address):
        await tell(uow, by, "replacement_field", number=ticket.number)
        return
    address = ", ".join(part.strip(" ,") for part in command.address.splitlines() if part.strip(" ,"))
    shipment = Shipment(
        " ".join(command.carrier.split()), number, address, " ".join(command.contact.split()), phone, by.user,
        by.at or ctx.now,
    )  # fmt: skip
    made = moves.dispatch(replacement, shipment)
    stored = await replacements.moved(
        uow, ctx, ticket, made, Move.DISPATCH, by.user,
        carrier=shipment.carrier, waybill=number, address=address, contact=shipment.contact, phone=phone,
    )  # fmt: skip
    due = await replacements.delivery_due(uow, stored)
    speaker = replacements.speaker_of(ctx, ticket, stored)
    await write(uow, ctx, ticket, by, letters.dispatched(speaker, shipment, due, ctx.now, command.words))
    await uow.tickets.update(ticket)


async def lose(command: ReportLoss, uow: UnitOfWork, ctx: Context) -> None:
    """The parcel is lost: the delivery time runs on, another one has to be sent."""
    found = await pressed(command, Move.LOSE, uow, ctx)
    if found is None:
        return
    ticket, replacement = found
    by, shipment = command.by, replacement.shipment
    assert shipment is not None
    made = moves.lose(replacement, by.at or ctx.now)
    stored = await replacements.moved(uow, ctx, ticket, made, Move.LOSE, by.user, waybill=shipment.waybill)
    due = await replacements.delivery_due(uow, stored)
    speaker = replacements.speaker_of(ctx, ticket, stored)
    await write(uow, ctx, ticket, by, letters.lost(speaker, shipment, due, ctx.now, command.words))
    await uow.tickets.update(ticket)


async def close(command: CloseReplacement, uow: UnitOfWork, ctx: Context) -> None:
    """Everything is done; the ticket can be resolved now."""
    found = await pressed(command, Move.CLOSE, uow, ctx)
    if found is None:
        return
    ticket, replacement = found
    made = moves.close(replacement, command.by.user, command.by.at or ctx.now)
    await replacements.moved(uow, ctx, ticket, made, Move.CLOSE, command.by.user)
    await uow.tickets.update(ticket)


async def pressed(
    command: ReplacementPress, move: Move, uow: UnitOfWork, ctx: Context
) -> tuple[Ticket, Replacement] | None:
    """The ticket and its replacement, locked in this order; None when the move cannot be made, and they are told."""
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
        await tell(
            uow, by, "replacement_not_now",
            number=ticket.number, replacement_stage=replacement.stage, who=replacement.changed_by,
        )  # fmt: skip
        return None
    return ticket, replacement


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
) -> None:
    """Write to the customer in the engineer's name, or tell the engineers that nothing can be written there.

    The caller stores the ticket.
    """
    if not customer_words.can_be_reached(ticket):
        data: dict[str, object] = {"reason": "no_address", "detail": ticket.requester}
        await journal(uow, ctx, ticket, by.user, "mail_withheld", **data)
        await uow.outbox.add(PostInThread(ticket.id, Note.MAIL_WITHHELD, data))
        return
    message = await customer_mails.engineer_reply(
        uow, ctx, ticket, by.user, by.name, text, files=files, choices=choices
    )
    shown: dict[str, object] = {
        "author": by.user, "text": text, "to": customer_words.shown_recipient(ticket), "status": "sending"
    }  # fmt: skip
    await uow.outbox.add(PostInThread(ticket.id, Note.ENGINEER_REPLY, shown, message_id=message.id))
    await contacted(uow, ctx, ticket, by, next_turn, reason, message.id)


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


def is_past(at: datetime, since: datetime | None, now: datetime) -> bool:
    """Whether something may have happened at `at`: not before `since`, and not in the future."""
    return (since is None or at >= since.replace(second=0, microsecond=0)) and at <= now + MOMENT
