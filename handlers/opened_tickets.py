"""Engineers open tickets for customers: by `/hezo new`, from a message, or while somebody calls the hotline."""

from __future__ import annotations

from dataclasses import replace

from bot.commands_channels import OpenTicket
from bot.effects import Note, PostInThread
from bot.model import Device, Ticket
from bot.people import NextTurn
from bot.ports import UnitOfWork
from bot.rules.customer_channels import beginning
from bot.rules.language import language_of_mail
from handlers import report_received, turns
from handlers.context import Context, journal, tell
from handlers.received_mail import Chosen, ReceivedMail, SlackPlace, written_in_slack
from handlers.understanding_mail import understand_message


async def handle(command: OpenTicket, uow: UnitOfWork, ctx: Context) -> None:
    """Open it: the rules are those of a report, and who opens it vouches for the customer.

    Without a serial number it stays incomplete, and the customer is asked. A call to the hotline was a contact.
    """
    by = command.by
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
        return
    ticket = await open_for(command, uow, ctx)
    await tell(uow, by, "ticket_opened", number=ticket.number)


async def open_for(command: OpenTicket, uow: UnitOfWork, ctx: Context) -> Ticket:
    """The same without an answer to whoever opened it; gives the ticket."""
    by, at = command.by, command.by.at or ctx.now
    contract = await uow.contracts.get(command.contract_id)
    device = next((one for one in contract.devices if one.serial == command.serial), None)
    arrived = _arrived(command, device, contract.number, ctx)
    found = await understand_message(arrived, None, uow, ctx)
    ticket, message = await report_received.handle(found, uow, ctx)
    await journal(
        uow, ctx, ticket, by.user, "opened_by_engineer",
        contract=contract.number, by_phone=command.by_phone, source=command.source,
    )  # fmt: skip
    how = "phone" if command.by_phone else "message" if command.source else "form"
    await uow.outbox.add(PostInThread(ticket.id, Note.OPENED, {"by": by.user, "how": how}))
    if command.by_phone:
        ticket.assignee = by.user
        await turns.engineer_contacted(
            uow, ctx, ticket, NextTurn.NOBODY, at=at, by=by.user, reason="called", message_id=message.id
        )
        await uow.tickets.update(ticket)
    return ticket


def _arrived(command: OpenTicket, device: Device | None, contract: str, ctx: Context) -> ReceivedMail:
    at = command.by.at or ctx.now
    by_slack = command.channel is not None
    place = SlackPlace(command.channel, None) if command.channel is not None else None
    address = command.address if by_slack else command.address.lower()
    arrived = written_in_slack(
        address, command.caller, place, command.text, at, language_of_mail("", command.text),
        subject=beginning(command.text),
    )  # fmt: skip
    return replace(arrived, chosen=Chosen(command.priority, device, contract), is_vouched_for=True)
