"""A mail that belongs to no ticket: a new report, complete, incomplete or held, or an enquiry about the offer."""

from __future__ import annotations

from bot.effects import Note, PostCard, PostInThread
from bot.model import ClockKind, Priority, Ticket, TicketState
from bot.ports import InboxState, UnitOfWork
from bot.rules import intake
from bot.rules.priority_words import Proposal, propose_priority, provisional_priority
from bot.rules.sla import terms_from_config
from handlers import attachments, clocks, customer_mails
from handlers.context import Context, journal
from handlers.intake_facts import gather
from handlers.received_mail import ReceivedMail, sender_of, store_message

STATES = {
    intake.Outcome.COMPLETE: TicketState.OPEN,
    intake.Outcome.INCOMPLETE: TicketState.INCOMPLETE,
    intake.Outcome.HELD: TicketState.HELD,
    intake.Outcome.ENQUIRY: TicketState.OPEN,
}


async def handle(
    arrived: ReceivedMail,
    uow: UnitOfWork,
    ctx: Context,
    *,
    quoted_ticket: str | None = None,
    follows: str | None = None,
) -> None:
    """Open a ticket.

    Args:
        quoted_ticket: The number of a ticket that the mail names but its sender is not on; an engineer sees it.
        follows: The number of the sender's own closed ticket that this one continues.
    """
    given = await gather(uow, ctx, arrived.all_text, sender_of(arrived, ctx))
    assessment = intake.assess(given)
    proposal = propose_priority(f"{arrived.mail.subject}\n{arrived.new_text}")
    ticket = await uow.tickets.add(_ticket(arrived, ctx, assessment, proposal, quoted_ticket, follows))
    await uow.tickets.add_participant(ticket.id, arrived.address)
    message = await store_message(uow, ctx, ticket, arrived)
    await journal(
        uow, ctx, ticket, arrived.address, "report_received",
        checks={check.check: check.found for check in assessment.checks},
        outcome=assessment.outcome, priority=ticket.priority, priority_words=list(proposal.words), quoted=quoted_ticket,
    )  # fmt: skip
    await uow.outbox.add(PostCard(ticket.id))
    await show_mail(uow, ticket, arrived, message.id)
    await _start_clocks(arrived, assessment, ticket, message.id, uow, ctx)
    await _answer(arrived, assessment, ticket, uow, ctx)
    await uow.inbox.finish(arrived.inbox_id, InboxState.DONE, f"opened {ticket.number}", ticket.id)


def _ticket(
    arrived: ReceivedMail,
    ctx: Context,
    assessment: intake.Assessment,
    proposal: Proposal,
    quoted_ticket: str | None,
    follows: str | None,
) -> Ticket:
    enquiry = assessment.outcome is intake.Outcome.ENQUIRY
    default = Priority(ctx.config.sla.provisional_priority)
    priority = Priority.QUESTION if enquiry else provisional_priority(proposal, default)
    complete = assessment.outcome is intake.Outcome.COMPLETE
    return Ticket(
        id=0,
        number="",
        state=STATES[assessment.outcome],
        priority=priority,
        priority_confirmed=proposal.stated or enquiry,
        language=arrived.language,
        subject=arrived.mail.subject,
        requester=arrived.address,
        requester_name=arrived.name,
        reported_at=arrived.sent_at,
        created_at=ctx.now,
        contract_id=assessment.contract.id if assessment.contract else None,
        devices=assessment.devices,
        accepted_at=arrived.sent_at if complete else None,
        terms={priority: terms.to_json() for priority, terms in terms_from_config(ctx.config.sla).items()},
        facts={
            "enquiry": enquiry,
            "problems": [[finding.problem, *finding.values] for finding in assessment.problems],
            "hold_reasons": list(assessment.hold_reasons),
            "quoted_ticket": quoted_ticket,
            "follows": follows,
            "reply_to_ids": list(arrived.references),
        },
    )


async def show_mail(uow: UnitOfWork, ticket: Ticket, arrived: ReceivedMail, message_id: int) -> None:
    """Show a customer's mail in the ticket's thread."""
    await uow.outbox.add(
        PostInThread(
            ticket.id,
            Note.CUSTOMER_WROTE,
            {
                "author": arrived.name,
                "address": arrived.address,
                "subject": arrived.mail.subject,
                "text": arrived.new_text,
                "files": attachments.listed(await uow.attachments.of_message(message_id)),
                "number": ticket.number,
                "sent_at": arrived.sent_at.isoformat(),
                "complete": arrived.complete,
            },
            message_id=message_id,
        )
    )


async def _start_clocks(
    arrived: ReceivedMail,
    assessment: intake.Assessment,
    ticket: Ticket,
    message_id: int,
    uow: UnitOfWork,
    ctx: Context,
) -> None:
    match assessment.outcome:
        case intake.Outcome.COMPLETE:
            await clocks.start(uow, ctx, ticket, ClockKind.REACTION, arrived.sent_at, message_id)
        case intake.Outcome.INCOMPLETE | intake.Outcome.HELD:
            await clocks.start(uow, ctx, ticket, ClockKind.INTAKE, arrived.sent_at, message_id)
        case intake.Outcome.ENQUIRY:
            return  # an enquiry is no report: the terms promise no time, the card stays until it is answered


async def _answer(
    arrived: ReceivedMail, assessment: intake.Assessment, ticket: Ticket, uow: UnitOfWork, ctx: Context
) -> None:
    match assessment.outcome:
        case intake.Outcome.COMPLETE:
            await customer_mails.accepted(uow, ctx, ticket)
        case intake.Outcome.INCOMPLETE if not arrived.complete:
            await customer_mails.too_large(uow, ctx, ticket)
        case intake.Outcome.INCOMPLETE:
            await customer_mails.ask(uow, ctx, ticket)
        case intake.Outcome.HELD if arrived.authentic is False:
            return  # the named sender may not have written it: they are not told of somebody else's mail
        case intake.Outcome.HELD:
            await customer_mails.held(uow, ctx, ticket)
        case intake.Outcome.ENQUIRY:
            await customer_mails.enquiry(uow, ctx, ticket)
