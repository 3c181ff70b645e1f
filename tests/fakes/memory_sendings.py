"""Engineers' words in the fake."""

from __future__ import annotations

from dataclasses import replace

from bot.sendings import Sending, SendingState
from tests.fakes.memory_tables import Tables, kept_text, utc, utc_or_none


class MemorySendings:
    """`bot.ports.SendingRepo` over a dictionary."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, sending: Sending) -> Sending:
        """Store a new one; its id is made here."""
        if sending.slack_ts is not None and await self.of_message(sending.ticket_id, sending.slack_ts) is not None:
            raise ValueError(f"the message {sending.slack_ts} is stored already")
        added = replace(sending, id=self._tables.next_id())
        self._tables.put(self._tables.sendings, added.id, _to_keep(added))
        return _to_keep(added)

    async def get(self, sending_id: int) -> Sending:
        """One of them; LookupError when there is none."""
        if sending_id not in self._tables.sendings:
            raise LookupError(f"there is no sending with id {sending_id}")
        return replace(self._tables.sendings[sending_id])

    async def of_message(self, ticket_id: int, slack_ts: str) -> Sending | None:
        """The one that was written as that message of the ticket's thread."""
        found = (each for each in self._tables.sendings.values() if each.ticket_id == ticket_id)
        return next((replace(each) for each in found if each.slack_ts == slack_ts), None)

    async def waiting(self, ticket_id: int) -> tuple[Sending, ...]:
        """Those of a ticket that wait to be sent, the first pressed first."""
        found = [each for each in self._tables.sendings.values() if each.ticket_id == ticket_id]
        return tuple(replace(each) for each in found if each.state is SendingState.WAITING)

    async def update(self, sending: Sending) -> None:
        """Store the changes; LookupError when there is none."""
        await self.get(sending.id)
        self._tables.put(self._tables.sendings, sending.id, _to_keep(sending))


def _to_keep(sending: Sending) -> Sending:
    return replace(
        sending,
        text=kept_text(sending.text),
        written_at=utc(sending.written_at),
        pressed_at=utc_or_none(sending.pressed_at),
        send_at=utc_or_none(sending.send_at),
    )
