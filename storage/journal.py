"""The journal: every decision of a ticket, never changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from bot.model import JournalEntry
from storage.built_once import built_once
from storage.schema import journal
from storage.transaction import Transaction

_ADD = built_once(journal.insert())


class StoredJournal:
    """Writes and reads journal lines. They are written together, at the latest when the transaction is committed."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._lines: list[dict[str, object]] = []

    async def add(self, entry: JournalEntry) -> None:
        """Write one line."""
        self._lines.append(
            {
                "ticket_id": entry.ticket_id,
                "at": entry.at,
                "actor": entry.actor,
                "kind": entry.kind,
                "data": entry.data,
            }
        )

    async def flush(self) -> None:
        """Hand the lines to the database."""
        if self._lines:
            lines, self._lines = self._lines, []
            await self._transaction.connection.execute(_ADD, lines)

    async def of_ticket(self, ticket_id: int) -> tuple[JournalEntry, ...]:
        """All lines of a ticket, oldest first."""
        await self.flush()
        rows = await self._transaction.connection.execute(
            select(journal).where(journal.c.ticket_id == ticket_id).order_by(journal.c.id)
        )
        return tuple(_entry(row) for row in rows)


def _entry(row: Row[*tuple[Any, ...]]) -> JournalEntry:
    return JournalEntry(ticket_id=row.ticket_id, at=row.at, actor=row.actor, kind=row.kind, data=row.data)
