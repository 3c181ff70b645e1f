"""Engineers open tickets for customers: by `/hezo new`, from a message, or while somebody calls the hotline."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.commands_channels import OpenTicket
from bot.effects import Note, PostInThread
from bot.model import Device, Ticket
from bot.people import NextTurn
from bot.ports import UnitOfWork
from bot.rules.customer_channels import beginning
from bot.rules.language import language_of_mail
from bot.rules.notes import is_note
from handlers import firsts, report_received, turns
from handlers.context import Context, journal, said_at, tell
from handlers.received_mail import Chosen, ReceivedMail, SlackPlace, written_in_slack
from handlers.understanding_mail import understand_message

_SAME = timedelta(days=31)
"""So long after it a ticket that ended still counts as opened from the same message."""


async def handle(command: OpenTicket, uow: UnitOfWork, ctx: Context) -> None:
    """Open it: the rules are those of a report, and who opens it vouches for the customer.

    Without a serial number it stays incomplete, and the customer is asked. A call to the hotline was a contact. Of two
    who open one from the same message the second learns who was first.
    """
    by = command.by
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
        return
    if first := await _opened_before(command, uow, ctx):
        await tell(uow, by, "opened_before", **first)
        return
    ticket = await open_for(command, uow, ctx)
    await tell(uow, by, "ticket_opened", number=ticket.number)


async def _opened_before(command: OpenTicket, uow: UnitOfWork, ctx: Context) -> dict[str, object]:
    """The ticket that was opened from the same message for the same person, and by whom; nothing where none was."""
    if not command.source:
        return {}
    await uow.entitlements.lock(command.contract_id)  # two at the same instant: one after the other
    for each in await uow.tickets.recent_of(_address(command), ctx.now - _SAME):
        line = await firsts.last_line_of(uow, each, {"opened_by_engineer"}, source=command.source)
        if line is not None:
            return {"number": each.number, "who": line.actor, "at": said_at(ctx, line.at)}
    return {}


async def open_for(command: OpenTicket, uow: UnitOfWork, ctx: Context) -> Ticket:
    """The same without an answer to whoever opened it; gives the ticket."""
    by, at = command.by, command.by.at or ctx.now
    contract = await uow.contracts.get(command.contract_id)
    device = next((one for one in contract.devices if one.serial == command.serial), None)
    arrived = _arrived(command, device, contract.number, ctx)
    found = await understand_message(arrived, None, uow, ctx)
    ticket, message = await report_received.handle(found, uow, replace(ctx, in_touch=command.by_phone))
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


def _address(command: OpenTicket) -> str:
    """A Slack id as it is, a mail address as participants are stored."""
    return command.address if command.channel is not None else command.address.lower()


def _arrived(command: OpenTicket, device: Device | None, contract: str, ctx: Context) -> ReceivedMail:
    at = command.by.at or ctx.now
    place = SlackPlace(command.channel, None) if command.channel is not None else None
    subject = "" if is_note(command.text) else beginning(command.text)  # customers read it above their mails
    arrived = written_in_slack(
        _address(command), command.caller, place, command.text, at, language_of_mail("", command.text),
        subject=subject,
    )  # fmt: skip
    return replace(arrived, chosen=Chosen(command.priority, device, contract), is_vouched_for=True)
