"""Performs what handlers decided, outside any transaction; nothing else touches the outside (invariant 9).

A row is marked as being sent, committed, performed, then marked as sent together with what follows from it. A row
found half-way after a crash is in doubt: a Slack post is looked up by its key, a mail is waited for (its copy comes
back to our mailbox) before it is repeated with the same Message-ID.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

from bot.commands import FilesFetched, FilesNotShown, MailNotSent
from bot.effects import CallWebhook, FetchCustomerFiles, FetchFiles, PostOperator, PostToCustomer, SendMail, ShareFiles
from bot.errors import ChannelUnusable, RateLimited
from bot.logs import log_context
from bot.loops.noting import NotNoted
from bot.ports import OutboxRow
from bot.rules.retrying import Park, after_failure, describe
from handlers.context import ContextMaker
from handlers.registry import dispatch
from storage.engine import Database
from storage.queues import OutboxQueue
from storage.schema import Transport

log = logging.getLogger(__name__)

LOOK_AGAIN = timedelta(seconds=30)
"""As in `bot.loops.inbox`."""


class Performer(Protocol):
    """Does one kind of effect."""

    async def perform(self, row: OutboxRow) -> None:
        """Do it, and mark the row as sent with all that follows, in one transaction.

        Raises:
            HezoError: As `bot.errors` names them.
            NotNoted: It was done.
        """


class OutboxLoop:
    """One loop for each way out, so that a silent Slack delays no mail and no pager, and no upload a post.

    Args:
        transport: Which rows to take.
        wake: Set after every commit that wrote an effect, and to stop.
        check: Raises what keeps every row from being performed, such as a refused login. Then no row is tried: the
            loop ends with that error, is restarted by the supervisor, and people read why.
        abreast: How many rows are performed at a time; no two of them are of one lane.
        kept_for_urgent: How many of these places only urgent rows may take, however many others wait.
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
        *,
        abreast: int = 1,
        kept_for_urgent: int = 0,
    ) -> None:
        self._check = check
        self._transport = transport
        self._performer = performer
        self._database = database
        self._queue = queue
        self._wake = wake
        self._contexts = contexts
        self._clock = contexts.clock
        self._abreast = abreast
        self._kept_for_urgent = kept_for_urgent

    async def run(self, stopping: asyncio.Event) -> None:
        """Perform rows until `stopping` is set; those in hand are finished first.

        Raises:
            HezoError: `check` found that no row can be performed now, or what became of one could not be stored.
        """
        await self._check()
        await self.take_back()
        in_hand: set[asyncio.Task[bool]] = set()
        try:
            while not stopping.is_set():
                self._wake.clear()
                if not _all_performed(in_hand):
                    await self._check()
                if not await self._begin(in_hand) and not stopping.is_set():
                    due, look_again = await self._next_due(in_hand), self._clock.now() + LOOK_AGAIN
                    await self._clock.wait_until(min(due, look_again) if due else look_again, self._wake)
        finally:
            await _to_their_end(in_hand)
        _all_performed(in_hand)

    async def take_back(self) -> None:
        """What this process began and has in hand no more, as the outcome could not be stored, is in doubt.

        To be asked before a start, also where another process has the role by now: nobody else sees to what is ours
        while we live.
        """
        now = self._clock.now()
        await self._queue.recover_own(now, now + self._contexts.config.retry.in_doubt_wait, self._transport)

    async def _begin(self, in_hand: set[asyncio.Task[bool]]) -> bool:
        """Take as many rows in hand as there are places for; False where none is to be had."""
        free, only_urgent = self._places(in_hand)
        if not free:
            return False
        rows = await self._queue.claim(
            self._clock.now(), limit=free, transport=self._transport, only_urgent=only_urgent
        )
        for row in rows:
            task = asyncio.create_task(self._perform(row))
            task.add_done_callback(lambda _: self._wake.set())
            in_hand.add(task)
        return bool(rows)

    async def _next_due(self, in_hand: set[asyncio.Task[bool]]) -> datetime | None:
        free, only_urgent = self._places(in_hand)
        return await self._queue.next_due(self._transport, only_urgent=only_urgent) if free else None

    def _places(self, in_hand: set[asyncio.Task[bool]]) -> tuple[int, bool]:
        """How many rows may be taken in hand now, and whether only urgent ones."""
        free = self._abreast - len(in_hand)
        only_urgent = free <= self._kept_for_urgent
        return (free if only_urgent else free - self._kept_for_urgent), only_urgent

    async def _perform(self, row: OutboxRow) -> bool:
        """Whether it was performed."""
        named = {"ticket": row.ticket} if row.ticket else {}
        with log_context(outbox=row.id, effect=type(row.effect).__name__, **named):
            try:
                await self._performer.perform(row)
            except NotNoted as error:
                await self._failed(row, error.why, was_done=True)
                return False
            except Exception as error:  # noqa: BLE001  # whatever it is: the next row must go on, people are told
                await self._failed(row, error)
                return False
            log.info("performed")
            return True

    async def _failed(self, row: OutboxRow, error: Exception, *, was_done: bool = False) -> None:
        retry = self._contexts.config.retry
        # Slack can be asked at any time; the copy of a mail has to come back first.
        doubt_wait = retry.in_doubt_wait if self._transport is Transport.MAIL else None
        decision = after_failure(
            error, row.attempts + 1, self._clock.now(), retry, doubt_wait=doubt_wait, was_done=was_done
        )
        if not isinstance(decision, Park):
            log.warning("failed, will be tried again", extra={"hezo": {"problem": describe(error)}})
            # A doubt stays until the row is settled: the copy of a mail may still come back.
            in_doubt = decision.in_doubt or row.in_doubt
            is_attempt = not isinstance(error, RateLimited)
            await self._queue.retry(row.id, decision.at, describe(error), in_doubt=in_doubt, is_attempt=is_attempt)
            if isinstance(error, ChannelUnusable):
                await self._tell_of(error)
            return
        log.error("given up", exc_info=error)
        reason = f"done, and not noted: {decision.reason}" if was_done else decision.reason
        async with self._database.begin() as uow:
            if not await uow.outbox.mark_parked(row.id, reason):
                return
            if isinstance(row.effect, SendMail | PostToCustomer) and not was_done:
                await dispatch(MailNotSent(row.id, reason), uow, self._contexts())
            elif isinstance(row.effect, ShareFiles):
                await dispatch(FilesNotShown(row.id, reason), uow, self._contexts())
            elif isinstance(row.effect, FetchFiles | FetchCustomerFiles):
                await dispatch(FilesFetched(row.id, {}, reason), uow, self._contexts())
            elif not isinstance(row.effect, PostOperator):
                data: dict[str, object] = {"outbox": row.id, "reason": reason}
                await uow.outbox.add(PostOperator("outbox_parked", data), dedupe_key=_told_once(row))

    async def _tell_of(self, error: ChannelUnusable) -> None:
        """What waits for an operator's hand is told once a day, not for every row that waits for it."""
        data: dict[str, object] = {"channel": error.channel, "needed": error.needed}
        notice = PostOperator(f"unusable_{error.code}", data)
        key = f"unusable:{error.channel}:{error.code}:{self._clock.now():%Y-%m-%d}"
        async with self._database.begin() as uow:
            await uow.outbox.add(notice, dedupe_key=key)


def _all_performed(in_hand: set[asyncio.Task[bool]]) -> bool:
    """Whether all that ended did what it was to do; they are in hand no more.

    Raises:
        HezoError: what became of one could not be stored.
    """
    ended = {task for task in in_hand if task.done()}
    in_hand -= ended
    performed = [task.result() for task in ended]  # each, so that no error goes unseen
    return all(performed)


async def _to_their_end(in_hand: set[asyncio.Task[bool]]) -> None:
    try:
        # What could not be stored is told by the first; what became of the row is looked up.
        await asyncio.gather(*in_hand, return_exceptions=True)
    except asyncio.CancelledError:
        for task in in_hand:
            task.cancel()
        await asyncio.gather(*in_hand, return_exceptions=True)
        raise


def _told_once(row: OutboxRow) -> str:
    """A webhook that refuses is called again and again while an escalation lasts: operators are told once for each."""
    if isinstance(row.effect, CallWebhook):
        return f"webhook-parked:{row.effect.escalation_id}"
    return f"outbox-parked:{row.id}"
