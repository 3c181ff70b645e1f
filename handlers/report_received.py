"""A mail that belongs to no ticket: a new report, complete, incomplete or held, or an enquiry about the offer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.effects import Note, PostCard, PostInThread
from bot.model import ClockKind, Language, Message, Priority, SlaClock, Ticket, TicketState
from bot.ports import UnitOfWork
from bot.rules import intake
from bot.rules.mail_writing import bare_subject
from bot.rules.priority_words import Proposal, propose_priority, provisional_priority
from bot.rules.sla import terms_from_config
from bot.rules.understanding import Standing, is_sealed
from handlers import attachments, clocks, customer_mails, entitlements, mail_escalated
from handlers.context import Context, journal
from handlers.intake_facts import offer_to_json
from handlers.received_mail import ReceivedMail, finish, is_escalation, sender_of, store_message
from handlers.understanding_mail import Understood

STATES = {
    intake.Outcome.COMPLETE: TicketState.OPEN,
    intake.Outcome.INCOMPLETE: TicketState.INCOMPLETE,
    intake.Outcome.HELD: TicketState.HELD,
    intake.Outcome.ENQUIRY: TicketState.OPEN,
}
QUOTES_TICKET, ANSWERS_CLOSED = "quotes_ticket", "answers_closed"
"""Reasons to hold a mail that are no matter of the report itself."""
_LATELY = timedelta(days=1)
SHOWN_WHOLE = 2_000
"""Characters that a post certainly holds; longer words may be cut in it."""


async def handle(found: Understood, uow: UnitOfWork, ctx: Context) -> tuple[Ticket, Message]:
    """Open a ticket; gives it with its first message."""
    arrived, assessment = found.arrived, found.assessment
    hold = _hold_because(found)
    outcome = intake.Outcome.HELD if hold else assessment.outcome
    recent = await uow.tickets.recent_of(arrived.address, ctx.now - _LATELY)
    if arrived.chosen is not None:
        proposal = Proposal(arrived.chosen.priority, stated=True)
    elif arrived.reading is not None:
        proposal = arrived.reading.proposal
    else:
        proposal = propose_priority(f"{arrived.mail.subject}\n{arrived.new_text}")
    ticket = await uow.tickets.add(_ticket(found, ctx, outcome, hold, proposal, recent))
    await uow.tickets.add_participant(ticket.id, arrived.address)
    message = await store_message(uow, ctx, ticket, arrived)
    await journal(
        uow, ctx, ticket, arrived.address, "report_received", verdict=found.understanding.verdict,
        checks=[[check.check, check.found] for check in found.understanding.checks],
        outcome=outcome, priority=ticket.priority, priority_words=list(proposal.words),
        quoted=ticket.facts["quoted_ticket"],
    )  # fmt: skip
    await uow.outbox.add(PostCard(ticket.id))
    await show_mail(uow, ticket, arrived, message.id)
    await _name_the_others(found, ticket, uow, ctx)
    await mail_escalated.heed(arrived, ticket, message, uow, ctx)
    wishes = arrived.reading.asked_for if arrived.reading else None
    await entitlements.heed(uow, ctx, ticket, message, arrived.mail.subject, wishes)
    started = await _start_clock(arrived, outcome, ticket, message.id, uow, ctx)
    await _answer(found, outcome, ticket, started, uow, _unless_a_robot(arrived, assessment, recent, ctx))
    await uow.tickets.update(ticket)
    await finish(uow, arrived, f"opened {ticket.number}", ticket.id)
    return ticket, message


def _hold_because(found: Understood) -> str | None:
    """Why an engineer has to decide before it is taken as a report at all."""
    match = found.match
    if match is None or match.standing is Standing.OTHER_MATTER:
        return None
    if not match.belongs:
        return QUOTES_TICKET
    return ANSWERS_CLOSED if match.standing is Standing.NEVER_ACCEPTED else None


def _ticket(
    found: Understood,
    ctx: Context,
    outcome: intake.Outcome,
    hold: str | None,
    proposal: Proposal,
    recent: tuple[Ticket, ...],
) -> Ticket:
    arrived, assessment = found.arrived, found.assessment
    enquiry = outcome is intake.Outcome.ENQUIRY
    default = Priority(ctx.config.sla.provisional_priority)
    priority = Priority.QUESTION if enquiry else provisional_priority(proposal, default)
    named = found.match.number if found.match else None
    return Ticket(
        id=0,
        number="",
        state=STATES[outcome],
        priority=priority,
        priority_confirmed=proposal.stated or enquiry,
        language=_language(found),
        subject=arrived.mail.subject,
        requester=arrived.address,
        requester_name=arrived.name,
        reported_at=arrived.sent_at,
        created_at=ctx.now,
        contract_id=assessment.contract.id if assessment.contract else None,
        devices=assessment.devices,
        accepted_at=arrived.sent_at if outcome is intake.Outcome.COMPLETE else None,
        terms={priority: terms.to_json() for priority, terms in terms_from_config(ctx.config.sla).items()},
        customer_channel=arrived.place.channel if arrived.place else None,
        customer_ts=arrived.place.thread_ts if arrived.place else None,
        facts={
            "enquiry": enquiry,
            **assessed(assessment),
            "hold_reasons": [*([hold] if hold else []), *assessment.hold_reasons],
            "heard": found.heard.to_json(),
            "sender": sender_of(arrived, ctx).to_json(),
            "quoted_ticket": named if hold == QUOTES_TICKET else None,
            "follows": named if hold != QUOTES_TICKET else None,
            "similar": [] if enquiry else _similar(assessment, recent),
            "escalated": is_escalation(arrived, ctx),
            "reply_to_ids": list(arrived.references),
            customer_mails.ROW: customer_mails.in_a_row(found.ticket) if found.ticket and hold is None else 0,
        },
    )


def assessed(assessment: intake.Assessment) -> dict[str, object]:
    """What a ticket keeps of an assessment."""
    return {
        "problems": [[finding.problem, *finding.values] for finding in assessment.problems],
        "hold_reasons": list(assessment.hold_reasons),
        "offer": offer_to_json(assessment.offer),
    }


def _language(found: Understood) -> Language:
    """The one they wrote in; of a mail that is only pasted output, that of the sender's own contract.

    A contract that a stranger names says nothing: the language of our answer would tell that it exists.
    """
    arrived, assessment = found.arrived, found.assessment
    if arrived.language_is_certain:
        return arrived.language
    own = assessment.contract if assessment.contract in found.given.own_contracts else None
    contract = own or assessment.sole_contract
    return (contract.language if contract else None) or arrived.language


def _similar(assessment: intake.Assessment, recent: tuple[Ticket, ...]) -> list[str]:
    """The sender's open tickets about the same device: engineers are told, nothing is assumed."""
    serials = {device.serial for device in assessment.devices}
    return [t.number for t in recent if t.is_open and serials & {device.serial for device in t.devices}]


