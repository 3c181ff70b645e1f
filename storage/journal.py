"""The journal: every decision of a ticket, never changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, bindparam, func, select

from bot.model import JournalEntry
from storage.built_once import built_once
from storage.schema import journal
from storage.transaction import Transaction

_ADD = built_once(journal.insert())
_SINCE = built_once(
    select(journal)
    .where(journal.c.ticket_id == bindparam("its_ticket"), journal.c.id > bindparam("line"))
    .order_by(journal.c.id)
)
_LAST = built_once(select(func.max(journal.c.id)).where(journal.c.ticket_id == bindparam("its_ticket")))


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

    async def of_ticket(self, ticket_id: int, *, since: int = 0) -> tuple[JournalEntry, ...]:
        """The lines of a ticket behind the one with the id `since`, oldest first."""
        await self.flush()
        rows = await self._transaction.connection.execute(_SINCE, {"its_ticket": ticket_id, "line": since})
        return tuple(_entry(row) for row in rows)

    async def last(self, ticket_id: int) -> int:
        """The id of a ticket's newest line; 0 where there is none."""
        await self.flush()
        newest = (await self._transaction.connection.execute(_LAST, {"its_ticket": ticket_id})).scalar_one()
        return int(newest or 0)


def _entry(row: Row[*tuple[Any, ...]]) -> JournalEntry:
    return JournalEntry(row.ticket_id, row.at, row.actor, row.kind, row.data, row.id)
