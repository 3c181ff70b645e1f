"""Sleeps until the next timer and lets its handler run; what was missed while we were down comes in its order."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from bot.commands import TimerDue
from bot.effects import PostOperator
from bot.logs import log_context
from bot.model import Timer
from bot.rules.retrying import Park, after_failure, describe
from handlers.context import ContextMaker
from handlers.registry import dispatch
from storage.engine import Database
from storage.queues import TimerQueue

log = logging.getLogger(__name__)

BATCH = 100
LONGEST_SLEEP = timedelta(hours=1)


class TimerLoop:
    """The one loop over all timers; finding what is due costs what is due.

    Args:
        wake: Set after every commit that changed a timer, and to stop.
    """

    def __init__(self, database: Database, wake: asyncio.Event, contexts: ContextMaker) -> None:
        self._database = database
        self._queue = TimerQueue(database)
        self._wake = wake
        self._contexts = contexts
        self._clock = contexts.clock

    async def run(self, stopping: asyncio.Event) -> None:
        """Fire timers until `stopping` is set."""
        while not stopping.is_set():
            self._wake.clear()
            due = await self._queue.due(self._clock.now(), BATCH)
            for timer in due:
                if stopping.is_set():
                    return
                await self._fire(timer)
            if not due and not stopping.is_set():
                latest = self._clock.now() + LONGEST_SLEEP
                next_fire_at = await self._queue.next_fire_at()
                await self._clock.wait_until(min(next_fire_at or latest, latest), self._wake)

    async def _fire(self, timer: Timer) -> None:
        ctx = self._contexts()
        with log_context(timer=timer.key):
            try:
                async with self._database.begin() as uow:
                    await dispatch(TimerDue(timer), uow, ctx)
            except Exception as error:  # noqa: BLE001  # whatever it is: the next timer must go on, people are told
                await self._failed(timer, error)
            else:
                log.info("timer fired")

    async def _failed(self, timer: Timer, error: Exception) -> None:
        log.error("timer failed", exc_info=error)
        decision = after_failure(error, timer.attempts + 1, self._clock.now(), self._contexts.config.retry)
        if not isinstance(decision, Park):
            await self._queue.retry(timer.id, decision.at)
            return
        async with self._database.begin() as uow:
            await uow.clocks.finish_timer(timer.id)
            data: dict[str, object] = {"timer": timer.key, "reason": describe(error)}
            await uow.outbox.add(PostOperator("timer_parked", data), dedupe_key=f"timer-parked:{timer.id}")
