"""What is stored about a person, as files for them to read (GDPR, article 15).

Their own words and mails, and ours to them, of every ticket that they are on; of a ticket that they reported also what
was decided about it. What other people wrote is theirs, and is not given away.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from sqlalchemy import Row, select

from bot.model import Direction
from bot.rules.mail_reading import read_mail
from storage.contract_tables import contracts
from storage.engine import Database
from storage.escalation_tables import escalations
from storage.people import Person
from storage.schema import attachments, blobs, inbox, journal, messages, outbox, tickets

_Row = Row[*tuple[Any, ...]]

README = """\
Dane osobowe / Personal data: {address}

about.json  co o tej osobie wiadomo i umowy, które ją wymieniają / what is known, and contracts that list them
tickets/    każde zgłoszenie z jej słowami i naszymi do niej / each ticket with their words and ours to them
files/      pliki, które przysłała / files that they sent
mails/      jej wiadomości i nasze do niej, tak jak wyszły / their mails and ours to them, as they were sent
"""


async def exported(database: Database, person: Person) -> AsyncIterator[tuple[str, bytes]]:
    """The files of the archive, one after the other: (path in it, content)."""
    yield "README.txt", README.format(address=person.address).encode()
    async with database.read() as uow:
        listed = await uow.transaction.connection.execute(
            select(contracts.c.number, contracts.c.customer).where(contracts.c.id.in_(person.contracts))
        )
        about = {
            "address": person.address,
            "names": list(person.names),
            "representative_on": [{"contract": row.number, "customer": row.customer} for row in listed],
            "tickets_reported": len(person.own),
            "tickets_taken_part_in": len(person.others),
            "mails_that_name_the_address": len(person.inbox_ids),
        }
    yield "about.json", _json(about)
    for ticket_id in (*person.own, *person.others):
        async for path, content in _ticket(database, person, ticket_id):
            yield path, content
    async for path, content in _mails(database, person):
        yield path, content


async def _ticket(database: Database, person: Person, ticket_id: int) -> AsyncIterator[tuple[str, bytes]]:
    is_own = ticket_id in person.own
    async with database.read() as uow:
        connection = uow.transaction.connection
        ticket = (await connection.execute(select(tickets).where(tickets.c.id == ticket_id))).one()
        said = (await connection.execute(_said(person, ticket_id, is_own=is_own))).all()
        every_mail = (
            await connection.execute(
                select(outbox.c.id, outbox.c.effect, outbox.c.created_at, outbox.c.sent_at, outbox.c.raw)
                .where(outbox.c.ticket_id == ticket_id, outbox.c.type == "SendMail")
                .order_by(outbox.c.id)
            )
        ).all()
        sent = [row for row in every_mail if str(row.effect.get("to", "")).lower() == person.address.lower()]
        files = (
            await connection.execute(
                select(attachments.c.id, attachments.c.name, attachments.c.size, blobs.c.content)
                .join(messages, messages.c.id == attachments.c.message_id)
                .outerjoin(blobs, blobs.c.sha256 == attachments.c.sha256)
                .where(attachments.c.ticket_id == ticket_id, messages.c.author == person.address)
                .order_by(attachments.c.id)
            )
        ).all()
        raised = (
            await connection.execute(
                select(escalations).where(
                    escalations.c.ticket_id == ticket_id, escalations.c.requester == person.address
                )
            )
        ).all()
        lines = (
            await connection.execute(select(journal).where(journal.c.ticket_id == ticket_id).order_by(journal.c.id))
        ).all()
    told: dict[str, object] = {
        "number": ticket.number,
        "role": "reporter" if is_own else "participant",
        "messages": [_message(row) for row in said],
        "mails_to_them": [
            {"at": row.sent_at or row.created_at, "subject": row.effect.get("subject"), "text": row.effect.get("text")}
            for row in sent
        ],
        "files": [{"id": row.id, "name": row.name, "size": row.size, "kept": row.content is not None} for row in files],
        "escalations_asked_for": [
            {"began_at": row.began_at, "source": row.source, "ended_at": row.ended_at} for row in raised
        ],
        "what_happened": [_line(row, person) for row in lines if is_own or row.actor == person.address],
    }
    if is_own:
        told |= {
            name: getattr(ticket, name)
            for name in (
                "state", "priority", "language", "subject", "requester", "requester_name", "reported_at", "accepted_at",
                "contacted_at", "closed_at", "devices",
            )
        }  # fmt: skip
    yield f"tickets/{ticket.number}.json", _json(told)
    for row in files:
        if row.content is not None:
            yield f"files/{ticket.number}/{row.id}-{row.name}", bytes(row.content)
    for mail in sent:
        if mail.raw is not None:
            yield f"mails/{ticket.number}/to-them-{mail.id}.eml", bytes(mail.raw)


def _said(person: Person, ticket_id: int, *, is_own: bool) -> Any:
    theirs = messages.c.author == person.address
    if is_own:
        theirs = theirs | (messages.c.direction == Direction.TO_CUSTOMER)
    return select(messages).where(messages.c.ticket_id == ticket_id, theirs).order_by(messages.c.id)


async def _mails(database: Database, person: Person) -> AsyncIterator[tuple[str, bytes]]:
    """The mails that they wrote; those of others that only name them are not theirs."""
    for inbox_id in person.inbox_ids:
        query = select(inbox.c.body, tickets.c.number).outerjoin(tickets, tickets.c.id == inbox.c.ticket_id)
        async with database.read() as uow:
            row = (
                await uow.transaction.connection.execute(query.where(inbox.c.id == inbox_id, inbox.c.source == "mail"))
            ).one_or_none()
        if row is None or not row.body:
            continue
        sender = read_mail(bytes(row.body)).from_
        if sender is not None and sender.address.lower() == person.address:
            yield f"mails/{row.number or 'no-ticket'}/from-them-{inbox_id}.eml", bytes(row.body)


def _message(row: _Row) -> Mapping[str, object]:
    return {
        "direction": row.direction,
        "at": row.sent_at,
        "author": row.author_name or row.author,
        "automatic": row.automatic,
        "text": row.text,
    }


def _line(row: _Row, person: Person) -> Mapping[str, object]:
    """What happened and when; the details where they did it themselves, as others may be in them."""
    line: dict[str, object] = {"at": row.at, "what": row.kind}
    return line | ({"details": row.data} if row.actor == person.address else {})


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str).encode()
