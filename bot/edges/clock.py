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
        """Return when `due` has come or `wake` is set; a jump of the wall clock is noticed within a minute."""
        while not wake.is_set():
            remaining = self._recheck_after if due is None else min(due - self.now(), self._recheck_after)
            if remaining <= timedelta(0):
                return
            try:
                await asyncio.wait_for(wake.wait(), remaining.total_seconds())
            except TimeoutError:
                continue
