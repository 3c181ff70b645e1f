"""Lets what is kept no longer go, in small transactions between which others get their turn."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta

from bot.config import Config
from bot.errors import RetryLater
from bot.ports import Clock
from storage.engine import Database
from storage.retention import CLASSES

log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)

AT_ONCE = 100
"""Rows in one transaction; of tickets a twentieth, as each has many rows."""

PAUSE = 0.05
"""Seconds between two transactions: whatever arrives goes first."""


class RetentionLoop:
    """Several processes may do it at once: what one has let go, the other does not find."""

    def __init__(self, database: Database, clock: Clock, config: Config, *, at_once: int = AT_ONCE) -> None:
        self._database = database
        self._clock = clock
        self._config = config
        self._at_once = at_once

    async def run(self, stopping: asyncio.Event) -> None:
        """Let go what is old, every hour until `stopping` is set."""
        while not stopping.is_set():
            # The bound is no wall-clock time: however that jumps, we look again.
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY.total_seconds()):
                    await self._clock.wait_until(self._clock.now() + EVERY, stopping)
            for name in CLASSES:
                await self._let_go(name, stopping)

    async def _let_go(self, name: str, stopping: asyncio.Event) -> None:
        keep: timedelta = getattr(self._config.retention, name)
        if not keep:
            return
        if name in {"files", "tickets"}:  # what may still be opened again keeps everything
            keep = max(keep, self._config.intake.reopen_within)
        gone = 0
        while not stopping.is_set():
            try:
                async with self._database.begin() as uow:
                    count = await CLASSES[name](uow, self._clock.now() - keep, self._at_once)
            except RetryLater as error:
                log.info("kept longer than wanted", extra={"hezo": {"class": name, "problem": str(error)}})
                break
            gone += count
            if count == 0:
                break
            await asyncio.sleep(PAUSE)
        if gone:
            log.info("kept no longer", extra={"hezo": {"class": name, "count": gone}})
