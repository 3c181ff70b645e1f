"""Sleeps until the next timer and lets its handler run; what was missed while we were down comes in its order.

Each timer is claimed, handled and finished in one transaction: a process that dies leaves it due, two processes never
handle the same one, and between any two of them others get their turn to write.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

from bot.commands import TimerDue
from bot.effects import PostOperator
from bot.logs import log_context
from bot.model import Timer
from bot.ports import UnitOfWork
from bot.rules.retrying import Park, after_failure, describe
from handlers.card_refresh import CARD
from handlers.context import Context, ContextMaker
from handlers.registry import dispatch
from storage.engine import Database
from storage.queues import TimerQueue

log = logging.getLogger(__name__)

BATCH = 50
"""So many timers are handled before we look again whether something more urgent has come due."""

GIVING_WAY = (CARD,)
"""Kinds that come after all others that are due: a card may be shown later, a reminder may not."""

LONGEST_SLEEP = timedelta(seconds=30)
"""Where nobody else sets timers: who sets one here wakes us."""

LONGEST_SLEEP_AMONG_OTHERS = timedelta(seconds=5)
"""Where other processes may have set a timer and died: it is seen this late, or in time if it is further ahead."""

OTHERS_WAIT = timedelta(seconds=0.25)
"""The pause before we look again at what is due and in other hands, where a transaction takes milliseconds."""


class TimerLoop:
    """The one loop over all timers of a process; finding what is due costs what is due.

    Args:
        wake: Set after every commit that set or moved a timer, and to stop.
        handle: What a due timer does, within the transaction that claimed it; it has to finish, postpone or remove it.
        longest_sleep: How long to trust what was read of other processes' timers; None knows by the database.
    """

    def __init__(
        self,
        database: Database,
        wake: asyncio.Event,
        contexts: ContextMaker,
        *,
        handle: Callable[[TimerDue, UnitOfWork, Context], Awaitable[None]] = dispatch,
        longest_sleep: timedelta | None = None,
    ) -> None:
        self._database = database
        self._queue = TimerQueue(database)
        self._wake = wake
        self._contexts = contexts
        self._clock = contexts.clock
        self._handle = handle
        among_others = LONGEST_SLEEP_AMONG_OTHERS if database.is_postgresql else LONGEST_SLEEP
        self._longest_sleep = longest_sleep or among_others

    async def run(self, stopping: asyncio.Event) -> None:
        """Fire timers until `stopping` is set; the one in hand is finished first."""
        while not stopping.is_set():
            self._wake.clear()
            next_fire_at = await self._queue.next_fire_at()
            if next_fire_at is None or next_fire_at > self._clock.now():
                await self._sleep(next_fire_at, self._longest_sleep)
            elif not await self._fire_due(stopping):
                await self._sleep(None, OTHERS_WAIT)

    async def _sleep(self, until: datetime | None, at_most: timedelta) -> None:
        # The bound is no wall-clock time: however that jumps, we look again.
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most.total_seconds()):
                await self._clock.wait_until(until, self._wake)

    async def _fire_due(self, stopping: asyncio.Event) -> bool:
        """Fire a batch of what is due; False when all of it is in other hands."""
        fired = False
        in_other_hands: set[int] = set()
        for timer in await self._queue.due(self._clock.now(), BATCH, giving_way=GIVING_WAY):
            if stopping.is_set():
                break
            if timer.ticket_id in in_other_hands:
                continue  # what came before it on the same ticket is not known to be done
            with log_context(timer=timer.key, ticket_id=timer.ticket_id):
                if await self._fire(timer.id):
                    fired = True
                else:
                    in_other_hands.add(timer.ticket_id)
        return fired

    async def _fire(self, timer_id: int) -> bool:
        """Claim and handle a timer; False when it is done, moved or in other hands."""
        timer: Timer | None = None
        named: dict[str, object] = {}
        try:
            async with self._database.begin() as uow:
                ctx = self._contexts()
                timer = await uow.clocks.claim_timer(timer_id, ctx.now)
                if timer is None:
                    return False
                await self._handle(TimerDue(timer), uow, ctx)
                if await uow.clocks.timer_is_due(timer_id, ctx.now):
                    raise RuntimeError(f"the handler of {timer.kind!r} left its timer due")
                named = uow.transaction.tickets_named()
        except Exception as error:  # whatever it is: the next timer must go on, people are told
            if timer is None:
                raise
            await self._failed(timer, error)
        else:
            log.info("timer fired", extra={"hezo": named})
        return True

    async def _failed(self, timer: Timer, error: Exception) -> None:
        decision = after_failure(error, timer.attempts + 1, self._clock.now(), self._contexts.config.retry)
        if not isinstance(decision, Park):
            log.warning("timer failed, will be tried again", exc_info=error)
            await self._queue.retry(timer.id, decision.at, attempts=timer.attempts)
            return
        log.error("timer parked", exc_info=error)
        async with self._database.begin() as uow:
            if not await uow.clocks.park_timer(timer.id):
                return
            data: dict[str, object] = {"timer": timer.key, "reason": describe(error)}
            await uow.outbox.add(PostOperator("timer_parked", data), dedupe_key=f"timer-parked:{timer.id}")
