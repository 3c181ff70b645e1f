"""What customers are told about appointments, with the invitation for their calendar."""

from __future__ import annotations

from datetime import datetime

from bot.effects import MailKind
from bot.model import Ticket
from bot.ports import UnitOfWork
from bot.rules.appointments import Appointment, said_of
from bot.rules.calendar_writing import Invitation, Method, write_invitation
from bot.rules.mail_addresses import Address
from bot.rules.mail_writing import can_be_mailed
from handlers import customer_mails
from handlers.context import Context


async def confirmed(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, date: datetime, appointment: Appointment, *, moved: bool
) -> None:
    """The time is agreed, or another one in place of it: the invitation, or its update, goes out with the words."""
    await _tell(uow, ctx, ticket, "moved" if moved else "confirmed", date, appointment, Method.REQUEST)


async def cancelled(uow: UnitOfWork, ctx: Context, ticket: Ticket, date: datetime, appointment: Appointment) -> None:
    """The agreed time is off: the customer's calendar is told to forget it."""
    await _tell(uow, ctx, ticket, "cancelled", date, appointment, Method.CANCEL)


async def remind(uow: UnitOfWork, ctx: Context, ticket: Ticket, date: datetime, appointment: Appointment) -> bool:
    """The agreed time comes near; gives whether it was written."""
    said = said_of(ctx.customer_words(ticket.language), "reminder", ticket.number, appointment, date, ctx.zone)
    return await customer_mails.notice(uow, ctx, ticket, [said], kind=MailKind.REMINDER)


async def _tell(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    sentence: str,
    date: datetime,
    appointment: Appointment,
    method: Method,
) -> None:
    w = ctx.customer_words(ticket.language)
    said = said_of(w, sentence, ticket.number, appointment, date, ctx.zone)
    what = w(f"appointment_what.{appointment.what}")
    mail, service = ctx.config.mail, ctx.config.service
    # Without a mail address of theirs the event names nobody: it is a file for their own calendar.
    attendee = ticket.requester if can_be_mailed(ticket.requester) else mail.support_address
    calendar = write_invitation(
        Invitation(
            method=method,
            uid=appointment.uid,
            sequence=appointment.sequence,
            stamp=ctx.now,
            starts_at=date,
            duration=appointment.duration,
            summary=w("appointment_summary", number=ticket.number, what=what),
            description=w(
                "appointment_description", number=ticket.number, name=appointment.name, hotline=service.hotline
            ),
            organizer=Address(mail.sender_name, mail.support_address),
            attendee=Address(ticket.requester_name, attendee),
        )
    )
    customer_mails.a_person_wrote(ticket)  # somebody agreed to it, or called it off
    await customer_mails.notice(uow, ctx, ticket, [said], calendar=calendar)
