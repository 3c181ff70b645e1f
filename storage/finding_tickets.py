"""Reading only: which tickets somebody means who names a number or a device."""

from __future__ import annotations

from sqlalchemy import select

from bot.model import TicketState
from bot.rules.ticket_reference import Reference
from storage.contract_tables import contract_devices
from storage.engine import Database
from storage.schema import tickets
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
