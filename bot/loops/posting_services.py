"""Posts the daily message about contracts and services, and edits it as somebody decides."""

from __future__ import annotations

from datetime import date

from bot.config import Config
from bot.edges.slack_services import NoticeShown, digest
from bot.effects import PostServiceDigest
from bot.errors import Refused
from bot.loops.slack_posts import Posts, is_lost
from bot.model import Language
from bot.ports import OutboxRow, UnitOfWork
from bot.rules.wording import words
from storage.engine import Database


class ServicePosts:
    """Performs `PostServiceDigest`."""

    def __init__(self, posts: Posts, database: Database, config: Config) -> None:
        self._posts = posts
        self._database = database
        self._config = config
        self._words = words("staff", Language(config.service.staff_language))

    async def perform(self, row: OutboxRow, effect: PostServiceDigest) -> None:
        """See `bot.loops.outbox.Performer`. A message that somebody deleted is posted anew."""
        day = date.fromisoformat(effect.day)
        async with self._database.read() as uow:
            shown = [await _shown(uow, notice_id) for notice_id in [each.id for each in await uow.notices.of_day(day)]]
        rendered = digest(shown, day, effect.more, self._words)
        channel = self._config.slack.support_channel
        ts = next((one.notice.slack_ts for one in shown if one.notice.slack_ts), None)
        if ts is not None:
            try:
                await self._posts.update(row, channel, ts, rendered)
            except Refused as refusal:
                if not is_lost(refusal):
                    raise
            else:
                return

        async def keep(uow: UnitOfWork, ts: str) -> None:
            for one in shown:
                notice = await uow.notices.get(one.notice.id)
                notice.slack_ts = ts
                await uow.notices.update(notice)

        await self._posts.post(row, channel, None, rendered, keep)


async def _shown(uow: UnitOfWork, notice_id: int) -> NoticeShown:
    notice = await uow.notices.get(notice_id)
    number = None if notice.ticket_id is None else (await uow.tickets.get(notice.ticket_id)).number
    return NoticeShown(notice, await uow.contracts.get(notice.contract_id), number)
