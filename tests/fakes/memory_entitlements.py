"""Uses of entitlements in the fake."""

from __future__ import annotations

from dataclasses import replace

from bot.entitlements import EntitlementUse
from storage.errors import StaleTicket
from tests.fakes.memory_tables import Tables, kept_facts


def _copy(use: EntitlementUse) -> EntitlementUse:
    return replace(use, facts=kept_facts(use.facts))


class MemoryEntitlements:
    """`bot.ports.EntitlementRepo` over a dictionary."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, use: EntitlementUse) -> EntitlementUse:
        """Store a new use; its id is made here."""
        added = replace(use, id=self._tables.next_id())
        self._tables.put(self._tables.entitlement_uses, added.id, _copy(added))
        return added

    async def get(self, use_id: int) -> EntitlementUse:
        """One use; LookupError when there is none."""
        if use_id not in self._tables.entitlement_uses:
            raise LookupError(f"there is no use of an entitlement with id {use_id}")
        return _copy(self._tables.entitlement_uses[use_id])

    async def of_ticket(self, ticket_id: int) -> tuple[EntitlementUse, ...]:
        """All uses that a ticket is about, oldest first."""
        return tuple(_copy(use) for use in self._tables.entitlement_uses.values() if use.ticket_id == ticket_id)

    async def of_contract(self, contract_id: int) -> tuple[EntitlementUse, ...]:
        """All uses of a contract, oldest first."""
        return tuple(_copy(use) for use in self._tables.entitlement_uses.values() if use.contract_id == contract_id)

    async def lock(self, contract_id: int) -> tuple[EntitlementUse, ...]:
        """All uses of a contract; nobody else is in a transaction of the fake."""
        return await self.of_contract(contract_id)

    async def update(self, use: EntitlementUse) -> None:
        """Store the changes and grow the version; StaleTicket when somebody changed it meanwhile."""
        kept = self._tables.entitlement_uses.get(use.id)
        if kept is None or kept.version != use.version:
            raise StaleTicket(f"use {use.id} of an entitlement is no longer at version {use.version}")
        use.version += 1
        self._tables.put(self._tables.entitlement_uses, use.id, _copy(use))

    async def device_replaced(self, contract_id: int, old: str, new: str) -> None:
        """The device of that serial is another one from now on: what it has used goes on with the new serial."""
        for use in await self.of_contract(contract_id):
            if use.serial == old:
                use.serial = new
                await self.update(use)
