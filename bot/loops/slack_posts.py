"""What every post and edit in Slack has in common: its turn, its doubt, and the mark that it is sent."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from bot.edges.pacing import Pace
from bot.loops.noting import noting
from bot.ports import Chat, OutboxRow, UnitOfWork
from storage.engine import Database

log = logging.getLogger(__name__)

Blocks = list[dict[str, object]]
Rendered = tuple[str, Blocks]
"""The fallback text, and the blocks."""
Follow = Callable[[UnitOfWork, str], Awaitable[None]]
"""What follows from a post, given its ts, in the transaction that marks it as sent."""

EDITS = "chat.update"
"""Edits are paced together: Slack counts them by method, posts by channel."""


class Posts:
    """Posts and edits; at most one post a second and channel on average (Slack's limit), obeying Retry-After."""

    def __init__(self, chat: Chat, pace: Pace, database: Database) -> None:
        self._chat = chat
        self._pace = pace
        self._database = database

    async def post(
        self, row: OutboxRow, channel: str, thread_ts: str | None, rendered: Rendered, keep: Follow | None = None
    ) -> None:
        """Post once: in doubt, look for our key before posting again. Raises as `bot.ports.Chat`, and NotNoted."""
        ts = None
        if row.in_doubt:
            ts = await self._chat.find(channel, row.key, thread_ts=thread_ts, since=row.created_at)
            log.info("in doubt, and looked up", extra={"hezo": {"there": ts is not None}})
        if ts is None:
            text, blocks = rendered
            async with self._pace.turn(channel, urgent=row.urgent):
                ts = await self._chat.post(channel, text, blocks, key=row.key, thread_ts=thread_ts)
        with noting():
            await self.sent(row, ts, keep)

    async def update(
        self, row: OutboxRow, channel: str, ts: str, rendered: Rendered, keep: Follow | None = None
    ) -> None:
        """Replace a message. Raises as `bot.ports.Chat`."""
        text, blocks = rendered
        async with self._pace.turn(EDITS, urgent=row.urgent):
            await self._chat.update(channel, ts, text, blocks)
        await self.sent(row, ts, keep)

    async def sent(self, row: OutboxRow, ts: str | None = None, keep: Follow | None = None) -> None:
        """Mark a row as sent, together with what follows of it; `ts` is None where nothing was to be posted."""
        async with self._database.begin() as uow:
            sent = await uow.outbox.mark_sent(row.id, {"ts": ts} if ts else {})
            if sent and keep is not None and ts is not None:
                await keep(uow, ts)
