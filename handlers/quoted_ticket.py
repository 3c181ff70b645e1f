"""An engineer decides on a mail that names a ticket which its sender is not on (`bot.rules.understanding`: held)."""

from __future__ import annotations

from dataclasses import replace

from bot.commands import DecideQuotation
from bot.effects import Note, PostCard, PostInThread
from bot.model import ClockKind, ClockState, Direction, Message, Ticket, TicketState
from bot.ports import UnitOfWork
from bot.rules import intake
from bot.rules.heard import Heard
from bot.rules.mail_writing import bare_subject
from bot.rules.ticket_states import Action, actions_of, move
from handlers import attachments, clocks, customer_answered, customer_mails, escalated_tickets, report_received, turns
from handlers.context import Context, journal, tell
from handlers.intake_facts import Sender, weigh
from handlers.ticket_actions import tell_the_state


async def decide(command: DecideQuotation, uow: UnitOfWork, ctx: Context) -> None:
    """The message joins the ticket that it names, and its sender with it; or it is taken as a report of its own."""
    ticket = await uow.tickets.get(command.ticket_id)
    by = command.by
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
        return
    if (Action.JOIN if command.join else Action.SEPARATE) not in actions_of(ticket):
        await tell_the_state(uow, ctx, by, ticket)
        return
    number = str(ticket.facts["quoted_ticket"])
    await journal(uow, ctx, ticket, by.user, "joined" if command.join else "separated", number=number)
    if command.join:
        target = await uow.tickets.by_number(number)
        assert target is not None
        await join(ticket, target, by.user, uow, ctx)
    else:
        await _separate(ticket, by.user, uow, ctx)
    await uow.tickets.update(ticket)
    await uow.outbox.add(PostCard(ticket.id))


async def join(ticket: Ticket, target: Ticket, by: str, uow: UnitOfWork, ctx: Context) -> None:
    """The messages go over with their files, and an escalation; later ones find their way by the old ticket's "joined".

    The caller stores `ticket`.
    """
    data: dict[str, object] = {
        "by": by, "address": ticket.requester or ticket.requester_name, "number": target.number, "of": ticket.number
    }  # fmt: skip
    ticket.facts |= {"quoted_ticket": None, "hold_reasons": [], "joined": target.number}
    await clocks.end(uow, ctx, ticket, ClockState.MET, ctx.now, ClockKind.INTAKE, reason="merged", by=by)
    move(ticket, TicketState.CLOSED, ctx.now)
    await journal(uow, ctx, target, by, "joined_by", number=ticket.number, address=ticket.requester)
    if ticket.requester:  # who called may have left no address
        await uow.tickets.add_participant(target.id, ticket.requester)
    for one in (ticket, target):
        await uow.outbox.add(PostInThread(one.id, Note.JOINED, data))
    if not target.is_open:
        await customer_answered.reopen(target, uow, ctx)
    for message in await uow.tickets.messages(ticket.id):
        if message.direction is Direction.FROM_CUSTOMER:
            await _carry_over(message, ticket, target, uow, ctx)
    await escalated_tickets.move(uow, ctx, ticket, target, by)
    await uow.tickets.update(target)
    await uow.outbox.add(PostCard(target.id))


async def _carry_over(message: Message, ticket: Ticket, target: Ticket, uow: UnitOfWork, ctx: Context) -> None:
    """One message: from now on it is the customer's word there, as if it had come now."""
    added = await uow.tickets.add_message(replace(message, ticket_id=target.id, sent_at=ctx.now, slack_ts=None))
    for file in await uow.attachments.of_message(message.id):
        content = await uow.attachments.content(file.sha256) if file.sha256 else None
        await uow.attachments.add(
            replace(file, id=0, ticket_id=target.id, message_id=added.id, slack_file=None), content
        )
    subject = bare_subject(ticket.subject)
    data: dict[str, object] = {
        "author": message.author_name,
        "address": message.author,
        "subject": subject if subject != bare_subject(target.subject) else "",
        "text": message.text,
        "files": attachments.listed(await uow.attachments.of_message(added.id)),
        "number": target.number,
        "sent_at": message.sent_at.isoformat(),
    }
    await uow.outbox.add(PostInThread(target.id, Note.CUSTOMER_WROTE, data, message_id=added.id))
    if message.automatic:
        return
    await turns.customer_spoke(uow, ctx, target, added)
    if target.state is TicketState.INCOMPLETE:
        heard = Heard.from_json(target.facts.get("heard")).then(Heard.from_json(ticket.facts.get("heard")))
        sender = Sender.from_json(target.requester, target.facts.get("sender"))
        await customer_answered.try_to_complete(heard, sender, target, added, uow, ctx)
    await turns.customer_wrote(uow, ctx, target, added)


async def _separate(ticket: Ticket, by: str, uow: UnitOfWork, ctx: Context) -> None:
    """The numbers that it has decide now, as in any report; a stranger is still held."""
    data: dict[str, object] = {"by": by, "number": ticket.facts["quoted_ticket"]}
    await uow.outbox.add(PostInThread(ticket.id, Note.SEPARATED, data))
    messages = [m for m in await uow.tickets.messages(ticket.id) if m.direction is Direction.FROM_CUSTOMER]
    sender = Sender.from_json(ticket.requester, ticket.facts.get("sender"))
    day = messages[-1].sent_at.astimezone(ctx.zone).date()
    assessment = intake.assess(await weigh(uow, Heard.from_json(ticket.facts.get("heard")), sender, day))
    ticket.facts |= {**report_received.assessed(assessment), "quoted_ticket": None}
    ticket.contract_id = assessment.contract.id if assessment.contract else None
    match assessment.outcome:
        case intake.Outcome.COMPLETE:
            await customer_answered.accept(ticket, messages[-1], uow, ctx)
            await customer_mails.accepted(uow, ctx, ticket)
        case intake.Outcome.INCOMPLETE:
            move(ticket, TicketState.INCOMPLETE, ctx.now)
            await customer_mails.ask(uow, ctx, ticket)
        case intake.Outcome.ENQUIRY:
            move(ticket, TicketState.OPEN, ctx.now)
            ticket.facts["enquiry"] = True
            await clocks.end(
                uow, ctx, ticket, ClockState.MET, ctx.now, ClockKind.INTAKE, reason="sender_decided", by=by
            )
        case intake.Outcome.HELD:
            return  # now it is the sender that waits for a decision
