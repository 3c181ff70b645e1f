"""One transaction over everything stored, as `bot.ports.UnitOfWork` wants it."""

from __future__ import annotations

from bot.model import JournalEntry
from storage.attachments import StoredAttachments
from storage.clocks import StoredClocks
from storage.contracts import StoredContracts
from storage.entitlements import StoredEntitlements
from storage.escalations import StoredDuty, StoredEscalations
from storage.inbox import StoredInbox
from storage.interviews import StoredInterviews
from storage.journal import StoredJournal
from storage.outbox import StoredOutbox
from storage.replacements import StoredReplacements
from storage.sendings import StoredSendings
from storage.service_notices import StoredNotices
from storage.settings import StoredSettings
from storage.tickets import StoredTickets
from storage.transaction import Transaction


class StoredUnitOfWork:
    """The repositories of one open transaction; `storage.engine.Database` commits it.

    Attributes:
        transaction: The transaction itself, for the queries of this package.
    """

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.tickets = StoredTickets(transaction)
        self.attachments = StoredAttachments(transaction)
        self.contracts = StoredContracts(transaction)
        self.inbox = StoredInbox(transaction)
        self.outbox = StoredOutbox(transaction, self.tickets, self.attachments)
        self.clocks = StoredClocks(transaction)
        self.escalations = StoredEscalations(transaction)
        self.duty = StoredDuty(transaction)
        self.sendings = StoredSendings(transaction)
        self.entitlements = StoredEntitlements(transaction)
        self.notices = StoredNotices(transaction)
        self.replacements = StoredReplacements(transaction)
        self.interviews = StoredInterviews(transaction)
        self.settings = StoredSettings(transaction)
        self._journal = StoredJournal(transaction)

    async def journal(self, entry: JournalEntry) -> None:
        """Write a line into a ticket's journal."""
        await self._journal.add(entry)

    async def flush(self) -> None:
        """Hand over what was collected; `storage.engine.Database` does so before it commits."""
        await self._journal.flush()
        await self.tickets.flush()

    async def journal_of(self, ticket_id: int) -> tuple[JournalEntry, ...]:
        """A ticket's journal, oldest first."""
        return await self._journal.of_ticket(ticket_id)

    async def journal_since(self, ticket_id: int, line: int) -> tuple[JournalEntry, ...]:
        """The lines of a ticket's journal behind the one with that id, oldest first."""
        return await self._journal.of_ticket(ticket_id, since=line)

    async def last_line(self, ticket_id: int) -> int:
        """The id of the newest line of a ticket's journal; 0 where there is none."""
        return await self._journal.last(ticket_id)
