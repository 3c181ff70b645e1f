"""A customer's mail on a ticket they are on: it completes the report, answers a question, or moves the turn to us."""

from __future__ import annotations

from bot.effects import Note, PostCard, PostInThread
from bot.model import ClockKind, ClockState, Direction, Message, Ticket, TicketState
from bot.ports import InboxState, UnitOfWork
from bot.rules import intake
from bot.rules.priority_answers import priority_answer
from bot.rules.ticket_states import move
from handlers import clocks, customer_mails, report_received
from handlers.context import Context, journal
from handlers.intake_facts import gather
from handlers.received_mail import ReceivedMail, sender_of, store_message


async def handle(arrived: ReceivedMail, ticket: Ticket, uow: UnitOfWork, ctx: Context) -> None:
    """Take a customer's mail into its ticket; long after the end it opens a new one that names the old."""
    if ticket.state in {TicketState.RESOLVED, TicketState.CLOSED}:
        if ticket.closed_at is None or ctx.now - ticket.closed_at > ctx.config.intake.reopen_within:
            await report_received.handle(arrived, uow, ctx, follows=ticket.number)
            return
        await _reopen(ticket, uow, ctx)
    await uow.tickets.add_participant(ticket.id, arrived.address)
    message = await store_message(uow, ctx, ticket, arrived)
    await journal(uow, ctx, ticket, arrived.address, "customer_wrote", message=message.id)
    await report_received.show_mail(uow, ticket, arrived, message.id)
    ticket.facts["reply_to_ids"] = list(arrived.references)
    await clocks.end(uow, ctx, ticket, ClockState.MET, arrived.sent_at, ClockKind.CUSTOMER_REPLY)
    priority_answered = await _take_priority_answer(arrived, ticket, uow, ctx)
    if ticket.state is TicketState.INCOMPLETE:
        await _try_to_complete(arrived, ticket, message, uow, ctx)
    elif priority_answered:
        await customer_mails.priority_confirmed(uow, ctx, ticket)
    if ticket.state in {TicketState.OPEN, TicketState.WAITING}:
        await _our_turn(arrived, ticket, message, uow, ctx)
    await uow.tickets.update(ticket)
    await uow.outbox.add(PostCard(ticket.id))
    await uow.inbox.finish(arrived.inbox_id, InboxState.DONE, f"answer on {ticket.number}", ticket.id)


async def _reopen(ticket: Ticket, uow: UnitOfWork, ctx: Context) -> None:
    move(ticket, TicketState.OPEN, ctx.now)
    await journal(uow, ctx, ticket, "bot", "reopened")
    await uow.outbox.add(PostInThread(ticket.id, Note.STATE_CHANGED, {"state": ticket.state, "reason": "reopened"}))


async def _take_priority_answer(arrived: ReceivedMail, ticket: Ticket, uow: UnitOfWork, ctx: Context) -> bool:
    """Take the answer to the three choices; every deadline is then worked out from the original start."""
    if ticket.priority_confirmed:
        return False
    answer = priority_answer(arrived.new_text)
    if answer is None:
        return False
    ticket.priority = answer
    ticket.priority_confirmed = True
    await journal(uow, ctx, ticket, arrived.address, "priority_set", priority=answer)
    await uow.outbox.add(PostInThread(ticket.id, Note.PRIORITY_SET, {"priority": answer, "by": arrived.address}))
    await clocks.recompute(uow, ctx, ticket)
    return True


async def _try_to_complete(
    arrived: ReceivedMail, ticket: Ticket, message: Message, uow: UnitOfWork, ctx: Context
) -> None:
    """Assess the whole conversation anew; ask again only when the customer's answer changed what is missing."""
    words = [m.text for m in await uow.tickets.messages(ticket.id) if m.direction is Direction.FROM_CUSTOMER]
    given = await gather(uow, ctx, "\n".join([arrived.all_text, *words]), sender_of(arrived, ctx))
    assessment = intake.assess(given)
    problems = [[finding.problem, *finding.values] for finding in assessment.problems]
    await journal(
        uow, ctx, ticket, "bot", "report_assessed",
        checks={check.check: check.found for check in assessment.checks}, outcome=assessment.outcome,
    )  # fmt: skip
    changed = problems != ticket.facts["problems"]
    ticket.facts["problems"] = problems
    ticket.facts["hold_reasons"] = list(assessment.hold_reasons)
    ticket.devices = assessment.devices or ticket.devices
    ticket.contract_id = assessment.contract.id if assessment.contract else None
    match assessment.outcome:
        case intake.Outcome.COMPLETE:
            await accept(arrived, ticket, message, uow, ctx)
            await customer_mails.accepted(uow, ctx, ticket)
        case intake.Outcome.HELD:
            move(ticket, TicketState.HELD, ctx.now)
            ticket.facts["completed_by"] = message.id
            if arrived.authentic is not False:
                await customer_mails.held(uow, ctx, ticket)
        case _ if changed:
            await customer_mails.ask(uow, ctx, ticket)


async def accept(arrived: ReceivedMail, ticket: Ticket, message: Message, uow: UnitOfWork, ctx: Context) -> None:
    """The report is complete: its reaction clock starts with the message that completed it."""
    move(ticket, TicketState.OPEN, ctx.now)
    ticket.accepted_at = arrived.sent_at
    await clocks.end(uow, ctx, ticket, ClockState.MET, ctx.now, ClockKind.INTAKE)
    if ticket.contacted_at is None:
        await clocks.start(uow, ctx, ticket, ClockKind.REACTION, arrived.sent_at, message.id)
    await uow.outbox.add(PostInThread(ticket.id, Note.STATE_CHANGED, {"state": ticket.state, "reason": "completed"}))


async def _our_turn(arrived: ReceivedMail, ticket: Ticket, message: Message, uow: UnitOfWork, ctx: Context) -> None:
    """After the first contact a customer's message opens a reply clock; several in a row do not restart it."""
    move(ticket, TicketState.OPEN, ctx.now)
    waiting = await clocks.running(uow, ticket, ClockKind.REACTION, ClockKind.REPLY)
    if not waiting and not ticket.facts.get("enquiry"):
        await clocks.start(uow, ctx, ticket, ClockKind.REPLY, arrived.sent_at, message.id)
