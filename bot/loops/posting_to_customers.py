"""Posts to customers in their threads of shared channels, and lets what follows of it run.

A ticket whose conversation has no thread yet gets one with our first words; so does one whose head message the
customer has deleted: words that are meant for them must not be lost with it.
"""

from __future__ import annotations

from bot.commands import MailSent
from bot.edges.pacing import Pace
from bot.edges.slack_channel_forms import offer, told
from bot.edges.slack_channel_ids import Offered
from bot.edges.slack_customer import to_customer
from bot.effects import EditProposal, MailKind, OfferReport, PostOperator, PostToCustomer, TellCustomer
from bot.errors import ChannelUnusable, Refused
from bot.loops.slack_posts import Follow, Posts
from bot.ports import Chat, OutboxRow, UnitOfWork
from bot.rules.customer_channels import message_key
from handlers.context import ContextMaker
from handlers.registry import dispatch
from storage.engine import Database


class CustomerPosts:
    """Performs `PostToCustomer`, `OfferReport` and `TellCustomer`."""

    def __init__(self, posts: Posts, chat: Chat, pace: Pace, database: Database, contexts: ContextMaker) -> None:
        self._posts = posts
        self._chat = chat
        self._pace = pace
        self._database = database
        self._contexts = contexts

    async def perform(self, row: OutboxRow, effect: PostToCustomer | OfferReport | TellCustomer) -> None:
        """See `bot.loops.outbox.Performer`."""
        match effect:
            case PostToCustomer():
                try:
                    await self._post(row, effect)
                except ChannelUnusable as error:
                    await self._tell_operators(error)
                    raise
            case OfferReport():
                await self._offer(row, effect)
            case TellCustomer():
                await self._tell(row, effect)

    async def _tell_operators(self, error: ChannelUnusable) -> None:
        """Where we may not write we may not be told either what customers write: somebody has to mend it, soon."""
        now = self._contexts().now
        notice = PostOperator("customers_channel", {"channel": error.channel, "reason": str(error)})
        key = f"customers_channel:{error.channel}:{error.code}:{now:%Y-%m-%d}"
        async with self._database.begin() as uow:
            await uow.outbox.add(notice, dedupe_key=key)

    async def _offer(self, row: OutboxRow, effect: OfferReport) -> None:
        """Ask, unless what was written is settled already: deleted, or reported by the form."""
        async with self._database.read() as uow:
            waits = await uow.inbox.waits(message_key(effect.channel, effect.ts))
        if waits:
            text, blocks = offer(effect, self._contexts.config.slack.report_after)
            async with self._pace.turn(effect.channel):
                await self._chat.tell(effect.channel, effect.user, text, blocks=blocks, thread_ts=effect.thread_ts)
        await self._posts.sent(row)

    async def _tell(self, row: OutboxRow, effect: TellCustomer) -> None:
        async with self._pace.turn(effect.channel):
            await self._chat.tell(
                effect.channel, effect.user, told(effect), thread_ts=effect.thread_ts,
                response_url=effect.response_url, replaces=True,
            )  # fmt: skip
        await self._posts.sent(row)

    async def _post(self, row: OutboxRow, effect: PostToCustomer) -> None:
        async with self._database.read() as uow:
            ticket = await uow.tickets.get(effect.ticket_id)
        channel = ticket.customer_channel
        if channel is None:
            raise Refused("the ticket's customer is no longer in a shared channel")
        if ticket.customer_ts is None:
            await self._open_thread(row, effect, channel)
            return
        try:
            offered = Offered(ticket.language, ticket.customer_ts)
            rendered = to_customer(effect, offered, opens_thread=False)
            await self._posts.post(row, channel, ticket.customer_ts, rendered, self._follow(row, effect))
        except Refused as refusal:
            if "thread_not_found" not in str(refusal):
                raise
            await self._open_thread(row, effect, channel)

    async def without_choices(self, row: OutboxRow, effect: EditProposal) -> None:
        """Take the buttons from below words that offered times; where these were never posted there are none."""
        async with self._database.read() as uow:
            ticket = await uow.tickets.get(effect.ticket_id)
            message = await uow.tickets.message(int(str(effect.data["message"])))
        if ticket.customer_channel is None or message.customer_ts is None:
            await self._posts.sent(row)
            return
        name = str(effect.data.get("author_name") or "")
        words = PostToCustomer(MailKind.REPLY, ticket.id, ticket.requester, message.text, message.author, name)
        rendered = to_customer(words, opens_thread=message.customer_ts == ticket.customer_ts)
        await self._posts.update(row, ticket.customer_channel, message.customer_ts, rendered)

    async def _open_thread(self, row: OutboxRow, effect: PostToCustomer, channel: str) -> None:
        async def keep(uow: UnitOfWork, ts: str) -> None:
            ticket = await uow.tickets.get(effect.ticket_id)
            ticket.customer_ts = ts
            await uow.tickets.update(ticket)
            await self._told(row, effect, uow, ts)

        await self._posts.post(row, channel, None, to_customer(effect, None, opens_thread=True), keep)

    def _follow(self, row: OutboxRow, effect: PostToCustomer) -> Follow:
        return lambda uow, ts: self._told(row, effect, uow, ts)

    async def _told(self, row: OutboxRow, effect: PostToCustomer, uow: UnitOfWork, ts: str) -> None:
        await uow.tickets.get(effect.ticket_id)  # its lock first, as everybody takes it, or two wait for each other
        if effect.message_id is not None:
            await uow.tickets.set_message_customer_ts(effect.message_id, ts)
        await dispatch(MailSent(row.id), uow, self._contexts())
