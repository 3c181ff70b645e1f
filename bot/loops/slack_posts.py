"""What every post and edit in Slack has in common: its turn, its doubt, and the mark that it is sent."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from bot.edges.pacing import Pace
from bot.effects import PostOperator
from bot.errors import HezoError, Refused
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
CLOSED = "edit_window_closed"
"""Slack: the workspace's settings allow edits for some time only, or not at all."""
_LOST = ("message_not_found", "cant_update_message")


def is_lost(error: HezoError) -> bool:
    """Whether a message cannot be edited any more: it was deleted, or an earlier installation of the app wrote it."""
    return isinstance(error, Refused) and any(code in str(error) for code in _LOST)


def has_no_thread(error: HezoError) -> bool:
    """Whether the message is gone in whose thread it was to be posted."""
    return isinstance(error, Refused) and "thread_not_found" in str(error)


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
        """Replace a message; where edits are forbidden it stays as it is, and operators are told, once a day.

        Raises as `bot.ports.Chat`.
        """
        text, blocks = rendered
        try:
            async with self._pace.turn(EDITS, urgent=row.urgent):
                await self._chat.update(channel, ts, text, blocks)
        except Refused as refusal:
            if CLOSED not in str(refusal):
                raise
            await self._tell_of_closed(row, channel)
        await self.sent(row, ts, keep)

    async def _tell_of_closed(self, row: OutboxRow, channel: str) -> None:
        """What waited for edits to be allowed would hold up all that stands behind it; the next edit tries again."""
        notice = PostOperator(CLOSED, {"channel": channel})
        async with self._database.begin() as uow:
            await uow.outbox.add(notice, dedupe_key=f"{CLOSED}:{channel}:{row.created_at:%Y-%m-%d}")

    async def sent(self, row: OutboxRow, ts: str | None = None, keep: Follow | None = None) -> None:
        """Mark a row as sent, together with what follows of it; `ts` is None where nothing was to be posted."""
        async with self._database.begin() as uow:
            sent = await uow.outbox.mark_sent(row.id, {"ts": ts} if ts else {})
            if sent and keep is not None and ts is not None:
                await keep(uow, ts)
