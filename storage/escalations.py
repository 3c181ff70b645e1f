"""Escalations, and the shifts of the duty rota that people set."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, text, update

from bot.escalations import DutyShift, Escalation
from storage.errors import StaleTicket
from storage.escalation_tables import duty_shifts, escalations
from storage.transaction import Transaction

_OPEN = escalations.c.ended_at.is_(None)
_STANDS = duty_shifts.c.removed_at.is_(None)


class StoredEscalations:
    """`bot.escalation_ports.EscalationRepo` over the table escalations."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def add(self, escalation: Escalation) -> Escalation:
        """Store a new escalation; its id is made here."""
        result = await self._connection.execute(escalations.insert().returning(escalations.c.id), _values(escalation))
        return replace(escalation, id=result.scalar_one())

    async def get(self, escalation_id: int) -> Escalation:
        """One escalation, locked for this transaction; LookupError when there is none."""
        query = select(escalations).where(escalations.c.id == escalation_id)
        row = (await self._connection.execute(self._locked(query))).one_or_none()
        if row is None:
            raise LookupError(f"there is no escalation with id {escalation_id}")
        return _escalation_of(row)

    async def open_of_ticket(self, ticket_id: int) -> Escalation | None:
        """The ticket's escalation that has not ended, locked for this transaction."""
        query = select(escalations).where(escalations.c.ticket_id == ticket_id, _OPEN)
        row = (await self._connection.execute(self._locked(query))).one_or_none()
        return None if row is None else _escalation_of(row)

    async def of_ticket(self, ticket_id: int) -> tuple[Escalation, ...]:
        """All escalations of a ticket, oldest first."""
        query = select(escalations).where(escalations.c.ticket_id == ticket_id).order_by(escalations.c.id)
        return tuple(_escalation_of(row) for row in await self._connection.execute(query))

    async def all_open(self, limit: int) -> tuple[Escalation, ...]:
        """Escalations that have not ended, the longest waiting first."""
        query = select(escalations).where(_OPEN).order_by(escalations.c.began_at, escalations.c.id).limit(limit)
        return tuple(_escalation_of(row) for row in await self._connection.execute(query))

    async def update(self, escalation: Escalation) -> None:
        """Store the changes and grow the version.

        Raises:
            StaleTicket: somebody changed it meanwhile; the handling is repeated with what it is now.
        """
        result = await self._connection.execute(
            update(escalations)
            .where(escalations.c.id == escalation.id, escalations.c.version == escalation.version)
            .values(_values(escalation) | {"version": escalation.version + 1})
        )
        if result.rowcount != 1:
            raise StaleTicket(f"escalation {escalation.id} is no longer at version {escalation.version}")
        escalation.version += 1

    def _locked(self, query: Any) -> Any:
        return query.with_for_update() if self._transaction.locks_rows else query


class StoredDuty:
    """`bot.escalation_ports.DutyRepo` over the table duty_shifts."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def add(self, shift: DutyShift) -> DutyShift:
        """Store a shift; its id is made here."""
        values = {name: value for name, value in asdict(shift).items() if name != "id"}
        result = await self._connection.execute(duty_shifts.insert().returning(duty_shifts.c.id), values)
        return replace(shift, id=result.scalar_one())

    async def remove(self, shift_id: int, at: datetime) -> bool:
        """Take a shift back; it stays stored with the time. False when it was taken back before or never was."""
        result = await self._connection.execute(
            update(duty_shifts).where(duty_shifts.c.id == shift_id, _STANDS).values(removed_at=at)
        )
        return result.rowcount == 1

    async def newest(self) -> int:
        """The id of the shift that was set last; 0 where none was."""
        return int(await self._connection.scalar(select(func.max(duty_shifts.c.id))) or 0)

    async def hold(self) -> None:
        """Nobody else changes the rota until this transaction ends."""
        if self._transaction.locks_rows:
            await self._connection.execute(text("LOCK TABLE duty_shifts IN SHARE ROW EXCLUSIVE MODE"))

    async def between(self, since: datetime, until: datetime) -> tuple[DutyShift, ...]:
        """The shifts that stand and touch the span, in the order in which they were set."""
        query = (
            select(duty_shifts)
            .where(_STANDS, duty_shifts.c.ends_at > since, duty_shifts.c.starts_at < until)
            .order_by(duty_shifts.c.id)
        )
        return tuple(_shift_of(row) for row in await self._connection.execute(query))


def _values(escalation: Escalation) -> dict[str, object]:
    return {name: value for name, value in asdict(escalation).items() if name != "id"}


def _escalation_of(row: Row[*tuple[Any, ...]]) -> Escalation:
    return Escalation(**row._asdict())


def _shift_of(row: Row[*tuple[Any, ...]]) -> DutyShift:
    return DutyShift(**{name: value for name, value in row._asdict().items() if name != "removed_at"})
