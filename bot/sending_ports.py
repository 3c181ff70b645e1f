"""What the core asks of the store of engineers' words; part of `bot.ports`."""

from __future__ import annotations

from typing import Protocol

from bot.sendings import Sending


class SendingRepo(Protocol):
    """Engineers' words; whoever changes one has locked its ticket before."""

    async def add(self, sending: Sending) -> Sending:
        """Store a new one; its id is made here."""

    async def get(self, sending_id: int) -> Sending:
        """One of them; LookupError when there is none."""

    async def of_message(self, ticket_id: int, slack_ts: str) -> Sending | None:
        """The one that was written as that message of the ticket's thread."""

    async def waiting(self, ticket_id: int) -> tuple[Sending, ...]:
        """Those of a ticket that wait to be sent, the first pressed first."""

    async def update(self, sending: Sending) -> None:
        """Store the changes."""