def _unless_a_robot(
    arrived: ReceivedMail, assessment: intake.Assessment, recent: tuple[Ticket, ...], ctx: Context
) -> Context:
    """Forbids an automatic answer to what answers our answers: robots that bear no mark of one.

    A program that opens a ticket with every mail gets so many answers a day (`intake.automatic_mails_in_a_row`), unless
    an engineer wrote meanwhile. A complete report about another device is answered all the same.
    """
    unanswered = [t for t in recent if t.requester == arrived.address and t.contacted_at is None]
    known = {device.serial for ticket in recent for device in ticket.devices}
    is_new_matter = assessment.outcome is intake.Outcome.COMPLETE and not known & {d.serial for d in assessment.devices}
    if ctx.no_mail_because or is_new_matter or not unanswered:
        return ctx
    in_a_row = sum(customer_mails.in_a_row(ticket) for ticket in unanswered)
    limit = ctx.config.intake.automatic_mails_in_a_row
    return replace(ctx, no_mail_because="many_tickets") if in_a_row >= limit else ctx


async def _name_the_others(found: Understood, ticket: Ticket, uow: UnitOfWork, ctx: Context) -> None:
    """Say which other tickets this one has to do with; the older one names it, too."""
    if ticket.facts["similar"]:
        await uow.outbox.add(PostInThread(ticket.id, Note.SIMILAR_TICKETS, {"numbers": ticket.facts["similar"]}))
    if ticket.facts["follows"] and found.ticket is not None:
        older = found.ticket
        older.facts["followed_by"] = ticket.number
        await journal(uow, ctx, older, found.arrived.address, "followed_by", number=ticket.number)
        await uow.tickets.update(older)
        await uow.outbox.add(PostCard(older.id))


