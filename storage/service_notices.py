"""What was said of contracts in time, and when somebody looked for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from sqlalchemy import Row, select, update

from bot.entitlements import ServiceNotice
from storage.entitlement_tables import service_notices
from storage.schema import settings
from storage.settings import StoredSettings
from storage.transaction import Transaction

ROUND = "services.round"
"""The key of the setting that holds the local day of the last look."""


_AT_ONCE = 500
"""Keys in one statement."""


class StoredNotices:
    """`bot.ports.NoticeRepo` over the table service_notices."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection
        self._settings = StoredSettings(transaction)

    async def add(self, notice: ServiceNotice) -> ServiceNotice | None:
        """Store a new notice; its id is made here. None when one of its key was stored before."""
        insert = self._transaction.insert(service_notices).on_conflict_do_nothing(index_elements=["key"])
        result = await self._connection.execute(insert.returning(service_notices.c.id), _values(notice))
        added: int | None = result.scalar_one_or_none()
        return None if added is None else replace(notice, id=added)

    async def get(self, notice_id: int) -> ServiceNotice:
        """One notice, locked for this transaction; LookupError when there is none."""
        query = select(service_notices).where(service_notices.c.id == notice_id)
        if self._transaction.locks_rows:
            query = query.with_for_update()
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            raise LookupError(f"there is no notice with id {notice_id}")
        return _notice_of(row)

    async def of_day(self, day: date) -> tuple[ServiceNotice, ...]:
        """What was said on a day, in the order in which it was stored."""
        query = select(service_notices).where(service_notices.c.told_on == day).order_by(service_notices.c.id)
        return tuple(_notice_of(row) for row in await self._connection.execute(query))

    async def known(self, keys: Sequence[str]) -> set[str]:
        """Which of these keys were stored before."""
        found: set[str] = set()
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            found |= set(
                await self._connection.scalars(select(service_notices.c.key).where(service_notices.c.key.in_(some)))
            )
        return found

    async def update(self, notice: ServiceNotice) -> None:
        """Store the changes."""
        query = update(service_notices).where(service_notices.c.id == notice.id)
        await self._connection.execute(query.values(_values(notice)))

    async def take_turn(self, last: date | None, day: date) -> bool:
        """Whether this process is to look on that day: of several, one does."""
        mine = day.isoformat()
        if last is None:
            insert = self._transaction.insert(settings).on_conflict_do_nothing(index_elements=["key"])
            made = await self._connection.execute(insert.returning(settings.c.key), {"key": ROUND, "value": mine})
            return made.scalar_one_or_none() is not None
        taken = await self._connection.execute(
            update(settings).where(settings.c.key == ROUND, settings.c.value == last.isoformat()).values(value=mine)
        )
        return taken.rowcount == 1

    async def last_look(self) -> date | None:
        """The day of the last look."""
        standing = await self._settings.get(ROUND)
        return None if standing is None else date.fromisoformat(standing)


def _values(notice: ServiceNotice) -> dict[str, object]:
    values = {name: value for name, value in asdict(notice).items() if name != "id"}
    return values | {"serials": list(notice.serials)}


def _notice_of(row: Row[*tuple[Any, ...]]) -> ServiceNotice:
    values = row._asdict()
    return ServiceNotice(**values | {"serials": tuple(values["serials"])})
