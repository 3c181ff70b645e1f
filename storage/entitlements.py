"""Uses of what contracts entitle to."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from bot.entitlements import EntitlementUse, UseState
from storage.built_once import built_once
from storage.contract_tables import contracts
from storage.entitlement_tables import entitlement_uses
from storage.errors import StaleTicket
from storage.transaction import Transaction

_OF_TICKET = built_once(
    select(entitlement_uses)
    .where(entitlement_uses.c.ticket_id == bindparam("its_ticket"))
    .order_by(entitlement_uses.c.id)
)


class StoredEntitlements:
    """`bot.ports.EntitlementRepo` over the table entitlement_uses."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def add(self, use: EntitlementUse) -> EntitlementUse:
        """Store a new use; its id is made here."""
        result = await self._connection.execute(
            entitlement_uses.insert().returning(entitlement_uses.c.id), _values(use)
        )
        return replace(use, id=result.scalar_one())

    async def get(self, use_id: int) -> EntitlementUse:
        """One use; LookupError when there is none."""
        row = (
            await self._connection.execute(select(entitlement_uses).where(entitlement_uses.c.id == use_id))
        ).one_or_none()
        if row is None:
            raise LookupError(f"there is no use of an entitlement with id {use_id}")
        return _use_of(row)

    async def of_ticket(self, ticket_id: int) -> tuple[EntitlementUse, ...]:
        """All uses that a ticket is about, oldest first."""
        rows = await self._connection.execute(_OF_TICKET, {"its_ticket": ticket_id})
        return tuple(_use_of(row) for row in rows)

    async def of_contract(self, contract_id: int) -> tuple[EntitlementUse, ...]:
        """All uses of a contract, oldest first."""
        query = select(entitlement_uses).where(entitlement_uses.c.contract_id == contract_id)
        rows = await self._connection.execute(query.order_by(entitlement_uses.c.id))
        return tuple(_use_of(row) for row in rows)

    async def by_contract(self) -> dict[int, tuple[EntitlementUse, ...]]:
        """All uses that count or hold a place, by the id of their contract."""
        counts = entitlement_uses.c.state.in_([UseState.AGREED, UseState.DONE])
        found: dict[int, list[EntitlementUse]] = {}
        for row in await self._connection.execute(
            select(entitlement_uses).where(counts).order_by(entitlement_uses.c.id)
        ):
            found.setdefault(row.contract_id, []).append(_use_of(row))
        return {contract_id: tuple(uses) for contract_id, uses in found.items()}

    async def lock(self, contract_id: int) -> tuple[EntitlementUse, ...]:
        """All uses of a contract; until the end of this transaction nobody else counts them for a decision."""
        if self._transaction.locks_rows:
            # Tickets that refer to the contract may be written meanwhile.
            query = select(contracts.c.id).where(contracts.c.id == contract_id).with_for_update(key_share=True)
            await self._connection.execute(query)
        return await self.of_contract(contract_id)

    async def update(self, use: EntitlementUse) -> None:
        """Store the changes and grow the version.

        Raises:
            StaleTicket: somebody changed it meanwhile; the handling is repeated with what it is now.
        """
        result = await self._connection.execute(
            update(entitlement_uses)
            .where(entitlement_uses.c.id == use.id, entitlement_uses.c.version == use.version)
            .values(_values(use) | {"version": use.version + 1})
        )
        if result.rowcount != 1:
            raise StaleTicket(f"use {use.id} of an entitlement is no longer at version {use.version}")
        use.version += 1

    async def device_replaced(self, contract_id: int, old: str, new: str) -> None:
        """The device of that serial is another one from now on: what it has used goes on with the new serial."""
        await self._connection.execute(
            update(entitlement_uses)
            .where(entitlement_uses.c.contract_id == contract_id, entitlement_uses.c.serial == old)
            .values(serial=new, version=entitlement_uses.c.version + 1)
        )


def _values(use: EntitlementUse) -> dict[str, object]:
    return {name: value for name, value in asdict(use).items() if name != "id"}


def _use_of(row: Row[*tuple[Any, ...]]) -> EntitlementUse:
    return EntitlementUse(**row._asdict())
