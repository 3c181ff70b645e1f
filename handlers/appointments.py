"""Appointments: an engineer offers times, the customer picks one, and it is an agreed date like any other.

The date, its clock, the clocks that stand still meanwhile and what is said of it are those of `handlers.agreed_dates`;
here is what an appointment has beyond that: several times to choose from, an invitation for the customer's calendar and
what that answers, a reminder for the customer, and calling it off.
"""

from __future__ import annotations

from datetime import datetime

from bot.commands import NextTurn, TimerDue
from bot.entitlement_commands import CancelDate, OfferTimes, PickDate
from bot.entitlements import UseState
from bot.model import ClockKind, ClockState, Message, Ticket
from bot.people import SlackPerson
from bot.ports import UnitOfWork
from bot.rules.appointments import AT_MOST, OTHER, Appointment, offer_text
from bot.rules.calendar_answers import Answer, CalendarAnswer, read_calendar_answer
from bot.rules.clock_terms import SUSPENDED_BY_A_DATE
from bot.rules.mail_charsets import decode_octets
from bot.rules.mail_reading import attachment_contents
from bot.rules.ticket_states import Action
from bot.rules.wording import format_full_date
from handlers import (
    agreed_dates,
    appointment_mails,
    clocks,
    customer_words,
    duty,
    firsts,
    proposed_dates,
    second_answers,
    sendings,
)
from handlers.context import Context, journal, said_at, tell, tell_customer
from handlers.received_mail import ReceivedMail
from handlers.ticket_actions import allowed, store

_CALENDAR = "text/calendar"


async def offer(command: OfferTimes, uow: UnitOfWork, ctx: Context) -> None:
    """Write the times to the customer in the engineer's name, unless that is taken back."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not await allowed(uow, ctx, by, ticket, Action.OFFER_TIMES):
        return
    times = sorted(set(command.times))[:AT_MOST]
    if not times or times[0] <= ctx.now + ctx.config.replies.undo_within:
        await tell(uow, by, "date_is_past", number=ticket.number)
        return
    if not customer_words.can_be_reached(ticket):
        await tell(uow, by, "no_address", number=ticket.number, address=ticket.requester)
        return
    if first := await second_answers.first_answer(uow, ticket, by, command.seen):
        await second_answers.refuse(uow, ctx, ticket, by, first, command.words)
        return
    what, use_id = await _purpose(uow, ticket, command.use_id)
    appointment = Appointment(what, command.duration, by.name, use_id)
    w = ctx.customer_words(ticket.language)
    said = [format_full_date(time, ticket.language, ctx.zone) for time in times]
    text = offer_text(w, ticket.number, said, what, command.duration, command.words)
    choices = tuple((f"{place}. {date}" if len(said) > 1 else date, agreed_dates.pick_value(ticket, time))
                    for place, (date, time) in enumerate(zip(said, times, strict=True), 1))  # fmt: skip
    sending = await proposed_dates.wait(uow, ctx, ticket, by, text, times, appointment=appointment, choices=choices)
    await sendings.press(uow, ctx, ticket, sending, by, NextTurn.CUSTOMER)


async def _purpose(uow: UnitOfWork, ticket: Ticket, use_id: int | None) -> tuple[str, int | None]:
    for use in await uow.entitlements.of_ticket(ticket.id):
        if use.id == use_id and use.state is UseState.AGREED:
            return use.kind, use.id
    return OTHER, None


async def pick(command: PickDate, uow: UnitOfWork, ctx: Context) -> None:
    """A button chose one of the times: the customer's own in their channel, or an engineer's who knows of it."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    is_customer = ctx.is_customer(by) and by.channel is not None and by.channel == ticket.customer_channel
    if not is_customer and not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
        return
    open_options = [option for option in agreed_dates.options_of(ticket) if option > ctx.now]
    if not ticket.is_open or command.date not in open_options:
        if is_customer:
            await _not_any_more(uow, ctx, ticket, by, is_offered_another=bool(open_options))
        else:
            agreed = agreed_dates.agreed_at(ticket)
            first = await firsts.who_did(uow, ctx, ticket, by, {"date_agreed"}) if agreed else {}
            await tell(uow, by, "date_not_offered", number=ticket.number, date=said_at(ctx, agreed), **first)
        return
    await agreed_dates.confirm(uow, ctx, ticket, by.at or ctx.now, by.user, date=command.date)
    await store(uow, ticket)


async def _not_any_more(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, by: SlackPerson, *, is_offered_another: bool
) -> None:
    """A customer pressed a time that cannot be chosen now: what holds instead, for their eyes alone."""
    agreed = agreed_dates.agreed_at(ticket)
    if not ticket.is_open:
        what, data = "date_report_closed", {"number": ticket.number}
    elif is_offered_another:
        what, data = "date_offered_another", {}
    elif agreed is not None:
        date = format_full_date(agreed, ticket.language, ctx.zone)
        what, data = "date_agreed_already", {"number": ticket.number, "date": date}
    else:
        what, data = "date_not_offered", {}
    await tell_customer(uow, by, what, ticket.language, **data)


