"""Looking up what `bot.rules.understanding` asks about a mail. Nothing here changes anything."""

from __future__ import annotations

from dataclasses import dataclass

from bot.model import Contract, Ticket, TicketState
from bot.ports import UnitOfWork
from bot.rules import intake
from bot.rules.contract_numbers import fold
from bot.rules.heard import Heard
from bot.rules.mail_matching import KeyKind, MatchKey, check_token, match_keys
from bot.rules.understanding import KnownMail, Match, Standing, Understanding, Verdict, understand
from handlers.answered_words import hear_all
from handlers.context import Context
from handlers.intake_facts import weigh
from handlers.received_mail import ReceivedMail, is_escalation, plain_address, sender_of

_LONGEST_TRAIL = 5
"""How often a ticket may have been joined to another one."""


@dataclass(frozen=True, slots=True)
class Understood:
    """A mail, what was looked up for it, and what the bot makes of it.

    Attributes:
        ticket: The one that it names, whether or not its sender belongs there.
        heard: What its words say about a report's numbers.
        given: The same with what the registry knows of it.
        assessment: The mail as a report of its own.
    """

    arrived: ReceivedMail
    ticket: Ticket | None
    match: Match | None
    heard: Heard
    given: intake.Given
    assessment: intake.Assessment
    understanding: Understanding


async def understand_mail(arrived: ReceivedMail, uow: UnitOfWork, ctx: Context, *, own_copy: bool) -> Understood:
    """Look everything up and ask the questions.

    Args:
        own_copy: The mail carries the Message-ID of a mail that we sent.
    """
    sender = sender_of(arrived, ctx)
    ticket, by = await _named_ticket(arrived, uow, ctx)
    heard = await hear_all(arrived, ticket, uow, ctx)
    day = arrived.sent_at.astimezone(ctx.zone).date()
    given = await weigh(uow, heard, sender, day)
    if ticket is None and is_escalation(arrived, ctx):
        ticket, by = await _escalated_ticket(arrived.address, given, uow, ctx), KeyKind.NUMBERS
    match = None
    if ticket is not None and by is not None:
        belongs = arrived.authentic is not False and await _belongs(arrived.address, ticket, given.authorised_on, uow)
        match = Match(ticket.number, by, belongs, _standing(ticket, given, ctx))
        if belongs and match.standing is Standing.TOO_LATE:
            known = await _known_of(ticket, uow)
            heard = known.then(heard, serial_was_wrong=True)
            given = await weigh(uow, heard, sender, day)
    assessment = intake.assess(given)
    understanding = understand(
        KnownMail(
            mail=arrived.mail,
            complete=arrived.complete,
            own_copy=own_copy,
            screening=arrived.screening,
            to_escalation=is_escalation(arrived, ctx),
            sender=arrived.address,
            authentic=arrived.authentic,
            match=match,
            given=given,
            assessment=assessment,
        )
    )
    return Understood(arrived, ticket, match, heard, given, assessment, understanding)


async def understand_message(arrived: ReceivedMail, ticket: Ticket | None, uow: UnitOfWork, ctx: Context) -> Understood:
    """The same for what was written in a shared channel: its thread says whose it is, and nothing else is asked.

    Args:
        ticket: The one whose thread it is; None for a report.
    """
    heard = await hear_all(arrived, None, uow, ctx)
    if arrived.chosen is not None:
        heard = heard.then(arrived.chosen.heard, serial_was_wrong=True)
    day = arrived.sent_at.astimezone(ctx.zone).date()
    given = await weigh(uow, heard, sender_of(arrived, ctx), day)
    verdict = Verdict.REPORT if ticket is None else Verdict.FOLLOW_UP
    understanding = Understanding(verdict, "written in the customer's shared channel", ())
    return Understood(arrived, ticket, None, heard, given, intake.assess(given), understanding)


