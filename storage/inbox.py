"""What arrived, within a transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, TextClause, bindparam, func, select, text, update

from bot.ports import InboxState
from storage.built_once import built_once
from storage.errors import AlreadyDone
from storage.schema import inbox
from storage.transaction import Transaction
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

    async def body(self, inbox_id: int) -> bytes:
        """The octets of a row; LookupError when there is none."""
        found = await self._transaction.connection.scalar(select(inbox.c.body).where(inbox.c.id == inbox_id))
        if found is None:
            raise LookupError(f"there is no inbox row with id {inbox_id}")
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
            inbox_id, {"attempts": inbox.c.attempts + 1, "next_attempt_at": at, "error": error}
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
