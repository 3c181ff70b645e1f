"""The journal: every decision of a ticket, never changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from bot.model import JournalEntry
from storage.schema import journal
from storage.transaction import Transaction


class StoredJournal:
    """Writes and reads journal lines."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, entry: JournalEntry) -> None:
        """Write one line."""
        await self._transaction.connection.execute(
            journal.insert(),
            {
                "ticket_id": entry.ticket_id,
                "at": entry.at,
                "actor": entry.actor,
                "kind": entry.kind,
                "data": entry.data,
            },
        )

    async def of_ticket(self, ticket_id: int) -> tuple[JournalEntry, ...]:
        """All lines of a ticket, oldest first."""
        rows = await self._transaction.connection.execute(
            select(journal).where(journal.c.ticket_id == ticket_id).order_by(journal.c.id)
        )
        return tuple(_entry(row) for row in rows)


def _entry(row: Row[*tuple[Any, ...]]) -> JournalEntry:
    return JournalEntry(ticket_id=row.ticket_id, at=row.at, actor=row.actor, kind=row.kind, data=row.data)
