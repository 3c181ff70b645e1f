"""A customer's mail on a ticket they are on: it completes the report, answers a question, or moves the turn to us."""

from __future__ import annotations

from bot.effects import Note, PostCard, PostInThread
from bot.model import ClockKind, ClockState, Message, Priority, Ticket, TicketState
from bot.ports import UnitOfWork
from bot.rules import intake
from bot.rules.heard import Heard
from bot.rules.priority_words import Proposal, priority_answer, propose_priority
from bot.rules.same_words import says_the_same
from bot.rules.ticket_states import move
from bot.rules.understanding import is_sealed
from handlers import (
    agreed_dates,
    appointments,
    clocks,
    customer_mails,
    duty,
    entitlements,
    interviews,
    mail_escalated,
    report_received,
    turns,
)
from handlers.answered_words import hear_answer, own_words, problems_of
from handlers.context import Context, journal
from handlers.intake_facts import Sender, weigh
from handlers.received_mail import ReceivedMail, finish, sender_of, store_message
from handlers.understanding_mail import Understood


async def handle(found: Understood, uow: UnitOfWork, ctx: Context) -> Message:
    """Take what a customer wrote into its ticket; gives the stored message."""
    arrived, ticket = found.arrived, found.ticket
    assert ticket is not None
    earlier = await uow.tickets.messages(ticket.id)
    await uow.tickets.add_participant(ticket.id, arrived.address)
    message = await store_message(uow, ctx, ticket, arrived)
    await journal(
        uow, ctx, ticket, arrived.address, "customer_wrote", message=message.id,
        checks=[[check.check, check.found] for check in found.understanding.checks],
    )  # fmt: skip
    await report_received.show_mail(uow, ticket, arrived, message.id)
    by_calendar = await appointments.heed_calendar(arrived, ticket, uow, ctx, message)
    if not arrived.screening.sounds_automatic and not (by_calendar and not arrived.new_text.strip()):
        await _heed(arrived, ticket, message, earlier, uow, ctx)
    await mail_escalated.heed(arrived, ticket, message, uow, ctx)
    await entitlements.heed(uow, ctx, ticket, message)
    await uow.tickets.update(ticket)
    await uow.outbox.add(PostCard(ticket.id))
    await finish(uow, arrived, f"answer on {ticket.number}", ticket.id)
    return message


async def _heed(
    arrived: ReceivedMail, ticket: Ticket, message: Message, earlier: tuple[Message, ...], uow: UnitOfWork, ctx: Context
) -> None:
    """What a person's words change; those of a robot change nothing."""
    if not ticket.is_open:
        await reopen(ticket, uow, ctx)
    incomplete = ticket.state is TicketState.INCOMPLETE
    if not incomplete and not says_the_same(arrived.new_text, [m.text for m in earlier if m.author == message.author]):
        customer_mails.a_person_wrote(ticket)
    if arrived.address == ticket.requester and arrived.language_is_certain:
        ticket.language = arrived.language
    if arrived.place is None:
        ticket.facts["reply_to_ids"] = list(arrived.references)
    await turns.customer_spoke(uow, ctx, ticket, message)
    picks_a_date = agreed_dates.is_chosen_by(ctx, ticket, message)  # then a digit is no priority
    priority_answered = not picks_a_date and await _take_priority(arrived, ticket, uow, ctx)
    if not arrived.complete:
        await customer_mails.too_large(uow, ctx, ticket, again=True)
    elif is_sealed(arrived.mail):
        await customer_mails.sealed(uow, ctx, ticket, again=True)
    elif ticket.state in {TicketState.INCOMPLETE, TicketState.HELD}:
        heard = await hear_answer(arrived, ticket, earlier, uow, ctx)
        sender = sender_of(arrived, ctx)
        await try_to_complete(heard, sender, ticket, message, uow, ctx, priority_answered=priority_answered)
    elif priority_answered:
        await customer_mails.priority_confirmed(uow, ctx, ticket)
    await turns.customer_wrote(uow, ctx, ticket, message)
    await interviews.heed(uow, ctx, ticket, message, arrived.mail.text)


async def reopen(ticket: Ticket, uow: UnitOfWork, ctx: Context) -> None:
    """An ended ticket is worked on again, and whoever had it learns of it."""
    move(ticket, TicketState.OPEN, ctx.now)
    await journal(uow, ctx, ticket, "bot", "reopened")
    data: dict[str, object] = {"state": ticket.state, "reason": "reopened"}
    mention = await duty.on_call(uow, ctx, ticket)
    await uow.outbox.add(PostInThread(ticket.id, Note.STATE_CHANGED, data, mention=mention))


