"""What the health endpoint tells: how this process is, and the figures of what is stored."""

from __future__ import annotations

from collections.abc import Mapping

from bot.about import version
from bot.errors import RetryLater
from bot.health import Pulse, what_lags
from bot.metrics import of_the_database, of_this_process, of_what_is_stored
from bot.ports import Clock
from bot.supervisor import Supervisor
from storage.auditing import StoredAudit
from storage.engine import Database
from storage.measures import measure
from storage.overview import OverviewQueries


class Reporter:
    """Answers for `bot.health.HealthServer`; everything is read when it is asked for."""

    def __init__(self, database: Database, supervisor: Supervisor, clock: Clock) -> None:
        self._database = database
        self._supervisor = supervisor
        self._clock = clock
        self._started_at = clock.now()

    async def health(self) -> tuple[bool, Mapping[str, object]]:
        """Whether every part runs and nothing lags, and the details; without the database those of this process."""
        try:
            problems, stored = await self._stored()
        except RetryLater as error:
            problems, stored = [f"the database does not answer ({error})"], {}
        parts = self._supervisor.statuses.values()
        details = {
            "problems": problems,
            **stored,
            "parts": {
                part.name: {
                    "running": part.running,
                    "problem": part.problem,
                    "since": part.since.isoformat(),
                    "restarts": part.restarts,
                }
                for part in parts
            },
        }
        return not problems and all(part.running for part in parts), details

    async def _stored(self) -> tuple[list[str], dict[str, object]]:
        """What lags, and what is stored about it."""
        backlog = await OverviewQueries(self._database).backlog()
        async with self._database.read() as uow:
            audit = StoredAudit(uow.transaction)
            look, urgent_since = await audit.last_look(), await audit.urgent_since()
        looked_at = None if look is None else look.at
        pulse = Pulse(self._started_at, looked_at, backlog.timers_oldest, urgent_since)
        return what_lags(pulse, self._clock.now()), {
            "audit": {
                "looked_at": looked_at and looked_at.isoformat(),
                "found": look.counts if look else {},
                "about": look.named if look else {},
            },
            "backlog": {
                "inbox_new": backlog.inbox_new,
                "inbox_parked": backlog.inbox_parked,
                "outbox_unsent": backlog.outbox_unsent,
                "outbox_parked": backlog.outbox_parked,
            },
        }

    async def readiness(self) -> tuple[bool, Mapping[str, object]]:
        """Whether this process can do its work now: the database answers, every part runs, and it is not stopping."""
        await self._database_answers()
        waiting = [part.name for part in self._supervisor.statuses.values() if not part.running]
        stopping = self._supervisor.stopping.is_set()
        return not waiting and not stopping, {"waiting_for": waiting, "stopping": stopping}

    async def _database_answers(self) -> None:
        async with self._database.read() as uow:
            await uow.settings.get("nothing")

    async def metrics(self) -> str:
        """The page of figures; without the database those of this process."""
        now = self._clock.now()
        page = of_this_process(self._supervisor.statuses.values(), version=version())
        try:
            measures = await measure(self._database, now)
            async with self._database.read() as uow:
                look = await StoredAudit(uow.transaction).last_look()
        except RetryLater:
            return page + of_the_database(answers=False)
        stored = of_what_is_stored(measures, now=now, looked_at=look.at if look else None)
        return page + of_the_database(answers=True) + stored
