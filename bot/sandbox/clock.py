"""A clock that people and tests can move, to see reminders and deadlines without waiting for them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from bot.edges.clock import RECHECK_AFTER, SystemClock
from bot.ports import Clock


class MovableClock:
    """`ports.Clock` that shows the real time plus an offset, or stands still.

    Args:
        start: What it shows first, aware; None is the real time.
        frozen: True stands still but for `move` and `move_to`; False runs on with the real time.
        real: Where the real time comes from.
    """

    def __init__(self, start: datetime | None = None, *, frozen: bool = False, real: Clock | None = None) -> None:
        self._real = real or SystemClock()
        real_now = self._real.now()
        shown = real_now if start is None else start.astimezone(UTC)
        self._frozen_at = shown if frozen else None
        self._offset = shown - real_now
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        """The instant it shows, aware, UTC."""
        return self._frozen_at or self._real.now() + self._offset

    @property
    def offset(self) -> timedelta:
        """How far it is ahead of the real time (negative when behind)."""
        return self._offset if self._frozen_at is None else self._frozen_at - self._real.now()

    def move(self, by: timedelta) -> None:
        """Move it forward (or back) and wake everybody who waits on it."""
        if self._frozen_at is not None:
            self._frozen_at += by
        self._offset += by
        self._moved.set()
        self._moved = asyncio.Event()

    def move_to(self, instant: datetime) -> None:
        """Make it show this aware instant and wake everybody who waits on it."""
        self.move(instant - self.now())

    async def wait_until(self, due: datetime | None, wake: asyncio.Event) -> None:
        """Return when `due` has come, by itself or because the clock was moved there, or when `wake` is set."""
        while not wake.is_set() and (due is None or self.now() < due):
            waiting = [asyncio.ensure_future(event.wait()) for event in (wake, self._moved)]
            try:
                await asyncio.wait(waiting, timeout=self._patience(due), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in waiting:
                    task.cancel()

    def _patience(self, due: datetime | None) -> float | None:
        """Seconds until it is worth looking again by itself; None while only a move or a wake can change anything."""
        if due is None or self._frozen_at is not None:
            return None
        return min(due - self.now(), RECHECK_AFTER).total_seconds()
