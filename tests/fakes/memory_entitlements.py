"""Uses of entitlements in the fake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from bot.entitlements import EntitlementUse, ServiceNotice, UseState
from storage.errors import StaleTicket
from tests.fakes.memory_tables import Tables, kept_facts

_COUNTS = {UseState.AGREED, UseState.DONE}


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

    async def by_contract(self) -> dict[int, tuple[EntitlementUse, ...]]:
        """All uses that count or hold a place, by the id of their contract."""
        counting = [use for use in self._tables.entitlement_uses.values() if use.state in _COUNTS]
        ids = {use.contract_id for use in counting}
        return {each: tuple(_copy(use) for use in counting if use.contract_id == each) for each in ids}

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


class MemoryNotices:
    """`bot.ports.NoticeRepo` over a dictionary."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, notice: ServiceNotice) -> ServiceNotice | None:
        """Store a new notice; its id is made here. None when one of its key was stored before."""
        if any(each.key == notice.key for each in self._tables.notices.values()):
            return None
        added = replace(notice, id=self._tables.next_id())
        self._tables.put(self._tables.notices, added.id, replace(added))
        return added

    async def get(self, notice_id: int) -> ServiceNotice:
        """One notice; LookupError when there is none."""
        if notice_id not in self._tables.notices:
            raise LookupError(f"there is no notice with id {notice_id}")
        return replace(self._tables.notices[notice_id])

    async def of_day(self, day: date) -> tuple[ServiceNotice, ...]:
        """What was said on a day, in the order in which it was stored."""
        return tuple(replace(each) for each in self._tables.notices.values() if each.told_on == day)

    async def known(self, keys: Sequence[str]) -> set[str]:
        """Which of these keys were stored before."""
        return set(keys) & {each.key for each in self._tables.notices.values()}

    async def update(self, notice: ServiceNotice) -> None:
        """Store the changes."""
        self._tables.put(self._tables.notices, notice.id, replace(notice))

    async def take_turn(self, last: date | None, day: date) -> bool:
        """Whether this process is to look on that day."""
        if await self.last_look() != last:
            return False
        self._tables.put(self._tables.looks, "round", day)
        return True

    async def last_look(self) -> date | None:
        """The day of the last look."""
        return self._tables.looks.get("round")
