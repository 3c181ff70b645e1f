"""What the Slack socket needs of us within its three seconds: record a payload, read a ticket for a form."""

from __future__ import annotations

from bot.model import Message, TicketView
from bot.ports import Clock
from storage.engine import Database
from storage.queues import InboxQueue


class SlackDesk:
    """Implements `bot.edges.slack_socket.Recorder` and `Screens` over the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._queue = InboxQueue(database)
        self._clock = clock

    async def record(self, key: str, kind: str, body: bytes) -> bool:
        """Store a payload and commit; False when it was seen before."""
        return await self._queue.add_slack(key, kind, body, self._clock.now())

    async def ticket_view(self, ticket_id: int) -> TicketView:
        """The ticket as a form shows it; LookupError when there is none."""
        async with self._database.read() as uow:
            return await uow.tickets.view(ticket_id)

    async def messages(self, ticket_id: int) -> tuple[Message, ...]:
        """The conversation so far, oldest first."""
        async with self._database.read() as uow:
            return await uow.tickets.messages(ticket_id)
