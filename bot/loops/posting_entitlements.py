"""Posts uses of entitlements in their tickets' threads, and edits them as things change."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.config import Config
from bot.edges.slack_entitlement import UseShown, moved_panel, panel
from bot.effects import PostEntitlement
from bot.entitlements import DeviceStanding
from bot.errors import Refused, RetryLater
from bot.loops.slack_posts import Posts, is_lost
from bot.model import Contract, Language
from bot.ports import Clock, OutboxRow, UnitOfWork
from bot.rules.entitlements import deadline, local_day, standing, standings
from bot.rules.wording import words
from storage.engine import Database


class EntitlementPosts:
    """Performs `PostEntitlement`."""

    def __init__(self, posts: Posts, database: Database, clock: Clock, config: Config) -> None:
        self._posts = posts
        self._database = database
        self._clock = clock
        self._config = config
        self._words = words("staff", Language(config.service.staff_language))
        self._zone = ZoneInfo(config.service.timezone)

    async def perform(self, row: OutboxRow, effect: PostEntitlement) -> None:
        """See `bot.loops.outbox.Performer`. A message that somebody deleted is posted anew."""
        shown = await self._shown(effect.use_id)
        if effect.left_ts is not None:
            await self._left(row, effect.ticket_id, effect.left_ts, shown)
            return
        ticket, use = shown.ticket, shown.use
        if ticket.slack_channel is None or ticket.slack_ts is None:
            raise RetryLater("the ticket's head message is not in Slack yet")
        if use.slack_ts is not None:
            try:
                rendered = panel(shown, self._words, self._zone)
                await self._posts.update(row, ticket.slack_channel, use.slack_ts, rendered)
            except Refused as refusal:
                if not is_lost(refusal):
                    raise
            else:
                return

        async def keep(uow: UnitOfWork, ts: str) -> None:
            await uow.tickets.get(ticket.id)  # locked: nobody decides about the use meanwhile
            posted = await uow.entitlements.get(use.id)
            posted.slack_ts = ts
            await uow.entitlements.update(posted)

        rendered = panel(shown, self._words, self._zone, effect.mention)
        await self._posts.post(row, ticket.slack_channel, ticket.slack_ts, rendered, keep)

    async def _left(self, row: OutboxRow, ticket_id: int, ts: str, shown: UseShown) -> None:
        async with self._database.read() as uow:
            channel = (await uow.tickets.get(ticket_id)).slack_channel
        assert channel is not None, "its message stands there"
        try:
            await self._posts.update(row, channel, ts, moved_panel(shown, self._words))
        except Refused as refusal:
            if not is_lost(refusal):
                raise
            await self._posts.sent(row)

    async def _shown(self, use_id: int) -> UseShown:
        async with self._database.read() as uow:
            saw = await uow.last_line((await uow.entitlements.get(use_id)).ticket_id)
            use = await uow.entitlements.get(use_id)
            contract = await uow.contracts.get(use.contract_id)
            uses = await uow.entitlements.of_contract(use.contract_id)
            ticket = await uow.tickets.get(use.ticket_id)
        today, terms = local_day(self._clock.now(), self._zone), self._config.entitlements
        day, serial = use.done_on or today, use.serial or ""
        return UseShown(
            use,
            ticket,
            contract,
            standing(use.kind, serial, contract, uses, day, today, terms, without=use.id),
            standing(use.kind, serial, contract, uses, day, today, terms),
            deadline(use, terms),
            saw,
        )


async def standings_of(
    uow: UnitOfWork, contract: Contract | None, now: datetime, config: Config
) -> tuple[DeviceStanding, ...]:
    """What every device of a contract has used as of now; nothing without a contract."""
    if contract is None:
        return ()
    today = local_day(now, ZoneInfo(config.service.timezone))
    return standings(contract, await uow.entitlements.of_contract(contract.id), today, config.entitlements)
