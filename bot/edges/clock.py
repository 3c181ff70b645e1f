"""The machine's clock; the only file that reads it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

# The wall clock may jump (NTP, a suspended machine): no wait trusts one reading for longer than this.
RECHECK_AFTER = timedelta(seconds=60)


class SystemClock:
    """`ports.Clock` on the machine's time.

    Args:
        recheck_after: The longest time for which one reading is trusted.
    """

    def __init__(self, recheck_after: timedelta = RECHECK_AFTER) -> None:
        self._recheck_after = recheck_after

    def now(self) -> datetime:
        """The current instant, aware, UTC."""
        return datetime.now(UTC)

    async def wait_until(self, due: datetime | None, wake: asyncio.Event) -> None:
        """Return when `due` has come or `wake` is set; a jump of the wall clock is noticed within a minute.

        Where it is set back meanwhile, the wait takes no longer than it would have taken: whoever asked looks again.
        """
        loop = asyncio.get_running_loop()
        until: float | None = None
        while not wake.is_set():
            remaining = self._recheck_after.total_seconds()
            if due is not None:
                by_the_clock = (due - self.now()).total_seconds()
                until = loop.time() + by_the_clock if until is None else until
                remaining = min(remaining, by_the_clock, until - loop.time())
            if remaining <= 0:
                return
            try:
                await asyncio.wait_for(wake.wait(), remaining)
            except TimeoutError:
                continue
