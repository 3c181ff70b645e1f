"""A call to the phone number for escalations, logged by whoever took it: about a ticket, or a case of its own.

The call is no answer of ours, so no clock is met by it; nor does it start one. Somebody who has no ticket, or does not
know its number, becomes a case: a ticket that waits for its numbers like any report without them, whose escalation can
be tied to the right ticket as soon as that is known. What names a known contract and its device and comes from one of
its representatives is a report, and is accepted as one. A case that never became a report ends with its escalation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.effects import Note, PostCard, PostInThread
from bot.escalation_commands import LogEscalationCall
from bot.escalations import EscalationSource
from bot.model import ClockKind, Direction, Language, Message, Priority, Ticket, TicketState
from bot.ports import UnitOfWork
from bot.rules import intake
from bot.rules.escalation_presses import PHONE_CASE, is_phone_case
from bot.rules.heard import Heard
from bot.rules.mail_writing import can_be_mailed
from bot.rules.priority_words import propose_priority, provisional_priority
from bot.rules.sla import terms_from_config
from bot.rules.ticket_states import move
from handlers import clocks, customer_answered, customer_mails, escalations, report_received
from handlers.context import Context, journal, tell
from handlers.intake_facts import Sender, authorised_contracts, hear_words, weigh


async def log(command: LogEscalationCall, uow: UnitOfWork, ctx: Context) -> None:
    """Escalate the caller's ticket, or open a case for them and escalate that."""
    by, address = command.by, command.address
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
        return
    ticket = None if command.ticket_id is None else await uow.tickets.get(command.ticket_id)
    if address is not None and not can_be_mailed(address):  # an address was typed: it has to be one
        await tell(uow, by, "no_address", number=ticket.number if ticket else "–", address=address)
        return
    if ticket is None:
        await _open_case(command, uow, ctx)
        return
    requester = ticket.requester if address is None else address.lower()
    await escalations.tell_who_escalated(uow, ctx, ticket, by)
    await escalations.raise_escalation(
        uow, ctx, ticket, EscalationSource.PHONE, _reason(command), by.user, requester=requester or None
    )


def _reason(command: LogEscalationCall) -> str:
    return f"{command.caller}: {command.words}"


@dataclass(frozen=True, slots=True)
class _Heard:
    """What the words of a call say, and what intake makes of it."""

    numbers: Heard
    sender: Sender
    assessment: intake.Assessment


async def _open_case(command: LogEscalationCall, uow: UnitOfWork, ctx: Context) -> None:
    by, at = command.by, command.by.at or ctx.now
    numbers = await hear_words(uow, ctx, f"{command.device}\n{command.words}")
    sender = Sender((command.address or "").lower(), authentic=None, info_only=False)
    assessment = intake.assess(await weigh(uow, numbers, sender, at.astimezone(ctx.zone).date()))
    heard = _Heard(numbers, sender, assessment)
    ticket = await uow.tickets.add(await _case(command, heard, at, uow, ctx))
    if sender.address:
        await uow.tickets.add_participant(ticket.id, sender.address)
    await journal(
        uow, ctx, ticket, by.user, "escalation_case_opened",
        caller=command.caller, address=command.address, outcome=assessment.outcome, priority=ticket.priority,
        checks=[[check.check, check.found] for check in assessment.checks],
    )  # fmt: skip
    await uow.outbox.add(PostCard(ticket.id))
    await escalations.raise_escalation(
        uow, ctx, ticket, EscalationSource.PHONE, _reason(command), by.user, requester=sender.address or None
    )
    if assessment.outcome is intake.Outcome.COMPLETE:
        said = Message(0, ticket.id, Direction.FROM_CUSTOMER, sender.address, command.caller, command.words, at)
        await customer_answered.accept(ticket, await uow.tickets.add_message(said), uow, ctx)
        await customer_mails.accepted(uow, ctx, ticket)
    else:
        await clocks.start(uow, ctx, ticket, ClockKind.INTAKE, at, None, by=by.user)
    await uow.tickets.update(ticket)
    await tell(uow, by, "escalation_case_opened", number=ticket.number)


async def _case(command: LogEscalationCall, heard: _Heard, at: datetime, uow: UnitOfWork, ctx: Context) -> Ticket:
    assessment = heard.assessment
    contract = assessment.contract or assessment.sole_contract
    known = [contract] if contract else await authorised_contracts(uow, heard.sender.address)
    language = next((each.language for each in known if each.language is not None), Language.PL)
    proposal = propose_priority(command.words)
    return Ticket(
        id=0,
        number="",
        state=TicketState.INCOMPLETE,
        priority=provisional_priority(proposal, Priority(ctx.config.sla.provisional_priority)),
        priority_confirmed=proposal.stated,
        language=language,
        subject=ctx.customer_words(language)("escalation_call_subject"),
        requester=heard.sender.address,
        requester_name=command.caller,
        reported_at=at,
        created_at=ctx.now,
        contract_id=assessment.contract.id if assessment.contract else None,
        devices=assessment.devices,
        terms={priority: terms.to_json() for priority, terms in terms_from_config(ctx.config.sla).items()},
        facts={
            **report_received.assessed(assessment),
            "heard": heard.numbers.to_json(),
            "sender": heard.sender.to_json(),
            PHONE_CASE: True,
        },
    )


async def close_case(uow: UnitOfWork, ctx: Context, ticket: Ticket, by: str) -> None:
    """The escalation for which it was opened is over: unless it became a report, so is the case."""
    if not is_phone_case(ticket) or ticket.accepted_at is not None or not ticket.is_open:
        return
    move(ticket, TicketState.CLOSED, ctx.now)
    await journal(uow, ctx, ticket, by, "closed")
    await clocks.cancel_all(uow, ctx, ticket, "closed", by)
    data: dict[str, object] = {"state": ticket.state, "by": by, "reason": "escalation_ended"}
    await uow.outbox.add(PostInThread(ticket.id, Note.STATE_CHANGED, data))
    await uow.outbox.add(PostCard(ticket.id))
    await uow.tickets.update(ticket)
