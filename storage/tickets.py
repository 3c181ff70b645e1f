"""Tickets, who is on them, and their messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, Row, Select, bindparam, delete, func, or_, select, union_all, update
from sqlalchemy import literal as value
from sqlalchemy.dialects import postgresql, sqlite

from bot.model import Device, Message, Ticket, TicketState, TicketView
from bot.rules.search_words import words_of
from storage.built_once import built_once
from storage.clocks import StoredClocks
from storage.contracts import StoredContracts
from storage.errors import StaleTicket
from storage.schema import messages, outbox, ticket_participants, tickets
from storage.schema_search import search_words
from storage.transaction import Transaction, Upsert, upsert
from storage.types import SearchWord, literal

_WARSAW = ZoneInfo("Europe/Warsaw")

# Built once: composing a statement takes as long as executing it.
_ADD = built_once(tickets.insert())
_UPDATE = built_once(
    update(tickets).where(tickets.c.id == bindparam("its_id"), tickets.c.version == bindparam("its_version"))
)
_BY_ID = built_once(select(tickets).where(tickets.c.id == bindparam("its_id")))
_BY_NUMBER = built_once(select(tickets).where(tickets.c.number == bindparam("its_number")))
_BY_SLACK_PLACE = built_once(
    select(tickets).where(
        tickets.c.slack_ts == bindparam("its_ts"), tickets.c.slack_channel == bindparam("its_channel")
    )
)
_OF_CUSTOMER_THREAD = built_once(
    select(tickets).where(
        tickets.c.customer_channel == bindparam("its_channel"), tickets.c.customer_ts == bindparam("its_ts")
    )
)
_OF_CUSTOMER_MESSAGE = built_once(
    select(tickets).where(
        tickets.c.id
        == select(func.max(tickets.c.id))
        .join(messages, messages.c.ticket_id == tickets.c.id)
        .where(
            tickets.c.customer_channel == bindparam("its_channel"),
            tickets.c.customer_ts.is_not(None),  # what has no conversation there has no index either
            messages.c.customer_ts == bindparam("its_ts"),
        )
        .scalar_subquery()
    )
)
_RECENT_OF = built_once(
    select(tickets)
    .join(ticket_participants, ticket_participants.c.ticket_id == tickets.c.id)
    .where(
        ticket_participants.c.address == bindparam("its_address"),
        or_(
            tickets.c.state.not_in([literal(TicketState.RESOLVED), literal(TicketState.CLOSED)]),
            tickets.c.created_at >= bindparam("since"),
        ),
    )
    .order_by(tickets.c.id.desc())
    .limit(20)
)
_NEWEST = select(tickets.c.created_at, tickets.c.accepted_at).order_by(tickets.c.id.desc()).limit(bindparam("newest"))
_NEWEST_AS_TABLE = _NEWEST.subquery("newest_tickets")
_UNACCEPTED_AMONG_NEWEST = built_once(
    select(func.count()).where(
        _NEWEST_AS_TABLE.c.created_at >= bindparam("since"), _NEWEST_AS_TABLE.c.accepted_at.is_(None)
    )
)
_ADD_MESSAGE = built_once(messages.insert().returning(messages.c.id))


@cache
def _add_participant(*, is_postgresql: bool) -> Upsert:
    insert = upsert(ticket_participants, is_postgresql=is_postgresql)
    return built_once(insert.on_conflict_do_nothing(index_elements=["ticket_id", "address"]))


_KNOWN_BY_US = select(outbox.c.ticket_id, value(0).label("rank"), outbox.c.id).where(
    outbox.c.rfc_message_id == bindparam("its_message_id"), outbox.c.ticket_id.is_not(None)
)
_KNOWN_BY_OTHERS = select(messages.c.ticket_id, value(1).label("rank"), messages.c.id).where(
    messages.c.rfc_message_id == bindparam("its_message_id")
)
_BY_MESSAGE_ID = built_once(union_all(_KNOWN_BY_US, _KNOWN_BY_OTHERS).order_by("rank", "id").limit(1))
_ADD_WORD = built_once(sqlite.insert(search_words).on_conflict_do_nothing(index_elements=["word", "ticket_id"]))
_ADD_WORDS_ON_POSTGRESQL = postgresql.insert(search_words).from_select(
    ["word", "ticket_id"],
    select(
        func.unnest(bindparam("words", type_=ARRAY(SearchWord))),
        func.unnest(bindparam("its_tickets", type_=ARRAY(search_words.c.ticket_id.type))),
    ),
).on_conflict_do_nothing(index_elements=["word", "ticket_id"])  # fmt: skip


def ticket_number(ticket_id: int, created_at: datetime) -> str:
    """What people call a ticket: the year is that of the wall clock in Warsaw."""
    return f"HEZO-{created_at.astimezone(_WARSAW).year}-{ticket_id:06d}"


class StoredTickets:
    """`bot.ports.TicketRepo` over the tables tickets, ticket_participants and messages."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def add(self, ticket: Ticket) -> Ticket:
        """Store a new ticket; its id and number are made here (the given ones are ignored)."""
        ticket = replace(ticket, version=1)
        ticket.id = await self._transaction.next_id(tickets)
        ticket.number = ticket_number(ticket.id, ticket.created_at)
        await self._connection.execute(_ADD, {"id": ticket.id, "number": ticket.number, **_ticket_values(ticket)})
        self._transaction.tickets[ticket.id] = ticket
        self._index(ticket.id, ticket.subject, ticket.requester, ticket.requester_name)
        return ticket

    async def get(self, ticket_id: int) -> Ticket:
        """The ticket, locked for this transaction; LookupError when there is none."""
        row = (await self._connection.execute(self._locked(_BY_ID), {"its_id": ticket_id})).one_or_none()
        if row is None:
            raise LookupError(f"there is no ticket with id {ticket_id}")
        self._transaction.tickets[ticket_id] = ticket = ticket_of(row)
        return ticket

    async def by_number(self, number: str) -> Ticket | None:
        """The ticket of that number, locked for this transaction."""
        row = (await self._connection.execute(self._locked(_BY_NUMBER), {"its_number": number})).one_or_none()
        if row is None:
            return None
        self._transaction.tickets[row.id] = ticket = ticket_of(row)
        return ticket

    async def by_slack_place(self, channel: str, ts: str) -> Ticket | None:
        """The ticket whose head message that is, locked for this transaction."""
        query = self._locked(_BY_SLACK_PLACE)
        row = (await self._connection.execute(query, {"its_ts": ts, "its_channel": channel})).one_or_none()
        return None if row is None else ticket_of(row)

    async def of_customer_thread(self, channel: str, ts: str) -> Ticket | None:
        """The ticket whose conversation is that thread of a shared channel, locked for this transaction."""
        query = self._locked(_OF_CUSTOMER_THREAD)
        row = (await self._connection.execute(query, {"its_channel": channel, "its_ts": ts})).one_or_none()
        return None if row is None else ticket_of(row)

    async def of_customer_message(self, channel: str, ts: str) -> Ticket | None:
        """The newest ticket of a shared channel that has that message of it, and a conversation there; locked."""
        query = self._locked(_OF_CUSTOMER_MESSAGE)
        row = (await self._connection.execute(query, {"its_channel": channel, "its_ts": ts})).one_or_none()
        return None if row is None else ticket_of(row)

    def _locked(self, query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        return query.with_for_update() if self._transaction.locks_rows else query

    async def update(self, ticket: Ticket) -> None:
        """Store the changes and grow the version, also in the given ticket.

        Raises:
            StaleTicket: somebody changed it after it was read.
        """
        values = _ticket_values(ticket) | {"version": ticket.version + 1}
        del values["terms"]  # the longest of all, and never changed (invariant 7)
        result = await self._connection.execute(_UPDATE, values | {"its_id": ticket.id, "its_version": ticket.version})
        if result.rowcount != 1:
            raise StaleTicket(f"ticket {ticket.number} is no longer at version {ticket.version}")
        ticket.version += 1

    async def view(self, ticket_id: int) -> TicketView:
        """What the ticket's head message shows; LookupError when there is none."""
        ticket = await self.get(ticket_id)
        contract = None
        if ticket.contract_id is not None:
            contract = await StoredContracts(self._transaction).get(ticket.contract_id)
        return TicketView(ticket, contract, await StoredClocks(self._transaction).of_ticket(ticket_id))

    async def participants(self, ticket_id: int) -> frozenset[str]:
        """The addresses on the ticket, lower case."""
        found = await self._connection.scalars(
            select(ticket_participants.c.address).where(ticket_participants.c.ticket_id == ticket_id)
        )
        return frozenset(found)

    async def add_participant(self, ticket_id: int, address: str) -> None:
        """Put an address on the ticket; twice changes nothing."""
        await self._connection.execute(
            _add_participant(is_postgresql=self._transaction.is_postgresql),
            {"ticket_id": ticket_id, "address": address.lower()},
        )

    async def add_message(self, message: Message, words: Sequence[str] | None = None) -> Message:
        """Store a message; its id is made here.

        Args:
            words: Those of its text by which it is found (`bot.rules.search_words`), where they are known already.
        """
        result = await self._connection.execute(
            _ADD_MESSAGE,
            {
                "ticket_id": message.ticket_id,
                "direction": message.direction,
                "author": message.author,
                "author_name": message.author_name,
                "text": message.text,
                "sent_at": message.sent_at,
                "rfc_message_id": message.message_id,
                "automatic": message.automatic,
                "inbox_id": message.inbox_id,
                "slack_ts": message.slack_ts,
                "customer_ts": message.customer_ts,
            },
        )
        if words is None:
            words = words_of(message.text)
        self._index(message.ticket_id, message.author, message.author_name)
        self._transaction.words[message.ticket_id].update(words)
        return replace(message, id=result.scalar_one())

    async def index_anew(self, ticket_id: int) -> None:
        """Let the ticket be found by the words that are left of it, and by no others."""
        self._transaction.words.pop(ticket_id, None)
        await self._connection.execute(delete(search_words).where(search_words.c.ticket_id == ticket_id))
        told = select(tickets.c.subject, tickets.c.requester, tickets.c.requester_name).where(tickets.c.id == ticket_id)
        said = select(messages.c.author, messages.c.author_name, messages.c.text).where(
            messages.c.ticket_id == ticket_id
        )
        for query in (told, said):
            for row in (await self._connection.execute(query)).all():
                self._index(ticket_id, *row)

    def _index(self, ticket_id: int, *texts: str) -> None:
        """Let the ticket be found by these words, once the transaction is committed."""
        self._transaction.words.setdefault(ticket_id, set()).update(words_of("\n".join(texts)))

    async def flush(self) -> None:
        """Hand the words of all tickets over: a mail has a hundred, half of them twice or in the next mail, too."""
        found = sorted((word, ticket_id) for ticket_id, words in self._transaction.words.items() for word in words)
        self._transaction.words.clear()
        if not found:
            return
        if self._transaction.is_postgresql:
            both = {"words": [word for word, _ in found], "its_tickets": [ticket_id for _, ticket_id in found]}
            await self._connection.execute(_ADD_WORDS_ON_POSTGRESQL, both)
        else:
            rows = [{"word": word, "ticket_id": ticket_id} for word, ticket_id in found]
            await self._connection.execute(_ADD_WORD, rows)

    async def messages(self, ticket_id: int) -> tuple[Message, ...]:
        """All messages of the ticket, oldest first."""
        rows = await self._connection.execute(
            select(messages).where(messages.c.ticket_id == ticket_id).order_by(messages.c.id)
        )
        return tuple(_message_of(row) for row in rows)

    async def message(self, message_id: int) -> Message:
        """One message; LookupError when there is none."""
        row = (await self._connection.execute(select(messages).where(messages.c.id == message_id))).one_or_none()
        if row is None:
            raise LookupError(f"there is no message with id {message_id}")
        return _message_of(row)

    async def set_message_slack_ts(self, message_id: int, slack_ts: str) -> None:
        """Remember where in Slack a message is shown."""
        await self._connection.execute(update(messages).where(messages.c.id == message_id).values(slack_ts=slack_ts))

    async def set_message_customer_ts(self, message_id: int, customer_ts: str) -> None:
        """Remember where in the customer's thread a message stands."""
        await self._connection.execute(
            update(messages).where(messages.c.id == message_id).values(customer_ts=customer_ts)
        )

    async def set_rfc_message_id(self, message_id: int, rfc_message_id: str) -> None:
        """Give a message of ours the Message-ID under which it goes out."""
        await self._connection.execute(
            update(messages).where(messages.c.id == message_id).values(rfc_message_id=rfc_message_id)
        )

    async def recent_of(self, address: str, since: datetime) -> tuple[Ticket, ...]:
        """The tickets with this address on them that are open or were created since then; newest first, at most 20."""
        rows = await self._connection.execute(_RECENT_OF, {"its_address": address.lower(), "since": since})
        return tuple(ticket_of(row) for row in rows)

    async def unaccepted_among_newest(self, newest: int, since: datetime) -> int:
        """How many of the newest tickets were created since then and are not accepted."""
        count = await self._connection.scalar(_UNACCEPTED_AMONG_NEWEST, {"newest": newest, "since": since})
        return int(count or 0)

    async def ticket_of_message_ids(self, rfc_message_ids: Sequence[str]) -> int | None:
        """The ticket that the first known of these Message-IDs belongs to, sent by us or received.

        A Message-ID that several tickets know counts for the one that knew it first; what we sent counts before what
        others claim, as only we choose our ids.
        """
        for each in rfc_message_ids:
            [*known] = await self._connection.execute(_BY_MESSAGE_ID, {"its_message_id": each})
            if known:
                return int(known[0].ticket_id)
        return None


def _ticket_values(ticket: Ticket) -> dict[str, object]:
    """The columns of a ticket, but for its id and number, which never change."""
    return {
        "version": ticket.version,
        "state": ticket.state,
        "priority": ticket.priority,
        "priority_confirmed": ticket.priority_confirmed,
        "language": ticket.language,
        "subject": ticket.subject,
        "requester": ticket.requester,
        "requester_name": ticket.requester_name,
        "reported_at": ticket.reported_at,
        "created_at": ticket.created_at,
        "contract_id": ticket.contract_id,
        "devices": [[device.serial, device.model] for device in ticket.devices],
        "accepted_at": ticket.accepted_at,
        "contacted_at": ticket.contacted_at,
        "closed_at": ticket.closed_at,
        "assignee": ticket.assignee,
        "slack_channel": ticket.slack_channel,
        "slack_ts": ticket.slack_ts,
        "customer_channel": ticket.customer_channel,
        "customer_ts": ticket.customer_ts,
        "terms": ticket.terms,
        "facts": ticket.facts,
    }


def ticket_of(row: Row[*tuple[Any, ...]]) -> Ticket:
    """The ticket of a whole row of the table."""
    return Ticket(
        id=row.id,
        number=row.number,
        version=row.version,
        state=row.state,
        priority=row.priority,
        priority_confirmed=row.priority_confirmed,
        language=row.language,
        subject=row.subject,
        requester=row.requester,
        requester_name=row.requester_name,
        reported_at=row.reported_at,
        created_at=row.created_at,
        contract_id=row.contract_id,
        devices=tuple(Device(serial, model) for serial, model in row.devices),
        accepted_at=row.accepted_at,
        contacted_at=row.contacted_at,
        closed_at=row.closed_at,
        assignee=row.assignee,
        slack_channel=row.slack_channel,
        slack_ts=row.slack_ts,
        customer_channel=row.customer_channel,
        customer_ts=row.customer_ts,
        terms=row.terms,
        facts=row.facts,
    )


def _message_of(row: Row[*tuple[Any, ...]]) -> Message:
    return Message(
        id=row.id,
        ticket_id=row.ticket_id,
        direction=row.direction,
        author=row.author,
        author_name=row.author_name,
        text=row.text,
        sent_at=row.sent_at,
        message_id=row.rfc_message_id,
        automatic=row.automatic,
        inbox_id=row.inbox_id,
        slack_ts=row.slack_ts,
        customer_ts=row.customer_ts,
    )
