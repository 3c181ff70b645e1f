"""Posts the panels of replacements and interviews in their ticket's thread, and edits them from then on.

A deleted panel is posted anew: without it nothing could be pressed.
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.edges import slack_interview
from bot.edges.slack_replacement_panel import ReplacementShown, panel
from bot.effects import PostInterviewPanel, PostReplacementPanel
from bot.errors import Refused, RetryLater
from bot.loops.slack_posts import Follow, Posts, Rendered, is_lost
from bot.ports import OutboxRow, UnitOfWork
from bot.replacements import Replacement
from bot.rules.wording import Words
from storage.engine import Database


class PanelPosts:
    """Performs `PostReplacementPanel` and `PostInterviewPanel`."""

    def __init__(self, posts: Posts, database: Database, words: Words, zone: ZoneInfo) -> None:
        self._posts = posts
        self._database = database
        self._words = words
        self._zone = zone

    async def perform(self, row: OutboxRow, effect: PostReplacementPanel | PostInterviewPanel) -> None:
        """See `bot.loops.outbox.Performer`."""
        if isinstance(effect, PostInterviewPanel):
            await self._interview(row, effect)
        else:
            await self._replacement(row, effect)

    async def _interview(self, row: OutboxRow, effect: PostInterviewPanel) -> None:
        async with self._database.read() as uow:
            interview = await uow.interviews.get(effect.interview_id)

        async def keep(uow: UnitOfWork, ts: str) -> None:
            posted = await uow.interviews.get(effect.interview_id)
            if posted.ticket_id == interview.ticket_id:
                await uow.interviews.update(replace(posted, slack_ts=ts))
            if posted.version != interview.version:  # it went on meanwhile, and the post shows what was
                await uow.outbox.add(PostInterviewPanel(posted.ticket_id, posted.id))

        rendered = slack_interview.panel(interview, self._words, self._zone)
        await self._show(row, interview.ticket_id, interview.slack_ts, rendered, keep)

    async def _replacement(self, row: OutboxRow, effect: PostReplacementPanel) -> None:
        async with self._database.read() as uow:
            replacement = await uow.replacements.get(effect.replacement_id)
            shown = await shown_of(uow, replacement)

        async def keep(uow: UnitOfWork, ts: str) -> None:
            posted = await uow.replacements.get(effect.replacement_id)
            await uow.replacements.update(replace(posted, slack_ts=ts))
            if posted.version != replacement.version:  # it went on meanwhile, and the post shows what was
                await uow.outbox.add(effect)

        rendered = panel(shown, self._words, self._zone)
        await self._show(row, replacement.ticket_id, replacement.slack_ts, rendered, keep)

    async def _show(self, row: OutboxRow, ticket_id: int, ts: str | None, rendered: Rendered, keep: Follow) -> None:
        async with self._database.read() as uow:
            ticket = await uow.tickets.get(ticket_id)
        if ticket.slack_channel is None or ticket.slack_ts is None:
            raise RetryLater("the ticket's head message is not in Slack yet")
        if ts is not None:
            try:
                await self._posts.update(row, ticket.slack_channel, ts, rendered)
            except Refused as refusal:
                if not is_lost(refusal):
                    raise
            else:
                return
        await self._posts.post(row, ticket.slack_channel, ticket.slack_ts, rendered, keep)


async def shown_of(uow: UnitOfWork, replacement: Replacement) -> ReplacementShown:
    """What the panel shows of it now."""
    delivery, way_back = replacement.delivery_clock_id, replacement.return_clock_id
    return ReplacementShown(
        replacement,
        None if delivery is None else (await uow.clocks.get(delivery)).due_at,
        None if way_back is None else (await uow.clocks.get(way_back)).due_at,
        {file.id: file for file in await uow.attachments.of_ticket(replacement.ticket_id)},
    )
