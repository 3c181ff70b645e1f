"""Keeps calls within Slack's limits: a burst, then one each interval, for every channel or method of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from bot.errors import RateLimited

PATIENCE = 2.0
"""Seconds that a call waits for its turn; what would wait longer goes back, so that another channel is not held up."""


class Pace:
    """When the next call of each key may go out (a token bucket, "generic cell rate").

    Args:
        interval: The average distance of two calls of one key; zero switches the pacing off.
        burst: How many calls may go out at once after a rest.
    """

    def __init__(self, interval: timedelta, burst: int) -> None:
        self._interval = interval.total_seconds()
        self._allowance = self._interval * (burst - 1)
        self._free_at: dict[str, float] = {}

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Wait for a turn, then run the call inside; a RateLimited from it holds back all calls of the key.

        Raises:
            RateLimited: The turn is further away than PATIENCE.
        """
        now = asyncio.get_running_loop().time()
        free_at = max(self._free_at.get(key, 0.0), now)
        wait = free_at - self._allowance - now
        if wait > PATIENCE:
            raise RateLimited(f"Slack asked to wait before the next call to {key}", timedelta(seconds=wait))
        if wait > 0:
            await asyncio.sleep(wait)
        self._free_at[key] = free_at + self._interval
        try:
            yield
        except RateLimited as error:
            until = asyncio.get_running_loop().time() + error.retry_after.total_seconds() + self._allowance
            self._free_at[key] = max(self._free_at[key], until)
            raise