async def show_mail(uow: UnitOfWork, ticket: Ticket, arrived: ReceivedMail, message_id: int) -> None:
    """Show a customer's mail in the ticket's thread; its subject where it says something new."""
    subject = bare_subject(arrived.mail.subject)
    files = await uow.attachments.of_message(message_id) if arrived.mail.attachments else ()
    await uow.outbox.add(
        PostInThread(
            ticket.id,
            Note.CUSTOMER_WROTE,
            {
                "author": arrived.name,
                "address": arrived.address,
                "subject": subject if subject != bare_subject(ticket.subject) else "",
                "text": arrived.new_text,
                "has_more": bool(arrived.quoted_text) or len(arrived.new_text) > SHOWN_WHOLE,
                "files": attachments.listed(files),
                "number": ticket.number,
                "sent_at": arrived.sent_at.isoformat(),
                "complete": arrived.complete,
                "automatic": arrived.screening.sounds_automatic,
            },
            message_id=message_id,
        )
    )


async def _start_clock(
    arrived: ReceivedMail, outcome: intake.Outcome, ticket: Ticket, message_id: int, uow: UnitOfWork, ctx: Context
) -> SlaClock | None:
    match outcome:
        case intake.Outcome.COMPLETE:
            return await clocks.start(uow, ctx, ticket, ClockKind.REACTION, arrived.sent_at, message_id)
        case intake.Outcome.INCOMPLETE | intake.Outcome.HELD:
            return await clocks.start(uow, ctx, ticket, ClockKind.INTAKE, arrived.sent_at, message_id)
        case intake.Outcome.ENQUIRY:
            return None  # an enquiry is no report: the terms promise no time, the card stays until it is answered


async def _answer(
    found: Understood,
    outcome: intake.Outcome,
    ticket: Ticket,
    started: SlaClock | None,
    uow: UnitOfWork,
    ctx: Context,
) -> None:
    arrived = found.arrived
    if arrived.authentic is False:
        return  # the named sender may not have written it: they are not told of somebody else's mail
    match outcome:
        case intake.Outcome.HELD if ANSWERS_CLOSED in ticket.facts["hold_reasons"]:  # type: ignore[operator]  # a list
            return  # they were told before; what follows is an engineer's decision
        case _ if is_sealed(arrived.mail):
            await customer_mails.sealed(uow, ctx, ticket)
        case intake.Outcome.COMPLETE:
            await customer_mails.accepted(uow, ctx, ticket, promised=started)
        case intake.Outcome.HELD:
            await customer_mails.held(uow, ctx, ticket)
        case intake.Outcome.ENQUIRY:
            await customer_mails.enquiry(uow, ctx, ticket)
        case intake.Outcome.INCOMPLETE if arrived.complete:
            await customer_mails.ask(uow, ctx, ticket, opening="incomplete")
    if not arrived.complete:
        await customer_mails.too_large(uow, ctx, ticket, again=outcome is not intake.Outcome.INCOMPLETE)
