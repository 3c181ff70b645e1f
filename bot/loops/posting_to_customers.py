"""Posts to customers in their threads of shared channels, and lets what follows of it run.

A ticket whose conversation has no thread yet gets one with our first words; so does one whose head message the
customer has deleted: words that are meant for them must not be lost with it.
"""

from __future__ import annotations

from bot.commands import MailSent
from bot.edges.slack_customer import to_customer
from bot.effects import PostToCustomer
from bot.errors import Refused
from bot.loops.slack_posts import Follow, Posts
from bot.ports import OutboxRow, UnitOfWork
from handlers.context import ContextMaker
from handlers.registry import dispatch
from storage.engine import Database


class CustomerPosts:
    """Performs `PostToCustomer`."""

    def __init__(self, posts: Posts, database: Database, contexts: ContextMaker) -> None:
        self._posts = posts
        self._database = database
        self._contexts = contexts

    async def perform(self, row: OutboxRow, effect: PostToCustomer) -> None:
        """See `bot.loops.outbox.Performer`."""
        async with self._database.read() as uow:
            ticket = await uow.tickets.get(effect.ticket_id)
        channel = ticket.customer_channel
        if channel is None:
            raise Refused("the ticket's customer is no longer in a shared channel")
        if ticket.customer_ts is None:
            await self._open_thread(row, effect, channel)
            return
        try:
            await self._posts.post(
                row, channel, ticket.customer_ts, to_customer(effect, opens_thread=False), self._follow(row, effect)
            )
        except Refused as refusal:
            if "thread_not_found" not in str(refusal):
                raise
            await self._open_thread(row, effect, channel)

    async def _open_thread(self, row: OutboxRow, effect: PostToCustomer, channel: str) -> None:
        async def keep(uow: UnitOfWork, ts: str) -> None:
            ticket = await uow.tickets.get(effect.ticket_id)
            ticket.customer_ts = ts
            await uow.tickets.update(ticket)
            await self._told(row, effect, uow, ts)

        await self._posts.post(row, channel, None, to_customer(effect, opens_thread=True), keep)

    def _follow(self, row: OutboxRow, effect: PostToCustomer) -> Follow:
        return lambda uow, ts: self._told(row, effect, uow, ts)

    async def _told(self, row: OutboxRow, effect: PostToCustomer, uow: UnitOfWork, ts: str) -> None:
        if effect.message_id is not None:
            await uow.tickets.set_message_customer_ts(effect.message_id, ts)
        await dispatch(MailSent(row.id), uow, self._contexts())
