"""Slack's payloads on their way into the inbox: those that come while one transaction runs are stored by the next one.

Slack waits three seconds for each, and a commit lasts until the disk has it: of a thousand payloads of one moment the
last would be acknowledged too late if each had a transaction of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.ports import InboxState
from storage.engine import Database
from storage.errors import DatabaseBusy
from storage.inbox import SLACK
from storage.schema import inbox
from storage.transaction import Wake
from storage.unit_of_work import StoredUnitOfWork

AT_ONCE = 100
"""Payloads in one transaction: a few hundredths of a second, by which a click can be held up."""
EVENT = "event_callback"
"""Nobody looks at a form or a button while one of these waits."""


@dataclass(frozen=True, slots=True)
class Payload:
    """A payload as it is stored; see `storage.queues.InboxQueue.add_slack`."""

    key: str
    kind: str
    body: bytes
    received_at: datetime
    message: str | None


_Waiting = tuple[Payload, asyncio.Future[bool]]


class Recording:
    """Stores payloads; each caller waits until its own is committed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Waiting] = []
        self._storing: asyncio.Task[None] | None = None

    async def add(self, payload: Payload) -> bool:
        """Store a payload and commit; False when its key was seen before. Who is cancelled may have been stored.

        Raises:
            DatabaseBusy: as `Database.begin`.
        """
        stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((payload, stored))
        if self._storing is None:
            self._storing = asyncio.create_task(self._store_all())
        return await stored

    async def _store_all(self) -> None:
        try:
            while together := self._next():
                try:
                    await self._store(together)
                except DatabaseBusy as error:
                    _fail(together, error)
                except Exception:  # noqa: BLE001 - one that can not be stored must not take the others with it
                    await self._store_each(together)
        finally:
            self._storing = None

    def _next(self) -> list[_Waiting]:
        """What is stored together now: first what people wait for. Who gave up is left out."""
        waiting = [one for one in self._waiting if not one[1].done()]
        waiting.sort(key=lambda one: one[0].kind == EVENT)
        self._waiting = waiting[AT_ONCE:]
        return waiting[:AT_ONCE]

    async def _store(self, together: Sequence[_Waiting]) -> None:
        async with self._database.begin() as uow:
            are_new = [await _insert(uow, payload) for payload, _ in together]
        for (_, stored), is_new in zip(together, are_new, strict=True):
            if not stored.done():
                stored.set_result(is_new)

    async def _store_each(self, together: Sequence[_Waiting]) -> None:
        for one in together:
            try:
                await self._store([one])
            except Exception as error:  # noqa: BLE001 - it is raised to whoever waits for it
                _fail([one], error)


def _fail(together: Sequence[_Waiting], error: Exception) -> None:
    for _, stored in together:
        if not stored.done():
            stored.set_exception(error)


async def _insert(uow: StoredUnitOfWork, payload: Payload) -> bool:
    insert = uow.transaction.insert(inbox).values(
        source=SLACK,
        place=payload.kind,
        source_key=f"slack:{payload.key}",
        content_key=payload.message,
        body=payload.body,
        size=len(payload.body),
        complete=True,
        received_at=payload.received_at,
        stored_at=uow.transaction.clock.now(),
        next_attempt_at=payload.received_at,
        state=InboxState.NEW,
    )
    result = await uow.transaction.connection.execute(insert.on_conflict_do_nothing().returning(inbox.c.id))
    if result.scalar_one_or_none() is None:
        return False
    uow.transaction.wakes.add(Wake.SLACK_INBOX)
    return True