async def _take_priority(arrived: ReceivedMail, ticket: Ticket, uow: UnitOfWork, ctx: Context) -> bool:
    """Take the answer to the three choices; every deadline is then worked out from the original start.

    Words that say it got worse ("teraz nic nie działa") make a provisional priority critical, as in a first mail.
    Whether the customer has chosen is given back.
    """
    if ticket.priority_confirmed or ticket.facts.get("enquiry"):
        return False
    words = own_words(arrived, ticket)
    proposal, answer = propose_priority(words), priority_answer(words)
    if arrived.chosen is not None:  # whatever else the description seems to say
        proposal, answer = Proposal(arrived.chosen.priority, stated=True), None
    answer = answer or (proposal.priority if proposal.stated else None)
    if answer is None and not _got_worse(proposal, ticket):
        return False
    ticket.priority = answer or Priority.CRITICAL
    ticket.priority_confirmed = answer is not None
    await journal(
        uow, ctx, ticket, arrived.address, "priority_set", priority=ticket.priority, words=list(proposal.words),
        confirmed=ticket.priority_confirmed,
    )  # fmt: skip
    data: dict[str, object] = {"priority": ticket.priority, "by": arrived.address}
    await uow.outbox.add(PostInThread(ticket.id, Note.PRIORITY_SET, data))
    await clocks.recompute(uow, ctx, ticket)
    return ticket.priority_confirmed


def _got_worse(proposal: Proposal, ticket: Ticket) -> bool:
    return proposal.priority is Priority.CRITICAL and ticket.priority is not Priority.CRITICAL


async def try_to_complete(
    heard: Heard,
    sender: Sender,
    ticket: Ticket,
    message: Message,
    uow: UnitOfWork,
    ctx: Context,
    *,
    priority_answered: bool = False,
) -> None:
    """Assess the report anew with what was heard; ask again only when something of the question has changed.

    Args:
        heard: What all the customer's words together say now.
        message: The newest one, which completes the report if anything does.
    """
    day = message.sent_at.astimezone(ctx.zone).date()
    assessment = intake.assess(await weigh(uow, heard, sender, day))
    await journal(
        uow, ctx, ticket, "bot", "report_assessed",
        checks=[[check.check, check.found] for check in assessment.checks], outcome=assessment.outcome,
    )  # fmt: skip
    facts = report_received.assessed(assessment)
    if ticket.facts.get("offer_refused"):
        facts["offer"] = None
    changed = any(facts[key] != ticket.facts.get(key) for key in ("problems", "offer"))
    if priority_answered or len(assessment.problems) < len(problems_of(ticket)):
        customer_mails.a_person_wrote(ticket)
    ticket.facts["heard"] = heard.to_json()
    ticket.devices = assessment.devices or ticket.devices
    ticket.contract_id = assessment.contract.id if assessment.contract else None
    if ticket.state is TicketState.HELD:  # an engineer's word comes first; they see what the report lacks by now
        if problems_of(ticket) and not facts["problems"]:  # else it was complete before, and has waited since then
            ticket.facts["completed_by"] = message.id
        ticket.facts |= {"problems": facts["problems"], "offer": facts["offer"]}
        return
    ticket.facts |= facts
    match assessment.outcome:
        case intake.Outcome.COMPLETE:
            await accept(ticket, message, uow, ctx)
            await customer_mails.accepted(uow, ctx, ticket)
        case intake.Outcome.HELD:
            move(ticket, TicketState.HELD, ctx.now)
            ticket.facts["completed_by"] = message.id
            if sender.authentic is not False:
                await customer_mails.held(uow, ctx, ticket)
        case _ if changed or priority_answered:
            ticket.facts["nothing_new"] = False
            await customer_mails.ask(uow, ctx, ticket, opening="incomplete_again", priority_noted=priority_answered)
        case _ if not ticket.facts.get("nothing_new"):
            ticket.facts["nothing_new"] = True
            data: dict[str, object] = {"problems": facts["problems"]}
            mention = await duty.on_call(uow, ctx, ticket)
            await uow.outbox.add(PostInThread(ticket.id, Note.NOTHING_NEW, data, mention=mention, urgent=True))


async def accept(ticket: Ticket, message: Message, uow: UnitOfWork, ctx: Context) -> None:
    """The report is complete: its reaction clock starts with the message that completed it."""
    move(ticket, TicketState.OPEN, ctx.now)
    ticket.accepted_at = message.sent_at
    await clocks.end(uow, ctx, ticket, ClockState.MET, ctx.now, ClockKind.INTAKE, reason="report_completed")
    if ticket.contacted_at is None:
        await clocks.start(uow, ctx, ticket, ClockKind.REACTION, message.sent_at, message.id)
    await uow.outbox.add(PostInThread(ticket.id, Note.STATE_CHANGED, {"state": ticket.state, "reason": "completed"}))
    await entitlements.heed_all(uow, ctx, ticket)
