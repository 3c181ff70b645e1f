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
from handlers import clocks, customer_words, replacement_timers, replacement_waybills, replacements, sendings
from handlers.context import Context, tell
from handlers.replacement_actions import Files, is_past, pressed, write


async def arrived(uow: UnitOfWork, replacement: Replacement, serial: str) -> Device | SerialProblem:
    """The new device by what was typed in, or why it cannot be taken onto the replacement's contract."""
    device = new_device(serial, replacement.device.serial)
    if isinstance(device, SerialProblem):
        return device
    contract_id = await uow.replacements.contract_of_device(device.serial)
    return device if contract_id in {None, replacement.contract_id} else SerialProblem.ELSEWHERE


async def deliver(command: RecordDelivery, uow: UnitOfWork, ctx: Context) -> None:
    """The new device is there: the delivery time stops when it was received, and the contract covers it."""
    found = await pressed(command, Move.DELIVER, uow, ctx)
    if found is None:
        return
    ticket, replacement = found
    by = command.by
    device = await arrived(uow, replacement, command.serial)
    if isinstance(device, SerialProblem):
        await tell(uow, by, f"replacement_{device}", number=ticket.number)
        return
    if not is_name(command.received_by) or not is_past(command.at, replacement.accepted_at, ctx.now):
        await tell(uow, by, "replacement_field", number=ticket.number)
        return
    at = min(command.at, ctx.now)
    due = await replacements.delivery_due(uow, replacement)
    made = moves.deliver(replacement, at, " ".join(command.received_by.split()), device, command.fate)
    await replacements.stop(uow, ctx, ticket, replacement.delivery_clock_id, at, ClockState.MET, "delivered", by.user)
    contract = await _take_in(uow, ctx, ticket, made, device, by.user)
    missed = due if due is not None and at > due else None
    stored = await replacements.moved(
        uow, ctx, ticket, made, Move.DELIVER, by.user,
        at=at.isoformat(), received_by=made.received_by, old=made.device.serial, new=device.serial, model=device.model,
        fate=command.fate, contract=contract, late=missed is not None,
    )  # fmt: skip
    await replacement_timers.wait_for_us(uow, ctx, stored)
    speaker = replacements.speaker_of(ctx, ticket, stored)
    await write(uow, ctx, ticket, by, letters.delivered(speaker, contract, missed, command.words))
    await uow.tickets.update(ticket)


async def _take_in(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, replacement: Replacement, device: Device, by: str
) -> str | None:
    """Bring the device onto the contract; gives the contract's number, None where none is known."""
    if replacement.contract_id is None or replacement.fate is None:
        return None
    await uow.replacements.change_device(
        DeviceChange(
            0, replacement.contract_id, ticket.id, replacement.device.serial, device, replacement.fate, by, ctx.now
        )
    )
    if replacement.fate is Fate.REPLACES:  # what the device has used of the contract goes on with its successor
        await uow.entitlements.device_replaced(replacement.contract_id, replacement.device.serial, device.serial)
    return (await uow.contracts.get(replacement.contract_id)).number


async def send_waybill(command: SendReturnWaybill, uow: UnitOfWork, ctx: Context) -> None:
    """The customer gets the prepaid waybill; from now on the damaged device is due. A second one counts anew.

    What was uploaded has to be fetched first: then the words wait like every reply with files, and can be taken back;
    the way back begins when they go (`handlers.replacement_waybills`).
    """
    found = await pressed(command, Move.SEND_WAYBILL, uow, ctx)
    if found is None:
        return
    ticket, replacement = found
    by = command.by
    number = waybill_number(command.number) if command.number.strip() else ""
    files = await _files_of(uow, ticket, command.files)
    if number is None or not (number or files or command.uploads):
        await tell(uow, by, "replacement_field", number=ticket.number)
        return
    at = by.at or ctx.now
    names = (*(name for name, _, _ in files), *(file.name for file in command.uploads))
    waybill = ReturnWaybill(number, names, by.user, at)
    within = clocks.terms_of(ticket).returns.within
    speaker = replacements.speaker_of(ctx, ticket, replacement)
    text = letters.waybill_sent(speaker, waybill, within, at + within, command.words)
    if command.uploads and customer_words.can_be_reached(ticket):
        kept = tuple(SharedFile("", name, content_type, 0, "", digest) for name, content_type, digest in files)
        sending = await uow.sendings.add(
            Sending(0, ticket.id, SendingState.INTERNAL, by.user, text, ctx.now, files=(*kept, *command.uploads))
        )
        waits = SendingWaybill(sending.id, number, by.user)
        await replacements.show(uow, ticket, await uow.replacements.update(replace(replacement, sending_waybill=waits)))
        await sendings.press(uow, ctx, ticket, sending, by, NextTurn.NOBODY)
    else:
        await replacement_waybills.gone(uow, ctx, ticket, replacement, waybill)
        await write(uow, ctx, ticket, by, text, files=files)
    await uow.tickets.update(ticket)


async def _files_of(uow: UnitOfWork, ticket: Ticket, ids: tuple[int, ...]) -> Files:
    """Kept files of this ticket as they go along with a mail."""
    chosen = [file for file in await uow.attachments.of_ticket(ticket.id) if file.id in set(ids)]
    return tuple(
        (file.name, file.content_type, file.sha256)
        for file in chosen
        if file.sha256 is not None and file.verdict is AttachmentVerdict.KEPT
    )


async def give_back(command: RecordReturn, uow: UnitOfWork, ctx: Context) -> None:
    """The damaged device is here."""
    found = await pressed(command, Move.RETURN, uow, ctx)
    if found is None:
        return
    ticket, replacement = found
    by = command.by
    if not is_past(command.at, replacement.delivered_at, ctx.now):
        await tell(uow, by, "replacement_field", number=ticket.number)
        return
    at = min(command.at, ctx.now)
    made = moves.give_back(replacement, at, command.note.strip())
    await replacements.stop(uow, ctx, ticket, replacement.return_clock_id, at, ClockState.MET, "returned", by.user)
    stored = await replacements.moved(
        uow, ctx, ticket, made, Move.RETURN, by.user, at=at.isoformat(), note=command.note.strip()
    )
    await replacement_timers.wait_for_us(uow, ctx, stored)
    await write(uow, ctx, ticket, by, letters.returned(replacements.speaker_of(ctx, ticket, stored)))
    await uow.tickets.update(ticket)


async def waive(command: WaiveReturn, uow: UnitOfWork, ctx: Context) -> None:
    """The damaged device need not come back."""
    found = await pressed(command, Move.WAIVE, uow, ctx)
    if found is None:
        return
    ticket, replacement = found
    by = command.by
    at = by.at or ctx.now
    made = moves.waive(replacement, by.user, at, command.reason.strip())
    await replacements.stop(uow, ctx, ticket, replacement.return_clock_id, at, ClockState.CANCELLED, "waived", by.user)
    stored = await replacements.moved(uow, ctx, ticket, made, Move.WAIVE, by.user, reason=command.reason.strip())
    await write(uow, ctx, ticket, by, letters.waived(replacements.speaker_of(ctx, ticket, stored), command.words))
    await uow.tickets.update(ticket)
