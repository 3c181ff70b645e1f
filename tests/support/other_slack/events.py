"""Events of another Slack, whichever way they go: sent again until they are acknowledged, or three times more."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

from tests.support.other_slack.workspace import Body

ACK_WITHIN = 3.0
AGAIN_AFTER = 0.0, 0.2, 0.5
"""Seconds until an event that was not acknowledged is sent again; at Slack 0, 60 and 300."""


class Events(ABC):
    """Tells the app of events, each in a task of its own."""

    def __init__(self) -> None:
        self._telling: set[asyncio.Task[bool]] = set()

    @abstractmethod
    async def tell(self, payload: Body, attempt: int) -> bool:
        """Once; `attempt` counts from 0. Gives whether it was acknowledged in time."""

    def event(self, payload: Body) -> asyncio.Task[bool]:
        """Until it is acknowledged, or three times more. Gives whether it was."""
        task = asyncio.create_task(self._deliver(payload))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
        return task

    async def _deliver(self, payload: Body) -> bool:
        for attempt, wait in enumerate((0.0, *AGAIN_AFTER)):
            await asyncio.sleep(wait)
            if await self.tell(payload, attempt):
                return True
        return False

    def stop_telling(self) -> None:
        """Send nothing any more."""
        for task in list(self._telling):
            task.cancel()
