"""Performs `FetchFiles`: what an engineer shared in Slack is fetched and kept, to go along with their words.

And `FetchCustomerFiles`: what a customer shared with a message in their shared channel, to stand on their ticket.

A few tries, then the words do not go and people read why: a mail that speaks of a file without it would be worse.
"""

from __future__ import annotations

from bot.commands import FilesFetched
from bot.edges.pacing import Pace
from bot.effects import FetchCustomerFiles, FetchFiles
from bot.errors import Refused, RetryLater
from bot.ports import ChatFiles, OutboxRow
from bot.sendings import SharedFile
from handlers.context import ContextMaker
from handlers.registry import dispatch
from storage.engine import Database

TRIES = 4
"""About a minute, as retries are spaced."""
MEGABYTE = 1_000_000


class FileFetcher:
    """Fetches the files of one engineer's message."""

    def __init__(self, files: ChatFiles, pace: Pace, database: Database, contexts: ContextMaker) -> None:
        self._files = files
        self._pace = pace
        self._database = database
        self._contexts = contexts

    async def perform(self, row: OutboxRow) -> None:
        """See `bot.loops.outbox.Performer`."""
        effect = row.effect
        if isinstance(effect, FetchCustomerFiles):
            await self._of_customer(row, effect)
            return
        assert isinstance(effect, FetchFiles)
        async with self._database.read() as uow:
            wanted = [file for file in (await uow.sendings.get(effect.sending_id)).files if file.sha256 is None]
        digests: dict[str, str] = {}
        problem = ""
        try:
            for file in wanted:
                digests[file.id] = await self._fetch(file, self._contexts.config.replies.files_max_mb)
        except Refused as refusal:
            problem = str(refusal)
        except RetryLater as trouble:
            if row.attempts < TRIES:
                raise
            problem = str(trouble)
        async with self._database.begin() as uow:
            if await uow.outbox.mark_sent(row.id, {}):
                await dispatch(FilesFetched(row.id, digests, problem), uow, self._contexts())

    async def _of_customer(self, row: OutboxRow, effect: FetchCustomerFiles) -> None:
        """What cannot be had is named to the engineers; the rest comes all the same."""
        digests: dict[str, str] = {}
        problems: dict[str, None] = {}
        named: dict[str, tuple[str, str]] = {}
        for shared in effect.files:
            try:
                file = await self._files.described(shared)
                named[file.id] = (file.name, file.content_type)
                digests[file.id] = await self._fetch(file, self._contexts.config.intake.attachment_max_mb)
            except Refused as refusal:
                problems[str(refusal)] = None
            except RetryLater as trouble:
                if row.attempts < TRIES:
                    raise
                problems[str(trouble)] = None
        async with self._database.begin() as uow:
            if await uow.outbox.mark_sent(row.id, {}):
                await dispatch(FilesFetched(row.id, digests, "; ".join(problems), named), uow, self._contexts())

    async def _fetch(self, file: SharedFile, megabytes: float) -> str:
        """Keep what the file holds; gives its hash."""
        async with self._pace.turn("files"):
            content = await self._files.fetch(file, int(megabytes * MEGABYTE))
        async with self._database.begin() as uow:
            return await uow.attachments.keep(content)
