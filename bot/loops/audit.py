"""Asks once a minute whether anybody waits unheard, and sees to it that somebody is told, once for each finding.

It trusts none of the loops that it watches: it reads what is stored, and what it finds means that one of them failed.
That it looked is written down for the health endpoint, which turns red when it did not (`bot.health`).
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime

from bot.config import Config
from bot.effects import PostOperator
from bot.errors import RetryLater
from bot.logs import log_context
from bot.rules.neglect import LOOK_EVERY, Finding, look_of
from bot.rules.retrying import longest_wait
from handlers import duty, neglected
from handlers.context import ContextMaker
from storage.auditing import StoredAudit
from storage.engine import Database
from storage.hastening import hasten

log = logging.getLogger(__name__)

GLANCE = 5.0
AT_ONCE = 20
"""Where everything broke, people still can read: the longest neglected first."""


class AuditLoop:
    """The auditor; of several processes one looks, whichever is first.

    Args:
        at_once: How many findings are told in one look.
        glance: How often, in seconds, the clock is compared with what it showed.
    """

    def __init__(
        self, database: Database, contexts: ContextMaker, *, at_once: int = AT_ONCE, glance: float = GLANCE
    ) -> None:
        self._database = database
        self._contexts = contexts
        self._clock = contexts.clock
        self._at_once = at_once
        self._glance = glance

    async def run(self, stopping: asyncio.Event) -> None:
        """Look until `stopping` is set; at first after a minute, in which what was missed is made up for."""
        begun = looked = self._clock.now()
        while True:
            await self._rest(looked, stopping)
            if stopping.is_set():
                return
            looked = self._clock.now()
            await self._look(looked, stopping, begun)

    async def _rest(self, looked: datetime, stopping: asyncio.Event) -> None:
        """Wait until the next look is due, a minute after the last began, however long that one took.

        It is due at once where the clock is set back, as that puts off what waits.
        """
        loop = asyncio.get_running_loop()
        seen, due, until = looked, looked + LOOK_EVERY, loop.time() + LOOK_EVERY.total_seconds()
        # The bound is no wall-clock time: however that jumps, we look again.
        while not stopping.is_set() and seen <= (now := self._clock.now()) < due and (left := until - loop.time()) > 0:
            seen = now
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, self._glance)):
                    await self._clock.wait_until(due, stopping)

    async def _look(self, now: datetime, stopping: asyncio.Event, begun: datetime) -> None:
        await hasten_what_a_wrong_clock_put_off(self._database, now, self._contexts.config)
        async with self._database.begin() as uow:
            audit = StoredAudit(uow.transaction)
            if not await audit.take_turn(now):
                return
        async with self._database.read() as uow:
            audit = StoredAudit(uow.transaction)
            last = await audit.last_look()
            found = await audit.findings(now, last.at if last else begun)
            told = await audit.told(found)
        new = [finding for finding in found if finding.key not in told]
        for finding in new[: self._at_once]:
            if stopping.is_set():
                return
            with log_context(finding=finding.key):
                await self._heed(finding, now)
        await self._announce_gaps()
        async with self._database.begin() as uow:
            await StoredAudit(uow.transaction).keep_look(look_of(now, found))

    async def _announce_gaps(self) -> None:
        """Say in time when nobody will be on duty; a mistake in it must not stop the looking."""
        try:
            async with self._database.begin() as uow:
                await duty.report_gaps(uow, self._contexts())
        except RetryLater as error:
            log.warning("gaps in the rota are announced by the next look", extra={"hezo": {"problem": str(error)}})
        except Exception:
            log.exception("gaps in the rota could not be announced")

    async def _heed(self, finding: Finding, now: datetime) -> None:
        """Tell of it, unless it healed meanwhile or another process was first."""
        try:
            async with self._database.begin() as uow:
                if finding.ticket_id is not None:
                    await uow.tickets.get(finding.ticket_id)  # locked: nothing changes it while we tell of it
                audit = StoredAudit(uow.transaction)
                if not await audit.still(finding, now) or not await audit.is_first_to_tell(finding, now):
                    return
                await neglected.heed(finding, uow, self._contexts())
            log.error("neglected, and told", extra={"hezo": {"about": finding.about}})
        except RetryLater as error:  # it is found again by the next look
            log.warning("a finding waits for the next look", extra={"hezo": {"problem": str(error)}})
        except Exception as error:  # whatever it is: the other findings are told, and of this one at least operators
            log.exception("a finding could not be heeded")
            data: dict[str, object] = {"finding": finding.key, "about": finding.about, "error": type(error).__name__}
            async with self._database.begin() as uow:
                await uow.outbox.add(PostOperator("audit_failed", data), dedupe_key=f"audit-failed:{finding.key}")


async def hasten_what_a_wrong_clock_put_off(database: Database, now: datetime, config: Config) -> None:
    """See `storage.hastening`; said in the log, as an operator has to know of such a clock."""
    undo, doubt = config.replies.undo_within, config.retry.in_doubt_wait
    count = await hasten(database, now, longest_wait(config), undo, doubt)
    if count:
        log.warning("the clock was set back; what would have waited for it goes on", extra={"hezo": {"count": count}})
