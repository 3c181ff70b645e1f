"""Takes what was stored, one row after the other, each in a transaction of its own.

A row that fails is tried again later and does not hold up the next; what keeps failing is parked and shown in Slack.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from bot.commands import Command
from bot.effects import PostOperator
from bot.logs import log_context
from bot.ports import InboxRow, InboxState
from bot.rules.retrying import Park, after_failure, describe
from handlers.context import ContextMaker
from handlers.registry import dispatch
from storage.engine import Database
from storage.queues import InboxQueue

log = logging.getLogger(__name__)

BATCH = 50
HANDLING_LIMIT = 60.0
"""Seconds that the handling of one row may take."""


class InboxLoop:
    """One loop for one source, so that a flood of mails never delays a click.

    Args:
        source: "mail" or "slack".
        to_command: What a stored row asks for; may raise on a row that nobody can read.
        wake: Set after every commit that stored a row of this source, and to stop.
    """

    def __init__(
        self,
        source: str,
        database: Database,
        to_command: Callable[[InboxRow], Command],
        wake: asyncio.Event,
        contexts: ContextMaker,
    ) -> None:
        self._source = source
        self._database = database
        self._queue = InboxQueue(database)
        self._to_command = to_command
        self._wake = wake
        self._contexts = contexts
        self._clock = contexts.clock

    async def run(self, stopping: asyncio.Event) -> None:
        """Handle rows until `stopping` is set; what is in hand is finished first."""
        while not stopping.is_set():
            self._wake.clear()
            rows = await self._queue.take(self._source, self._clock.now(), BATCH)
            for row in rows:
                if stopping.is_set():
                    return
                await self._handle(row)
            if not rows and not stopping.is_set():
                await self._clock.wait_until(await self._queue.next_due(self._source), self._wake)

    async def _handle(self, row: InboxRow) -> None:
        ctx = self._contexts()
        with log_context(inbox=row.id, source=self._source):
            try:
                async with asyncio.timeout(HANDLING_LIMIT), self._database.begin() as uow:
                    command = self._to_command(row)
                    await dispatch(command, uow, ctx)
                    if row.source == "slack":
                        await uow.inbox.finish(row.id, InboxState.DONE, type(command).__name__)
            except Exception as error:  # noqa: BLE001  # whatever it is: the next row must go on, people are told
                await self._failed(row, error)
            else:
                log.info("handled", extra={"hezo": {"command": type(command).__name__}})

    async def _failed(self, row: InboxRow, error: Exception) -> None:
        decision = after_failure(error, row.attempts + 1, self._clock.now(), self._contexts.config.retry)
        if not isinstance(decision, Park):
            log.warning("failed, will be tried again", exc_info=error)
            await self._queue.retry(row.id, decision.at, describe(error))
            return
        log.error("parked", exc_info=error)
        async with self._database.begin() as uow:
            await uow.inbox.mark_parked(row.id, decision.reason)
            what = PostOperator("inbox_parked", {"inbox": row.id, "source": row.source, "reason": decision.reason})
            await uow.outbox.add(what, dedupe_key=f"parked:{row.id}")
