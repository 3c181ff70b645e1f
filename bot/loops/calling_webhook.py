"""Performs `CallWebhook`: what was decided goes out with what is stored by then, unless it is over.

A pager rings people: a call that waited while a later one was made, while somebody acknowledged, or until the
escalation ended, is not made any more. What became of a call is always told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.edges.slack_links import message_url
from bot.edges.webhook import Webhook
from bot.effects import CallWebhook
from bot.errors import HezoError
from bot.escalations import Escalation
from bot.model import JournalEntry, SlaClock, TicketView
from bot.ports import Clock, OutboxRow
from storage.engine import Database

log = logging.getLogger(__name__)

LINK_WITHIN = 2.0
"""Seconds that Slack gets to say where its messages are; a call does not wait longer for its link."""


class WebhookPerformer:
    """Makes one call of the webhook.

    Args:
        workspace_url: Where the Slack workspace is (`bot.ports.Chat.workspace_url`).
    """

    def __init__(
        self, webhook: Webhook, database: Database, clock: Clock, workspace_url: Callable[[], Awaitable[str]]
    ) -> None:
        self._webhook = webhook
        self._database = database
        self._clock = clock
        self._workspace_url = workspace_url

    async def perform(self, row: OutboxRow) -> None:
        """See `bot.loops.outbox.Performer`. A call in doubt is repeated: the receiver knows it by its id."""
        effect = row.effect
        assert isinstance(effect, CallWebhook)
        async with self._database.read() as uow:
            escalation = await uow.escalations.get(effect.escalation_id)
            view = await uow.tickets.view(escalation.ticket_id)
            journal = await uow.journal_of(escalation.ticket_id)
        made = _still_counts(effect, escalation)
        if made:
            link = await self._link(escalation)
            now = self._clock.now()
            told = {
                **effect.data,
                "id": row.key,
                "sent_at": now.isoformat(),
                "customer": view.contract.customer if view.contract else None,
                "clock": _clock(view, escalation, now),
                "called": _called(journal, escalation),
                "link": link,
            }
            await self._webhook.call(row.key, told, now)
        else:
            log.info("not called: it is over")
        async with self._database.begin() as uow:
            await uow.outbox.mark_sent(row.id, {"called": made})

    async def _link(self, escalation: Escalation) -> str | None:
        """The escalation's message in Slack, if it stands there and Slack says where that is."""
        if escalation.slack_channel is None or escalation.slack_ts is None:
            return None
        try:
            async with asyncio.timeout(LINK_WITHIN):
                url = await self._workspace_url()
        except (HezoError, TimeoutError):
            return None
        return message_url(url, escalation.slack_channel, escalation.slack_ts)


def _still_counts(effect: CallWebhook, escalation: Escalation) -> bool:
    if effect.event != "call":
        return True
    had_somebody, has_somebody = effect.data.get("owner") is not None, escalation.acknowledged_at is not None
    return escalation.is_open and escalation.calls == effect.data.get("call") and had_somebody == has_somebody


def _clock(view: TicketView, escalation: Escalation, now: datetime) -> dict[str, object] | None:
    """The clock that raised it, and by how many seconds it is late (elapsed time; 0 before it is due)."""
    clock: SlaClock | None = next((each for each in view.clocks if each.id == escalation.clock_id), None)
    if clock is None:
        return None
    late = max(0, int(((clock.ended_at or now) - clock.due_at).total_seconds()))
    return {"kind": clock.kind, "due_at": clock.due_at.isoformat(), "late_s": late}


def _called(journal: tuple[JournalEntry, ...], escalation: Escalation) -> list[object]:
    """The Slack ids of those whom the last call mentioned."""
    for entry in reversed(journal):
        if entry.kind == "escalation_called" and entry.data.get("escalation") == escalation.id:
            mention = entry.data.get("mention")
            return mention if isinstance(mention, list) else []
    return []
