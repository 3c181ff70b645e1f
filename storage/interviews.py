"""Technical interviews."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, select, update

from bot.interviews import Answer, Interview
from bot.model import Device
from storage.errors import StaleTicket
from storage.replacement_tables import interviews
from storage.transaction import Transaction


@cache
def _adapter() -> TypeAdapter[tuple[tuple[str, Answer], ...]]:
    return TypeAdapter(tuple[tuple[str, Answer], ...])


class StoredInterviews:
    """`bot.replacement_ports.InterviewRepo` over the table interviews."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def add(self, interview: Interview) -> Interview:
        """Store a new interview; its id is made here."""
        result = await self._connection.execute(interviews.insert().returning(interviews.c.id), _values(interview))
        return replace(interview, id=result.scalar_one())

    async def get(self, interview_id: int) -> Interview:
        """One interview, locked for this transaction; LookupError when there is none."""
        query = select(interviews).where(interviews.c.id == interview_id)
        row = (await self._connection.execute(self._locked(query))).one_or_none()
        if row is None:
            raise LookupError(f"there is no interview with id {interview_id}")
        return _interview_of(row)

    async def of_device(self, serial: str) -> Interview | None:
        """The device's interview, locked for this transaction."""
        query = select(interviews).where(interviews.c.serial == serial)
        row = (await self._connection.execute(self._locked(query))).one_or_none()
        return None if row is None else _interview_of(row)

    async def of_ticket(self, ticket_id: int) -> tuple[Interview, ...]:
        """The interviews that are held in a ticket, oldest first."""
        query = select(interviews).where(interviews.c.ticket_id == ticket_id).order_by(interviews.c.id)
        return tuple(_interview_of(row) for row in await self._connection.execute(query))

    async def update(self, interview: Interview) -> Interview:
        """Store the changes; gives it with its grown version.

        Raises:
            StaleTicket: somebody changed it meanwhile; the handling is repeated with what it is now.
        """
        grown = replace(interview, version=interview.version + 1)
        result = await self._connection.execute(
            update(interviews)
            .where(interviews.c.id == interview.id, interviews.c.version == interview.version)
            .values(_values(grown))
        )
        if result.rowcount != 1:
            raise StaleTicket(f"interview {interview.id} is no longer at version {interview.version}")
        return grown

    def _locked(self, query: Any) -> Any:
        return query.with_for_update() if self._transaction.locks_rows else query


def _values(interview: Interview) -> dict[str, object]:
    return {
        "version": interview.version,
        "ticket_id": interview.ticket_id,
        "contract_id": interview.contract_id,
        "serial": interview.device.serial,
        "model": interview.device.model,
        "begun_at": interview.begun_at,
        "begun_by": interview.begun_by,
        "asked_at": interview.asked_at,
        "answers": _adapter().dump_python(interview.answers, mode="json"),
        "slack_ts": interview.slack_ts,
    }


def _interview_of(row: Row[*tuple[Any, ...]]) -> Interview:
    return Interview(
        id=row.id,
        ticket_id=row.ticket_id,
        device=Device(row.serial, row.model),
        begun_at=row.begun_at,
        begun_by=row.begun_by,
        version=row.version,
        contract_id=row.contract_id,
        answers=_adapter().validate_python(row.answers),
        asked_at=row.asked_at,
        slack_ts=row.slack_ts,
    )
