"""What the core asks of the outside about entitlements; more of `bot.ports`."""

from __future__ import annotations

from typing import Protocol

from bot.entitlements import EntitlementUse


class EntitlementRepo(Protocol):
    """Uses of what contracts entitle to."""

    async def add(self, use: EntitlementUse) -> EntitlementUse:
        """Store a new use; its id is made here."""

    async def get(self, use_id: int) -> EntitlementUse:
        """One use; LookupError when there is none."""

    async def of_ticket(self, ticket_id: int) -> tuple[EntitlementUse, ...]:
        """All uses that a ticket is about, oldest first."""

    async def of_contract(self, contract_id: int) -> tuple[EntitlementUse, ...]:
        """All uses of a contract, oldest first."""

    async def lock(self, contract_id: int) -> tuple[EntitlementUse, ...]:
        """All uses of a contract; until the end of this transaction nobody else counts them for a decision."""

    async def update(self, use: EntitlementUse) -> None:
        """Store the changes and grow the version."""

    async def device_replaced(self, contract_id: int, old: str, new: str) -> None:
        """The device of that serial is another one from now on: what it has used goes on with the new serial."""
