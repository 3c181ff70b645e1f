"""The second half of a replacement: the new device is there, the damaged one comes back."""

from __future__ import annotations

from dataclasses import replace

from bot.model import AttachmentVerdict, ClockState, Device, Ticket
from bot.people import NextTurn
from bot.ports import UnitOfWork
from bot.replacement_commands import RecordDelivery, RecordReturn, SendReturnWaybill, WaiveReturn
from bot.replacements import DeviceChange, Fate, Replacement, ReturnWaybill, SendingWaybill
from bot.rules import replacement as moves
from bot.rules import replacement_text as letters
from bot.rules.new_devices import SerialProblem, new_device
from bot.rules.replacement import Move
from bot.rules.shipping import is_name, waybill_number
from bot.sendings import Sending, SendingState, SharedFile
from handlers import clock_levels, customer_words, replacement_timers, replacement_waybills, replacements, sendings
from handlers.replacement_presses import Files, Pressed, Refused, press


async def arrived(uow: UnitOfWork, replacement: Replacement, serial: str) -> Device | SerialProblem:
    """The new device by what was typed in, or why it cannot be taken onto the replacement's contract."""
    device = new_device(serial, replacement.device.serial)
    if isinstance(device, SerialProblem):
        return device
    contract_id = await uow.replacements.contract_of_device(device.serial)
    return device if contract_id in {None, replacement.contract_id} else SerialProblem.ELSEWHERE


@press(Move.DELIVER)
async def deliver(command: RecordDelivery, pressed: Pressed) -> None:
    """The new device is there: the delivery time stops when it was received, and the contract covers it."""
    replacement = pressed.replacement
    device = await arrived(pressed.uow, replacement, command.serial)
    if isinstance(device, SerialProblem):
        raise Refused(f"replacement_{device}")
    if not is_name(command.received_by):
        raise Refused("replacement_field")
    at = pressed.past(command.at, replacement.accepted_at)
    due = await pressed.delivery_due(replacement)
    made = moves.deliver(replacement, at, " ".join(command.received_by.split()), device, command.fate)
    await pressed.stop(replacement.delivery_clock_id, at, ClockState.MET, "delivered")
    contract = await _take_in(pressed, made, device)
    missed = due if due is not None and at > due else None
    stored = await pressed.moved(
        made,
        at=at.isoformat(), received_by=made.received_by, old=made.device.serial, new=device.serial, model=device.model,
        fate=command.fate, contract=contract, late=missed is not None,
    )  # fmt: skip
    await replacement_timers.wait_for_us(pressed.uow, pressed.ctx, stored)
    await pressed.write(letters.delivered(pressed.speaker(stored), contract, missed, command.words))


async def _take_in(pressed: Pressed, replacement: Replacement, device: Device) -> str | None:
    """Bring the device onto the contract; gives the contract's number, None where none is known."""
    uow, old = pressed.uow, replacement.device.serial
    if replacement.contract_id is None or replacement.fate is None:
        return None
    change = DeviceChange(
        0, replacement.contract_id, pressed.ticket.id, old, device, replacement.fate, pressed.by.user, pressed.ctx.now
    )
    await uow.replacements.change_device(change)
    if replacement.fate is Fate.REPLACES:  # what the device has used of the contract goes on with its successor
        await uow.entitlements.device_replaced(replacement.contract_id, old, device.serial)
    return (await uow.contracts.get(replacement.contract_id)).number


@press(Move.SEND_WAYBILL)
async def send_waybill(command: SendReturnWaybill, pressed: Pressed) -> None:
    """The customer gets the prepaid waybill; from now on the damaged device is due. A second one counts anew.

    What was uploaded has to be fetched first: then the words wait like every reply with files, and can be taken back;
    the way back begins when they go (`handlers.replacement_waybills`).
    """
    uow, ctx, ticket, by = pressed.uow, pressed.ctx, pressed.ticket, pressed.by
    number = waybill_number(command.number) if command.number.strip() else ""
    files = await _files_of(uow, ticket, command.files)
    if number is None or not (number or files or command.uploads):
        raise Refused("replacement_field")
    names = (*(name for name, _, _ in files), *(file.name for file in command.uploads))
    waybill = ReturnWaybill(number, names, by.user, pressed.at)
    within = clock_levels.terms_of(ticket).returns.within
    text = letters.waybill_sent(pressed.speaker(), waybill, within, pressed.at + within, command.words)
    if not command.uploads or not customer_words.can_be_reached(ticket):
        await replacement_waybills.gone(uow, ctx, ticket, pressed.replacement, waybill)
        await pressed.write(text, files=files)
        return
    kept = tuple(SharedFile("", name, content_type, 0, "", digest) for name, content_type, digest in files)
    sending = await uow.sendings.add(
        Sending(0, ticket.id, SendingState.INTERNAL, by.user, text, ctx.now, files=(*kept, *command.uploads))
    )
    waiting = replace(pressed.replacement, sending_waybill=SendingWaybill(sending.id, number, by.user))
    await replacements.show(uow, ticket, await uow.replacements.update(waiting))
    await sendings.press(uow, ctx, ticket, sending, by, NextTurn.NOBODY)


async def _files_of(uow: UnitOfWork, ticket: Ticket, ids: tuple[int, ...]) -> Files:
    """Kept files of this ticket as they go along with a mail."""
    chosen = [file for file in await uow.attachments.of_ticket(ticket.id) if file.id in set(ids)]
    return tuple(
        (file.name, file.content_type, file.sha256)
        for file in chosen
        if file.sha256 is not None and file.verdict is AttachmentVerdict.KEPT
    )


@press(Move.RETURN)
async def give_back(command: RecordReturn, pressed: Pressed) -> None:
    """The damaged device is here."""
    replacement, note = pressed.replacement, command.note.strip()
    at = pressed.past(command.at, replacement.delivered_at)
    await pressed.stop(replacement.return_clock_id, at, ClockState.MET, "returned")
    stored = await pressed.moved(moves.give_back(replacement, at, note), at=at.isoformat(), note=note)
    await replacement_timers.wait_for_us(pressed.uow, pressed.ctx, stored)
    await pressed.write(letters.returned(pressed.speaker(stored)))


@press(Move.WAIVE)
async def waive(command: WaiveReturn, pressed: Pressed) -> None:
    """The damaged device need not come back."""
    replacement, reason = pressed.replacement, command.reason.strip()
    made = moves.waive(replacement, pressed.by.user, pressed.at, reason)
    await pressed.stop(replacement.return_clock_id, pressed.at, ClockState.CANCELLED, "waived")
    stored = await pressed.moved(made, reason=reason)
    await pressed.write(letters.waived(pressed.speaker(stored), command.words))