async def cancel(command: CancelDate, uow: UnitOfWork, ctx: Context) -> None:
    """An engineer calls the agreed date off."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not await allowed(uow, ctx, by, ticket, Action.CANCEL_DATE):
        return
    await call_off(uow, ctx, ticket, by.user)
    await store(uow, ticket)


async def call_off(uow: UnitOfWork, ctx: Context, ticket: Ticket, by: str) -> None:
    """The agreed date is off: the customer is told, and what stood still goes on. The caller stores the ticket."""
    date, appointment = agreed_dates.agreed_at(ticket), agreed_dates.appointment_of(ticket)
    if date is None:
        return
    await journal(uow, ctx, ticket, by, "date_cancelled", date=date.isoformat())
    await agreed_dates.finish(uow, ctx, ticket, ctx.now, ClockState.CANCELLED, "date_cancelled", by)
    if appointment is not None:
        await appointment_mails.cancelled(uow, ctx, ticket, date, appointment.again())
    await agreed_dates.say(uow, ticket, "cancelled", date, by=by)


async def reminder_due(command: TimerDue, uow: UnitOfWork, ctx: Context) -> None:
    """The customer is reminded of the appointment, if it still stands."""
    timer = command.timer
    ticket = await uow.tickets.get(timer.ticket_id)
    if not await uow.clocks.finish_timer(timer.id):
        return
    date, appointment = agreed_dates.agreed_at(ticket), agreed_dates.appointment_of(ticket)
    is_it = date is not None and timer.key == agreed_dates.reminder_key(ticket, date)
    if date is None or appointment is None or not is_it or not ticket.is_open or date <= ctx.now:
        return
    if await appointment_mails.remind(uow, ctx, ticket, date, appointment):
        await agreed_dates.say(uow, ticket, "customer_reminded", date)
    await uow.tickets.update(ticket)


async def heed_calendar(
    arrived: ReceivedMail, ticket: Ticket, uow: UnitOfWork, ctx: Context, message: Message | None = None
) -> bool:
    """Take what the customer's calendar answers to our invitation; gives whether the mail held such an answer.

    Declining takes the date off and makes it our turn; another time that is proposed is shown, and the agreed one
    stands until an engineer offers a new one. The caller stores the ticket.

    Args:
        message: The stored message, where the mail was taken in as one.
    """
    answer = _answer_in(arrived)
    date, appointment = agreed_dates.agreed_at(ticket), agreed_dates.appointment_of(ticket)
    if answer is None or date is None or appointment is None or answer.uid != appointment.uid:
        return False
    await journal(
        uow, ctx, ticket, arrived.address, "calendar_answered", answer=answer.answer, sequence=answer.sequence,
        date=answer.starts_at and answer.starts_at.isoformat(),
    )  # fmt: skip
    if answer.answer is Answer.DECLINED and answer.sequence < appointment.sequence:
        return True  # of a time that is no longer the agreed one
    mention = await duty.on_call(uow, ctx, ticket)
    match answer.answer:
        case Answer.DECLINED:
            await _declined(uow, ctx, ticket, arrived, date, message)
            await agreed_dates.say(uow, ticket, "declined", date, by=arrived.address, mention=mention, urgent=True)
        case Answer.COUNTER:
            event = "counter_open" if answer.starts_at is None else "counter"
            await agreed_dates.say(uow, ticket, event, answer.starts_at or date, mention=mention, urgent=True)
        case _:
            await agreed_dates.say(uow, ticket, answer.answer, date, by=arrived.address)
    return True


async def _declined(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, arrived: ReceivedMail, date: datetime, message: Message | None
) -> None:
    at = arrived.sent_at
    await journal(uow, ctx, ticket, arrived.address, "date_cancelled", date=date.isoformat())
    await agreed_dates.finish(uow, ctx, ticket, at, ClockState.CANCELLED, "date_cancelled", arrived.address)
    if not await clocks.unfinished(uow, ticket, *SUSPENDED_BY_A_DATE):
        message_id = None if message is None else message.id
        await clocks.start(uow, ctx, ticket, ClockKind.REPLY, at, message_id, reason="date_cancelled")


def _answer_in(arrived: ReceivedMail) -> CalendarAnswer | None:
    if not arrived.complete or not any(file.content_type == _CALENDAR for file in arrived.mail.attachments):
        return None
    for file, content in zip(arrived.mail.attachments, attachment_contents(arrived.raw), strict=False):
        if file.content_type == _CALENDAR:
            found = read_calendar_answer(decode_octets(content, "utf-8")[0])
            if found is not None:
                return found
    return None
