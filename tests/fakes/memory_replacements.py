"""Replacements and interviews of the fake."""

from __future__ import annotations

from dataclasses import replace

from bot.interviews import Interview
from bot.model import Contract
from bot.replacements import DeviceChange, Fate, Replacement
from storage.errors import StaleTicket
from tests.fakes.memory_tables import Tables


class MemoryReplacements:
    """`bot.replacement_ports.ReplacementRepo` over dictionaries; the values are never changed in place."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, replacement: Replacement) -> Replacement:
        """Store a new replacement; its id is made here."""
        if await self.open_of_device(replacement.device.serial) is not None:
            raise ValueError(f"{replacement.device.serial} has a replacement that has not ended")
        added = replace(replacement, id=self._tables.next_id())
        self._tables.put(self._tables.replacements, added.id, added)
        return added

    async def get(self, replacement_id: int) -> Replacement:
        """One replacement; LookupError when there is none."""
        if replacement_id not in self._tables.replacements:
            raise LookupError(f"there is no replacement with id {replacement_id}")
        return self._tables.replacements[replacement_id]

    async def of_ticket(self, ticket_id: int) -> tuple[Replacement, ...]:
        """All replacements of a ticket, oldest first."""
        return tuple(each for each in self._tables.replacements.values() if each.ticket_id == ticket_id)

    async def of_contract(self, contract_id: int) -> tuple[Replacement, ...]:
        """All replacements under a contract, oldest first."""
        return tuple(each for each in self._tables.replacements.values() if each.contract_id == contract_id)

    async def open_of_device(self, serial: str) -> Replacement | None:
        """The device's replacement that has not ended, whatever its ticket."""
        found = (each for each in self._tables.replacements.values() if each.device.serial == serial and each.is_open)
        return next(found, None)

    async def by_clock(self, clock_id: int) -> Replacement | None:
        """The replacement whose delivery or return that clock measures."""
        found = (
            each
            for each in self._tables.replacements.values()
            if clock_id in {each.delivery_clock_id, each.return_clock_id}
        )
        return next(found, None)

    async def update(self, replacement: Replacement) -> Replacement:
        """Store the changes; StaleTicket when somebody changed it meanwhile."""
        kept = self._tables.replacements.get(replacement.id)
        if kept is None or kept.version != replacement.version:
            raise StaleTicket(f"replacement {replacement.id} is no longer at version {replacement.version}")
        grown = replace(replacement, version=replacement.version + 1)
        self._tables.put(self._tables.replacements, grown.id, grown)
        return grown

    async def change_device(self, change: DeviceChange) -> DeviceChange:
        """Bring the new device onto the contract; a device that stands there already stays as it is."""
        added = replace(change, id=self._tables.next_id())
        self._tables.put(self._tables.device_changes, added.id, added)
        for key, contract in self._tables.contracts.items():
            if contract.id == change.contract_id:
                self._tables.put(self._tables.contracts, key, _with(contract, change))
                break
        return added

    async def device_changes(self, contract_id: int) -> tuple[DeviceChange, ...]:
        """What replacements brought onto a contract, oldest first."""
        return tuple(each for each in self._tables.device_changes.values() if each.contract_id == contract_id)

    async def contract_of_device(self, serial: str) -> int | None:
        """The id of a contract on which a device stands; None where it stands on none."""
        for contract in self._tables.contracts.values():
            if any(device.serial == serial for device in contract.devices):
                return contract.id
        return None


def _with(contract: Contract, change: DeviceChange) -> Contract:
    if any(device.serial == change.new.serial for device in contract.devices):
        return contract
    if change.fate is Fate.REPLACES and any(device.serial == change.old for device in contract.devices):
        devices = tuple(change.new if device.serial == change.old else device for device in contract.devices)
        return replace(contract, devices=devices)
    return replace(contract, devices=(*contract.devices, change.new))


class MemoryInterviews:
    """`bot.replacement_ports.InterviewRepo` over a dictionary."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, interview: Interview) -> Interview:
        """Store a new interview; its id is made here."""
        if await self.of_device(interview.device.serial) is not None:
            raise ValueError(f"{interview.device.serial} has an interview")
        added = replace(interview, id=self._tables.next_id())
        self._tables.put(self._tables.interviews, added.id, added)
        return added

    async def get(self, interview_id: int) -> Interview:
        """One interview; LookupError when there is none."""
        if interview_id not in self._tables.interviews:
            raise LookupError(f"there is no interview with id {interview_id}")
        return self._tables.interviews[interview_id]

    async def of_device(self, serial: str) -> Interview | None:
        """The device's interview."""
        return next((each for each in self._tables.interviews.values() if each.device.serial == serial), None)

    async def of_ticket(self, ticket_id: int) -> tuple[Interview, ...]:
        """The interviews that are held in a ticket, oldest first."""
        return tuple(each for each in self._tables.interviews.values() if each.ticket_id == ticket_id)

    async def update(self, interview: Interview) -> Interview:
        """Store the changes; StaleTicket when somebody changed it meanwhile."""
        kept = self._tables.interviews.get(interview.id)
        if kept is None or kept.version != interview.version:
            raise StaleTicket(f"interview {interview.id} is no longer at version {interview.version}")
        grown = replace(interview, version=interview.version + 1)
        self._tables.put(self._tables.interviews, grown.id, grown)
        return grown
