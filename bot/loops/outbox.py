"""Performs what handlers decided, outside any transaction; nothing else touches the outside (invariant 9).

A row is marked as being sent, committed, performed, then marked as sent together with what follows from it. A row
found half-way after a crash is in doubt: a Slack post is looked up by its key, a mail is waited for (its copy comes
back to our mailbox) before it is repeated with the same Message-ID.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.commands import FilesFetched, FilesNotShown, MailNotSent
from bot.effects import CallWebhook, FetchFiles, PostOperator, PostToCustomer, SendMail, ShareFiles
from bot.logs import log_context
from bot.ports import OutboxRow
from bot.rules.retrying import Park, after_failure, describe
from handlers.context import ContextMaker
from handlers.registry import dispatch
from storage.engine import Database
from storage.queues import OutboxQueue
from storage.schema import Transport

log = logging.getLogger(__name__)


class Performer(Protocol):
    """Does one kind of effect."""

    async def perform(self, row: OutboxRow) -> None:
        """Do it, and mark the row as sent with all that follows, in one transaction. Raises what `bot.errors` names."""


class OutboxLoop:
    """One loop for each way out, so that a silent Slack delays no mail and no pager, and no upload a post.

    Args:
        transport: Which rows to take.
        wake: Set after every commit that wrote an effect, and to stop.
        check: Raises what keeps every row from being performed, such as a refused login. Then no row is tried: the
            loop ends with that error, is restarted by the supervisor, and people read why.
    """

    def __init__(
        self,
        transport: Transport,
        performer: Performer,
        database: Database,
        queue: OutboxQueue,
        wake: asyncio.Event,
        contexts: ContextMaker,
        check: Callable[[], Awaitable[None]],
    ) -> None:
        self._check = check
        self._transport = transport
        self._performer = performer
        self._database = database
        self._queue = queue
        self._wake = wake
        self._contexts = contexts
        self._clock = contexts.clock

    async def run(self, stopping: asyncio.Event) -> None:
        """Perform rows until `stopping` is set; the one in hand is finished first.

        Raises:
            HezoError: `check` found that no row can be performed now.
        """
        await self._check()
        while not stopping.is_set():
            self._wake.clear()
            rows = await self._queue.claim(self._clock.now(), limit=1, transport=self._transport)
            for row in rows:
                if not await self._perform(row) and not stopping.is_set():
                    await self._check()
            if not rows and not stopping.is_set():
                await self._clock.wait_until(await self._queue.next_due(self._transport), self._wake)

    async def _perform(self, row: OutboxRow) -> bool:
        """Whether it was performed."""
        with log_context(outbox=row.id, effect=type(row.effect).__name__):
            try:
                await self._performer.perform(row)
            except Exception as error:  # noqa: BLE001  # whatever it is: the next row must go on, people are told
                await self._failed(row, error)
                return False
            log.info("performed")
            return True

    async def _failed(self, row: OutboxRow, error: Exception) -> None:
        retry = self._contexts.config.retry
        # Slack can be asked at any time; the copy of a mail has to come back first.
        doubt_wait = retry.in_doubt_wait if self._transport is Transport.MAIL else None
        decision = after_failure(error, row.attempts + 1, self._clock.now(), retry, doubt_wait=doubt_wait)
        if not isinstance(decision, Park):
            log.warning("failed, will be tried again", extra={"hezo": {"problem": describe(error)}})
            # A doubt stays until the row is settled: the copy of a mail may still come back.
            in_doubt = decision.in_doubt or row.in_doubt
            await self._queue.retry(row.id, decision.at, describe(error), in_doubt=in_doubt)
            return
        log.error("given up", exc_info=error)
        async with self._database.begin() as uow:
            if not await uow.outbox.mark_parked(row.id, decision.reason):
                return
            if isinstance(row.effect, SendMail | PostToCustomer):
                await dispatch(MailNotSent(row.id, decision.reason), uow, self._contexts())
            elif isinstance(row.effect, ShareFiles):
                await dispatch(FilesNotShown(row.id, decision.reason), uow, self._contexts())
            elif isinstance(row.effect, FetchFiles):
                await dispatch(FilesFetched(row.id, {}, decision.reason), uow, self._contexts())
            elif not isinstance(row.effect, PostOperator):
                data: dict[str, object] = {"outbox": row.id, "reason": decision.reason}
                await uow.outbox.add(PostOperator("outbox_parked", data), dedupe_key=_told_once(row))


def _told_once(row: OutboxRow) -> str:
    """A webhook that refuses is called again and again while an escalation lasts: operators are told once for each."""
    if isinstance(row.effect, CallWebhook):
        return f"webhook-parked:{row.effect.escalation_id}"
    return f"outbox-parked:{row.id}"
