"""A date agreed with the customer: proposed by mail, confirmed, kept or past; meanwhile our reply clocks stand still.

What is known of it is kept in the ticket's facts:

| key      | holds                                                                                                    |
| -------- | -------------------------------------------------------------------------------------------------------- |
| proposed | at (the date), by, sent (when it was proposed), open (False once somebody wrote something else since);   |
|          | options (all the dates, where there are several), appointment (`bot.rules.appointments`)                 |
| agreed   | at (the date), by (who confirmed), since, unanswered (the first message the customer wrote meanwhile),   |
|          | appointment                                                                                              |

A plain yes by mail confirms a proposal, as long as neither side wrote anything else since: after "rather Friday?" an
"ok" may mean Friday. Of several dates a plain choice picks one (`bot.rules.date_choices`). Everything else an engineer
reads, and confirms by the button where it was meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.effects import EditProposal, Note, PostInThread
from bot.model import ClockKind, ClockState, Message, SlaClock, Ticket, TicketState, Timer
from bot.ports import UnitOfWork
from bot.rules.agreed_dates import confirms
from bot.rules.appointments import Appointment
from bot.rules.clock_terms import ENTITLED, SUSPENDED_BY_A_DATE
from bot.rules.date_choices import NONE_FITS, chosen
from bot.rules.ticket_states import move
from handlers import appointment_mails, clocks, customer_mails, duty
from handlers.context import Context, journal

PROPOSED, AGREED = "proposed", "agreed"
APPOINTMENTS = "appointments"
"""The key of the ticket's facts that counts its invitations: each has a UID of its own."""

APPOINTMENT = "appointment"
"""The kind of the timers that remind customers."""


def proposed_at(ticket: Ticket) -> datetime | None:
    """The date that waits for the customer's confirmation, UTC."""
    return _instant(ticket, PROPOSED, "at")


def agreed_at(ticket: Ticket) -> datetime | None:
    """The date that is agreed, UTC."""
    return _instant(ticket, AGREED, "at")


def options_of(ticket: Ticket) -> tuple[datetime, ...]:
    """The dates that wait for the customer's choice, UTC, in the order of their numbers."""
    proposed = _fact(ticket, PROPOSED)
    if proposed is None:
        return ()
    options = proposed.get("options")
    return tuple(
        datetime.fromisoformat(str(one)) for one in (options if isinstance(options, list) else [proposed["at"]])
    )


def appointment_of(ticket: Ticket, key: str = AGREED) -> Appointment | None:
    """What the agreed date is, where it is an appointment."""
    return Appointment.from_json((_fact(ticket, key) or {}).get("appointment"))


def use_of(ticket: Ticket) -> int | None:
    """The use of an entitlement that the agreed date is for."""
    appointment = appointment_of(ticket)
    return None if appointment is None else appointment.use_id


def pick_value(ticket: Ticket, date: datetime) -> str:
    """What a button carries that chooses this date."""
    return f"{ticket.id}:{int(date.timestamp())}"


def reminder_key(ticket: Ticket, date: datetime) -> str:
    """The key of the timer that reminds the customer of an appointment."""
    return f"{APPOINTMENT}:{ticket.id}:{date.isoformat()}"


def proposal(
    at: datetime,
    by: str,
    sent: datetime,
    *,
    options: Sequence[datetime] = (),
    appointment: Appointment | None = None,
) -> dict[str, object]:
    """What is remembered of a proposal, as PROPOSED.

    Args:
        options: All the dates, where there are several.
    """
    fact: dict[str, object] = {"at": at.isoformat(), "by": by, "sent": sent.isoformat(), "open": True}
    if options:
        fact["options"] = [option.isoformat() for option in options]
    if appointment is not None:
        fact["appointment"] = appointment.to_json()
    return fact


async def close_posts(uow: UnitOfWork, ticket: Ticket) -> None:
    """Take the buttons from the posts that offer the proposed times: a press would only be told that it is late."""
    proposed = _fact(ticket, PROPOSED) or {}
    if isinstance(words := proposed.get("words"), dict):
        await uow.outbox.add(EditProposal(ticket.id, "", words))
    if proposed.get("post"):
        data: dict[str, object] = {"event": "offered", "at": proposed["at"], "options": proposed["options"]}
        await uow.outbox.add(EditProposal(ticket.id, str(proposed["post"]), data))


def engineer_wrote(ticket: Ticket, at: datetime) -> None:
    """An engineer wrote to the customer: what was unanswered is answered, and a yes may now mean something else."""
    proposed, agreed = _fact(ticket, PROPOSED), _fact(ticket, AGREED)
    if proposed is not None:
        ticket.facts[PROPOSED] = {**proposed, "open": False}
    unanswered = agreed.get("unanswered") if agreed is not None else None
    if agreed is not None and isinstance(unanswered, dict) and datetime.fromisoformat(unanswered["sent_at"]) <= at:
        ticket.facts[AGREED] = {key: value for key, value in agreed.items() if key != "unanswered"}


