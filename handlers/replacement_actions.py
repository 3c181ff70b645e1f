"""What engineers do about replacements up to the dispatch of the new device, and their end.

`handlers.replacement_returns` has the way back; what every press has in common is in `handlers.replacement_presses`.
"""

from __future__ import annotations

from datetime import datetime

from bot.commands import NextTurn
from bot.model import ClockState
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
    ReportLoss,
    VerifyFault,
)
from bot.replacements import CheckDone, Replacement, Shipment, Stage, Via
from bot.rules import replacement as moves
from bot.rules import replacement_text as letters
from bot.rules.replacement import Move
from bot.rules.shipping import is_address, is_name, phone_number, waybill_number
from bot.rules.ticket_replacements import replaceable
from bot.rules.ticket_states import Action
from handlers import customer_words, replacements
from handlers.context import Context, said_at, tell
from handlers.replacement_presses import Pressed, Refused, contacted, press
from handlers.ticket_actions import allowed


async def begin(command: BeginReplacement, uow: UnitOfWork, ctx: Context) -> None:
    """An engineer begins a replacement; a device has one at a time, whatever its ticket."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
        return
    running = await uow.replacements.open_of_device(command.serial)
    if running is not None:
        other = await uow.tickets.get(running.ticket_id) if running.ticket_id != ticket.id else ticket
        begun = {"who": running.begun_by, "at": said_at(ctx, running.begun_at)}
        await tell(uow, by, "replacement_runs", number=other.number, serial=command.serial, **begun)
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


@press(Move.CHECK)
async def record_check(command: RecordCheck, pressed: Pressed) -> None:
    """Something was done to verify the fault."""
    own = {file.id for file in await pressed.uow.attachments.of_ticket(pressed.ticket.id)}
    files = tuple(each for each in command.files if each in own)
    done = CheckDone(command.check, pressed.by.user, pressed.at, command.note.strip(), files)
    await pressed.moved(
        moves.check(pressed.replacement, done), check=command.check, note=command.note.strip(), files=list(files)
    )


@press(Move.VERIFY)
async def verify(_command: VerifyFault, pressed: Pressed) -> None:
    """The fault is verified; where the user has confirmed before, the delivery time runs from now on."""
    uow, ctx, ticket, user = pressed.uow, pressed.ctx, pressed.ticket, pressed.by.user
    made = moves.verify(pressed.replacement, user, pressed.at)
    stored = await pressed.moved(await replacements.start_delivery(uow, ctx, ticket, made, user))
    if stored.stage is Stage.CONFIRMED and stored.confirmed_by is not None:
        due = await pressed.delivery_due(stored)
        await pressed.write(_confirmed_letter(pressed.speaker(stored), stored, due))


@press(Move.ASK)
async def ask(command: AskUser, pressed: Pressed) -> None:
    """The user is asked to confirm: a plain yes to this mail does it."""
    ticket, replacement = pressed.ticket, pressed.replacement
    if not customer_words.can_be_reached(ticket):
        raise Refused("no_address", address=ticket.requester)
    text = letters.asking(pressed.speaker(), replacements.promised(ticket), command.words)
    await pressed.moved(moves.ask(replacement, pressed.at))
    yes = pressed.ctx.customer_words(ticket.language)("replacement_yes")
    button = (yes, moves.yes_value(ticket.id, replacement.id))
    message = await pressed.write(text, NextTurn.CUSTOMER, choices=(button,))
    if message is not None:
        replacements.keep_question(pressed.ctx, ticket, replacement, message)


@press(Move.CONFIRM)
async def log_confirmation(command: LogConfirmation, pressed: Pressed) -> None:
    """The user confirmed on the phone, or in words that an engineer has read: they have it in writing now."""
    uow, ctx, ticket, by = pressed.uow, pressed.ctx, pressed.ticket, pressed.by
    if not is_name(command.who):
        raise Refused("replacement_field")
    via = Via.CALL if command.by_phone else Via.MAIL
    stored = await replacements.confirmed(
        uow, ctx, ticket, pressed.replacement, command.who.strip(), via, pressed.at, logged_by=by.user
    )
    if stored.stage is Stage.CONFIRMED:
        told = _confirmed_letter(pressed.speaker(stored), stored, await pressed.delivery_due(stored))
        await pressed.write(told, reason="called" if command.by_phone else "replied")
    elif command.by_phone:  # the fault is not verified yet: nothing to promise, but they were talked to
        await contacted(uow, ctx, ticket, by, NextTurn.NOBODY, "called")


def _confirmed_letter(speaker: letters.Speaker, replacement: Replacement, due: datetime | None) -> str:
    """What was said on the phone stands in it as such; who wrote it knows that they did."""
    if replacement.confirmed_via is Via.CALL and replacement.confirmed_by is not None:
        return letters.confirmed_on_the_phone(speaker, replacement.confirmed_by, due)
    return speaker.letter(*letters.confirmed(speaker, due))


@press(Move.REFUTE)
async def refute(command: RefuteFault, pressed: Pressed) -> None:
    """There is no fault that asks for a replacement."""
    await _end(pressed, command.words, letters.unfounded(pressed.speaker(), command.words))


@press(Move.DECLINE)
async def decline(command: DeclineReplacement, pressed: Pressed) -> None:
    """The customer wants none."""
    await _end(pressed, command.words, letters.declined(pressed.speaker(), command.words))


@press(Move.CANCEL)
async def cancel(command: CancelReplacement, pressed: Pressed) -> None:
    """It is given up before anything was sent. Who was never told of a replacement hears nothing of its end."""
    it = pressed.replacement
    knows = it.asked_at is not None or it.confirmed_at is not None or command.words.strip()
    await _end(pressed, command.reason, letters.cancelled(pressed.speaker(), command.words) if knows else "")


async def _end(pressed: Pressed, reason: str, text: str) -> None:
    made = moves.end(pressed.replacement, pressed.move, pressed.by.user, pressed.at, reason.strip())
    why = "declined" if pressed.move is Move.DECLINE else "cancelled"
    await pressed.stop(pressed.replacement.delivery_clock_id, pressed.at, ClockState.CANCELLED, why)
    await pressed.moved(made, reason=reason.strip())
    if text:
        await pressed.write(text)


@press(Move.DISPATCH)
async def dispatch(command: DispatchReplacement, pressed: Pressed) -> None:
    """The new device is on its way; never before both confirmations stand."""
    number, phone = waybill_number(command.waybill), phone_number(command.phone)
    named = is_name(command.carrier) and is_name(command.contact)
    if number is None or phone is None or not named or not is_address(command.address):
        raise Refused("replacement_field")
    address = ", ".join(part.strip(" ,") for part in command.address.splitlines() if part.strip(" ,"))
    carrier, contact = " ".join(command.carrier.split()), " ".join(command.contact.split())
    shipment = Shipment(carrier, number, address, contact, phone, pressed.by.user, pressed.at)
    stored = await pressed.moved(
        moves.dispatch(pressed.replacement, shipment),
        carrier=carrier, waybill=number, address=address, contact=contact, phone=phone,
    )  # fmt: skip
    due = await pressed.delivery_due(stored)
    await pressed.write(letters.dispatched(pressed.speaker(stored), shipment, due, pressed.ctx.now, command.words))


@press(Move.LOSE)
async def lose(command: ReportLoss, pressed: Pressed) -> None:
    """The parcel is lost: the delivery time runs on, another one has to be sent."""
    shipment = pressed.replacement.shipment
    assert shipment is not None
    stored = await pressed.moved(moves.lose(pressed.replacement, pressed.at), waybill=shipment.waybill)
    due = await pressed.delivery_due(stored)
    await pressed.write(letters.lost(pressed.speaker(stored), shipment, due, pressed.ctx.now, command.words))


@press(Move.CLOSE)
async def close(_command: CloseReplacement, pressed: Pressed) -> None:
    """Everything is done; the ticket can be resolved now."""
    await pressed.moved(moves.close(pressed.replacement, pressed.by.user, pressed.at))
