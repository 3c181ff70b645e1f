"""Keeps the members of Slack's user groups: asked for again and again, and stored, so that they outlive a restart.

While Slack cannot be asked, those of the last answer stand, for a week at most; nobody can press anything then anyway.
"""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import datetime, timedelta
from typing import Protocol

from bot.ports import Clock
from bot.staff_directory import StaffDirectory
from storage.engine import Database

log = logging.getLogger(__name__)

SETTING = "slack.staff_groups"
KEPT_FOR = timedelta(days=7)


class Groups(Protocol):
    """Slack, as far as this needs it."""

    async def members(self, group: str) -> tuple[str, ...]:
        """The Slack ids of a group's members. Raises what `bot.errors` names."""


class StaffGroups:
    """The part that asks.

    Args:
        every: How often.
        directory: Learns what Slack says.
    """

    def __init__(
        self, groups: Groups, directory: StaffDirectory, database: Database, clock: Clock, every: timedelta
    ) -> None:
        self._groups = groups
        self._directory = directory
        self._database = database
        self._clock = clock
        self._every = every

    async def restore(self) -> None:
        """Take what was stored, unless it is too old."""
        async with self._database.read() as uow:
            stored = await uow.settings.get(SETTING)
        if stored is None:
            return
        kept = json.loads(stored)
        if self._clock.now() - datetime.fromisoformat(kept["at"]) <= KEPT_FOR:
            self._directory.learn(kept["members"])

    async def run(self, stopping: asyncio.Event) -> None:
        """Ask until `stopping` is set.

        Raises:
            HezoError: Slack did not tell; what is known stands, and the supervisor starts this anew.
        """
        while not stopping.is_set():
            await self.refresh()
            await self._clock.wait_until(self._clock.now() + self._every, stopping)

    async def refresh(self) -> None:
        """Ask once, learn and store the answer. Raises as `run`."""
        members = {group: await self._groups.members(group) for group in self._directory.groups}
        before = set(self._directory)
        self._directory.learn(members)
        value = json.dumps({"at": self._clock.now().isoformat(), "members": members})
        async with self._database.begin() as uow:
            await uow.settings.put(SETTING, value)
        if before != set(self._directory):
            log.info("who may act has changed", extra={"hezo": {"people": len(self._directory)}})