async def confirmed_by(uow: UnitOfWork, ctx: Context, ticket: Ticket, message: Message) -> bool:
    """Take a customer's message for the confirmation of the proposed date, if it is one."""
    proposed, at, sent = _fact(ticket, PROPOSED), proposed_at(ticket), _instant(ticket, PROPOSED, "sent")
    if proposed is None or at is None or sent is None:
        return False
    if message.sent_at < sent.replace(microsecond=0):  # written before it; a Date header counts whole seconds
        return False
    date = _chosen(ctx, ticket, message) if proposed["open"] else None
    if isinstance(date, datetime) and date > ctx.now:
        await confirm(uow, ctx, ticket, message.sent_at, message.author, message.id, date=date)
        return True
    if date is NONE_FITS:
        mention = await duty.on_call(uow, ctx, ticket)
        await say(uow, ticket, "none_fits", at, mention=mention, urgent=True)
    ticket.facts[PROPOSED] = {**proposed, "open": False}
    return False


def is_chosen_by(ctx: Context, ticket: Ticket, message: Message) -> bool:
    """Whether a customer's message answers which of the proposed dates they want."""
    proposed = _fact(ticket, PROPOSED)
    return proposed is not None and bool(proposed["open"]) and _chosen(ctx, ticket, message) is not None


def _chosen(ctx: Context, ticket: Ticket, message: Message) -> datetime | int | None:
    """The date that a customer's words confirm or choose; NONE_FITS where they say that."""
    names = f"{message.author_name} {message.author} {ticket.requester_name}"
    options = options_of(ticket)
    local = [option.astimezone(ctx.zone) for option in options]
    if len(options) == 1 and confirms(message.text, names, local[0]):
        return options[0]
    if appointment_of(ticket, PROPOSED) is None:
        return None
    index = chosen(message.text, names, local)
    return NONE_FITS if index == NONE_FITS else None if index is None else options[index]


async def confirm(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    at: datetime,
    by: str,
    message_id: int | None = None,
    *,
    date: datetime | None = None,
) -> None:
    """From `at` on the date is agreed: reply clocks stand still, and a clock runs to the date.

    The proposal has to lie ahead. A date that was agreed before is replaced; the caller stores the ticket.

    Args:
        date: The chosen one of several.
    """
    options, appointment = options_of(ticket), appointment_of(ticket, PROPOSED)
    date = date or proposed_at(ticket)
    assert date is not None
    previous, before = _fact(ticket, AGREED) or {}, appointment_of(ticket)
    previous.pop("appointment", None)
    await close_posts(uow, ticket)
    del ticket.facts[PROPOSED]
    ticket.facts[AGREED] = {**previous, "at": date.isoformat(), "by": by, "since": at.isoformat()}
    await journal(uow, ctx, ticket, by, "date_agreed", date=date.isoformat(), message=message_id)
    await clocks.end(
        uow, ctx, ticket, ClockState.CANCELLED, at, ClockKind.AGREED, reason="new_date", by=by, message_id=message_id
    )
    await clocks.end(
        uow, ctx, ticket, ClockState.CANCELLED, at, ClockKind.CUSTOMER_REPLY, reason="agreed", by=by,
        message_id=message_id,
    )  # fmt: skip
    await clocks.pause(uow, ctx, ticket, at, "agreed", by)
    await clocks.start(uow, ctx, ticket, ClockKind.AGREED, at, message_id, reason="agreed", by=by, until=date)
    move(ticket, TicketState.OPEN, ctx.now)
    if appointment is None:
        if before is not None:  # another kind of date has taken its place: the calendar is told
            was_at = datetime.fromisoformat(str(previous["at"]))
            await appointment_mails.cancelled(uow, ctx, ticket, was_at, before.again())
        await customer_mails.date_confirmed(uow, ctx, ticket, date)
    else:
        await _invite(uow, ctx, ticket, date, appointment, before)
        await _later_by_choice(uow, ctx, ticket, date, options, appointment, by)
    await say(uow, ticket, "confirmed", date, by=by)


async def _invite(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, date: datetime, appointment: Appointment, before: Appointment | None
) -> None:
    """Send the invitation, or an update of the one that stands, and remind the customer in time."""
    if before is None:
        count = ticket.facts.get(APPOINTMENTS, 0)
        number = (count if isinstance(count, int) else 0) + 1
        ticket.facts[APPOINTMENTS] = number
        sent = replace(appointment, uid=f"{ticket.number}-{number}@{ctx.config.mail.message_id_domain}")
    else:
        sent = replace(appointment, uid=before.uid, sequence=before.sequence).again()
    agreed = _fact(ticket, AGREED)
    assert agreed is not None
    ticket.facts[AGREED] = {**agreed, "appointment": sent.to_json()}
    await appointment_mails.confirmed(uow, ctx, ticket, date, sent, moved=before is not None)
    fire_at = date - ctx.config.entitlements.appointment_reminder
    if fire_at > ctx.now:
        await uow.clocks.set_timer(Timer(0, reminder_key(ticket, date), APPOINTMENT, ticket.id, fire_at))


