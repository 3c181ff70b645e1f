"""Tickets, their files, and contracts of the fake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import islice

from bot.model import Attachment, Contract, Message, Ticket
from storage.errors import StaleTicket
from storage.tickets import ticket_number
from tests.fakes.memory_tables import Tables, kept_text, kept_ticket, ticket_to_keep, utc


class MemoryTickets:
    """`bot.ports.TicketRepo` over dictionaries."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, ticket: Ticket) -> Ticket:
        """Store a new ticket; its id and number are made here."""
        ticket_id = len(self._tables.tickets) + 1
        number = ticket_number(ticket_id, ticket.created_at)
        added = replace(ticket, id=ticket_id, number=number, version=1)
        self._tables.put(self._tables.tickets, ticket_id, ticket_to_keep(added))
        self._tables.put(self._tables.numbers, number, ticket_id)
        return added

    async def get(self, ticket_id: int) -> Ticket:
        """The ticket; LookupError when there is none."""
        kept = self._tables.tickets.get(ticket_id)
        if kept is None:
            raise LookupError(f"there is no ticket with id {ticket_id}")
        return kept_ticket(kept)

    async def by_number(self, number: str) -> Ticket | None:
        """The ticket of that number."""
        ticket_id = self._tables.numbers.get(number)
        return None if ticket_id is None else await self.get(ticket_id)

    async def of_customer_thread(self, channel: str, ts: str) -> Ticket | None:
        """The ticket whose conversation is that thread of a shared channel."""
        for ticket in self._tables.tickets.values():
            if (ticket.customer_channel, ticket.customer_ts) == (channel, ts):
                return kept_ticket(ticket)
        return None

    async def of_customer_message(self, channel: str, ts: str) -> Ticket | None:
        """The newest ticket of a shared channel that has that message of it, and a conversation there."""
        having = {message.ticket_id for message in self._tables.messages.values() if message.customer_ts == ts}
        found = [self._tables.tickets[each] for each in having]
        theirs = [each for each in found if each.customer_channel == channel and each.customer_ts is not None]
        return kept_ticket(max(theirs, key=lambda each: each.id)) if theirs else None

    async def by_slack_place(self, channel: str, ts: str) -> Ticket | None:
        """The ticket whose head message that is."""
        for each in self._tables.tickets.values():
            if (each.slack_channel, each.slack_ts) == (channel, ts):
                return await self.get(each.id)
        return None

    async def update(self, ticket: Ticket) -> None:
        """Store the changes and grow the version; StaleTicket when somebody was first."""
        kept = self._tables.tickets.get(ticket.id)
        if kept is None or kept.version != ticket.version:
            raise StaleTicket(f"ticket {ticket.number} is no longer at version {ticket.version}")
        changed = ticket_to_keep(ticket, kept)
        changed.version += 1
        self._tables.put(self._tables.tickets, ticket.id, changed)
        ticket.version += 1

    async def participants(self, ticket_id: int) -> frozenset[str]:
        """The addresses on the ticket, lower case."""
        return self._tables.participants.get(ticket_id, frozenset())

    async def add_participant(self, ticket_id: int, address: str) -> None:
        """Put an address on the ticket; twice changes nothing."""
        if ticket_id not in self._tables.tickets:
            raise LookupError(f"there is no ticket with id {ticket_id}")
        there = self._tables.participants.get(ticket_id, frozenset())
        if address.lower() not in there:
            self._tables.put(self._tables.participants, ticket_id, there | {address.lower()})
            theirs = self._tables.tickets_of.get(address.lower(), ())
            self._tables.put(self._tables.tickets_of, address.lower(), (*theirs, ticket_id))

    async def add_message(self, message: Message, words: Sequence[str] | None = None) -> Message:
        """Store a message; its id is made here. Nothing is found by words here."""
        del words
        tables = self._tables
        if message.ticket_id not in tables.tickets:
            raise LookupError(f"there is no ticket with id {message.ticket_id}")
        added = replace(message, id=tables.next_id())
        plain = added.text.isascii() and "\0" not in added.text and added.sent_at.tzinfo is UTC
        kept = added if plain else replace(added, text=kept_text(added.text), sent_at=utc(added.sent_at))
        tables.put(tables.messages, added.id, kept)
        tables.put(tables.messages_of, added.ticket_id, (*tables.messages_of.get(added.ticket_id, ()), added.id))
        if added.message_id is not None:
            self._know(added.message_id, added.id)
        return added

    def _know(self, rfc_message_id: str, message_id: int) -> None:
        known = self._tables.known_ids.get(rfc_message_id, ())
        self._tables.put(self._tables.known_ids, rfc_message_id, (*known, message_id))

    async def messages(self, ticket_id: int) -> tuple[Message, ...]:
        """All messages of the ticket, oldest first."""
        return tuple(self._tables.messages[each] for each in self._tables.messages_of.get(ticket_id, ()))

    async def message(self, message_id: int) -> Message:
        """One message; LookupError when there is none."""
        kept = self._tables.messages.get(message_id)
        if kept is None:
            raise LookupError(f"there is no message with id {message_id}")
        return kept

    async def set_message_slack_ts(self, message_id: int, slack_ts: str) -> None:
        """Remember where in Slack a message is shown."""
        if message_id in self._tables.messages:
            changed = replace(self._tables.messages[message_id], slack_ts=slack_ts)
            self._tables.put(self._tables.messages, message_id, changed)

    async def set_message_customer_ts(self, message_id: int, customer_ts: str) -> None:
        """Remember where in the customer's thread a message stands."""
        if message_id in self._tables.messages:
            changed = replace(self._tables.messages[message_id], customer_ts=customer_ts)
            self._tables.put(self._tables.messages, message_id, changed)

    def set_rfc_message_id(self, message_id: int, rfc_message_id: str) -> None:
        """Give a message of ours the Message-ID under which it goes out."""
        changed = replace(self._tables.messages[message_id], message_id=rfc_message_id)
        self._tables.put(self._tables.messages, message_id, changed)
        self._know(rfc_message_id, message_id)

    async def recent_of(self, address: str, since: datetime) -> tuple[Ticket, ...]:
        """The tickets with this address on them that are open or were created since then; newest first, at most 20."""
        theirs = (
            self._tables.tickets[each]
            for each in sorted(self._tables.tickets_of.get(address.lower(), ()), reverse=True)
        )
        recent = (ticket for ticket in theirs if ticket.is_open or ticket.created_at >= since)
        return tuple(kept_ticket(ticket) for ticket in islice(recent, 20))

    async def unaccepted_among_newest(self, newest: int, since: datetime) -> int:
        """How many of the newest tickets were created since then and are not accepted."""
        numbers = sorted(self._tables.tickets, reverse=True)[:newest]
        found = (self._tables.tickets[number] for number in numbers)
        return sum(ticket.created_at >= since and ticket.accepted_at is None for ticket in found)

    async def ticket_of_message_ids(self, rfc_message_ids: Sequence[str]) -> int | None:
        """The ticket that the first known of these Message-IDs belongs to; what we sent counts first."""
        for rfc_message_id in rfc_message_ids:
            ticket_id = self._ticket_of(rfc_message_id)
            if ticket_id is not None:
                return ticket_id
        return None

    def _ticket_of(self, rfc_message_id: str) -> int | None:
        sent = self._tables.sent_ids.get(rfc_message_id)
        if sent is not None:
            ticket_id: int | None = getattr(self._tables.outbox[sent].effect, "ticket_id", None)
            if ticket_id is not None:
                return ticket_id
        known = self._tables.known_ids.get(rfc_message_id)
        return self._tables.messages[min(known)].ticket_id if known else None


