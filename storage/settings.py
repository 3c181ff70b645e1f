"""Single values that the program keeps for itself, for example a generated secret."""

from __future__ import annotations

from sqlalchemy import select

from storage.schema import settings
from storage.transaction import Transaction


class StoredSettings:
    """Values by key."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def get(self, key: str) -> str | None:
        """The value, or None."""
        value: str | None = await self._transaction.connection.scalar(
            select(settings.c.value).where(settings.c.key == key)
        )
        return value

    async def keep(self, key: str, value: str) -> str:
        """Store a value unless there is one already; gives the one that stands."""
        insert = self._transaction.insert(settings).on_conflict_do_nothing(index_elements=["key"])
        await self._transaction.connection.execute(insert, {"key": key, "value": value})
        standing = await self.get(key)
        assert standing is not None, "it was stored just now or before"
        return standing

    async def put(self, key: str, value: str) -> None:
        """Store a value in place of the one that stands."""
        insert = self._transaction.insert(settings)
        replace = insert.on_conflict_do_update(index_elements=["key"], set_={"value": insert.excluded.value})
        await self._transaction.connection.execute(replace, {"key": key, "value": value})