async def _later_by_choice(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    date: datetime,
    options: Sequence[datetime],
    appointment: Appointment,
    by: str,
) -> None:
    """The customer chose a time behind the promised one, though one before it was offered: it is their wish."""
    if appointment.use_id is None:
        return
    use = await uow.entitlements.get(appointment.use_id)
    for clock in await clocks.running(uow, ticket, *ENTITLED):
        in_time = any(option <= clock.due_at for option in options)
        if clock.id == use.clock_id and date > clock.due_at and in_time:
            await clocks.end(
                uow, ctx, ticket, ClockState.CANCELLED, ctx.now, *ENTITLED, reason="later_date", by=by, only=clock.id
            )


async def customer_wrote(uow: UnitOfWork, ctx: Context, ticket: Ticket, message: Message) -> bool:
    """While a date is agreed a message starts no clock: engineers are told, and it counts when the date is over."""
    agreed, date = _fact(ticket, AGREED), agreed_at(ticket)
    if agreed is None or date is None:
        return False
    if "unanswered" not in agreed:
        unanswered = {"message": message.id, "sent_at": message.sent_at.isoformat()}
        ticket.facts[AGREED] = {**agreed, "unanswered": unanswered}
    await say(uow, ticket, "customer_wrote", date, mention=await duty.on_call(uow, ctx, ticket))
    return True


async def finish(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, at: datetime, state: ClockState, reason: str, by: str
) -> None:
    """The agreed date is over, kept or not: what stood still goes on, and what is unanswered starts its clock.

    Args:
        at: When the clocks go on.
    """
    await clocks.end(uow, ctx, ticket, state, at, ClockKind.AGREED, reason=reason, by=by)
    agreed = ticket.facts.pop(AGREED, None)
    await clocks.resume(uow, ctx, ticket, at, reason, by)
    unanswered = agreed.get("unanswered") if isinstance(agreed, dict) else None
    if unanswered and not await clocks.unfinished(uow, ticket, *SUSPENDED_BY_A_DATE):
        await clocks.start(
            uow, ctx, ticket, ClockKind.REPLY, max(at, datetime.fromisoformat(unanswered["sent_at"])),
            unanswered["message"], reason="customer_wrote_meanwhile",
        )  # fmt: skip


async def forget(uow: UnitOfWork, ctx: Context, ticket: Ticket) -> None:
    """The ticket ends: an appointment that lies ahead is called off. Its facts go with the cancelled clocks."""
    date, appointment = agreed_at(ticket), appointment_of(ticket)
    if date is not None and date > ctx.now and appointment is not None:
        await appointment_mails.cancelled(uow, ctx, ticket, date, appointment.again())


async def passed(uow: UnitOfWork, ctx: Context, ticket: Ticket, clock: SlaClock) -> None:
    """The date came and nobody said that it was kept: it is our turn, from the date on, unless the customer's runs."""
    await journal(uow, ctx, ticket, "bot", "date_passed", date=clock.due_at.isoformat())
    await finish(uow, ctx, ticket, clock.due_at, ClockState.CANCELLED, "date_passed", "bot")
    if not await clocks.unfinished(uow, ticket, *SUSPENDED_BY_A_DATE, ClockKind.CUSTOMER_REPLY):
        await clocks.start(uow, ctx, ticket, ClockKind.REPLY, clock.due_at, None, reason="date_passed")
        move(ticket, TicketState.OPEN, ctx.now)
    await say(uow, ticket, "passed", clock.due_at, mention=await duty.on_call(uow, ctx, ticket), urgent=True)
    await uow.tickets.update(ticket)


async def say(
    uow: UnitOfWork,
    ticket: Ticket,
    event: str,
    date: datetime,
    *,
    by: str | None = None,
    mention: tuple[str, ...] = (),
    urgent: bool = False,
) -> None:
    """Tell in the ticket's thread what became of a date.

    Args:
        event: A sentence "thread.date_<event>".
    """
    data: dict[str, object] = {"event": event, "at": date.isoformat(), "by": by}
    await uow.outbox.add(PostInThread(ticket.id, Note.AGREED_DATE, data, mention=mention, urgent=urgent))


def _fact(ticket: Ticket, key: str) -> dict[str, object] | None:
    fact = ticket.facts.get(key)
    return fact if isinstance(fact, dict) else None


def _instant(ticket: Ticket, key: str, name: str) -> datetime | None:
    fact = _fact(ticket, key)
    return None if fact is None else datetime.fromisoformat(str(fact[name]))
