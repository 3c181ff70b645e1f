"""Takes what was stored, one row after the other.

On SQLite several new rows share a transaction, as each COMMIT waits for the disk: all of them are done, or none. What
fails together is handled one by one. A row that fails alone is tried again later and does not hold up the next; what
keeps failing is parked and shown in Slack.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from itertools import takewhile

from bot.commands import Command
from bot.edges.reading_ahead import ReadingAhead
from bot.effects import PostOperator
from bot.errors import Refused
from bot.logs import log_context
from bot.ports import InboxRow
from bot.rules.first_in_line import HEAD
from bot.rules.retrying import Park, after_failure, describe
from handlers.context import ContextMaker
from handlers.registry import dispatch
from storage.engine import Database
from storage.errors import AlreadyDone
from storage.queues import InboxQueue
from storage.unit_of_work import StoredUnitOfWork

log = logging.getLogger(__name__)

MOST_BEGINNINGS = 5
"""So often the program may end while it has a row in hand, before the row is taken for the reason and set aside."""
_ENDED_US = "the program ended {times} times while it was handling this; its log of those times may say why"
LOOK_AGAIN = timedelta(seconds=30)
"""How long to trust that there is nothing: a command of the operator, another process, wakes nobody here."""
BATCH = 50
AT_ONCE = 40
"""Rows that may share a transaction."""
SHARED_FOR = 0.1
"""Seconds after which a shared transaction takes no further row: whoever else wants to write waits no longer."""
LOOKED_AHEAD = 5_000
"""Of how many waiting rows the beginnings are looked at in one go."""
HANDLING_LIMIT = 60.0
"""Seconds that the handling of one row may take."""


GoesFirst = Callable[[Sequence[tuple[int, bytes]]], Awaitable[list[int]]]
"""Of rows, as (id, beginning), the ids of those that do not wait for the others."""


class InboxLoop:
    """One loop for one source, so that a flood of mails never delays a click.

    Args:
        source: "mail" or "slack".
        to_command: What a stored row asks for; may raise on a row that nobody can read.
        wake: Set after every commit that stored a row of this source, and to stop.
        goes_first: Asked while more rows wait than fit a batch: of the beginnings of rows, whose do not wait for the
            others. A restart asks anew; nothing is lost with the answers.
        reader: Reads mails while those before them are stored.
    """

    def __init__(
        self,
        source: str,
        database: Database,
        to_command: Callable[[InboxRow], Command],
        wake: asyncio.Event,
        contexts: ContextMaker,
        goes_first: GoesFirst | None = None,
        reader: ReadingAhead | None = None,
    ) -> None:
        self._reader = reader or ReadingAhead(None)
        self._goes_first = goes_first
        self._looked_at = 0
        self._ahead: list[int] = []
        self._source = source
        self._database = database
        self._queue = InboxQueue(database)
        self._to_command = to_command
        self._wake = wake
        self._contexts = contexts
        self._clock = contexts.clock
        self._started_at = self._clock.now()
        self._begun: set[int] = set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Handle rows until `stopping` is set; what is in hand is finished first."""
        while not stopping.is_set():
            self._wake.clear()
            rows = await self._next_rows()
            while rows and not stopping.is_set():
                self._reader.want(rows)
                count = await self._handle_some(rows, stopping)
                self._reader.forget(row.id for row in rows[:count])
                rows = rows[count:]
                if 0 < len(rows) < AT_ONCE:
                    rows = _joined(rows, await self._next_rows())  # those behind can be read meanwhile
            if not rows and not stopping.is_set():
                due, look_again = await self._queue.next_due(self._source), self._clock.now() + LOOK_AGAIN
                await self._clock.wait_until(min(due, look_again) if due else look_again, self._wake)

    async def _next_rows(self) -> list[InboxRow]:
        """The longest waiting rows; before them those that go first, while there are more than a batch."""
        now = self._clock.now()
        rows, waiting = await self._queue.take_and_count(self._source, now, BATCH)
        if self._goes_first is None or waiting < BATCH:
            self._ahead = []
            return rows
        heads = await self._queue.heads(self._source, self._looked_at, LOOKED_AHEAD, HEAD)
        if heads:
            self._looked_at = heads[-1][0]
            self._ahead += await self._goes_first(heads)
        chosen, self._ahead = self._ahead[:BATCH], self._ahead[BATCH:]
        first = await self._queue.take_these(self._source, now, chosen) if chosen else []
        if first:  # those behind it were too much for now
            self._ahead = [row_id for row_id in chosen if row_id > first[-1].id] + self._ahead
        return _joined(first, rows)[:BATCH]

    async def _handle_some(self, rows: Sequence[InboxRow], stopping: asyncio.Event) -> int:
        """Handle the first row, and on SQLite with it those behind it; gives how many were handled, well or not."""
        if rows[0].begun >= MOST_BEGINNINGS:
            await self._failed(rows[0], Refused(_ENDED_US.format(times=rows[0].begun)))
            return 1
        most = 1 if self._database.is_postgresql else AT_ONCE
        together = list(takewhile(lambda row: row.attempts == row.begun == 0, rows[:most])) or [rows[0]]
        await self._note_beginning(together)
        if len(together) > 1:
            well, tried = await self._handle_together(together)
        else:
            well, tried = False, 1
        if not well:
            for count, row in enumerate(rows[:tried], start=1):
                await self._handle(row)
                if stopping.is_set():
                    return count
        return tried

    async def _note_beginning(self, rows: Sequence[InboxRow]) -> None:
        """Write down that we begin with rows of an earlier process: one of them may have ended it, and may end us."""
        old = [row.id for row in rows if row.stored_at is None or row.stored_at < self._started_at]
        new = [row_id for row_id in old if row_id not in self._begun]
        if new:
            await self._queue.begin(new)
            self._begun.update(new)

    async def _handle_together(self, rows: Sequence[InboxRow]) -> tuple[bool, int]:
        """Handle rows in one transaction for as long as it may last.

        Returns:
            Whether they are done (else none of them is), and how many were taken, up to the one that failed.
        """
        commands: list[dict[str, object]] = []
        until = asyncio.get_running_loop().time() + SHARED_FOR
        await self._reader.wait(rows[0].id)
        try:
            async with asyncio.timeout(HANDLING_LIMIT), self._database.begin() as uow:
                for row in rows:
                    if not self._reader.is_settled(row.id):  # nobody waits for it with the database locked
                        break
                    with self._named(row):
                        commands.append(await self._apply(row, uow))
                    if asyncio.get_running_loop().time() > until:
                        break
                    await asyncio.sleep(0)  # clicks and other mails are heard in between
        except Exception as error:  # noqa: BLE001  # whatever it is: alone, each row shows what becomes of it
            log.info("several failed together, one by one now", extra={"hezo": {"problem": describe(error)}})
            return False, min(len(commands) + 1, len(rows))
        for row, command in zip(rows, commands, strict=False):
            with self._named(row):
                log.info("handled", extra={"hezo": command})
        return True, len(commands)

    async def _handle(self, row: InboxRow) -> None:
        with self._named(row):
            await self._reader.wait(row.id)
            try:
                async with asyncio.timeout(HANDLING_LIMIT), self._database.begin() as uow:
                    command = await self._apply(row, uow)
            except Exception as error:  # noqa: BLE001  # whatever it is: the next row must go on, people are told
                await self._failed(row, error)
            else:
                log.info("handled", extra={"hezo": command})

    async def _apply(self, row: InboxRow, uow: StoredUnitOfWork) -> dict[str, object]:
        """Do what the row asks for; gives the command's name and the tickets that it was about, for the log."""
        command = self._to_command(row)
        name = type(command).__name__
        uow.transaction.tickets.clear()
        await dispatch(command, uow, replace(self._contexts(), reading=self._reader.get(row.id)))
        if row.source == "slack":
            await uow.inbox.finish_unless_postponed(row.id, self._clock.now(), name)
        return {"command": name, **uow.transaction.tickets_named()}

    def _named(self, row: InboxRow) -> AbstractContextManager[None]:
        return log_context(inbox=row.id, source=self._source)

    async def _failed(self, row: InboxRow, error: Exception) -> None:
        if isinstance(error, AlreadyDone):  # by another process, whose role this was before
            log.info("handled before")
            return
        decision = after_failure(error, row.attempts + 1, self._clock.now(), self._contexts.config.retry)
        if not isinstance(decision, Park):
            log.warning("failed, will be tried again", exc_info=error)
            await self._queue.retry(row.id, decision.at, describe(error))
            self._begun.discard(row.id)  # not before: while it counts as begun, it was by this process, once
            return
        log.error("parked", exc_info=error)
        async with self._database.begin() as uow:
            await uow.inbox.mark_parked(row.id, decision.reason)
            what = PostOperator("inbox_parked", {"inbox": row.id, "source": row.source, "reason": decision.reason})
            await uow.outbox.add(what, dedupe_key=f"parked:{row.id}")
        self._begun.discard(row.id)


def _joined(rows: Sequence[InboxRow], more: Sequence[InboxRow]) -> list[InboxRow]:
    known = {row.id for row in rows}
    return [*rows, *(row for row in more if row.id not in known)]
