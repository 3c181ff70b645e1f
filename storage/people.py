"""What is stored about a person, found by their mail address; taken out, or read for them."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from bot.effects import PostCard, PostEscalationCard
from bot.errors import OperatorError
from bot.model import Direction, JournalEntry, TicketState
from bot.ports import InboxState
from bot.rules.customer_channels import is_slack_user
from bot.rules.erasing import ALIAS, mail_names
from storage.contract_tables import contract_contacts
from storage.engine import Database
from storage.erasing import Eraser, People
from storage.escalation_tables import escalations
from storage.outbox import IS_UNSENT
from storage.overwriting import empty_log, overwrite_what_goes
from storage.schema import inbox, messages, outbox, ticket_participants, tickets
from storage.transaction import Transaction
from storage.unit_of_work import StoredUnitOfWork

ERASED = "words_erased"
"""The journal's line on a ticket: because ("request", "retention"), whole (all of its words, or one person's)."""

_TO_CUSTOMERS = ("SendMail", "PostToCustomer")

_AT_ONCE = 100
"""Mails that are looked at in one transaction."""


@dataclass(frozen=True, slots=True)
class Person:
    """Where somebody occurs.

    Attributes:
        names: As their mails or staff called them.
        own: Ids of tickets that they reported.
        others: Ids of tickets in which they only take part.
        open_tickets: Numbers of those of both that are open.
        contracts: Ids of the contracts that list their address.
        inbox_ids: Arrivals that they wrote or that name them.
        waiting: Mails to them, or arrivals naming them, that are not dealt with yet.
    """

    address: str
    names: tuple[str, ...]
    own: tuple[int, ...]
    others: tuple[int, ...]
    open_tickets: tuple[str, ...]
    contracts: tuple[int, ...]
    inbox_ids: tuple[int, ...]
    waiting: int

    @property
    def is_known(self) -> bool:
        """Whether anything is stored about them."""
        return bool(self.own or self.others or self.contracts or self.inbox_ids or self.waiting)


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """What was, or would be, taken out.

    Attributes:
        counts: Rows by table; "files" and "mails" are contents that are gone.
        in_slack: (ticket's number, channel, ts) of threads whose posts people have to delete by hand.
        is_overwritten: False while SQLite's write-ahead log still holds it, as somebody reads an older state.
    """

    person: Person
    counts: Counter[str]
    in_slack: tuple[tuple[str, str, str], ...]
    is_overwritten: bool = True


class _OnlyTried(Exception):
    """Takes everything back after a trial."""


def normal(address: str) -> str:
    """A mail address, or the Slack id of a customer in a shared channel, as it is stored."""
    address = address.strip()
    return address.upper() if is_slack_user(address.upper()) else address.lower()


async def find_person(database: Database, address: str) -> Person:
    """Everything that is stored about an address. Reads every stored mail: a matter of minutes where there are many.

    Args:
        address: A mail address, or the Slack id of a customer in a shared channel.
    """
    address = normal(address)
    named = await _arrivals_naming(database, address)
    async with database.read() as uow:
        return await _find(uow.transaction, address, named)


async def erase_person(
    database: Database, address: str, *, really: bool, alias: Callable[[], str] = lambda: secrets.token_hex(4)
) -> ErasureReport:
    """Take a person out of everything that is stored, in one transaction; without `really` it is taken back again.

    Raises:
        OperatorError: One of their tickets is open, something of theirs is still under way, or they are no customer.
    """
    address = normal(address)
    named = await _arrivals_naming(database, address)
    report: ErasureReport | None = None
    try:
        async with database.begin() as uow:
            transaction = uow.transaction
            person = await _find(transaction, address, named)
            _refuse_what_is_under_way(person)
            if await _works_here(transaction, address):
                raise OperatorError(f"{address} works on tickets: what staff did stays, as it is part of the facts")
            await overwrite_what_goes(transaction)
            eraser = Eraser(transaction)
            people = People({address.lower(): ALIAS.format(alias())}, person.names)
            for ticket_id in person.own:
                await eraser.ticket(ticket_id, people, whole=True)
            for ticket_id in person.others:
                await eraser.ticket(ticket_id, people, whole=False)
            await eraser.mails(person.inbox_ids)
            await eraser.elsewhere(people)
            report = ErasureReport(person, +eraser.counts, await _places(transaction, person))
            if not really:
                raise _OnlyTried
            await _tell(uow, person)
    except _OnlyTried:
        pass
    assert report is not None
    return replace(report, is_overwritten=await empty_log(database)) if really else report


async def _tell(uow: StoredUnitOfWork, person: Person) -> None:
    touched = (*person.own, *person.others)
    for ticket_id in touched:
        line = {"because": "request", "whole": ticket_id in person.own}
        await uow.journal(JournalEntry(ticket_id, uow.transaction.clock.now(), "bot", ERASED, line))
    await show_anew(uow, touched)


async def show_anew(uow: StoredUnitOfWork, ticket_ids: Sequence[int]) -> None:
    """Let the head messages in Slack say what is left."""
    connection = uow.transaction.connection
    cards = select(tickets.c.id).where(tickets.c.id.in_(ticket_ids), tickets.c.slack_ts.is_not(None))
    for ticket_id in list(await connection.scalars(cards)):
        await uow.outbox.add(PostCard(ticket_id))
    raised = select(escalations.c.id, escalations.c.ticket_id).where(
        escalations.c.ticket_id.in_(ticket_ids), escalations.c.slack_ts.is_not(None)
    )
    for row in (await connection.execute(raised)).all():
        await uow.outbox.add(PostEscalationCard(row.ticket_id, row.id))


def _refuse_what_is_under_way(person: Person) -> None:
    if person.open_tickets:
        numbers = ", ".join(person.open_tickets)
        raise OperatorError(f"these tickets of {person.address} are open; resolve or close them first: {numbers}")
    if person.waiting:
        raise OperatorError(
            f"{person.waiting} mails to or from {person.address} are under way: let the bot run, and try again"
        )


async def _find(transaction: Transaction, address: str, named: list[tuple[int, bool]]) -> Person:
    connection = transaction.connection
    own = list(await connection.scalars(select(tickets.c.id).where(tickets.c.requester == address)))
    joined = select(ticket_participants.c.ticket_id).where(ticket_participants.c.address == address)
    wrote = select(messages.c.ticket_id).where(messages.c.author == address)
    asked = select(escalations.c.ticket_id).where(escalations.c.requester == address)
    everywhere = {*own, *[row for query in (joined, wrote, asked) for row in await connection.scalars(query)]}
    is_open = tickets.c.state.not_in([TicketState.RESOLVED, TicketState.CLOSED])
    open_tickets = await connection.scalars(
        select(tickets.c.number).where(tickets.c.id.in_(everywhere), is_open).order_by(tickets.c.id)
    )
    called = select(tickets.c.requester_name).where(tickets.c.requester == address)
    signed = select(messages.c.author_name).where(messages.c.author == address)
    names = {name.strip() for query in (called, signed) for name in await connection.scalars(query)}
    theirs = select(messages.c.inbox_id).where(messages.c.author == address, messages.c.inbox_id.is_not(None))
    unsent = select(outbox.c.effect).where(IS_UNSENT, outbox.c.type.in_(_TO_CUSTOMERS))
    waiting = [effect for effect in await connection.scalars(unsent) if _is_about(effect, address, everywhere)]
    return Person(
        address=address,
        names=tuple(sorted(names - {""})),
        own=tuple(own),
        others=tuple(sorted(everywhere - set(own))),
        open_tickets=tuple(open_tickets),
        contracts=tuple(
            await connection.scalars(
                select(contract_contacts.c.contract_id).where(contract_contacts.c.value == address)
            )
        ),
        inbox_ids=tuple(sorted({*[one for one, done in named if done], *list(await connection.scalars(theirs))})),
        waiting=len(waiting) + sum(not done for _, done in named),
    )


async def _works_here(transaction: Transaction, slack_id: str) -> bool:
    """Whether somebody of Slack has ever had a ticket or written to a customer."""
    wrote = select(messages.c.id).where(messages.c.author == slack_id, messages.c.direction == Direction.TO_CUSTOMER)
    has = select(tickets.c.id).where(tickets.c.assignee == slack_id)
    had = select(escalations.c.id).where(escalations.c.owner == slack_id)
    for query in (wrote, has, had):
        if await transaction.connection.scalar(query.limit(1)) is not None:
            return True
    return False


def _is_about(effect: object, address: str, ticket_ids: set[int]) -> bool:
    if not isinstance(effect, dict):
        return False
    return effect.get("ticket_id") in ticket_ids or str(effect.get("to", "")).lower() == address.lower()


async def _arrivals_naming(database: Database, address: str) -> list[tuple[int, bool]]:
    """Arrivals whose octets name the address: (id, whether it was dealt with or set aside)."""
    found: list[tuple[int, bool]] = []
    last = 0
    while True:
        query = (
            select(inbox.c.id, inbox.c.state, inbox.c.body)
            .where(inbox.c.id > last, inbox.c.size > 0)
            .order_by(inbox.c.id)
            .limit(_AT_ONCE)
        )
        async with database.read() as uow:
            rows = (await uow.transaction.connection.execute(query)).all()
        if not rows:
            return found
        found += [
            (row.id, row.state is not InboxState.NEW) for row in rows if mail_names(bytes(row.body), address.lower())
        ]
        last = rows[-1].id


async def _places(transaction: Transaction, person: Person) -> tuple[tuple[str, str, str], ...]:
    query = (
        select(tickets.c.number, tickets.c.slack_channel, tickets.c.slack_ts)
        .where(tickets.c.id.in_([*person.own, *person.others]), tickets.c.slack_ts.is_not(None))
        .order_by(tickets.c.id)
    )
    rows = (await transaction.connection.execute(query)).all()
    return tuple((row.number, row.slack_channel, row.slack_ts) for row in rows)