async def _named_ticket(arrived: ReceivedMail, uow: UnitOfWork, ctx: Context) -> tuple[Ticket | None, KeyKind | None]:
    """The ticket that the mail names by its thread headers, its reply address, or the number in its subject."""
    for key in match_keys(arrived.mail, ctx.config.mail.message_id_domain):
        ticket = await _ticket_of(key, uow, ctx)
        if ticket is not None:
            return await where_it_went(ticket, uow), key.kind
    return None, None


async def _escalated_ticket(address: str, given: intake.Given, uow: UnitOfWork, ctx: Context) -> Ticket | None:
    """The sender's one open ticket about the device that the mail names, or else the contract."""
    serials, contracts = {device.serial for device in given.devices}, {contract.id for contract in given.contracts}
    found = [
        ticket
        for ticket in await uow.tickets.recent_of(address, ctx.now)
        if ticket.is_open
        and (serials & {device.serial for device in ticket.devices} if serials else ticket.contract_id in contracts)
    ]
    return await uow.tickets.get(found[0].id) if len(found) == 1 else None


async def _ticket_of(key: MatchKey, uow: UnitOfWork, ctx: Context) -> Ticket | None:
    match key.kind:
        case KeyKind.OUR_MESSAGE_ID | KeyKind.OTHER_MESSAGE_ID:
            ticket_id = await uow.tickets.ticket_of_message_ids([key.value])
            return None if ticket_id is None else await uow.tickets.get(ticket_id)
        case KeyKind.TOKEN:
            number = check_token(key.value, ctx.token_key)
            return None if number is None else await uow.tickets.by_number(number)
        case KeyKind.SUBJECT_NUMBER:
            return await uow.tickets.by_number(key.value)
        case KeyKind.NUMBERS:
            return None  # no key of a mail's own: it is looked for among the sender's tickets


async def where_it_went(ticket: Ticket, uow: UnitOfWork) -> Ticket:
    """The ticket that this one's message was added to, if it was."""
    for _ in range(_LONGEST_TRAIL):
        joined = ticket.facts.get("joined")
        following = await uow.tickets.by_number(str(joined)) if joined else None
        if following is None:
            break
        ticket = following
    return ticket


async def _belongs(address: str, ticket: Ticket, authorised_on: tuple[Contract, ...], uow: UnitOfWork) -> bool:
    """Whether the sender is on the ticket, or represents the customer whose ticket it is.

    A guessed number lets nobody in: of a ticket that is not accepted, whose contract is only claimed, the requester
    must be a representative on a contract of the sender's.
    """
    people = await uow.tickets.participants(ticket.id)
    if address in people or plain_address(address) in {plain_address(person) for person in people}:
        return bool(address)
    if ticket.accepted_at is not None and ticket.contract_id is not None:
        return any(contract.id == ticket.contract_id for contract in authorised_on)
    return any(contract.authorises(ticket.requester) for contract in authorised_on)


def _standing(ticket: Ticket, given: intake.Given, ctx: Context) -> Standing:
    if ticket.facts.get("enquiry") and given.has_numbers:
        return Standing.OTHER_MATTER
    if ticket.is_open:
        return Standing.OPEN
    if ticket.state is TicketState.CLOSED and ticket.accepted_at is None and not ticket.facts.get("enquiry"):
        return Standing.TOO_LATE if given.authorised_on else Standing.NEVER_ACCEPTED
    ended = ticket.closed_at
    if ended is not None and ctx.now - ended <= ctx.config.intake.reopen_within:
        return Standing.REOPENS
    return Standing.TOO_LATE


async def _known_of(ticket: Ticket, uow: UnitOfWork) -> Heard:
    """The numbers of an ended ticket, for the one that continues it: nobody is asked for what they said there."""
    contract = await uow.contracts.get(ticket.contract_id) if ticket.contract_id is not None else None
    number = contract.number if contract else None
    return Heard(devices=ticket.devices, stated=(number,) if number else (), named=(fold(number),) if number else ())
