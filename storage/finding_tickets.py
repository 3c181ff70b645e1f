"""Reading only: which tickets somebody means who names a number or a device."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from bot.model import DueTicket, TicketState
from bot.rules.ticket_reference import Reference
from storage.contract_tables import contract_devices
from storage.due_next import described
from storage.engine import Database
from storage.schema import ticket_participants, tickets
from storage.types import literal

_OPEN = tickets.c.state.not_in([literal(TicketState.RESOLVED), literal(TicketState.CLOSED)])
_MOST = 200
"""Open tickets of the device's contracts that are looked through."""


class TicketFinder:
    """Each answer in a reading transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, reference: Reference) -> tuple[int, ...]:
        """The ids: of the ticket of that number in any state, or of the open tickets about that device.

        A ticket is found by a device once it belongs to one of the contracts that cover it.
        """
        async with self._database.read() as uow:
            connection = uow.transaction.connection
            if reference.number is not None:
                by_number = select(tickets.c.id).where(tickets.c.number == reference.number)
                return tuple(await connection.scalars(by_number))
            covering = select(contract_devices.c.contract_id).where(contract_devices.c.serial == reference.serial)
            rows = await connection.execute(
                select(tickets.c.id, tickets.c.devices)
                .where(tickets.c.contract_id.in_(covering), _OPEN)
                .order_by(tickets.c.id.desc())
                .limit(_MOST)
            )
            return tuple(row.id for row in rows if any(serial == reference.serial for serial, _ in row.devices))

    async def alike(self, ticket_id: int, limit: int) -> tuple[DueTicket, ...]:
        """Other open tickets of its contract, its devices' contracts or its sender, the newest first."""
        async with self._database.read() as uow:
            connection, ticket = uow.transaction.connection, await uow.tickets.get(ticket_id)
            serials = [device.serial for device in ticket.devices]
            covering = select(contract_devices.c.contract_id).where(contract_devices.c.serial.in_(serials))
            by_sender = select(ticket_participants.c.ticket_id).where(
                ticket_participants.c.address == ticket.requester.lower()
            )
            ids: set[int] = set()
            for alike in (
                tickets.c.contract_id == ticket.contract_id,
                tickets.c.contract_id.in_(covering),
                tickets.c.id.in_(by_sender),
            ):
                query = select(tickets.c.id).where(alike, _OPEN, tickets.c.id != ticket_id)
                ids.update(await connection.scalars(query.order_by(tickets.c.id.desc()).limit(limit)))
            return await described(connection, sorted(ids, reverse=True)[:limit])

    async def described(self, ids: Sequence[int]) -> tuple[DueTicket, ...]:
        """These tickets, each with its customer and the clock that counts."""
        async with self._database.read() as uow:
            return await described(uow.transaction.connection, ids)