class MemoryAttachments:
    """`bot.ports.AttachmentRepo` over dictionaries."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, attachment: Attachment, content: bytes | None) -> Attachment:
        """Store a file; its id and its hash are made here."""
        tables = self._tables
        if attachment.message_id not in tables.messages:
            raise LookupError(f"there is no message with id {attachment.message_id}")
        digest = None if content is None else await self.keep(content)
        added = replace(attachment, id=tables.next_id(), sha256=digest)
        tables.put(tables.attachments, added.id, added)
        there = tables.attachments_of.get(added.ticket_id, ())
        tables.put(tables.attachments_of, added.ticket_id, (*there, added.id))
        return added

    async def keep(self, content: bytes) -> str:
        """Keep a content, once; gives its hash."""
        digest = sha256(content).hexdigest()
        self._tables.put(self._tables.contents, digest, content)
        return digest

    async def get(self, attachment_id: int) -> Attachment:
        """One file; LookupError when there is none."""
        if attachment_id not in self._tables.attachments:
            raise LookupError(f"there is no attachment with id {attachment_id}")
        return self._tables.attachments[attachment_id]

    async def of_message(self, message_id: int) -> tuple[Attachment, ...]:
        """The files of a message, in its order."""
        message = self._tables.messages.get(message_id)
        files = () if message is None else await self.of_ticket(message.ticket_id)
        mine = [file for file in files if file.message_id == message_id]
        return tuple(sorted(mine, key=lambda file: file.position))

    async def of_ticket(self, ticket_id: int) -> tuple[Attachment, ...]:
        """The files of all messages of a ticket, oldest first."""
        return tuple(self._tables.attachments[each] for each in self._tables.attachments_of.get(ticket_id, ()))

    async def content(self, digest: str) -> bytes:
        """What a file holds, by the hash of it; LookupError when it is not kept."""
        if digest not in self._tables.contents:
            raise LookupError(f"there is no content with the hash {digest}")
        return self._tables.contents[digest]

    async def set_slack_file(self, attachment_id: int, slack_file: str | None) -> None:
        """Remember which file in Slack it is, or that it is none (any more)."""
        if attachment_id in self._tables.attachments:
            changed = replace(self._tables.attachments[attachment_id], slack_file=slack_file)
            self._tables.put(self._tables.attachments, attachment_id, changed)


class MemoryContracts:
    """`bot.ports.ContractRepo` over a dictionary by folded number."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def by_keys(self, keys: Sequence[str]) -> dict[str, Contract]:
        """The contracts whose folded number is among the keys."""
        contracts = self._tables.contracts
        return {key: contracts[key] for key in keys if key in contracts}

    async def get(self, contract_id: int) -> Contract:
        """One contract; LookupError when there is none."""
        for contract in self._tables.contracts.values():
            if contract.id == contract_id:
                return contract
        raise LookupError(f"there is no contract with id {contract_id}")

    async def valid_on(self, day: date) -> tuple[Contract, ...]:
        """The contracts that are valid on a day, ordered by number."""
        valid = (each for each in self._tables.contracts.values() if each.valid_on(day))
        return tuple(sorted(valid, key=lambda each: each.number))

    async def for_address(self, address: str) -> tuple[Contract, ...]:
        """The contracts on which this address may report, ordered by number."""
        found = [contract for contract in self._tables.contracts.values() if contract.authorises(address)]
        return tuple(sorted(found, key=lambda contract: contract.number))

    async def authorise(self, contract_id: int, address: str) -> None:
        """Put an address on the contract's list of representatives; twice changes nothing."""
        for key, contract in self._tables.contracts.items():
            if contract.id == contract_id:
                people = tuple(sorted({*contract.authorised, address.lower()}))
                self._tables.put(self._tables.contracts, key, replace(contract, authorised=people))
                return
        raise LookupError(f"there is no contract with id {contract_id}")

    async def of_channel(self, channel: str) -> tuple[Contract, ...]:
        """The contracts of the customer whose shared channel it is, ordered by number."""
        ids = {contract_id for contract_id, mapped in self._tables.contract_channels if mapped == channel}
        found = [contract for contract in self._tables.contracts.values() if contract.id in ids]
        return tuple(sorted(found, key=lambda contract: contract.number))

    async def with_device(self, serial: str) -> tuple[Contract, ...]:
        """The contracts that cover a device, ordered by number."""
        contracts = self._tables.contracts.values()
        found = [contract for contract in contracts if serial in {device.serial for device in contract.devices}]
        return tuple(sorted(found, key=lambda contract: contract.number))

    async def channels_of(self, contract_id: int) -> tuple[str, ...]:
        """The shared channels of a contract, Slack's ids in order."""
        return tuple(sorted(channel for each, channel in self._tables.contract_channels if each == contract_id))

    async def map_channel(self, contract_id: int, channel: str) -> bool:
        """People of that channel represent the customer on this contract; False when they did before."""
        if (contract_id, channel) in self._tables.contract_channels:
            return False
        self._tables.put(self._tables.contract_channels, (contract_id, channel), None)
        return True

    async def unmap_channel(self, contract_id: int, channel: str) -> bool:
        """They no longer do; False when they did not before."""
        if (contract_id, channel) not in self._tables.contract_channels:
            return False
        self._tables.drop(self._tables.contract_channels, (contract_id, channel))
        return True
