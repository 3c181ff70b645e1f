"""Keeps calls within Slack's limits: a burst, then one each interval, for every channel or method of its own.

Who is urgent goes before all others that wait for a turn of the same key.
"""

from __future__ import annotations

import asyncio
import itertools
from bisect import insort
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

from bot.errors import RateLimited

PATIENCE = 5.0
"""Seconds that a call waits for its turn; what would wait longer goes back to the queue, and another may be tried."""


@dataclass(slots=True)
class _Line:
    """Those who wait for a turn of one key, as (not urgent, order of coming); `moved` is set when anything changes."""

    free_at: float = 0.0
    waiting: list[tuple[bool, int]] = field(default_factory=list)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    def move(self) -> None:
        self.moved.set()
        self.moved = asyncio.Event()


class Pace:
    """When the next call of each key may go out (a token bucket, "generic cell rate").

    Args:
        interval: The average distance of two calls of one key; zero switches the pacing off.
        burst: How many calls may go out at once after a rest.
        make_sure: Asked when a call's turn has come; raises what keeps it from going out at all.
    """

    def __init__(self, interval: timedelta, burst: int, make_sure: Callable[[], None] = lambda: None) -> None:
        self._interval = interval.total_seconds()
        self._allowance = self._interval * (burst - 1)
        self._make_sure = make_sure
        self._lines: dict[str, _Line] = {}
        self._order = itertools.count()

    @asynccontextmanager
    async def turn(self, key: str, *, urgent: bool = False) -> AsyncIterator[None]:
        """Wait for a turn, then run the call inside; a RateLimited from it holds back all calls of the key.

        Raises:
            RateLimited: The turn is further away than PATIENCE.
            RetryLater: from `make_sure`; nothing was called.
        """
        line = self._lines.setdefault(key, _Line())
        place = (not urgent, next(self._order))
        insort(line.waiting, place)
        line.move()
        try:
            await self._wait(key, line, place)
            self._make_sure()
            line.free_at = max(line.free_at, asyncio.get_running_loop().time()) + self._interval
        finally:
            line.waiting.remove(place)
            line.move()
        try:
            yield
        except RateLimited as error:
            until = asyncio.get_running_loop().time() + error.retry_after.total_seconds() + self._allowance
            line.free_at = max(line.free_at, until)
            line.move()
            raise

    async def _wait(self, key: str, line: _Line, place: tuple[bool, int]) -> None:
        while True:
            now = asyncio.get_running_loop().time()
            ahead = line.waiting.index(place)
            wait = max(line.free_at, now) + ahead * self._interval - self._allowance - now
            if wait > PATIENCE:
                raise RateLimited(f"Slack asked to wait before the next call to {key}", timedelta(seconds=wait))
            if wait <= 0 and (ahead == 0 or not self._interval):
                return
            moved = line.moved
            with suppress(TimeoutError):
                async with asyncio.timeout(max(wait, 0) if ahead == 0 else None):
                    await moved.wait()
