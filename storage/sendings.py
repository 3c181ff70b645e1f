"""Engineers' words that may go, go, or went to a customer."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from bot.sendings import Sending, SendingState, SharedFile
from storage.sending_tables import sendings
from storage.transaction import Transaction
from storage.types import literal

_ADD = sendings.insert().returning(sendings.c.id)
_BY_ID = select(sendings).where(sendings.c.id == bindparam("its_id"))
_OF_MESSAGE = select(sendings).where(
    sendings.c.ticket_id == bindparam("its_ticket"),
    sendings.c.slack_ts.is_not(None),
    sendings.c.slack_ts == bindparam("its_ts"),
)
_WAITING = (
    select(sendings)
    .where(sendings.c.state == literal(SendingState.WAITING), sendings.c.ticket_id == bindparam("its_ticket"))
    .order_by(sendings.c.id)
)
_UPDATE = update(sendings).where(sendings.c.id == bindparam("its_id"))


class StoredSendings:
    """`bot.ports.SendingRepo` over the table sendings."""

    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    async def add(self, sending: Sending) -> Sending:
        """Store a new one; its id is made here."""
        result = await self._connection.execute(_ADD, _values(sending))
        return replace(sending, id=result.scalar_one())

    async def get(self, sending_id: int) -> Sending:
        """One of them; LookupError when there is none."""
        row = (await self._connection.execute(_BY_ID, {"its_id": sending_id})).one_or_none()
        if row is None:
            raise LookupError(f"there is no sending with id {sending_id}")
        return _sending_of(row)

    async def of_message(self, ticket_id: int, slack_ts: str) -> Sending | None:
        """The one that was written as that message of the ticket's thread."""
        values = {"its_ticket": ticket_id, "its_ts": slack_ts}
        row = (await self._connection.execute(_OF_MESSAGE, values)).one_or_none()
        return None if row is None else _sending_of(row)

    async def waiting(self, ticket_id: int) -> tuple[Sending, ...]:
        """Those of a ticket that wait to be sent, the first pressed first."""
        rows = await self._connection.execute(_WAITING, {"its_ticket": ticket_id})
        return tuple(_sending_of(row) for row in rows)

    async def update(self, sending: Sending) -> None:
        """Store the changes; LookupError when there is none."""
        result = await self._connection.execute(_UPDATE, _values(sending) | {"its_id": sending.id})
        if result.rowcount != 1:
            raise LookupError(f"there is no sending with id {sending.id}")


def _values(sending: Sending) -> dict[str, object]:
    values: dict[str, object] = {name: value for name, value in asdict(sending).items() if name != "id"}
    return values | {"files": [asdict(file) for file in sending.files]}


def _sending_of(row: Row[*tuple[Any, ...]]) -> Sending:
    return Sending(**{**row._asdict(), "files": tuple(SharedFile(**file) for file in row.files)})
