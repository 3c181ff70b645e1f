"""Posts escalations: the head message, which is edited, and in its thread the calls and the lines of its history.

A call is a post of its own in the thread, with all mentions in one message: Slack notifies nobody of an edit, and
whoever is mentioned in a thread is notified as in the channel, user groups included, and follows the thread from then
on. It is not shown in the channel as well (`reply_broadcast`): there every escalation is one message, which says what
is now. The head message itself is posted without mentions, so that nobody is called twice; its first edit brings them.

A deleted head message silences nobody: it is posted anew, and a call whose thread is gone goes to the channel itself.
So it is with a head message in a channel that was archived or left, once another one is configured.
"""

from __future__ import annotations

from functools import partial
from zoneinfo import ZoneInfo

from bot.config import Config
from bot.edges.slack_escalation import call, history
from bot.edges.slack_escalation_card import EscalationShown, head
from bot.edges.slack_links import message_url
from bot.effects import PostEscalationCall, PostEscalationCard, PostEscalationLine
from bot.errors import ChannelUnusable, HezoError, Refused, RetryLater
from bot.escalations import Escalation
from bot.loops.slack_posts import Posts, Rendered, has_no_thread, is_lost
from bot.model import Direction, Language, Message
from bot.ports import Chat, Clock, OutboxRow, UnitOfWork
from bot.rules.calendars import calendar_from_config
from bot.rules.escalation import Call, CallKind, Chain, next_call
from bot.rules.wording import words
from handlers.escalations import progress_of
from storage.engine import Database


class EscalationPosts:
    """Performs `PostEscalationCard`, `PostEscalationCall` and `PostEscalationLine`."""

    def __init__(self, posts: Posts, chat: Chat, database: Database, clock: Clock, config: Config) -> None:
        self._posts = posts
        self._chat = chat
        self._database = database
        self._clock = clock
        self._config = config
        self._words = words("staff", Language(config.service.staff_language))
        self._zone = ZoneInfo(config.service.timezone)

    async def perform(
        self, row: OutboxRow, effect: PostEscalationCard | PostEscalationCall | PostEscalationLine
    ) -> None:
        """See `bot.loops.outbox.Performer`."""
        match effect:
            case PostEscalationCard():
                await self._show(row, effect)
            case PostEscalationCall():
                await self._call(row, effect)
            case PostEscalationLine():
                await self._tell(row, effect)

    async def _show(self, row: OutboxRow, effect: PostEscalationCard) -> None:
        shown = await self._shown(effect.escalation_id)
        rendered = self._head(shown)
        channel, ts = shown.escalation.slack_channel, shown.escalation.slack_ts
        if channel and ts:
            try:
                await self._posts.update(row, channel, ts, rendered)
            except (Refused, ChannelUnusable) as error:
                if not (is_lost(error) or self._is_elsewhere(error, channel)):
                    raise
            else:
                return
        channel = self._config.slack.escalation_channel
        first = self._head(shown, is_first=True)

        async def keep(uow: UnitOfWork, ts: str) -> None:
            posted = await uow.escalations.get(effect.escalation_id)
            posted.slack_channel, posted.slack_ts = channel, ts
            await uow.escalations.update(posted)
            if first != rendered:
                await uow.outbox.add(effect)

        await self._posts.post(row, channel, None, first, keep)

    def _head(self, shown: EscalationShown, *, is_first: bool = False) -> Rendered:
        return head(shown, self._clock.now(), self._words, self._zone, is_first=is_first)

    async def _call(self, row: OutboxRow, effect: PostEscalationCall) -> None:
        shown = await self._shown(effect.escalation_id)
        if not still_calls(effect, shown.escalation):
            await self._posts.sent(row)
            return
        await self._in_thread(row, shown.escalation, call(effect, shown, self._clock.now(), self._words, self._zone))

    async def _tell(self, row: OutboxRow, effect: PostEscalationLine) -> None:
        async with self._database.read() as uow:
            escalation = await uow.escalations.get(effect.escalation_id)
        await self._in_thread(row, escalation, history(effect, self._words, self._zone))

    async def _in_thread(self, row: OutboxRow, escalation: Escalation, rendered: Rendered) -> None:
        if escalation.slack_channel is None or escalation.slack_ts is None:
            raise RetryLater("the escalation's head message is not in Slack yet")
        try:
            await self._posts.post(row, escalation.slack_channel, escalation.slack_ts, rendered)
        except (Refused, ChannelUnusable) as error:
            if not (has_no_thread(error) or self._is_elsewhere(error, escalation.slack_channel)):
                raise
            await self._posts.post(row, self._config.slack.escalation_channel, None, rendered)

    def _is_elsewhere(self, error: HezoError, channel: str) -> bool:
        """Whether escalations are shown in another channel by now, and the old one can be used no more."""
        return isinstance(error, ChannelUnusable) and channel != self._config.slack.escalation_channel

    async def _shown(self, escalation_id: int) -> EscalationShown:
        async with self._database.read() as uow:
            escalation = await uow.escalations.get(escalation_id)
            view = await uow.tickets.view(escalation.ticket_id)
            messages = await uow.tickets.messages(escalation.ticket_id)
        ticket, url = view.ticket, None
        if ticket.slack_channel and ticket.slack_ts:
            url = message_url(await self._chat.workspace_url(), ticket.slack_channel, ticket.slack_ts)
        return EscalationShown(
            escalation,
            view,
            self._next_call(escalation),
            _last([message for message in messages if message.direction is Direction.FROM_CUSTOMER]),
            _last([m for m in messages if m.direction is Direction.TO_CUSTOMER and not m.automatic]),
            url,
        )

    def _next_call(self, escalation: Escalation) -> Call | None:
        calendar_of = partial(calendar_from_config, config=self._config)
        return next_call(Chain.from_json(escalation.chain), progress_of(escalation), calendar_of, escalation.window)


def still_calls(effect: PostEscalationCall, escalation: Escalation) -> bool:
    """Whether a call that waited is still to be made: no later one was, and nobody has it who is not asked by it."""
    has_somebody, asks_them = escalation.acknowledged_at is not None, effect.kind == CallKind.ASK_AGAIN
    return escalation.is_open and escalation.calls == effect.call and has_somebody == asks_them


def _last(messages: list[Message]) -> Message | None:
    return messages[-1] if messages else None
