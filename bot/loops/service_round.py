"""Looks once a working day for what is to be said of contracts in time; of several processes one does.

What is found is read first, and told in a transaction of its own: a process that dies has told all of it or nothing,
and the next look, of whatever process, goes on from there.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timedelta

from handlers import service_round
from handlers.context import ContextMaker
from storage.engine import Database

log = logging.getLogger(__name__)

LONGEST_SLEEP = timedelta(hours=1)
"""Where the machine's clock jumps we look again; the time of the next look is worked out anew each time."""
AFTER_OTHERS = timedelta(seconds=5)
"""The pause before we look again where another process was first."""


class ServiceRoundLoop:
    """The loop over the days."""

    def __init__(self, database: Database, contexts: ContextMaker) -> None:
        self._database = database
        self._contexts = contexts
        self._clock = contexts.clock

    async def run(self, stopping: asyncio.Event) -> None:
        """Look when it is time, until `stopping` is set; what a stop has missed is looked for at once."""
        async with self._database.begin() as uow:
            await service_round.begin(uow, self._contexts())
        while not stopping.is_set():
            async with self._database.read() as uow:
                due = await service_round.next_due(uow, self._contexts())
            if due > self._clock.now():
                await self._sleep(stopping, due, LONGEST_SLEEP)
            elif not await self.look():
                await self._sleep(stopping, None, AFTER_OTHERS)

    async def look(self) -> bool:
        """Look and tell; False where another process was first."""
        async with self._database.read() as uow:
            ctx = self._contexts()
            last = await uow.notices.last_look()
            found = await service_round.find(uow, ctx)
        async with self._database.begin() as uow:
            told = await service_round.tell(uow, ctx, last, found)
        log.info("looked for what is to be said of contracts", extra={"hezo": {"found": len(found), "told": told}})
        return told

    async def _sleep(self, stopping: asyncio.Event, until: datetime | None, at_most: timedelta) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most.total_seconds()):
                await self._clock.wait_until(until, stopping)
