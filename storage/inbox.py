"""What arrived, within a transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, TextClause, bindparam, func, select, text, update

from bot.ports import InboxState
from storage.built_once import built_once
from storage.errors import AlreadyDone
from storage.schema import inbox
from storage.transaction import Transaction, Wake
from storage.types import literal

MAIL = "mail"
SLACK = "slack"
"""The sources of the inbox."""

_FINISH = built_once(update(inbox).where(inbox.c.id == bindparam("its_id"), inbox.c.state == literal(InboxState.NEW)))


class StoredInbox:
    """`bot.ports.InboxRepo` over the table inbox, and a row's outcomes, to be committed with what follows of them."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def finish(self, inbox_id: int, state: InboxState, outcome: str, ticket_id: int | None = None) -> None:
        """Say what became of a row; `outcome` is a short reason for people.

        Raises:
            AlreadyDone: the row is no longer new: another process, or this one before a broken COMMIT, did it all.
        """
        result = await self._transaction.connection.execute(
            _FINISH,
            {
                "its_id": inbox_id,
                "state": state,
                "outcome": outcome,
                "ticket_id": ticket_id,
                "finished_at": self._transaction.clock.now(),
            },
        )
        if result.rowcount != 1:
            raise AlreadyDone(f"inbox row {inbox_id} was finished before")

    async def postpone(self, inbox_id: int, until: datetime) -> None:
        """Handle a row anew then; until that it counts as not yet understood.

        Raises:
            AlreadyDone: the row is no longer new.
        """
        if not await self._change_new(inbox_id, {"next_attempt_at": until}):
            raise AlreadyDone(f"inbox row {inbox_id} was finished before")
        self._transaction.wakes.add(Wake.SLACK_INBOX)

    async def finish_unless_postponed(self, inbox_id: int, now: datetime, outcome: str) -> None:
        """The handler is done with a row, but for one that it put off beyond `now`. Raises as `finish`."""
        waits = select(inbox.c.id).where(
            inbox.c.id == inbox_id, inbox.c.state == literal(InboxState.NEW), inbox.c.next_attempt_at > now
        )
        if await self._transaction.connection.scalar(waits) is None:
            await self.finish(inbox_id, InboxState.DONE, outcome)

    async def waits(self, key: str) -> bool:
        """Whether the message of that key is postponed."""
        query = select(inbox.c.id).where(*_waiting(key))
        return await self._transaction.connection.scalar(query) is not None

    async def waiting_body(self, key: str) -> bytes | None:
        """The postponed message of that key, as it was recorded."""
        body = await self._transaction.connection.scalar(select(inbox.c.body).where(*_waiting(key)))
        return None if body is None else bytes(body)

    async def hasten(self, key: str, at: datetime) -> bool:
        """Handle the postponed message of that key already then; False when none waits."""
        self._transaction.wakes.add(Wake.SLACK_INBOX)
        return await self._change_waiting(key, {"next_attempt_at": at})

    async def settle_waiting(self, key: str, outcome: str) -> bool:
        """Never handle the postponed message of that key; False when none waits."""
        finished_at = self._transaction.clock.now()
        return await self._change_waiting(
            key, {"state": InboxState.DONE, "outcome": outcome, "finished_at": finished_at}
        )

    async def _change_waiting(self, key: str, values: dict[str, Any]) -> bool:
        result = await self._transaction.connection.execute(update(inbox).where(*_waiting(key)).values(values))
        return result.rowcount == 1

    async def body(self, inbox_id: int) -> bytes:
        """The octets of a row; LookupError when there is none, or its octets are kept no longer."""
        found = await self._transaction.connection.scalar(select(inbox.c.body).where(inbox.c.id == inbox_id))
        if not found:
            raise LookupError(f"there is no inbox row with id {inbox_id}, or it is kept no longer")
        return bytes(found)

    async def holds_unread_copy(self, rfc_message_id: str) -> bool:
        """Whether a mail with this Message-ID is stored and not yet handled; looks at what waits, not at all mails."""
        needle = rfc_message_id.encode()
        if self._transaction.is_postgresql:
            position = text("position(:needle IN inbox.body) > 0")
            found: ColumnElement[bool] | TextClause = position.bindparams(bindparam("needle", needle, LargeBinary))
        else:
            found = func.instr(inbox.c.body, bindparam("needle", needle, LargeBinary)) > 0
        waiting = select(inbox.c.id).where(inbox.c.state == literal(InboxState.NEW), inbox.c.source == MAIL, found)
        return await self._transaction.connection.scalar(waiting.limit(1)) is not None

    async def mark_retry(self, inbox_id: int, at: datetime, error: str) -> bool:
        """Count an attempt and wait until `at`; False when the row is no longer new."""
        return await self._change_new(
            inbox_id, {"attempts": inbox.c.attempts + 1, "begun": 0, "next_attempt_at": at, "error": error}
        )

    async def mark_parked(self, inbox_id: int, error: str) -> bool:
        """Count an attempt and set the row aside; False when it is no longer new."""
        return await self._change_new(
            inbox_id,
            {
                "attempts": inbox.c.attempts + 1,
                "state": InboxState.PARKED,
                "error": error,
                "finished_at": self._transaction.clock.now(),
            },
        )

    async def _change_new(self, inbox_id: int, values: dict[str, Any]) -> bool:
        result = await self._transaction.connection.execute(
            update(inbox).where(inbox.c.id == inbox_id, inbox.c.state == literal(InboxState.NEW)).values(values)
        )
        return result.rowcount == 1


def _waiting(key: str) -> tuple[ColumnElement[bool], ...]:
    """The second condition only names the index."""
    new = literal(InboxState.NEW)
    return inbox.c.content_key == key, inbox.c.state != literal(InboxState.DUPLICATE), inbox.c.state == new
