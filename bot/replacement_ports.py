"""What the core asks of the storage about replacements and interviews; a part of `bot.ports.UnitOfWork`."""

from __future__ import annotations

from typing import Protocol

from bot.interviews import Interview
from bot.replacements import DeviceChange, Replacement


class ReplacementRepo(Protocol):
    """Replacements; a device has at most one that has not ended."""

    async def add(self, replacement: Replacement) -> Replacement:
        """Store a new replacement; its id is made here."""

    async def get(self, replacement_id: int) -> Replacement:
        """One replacement, locked for this transaction; LookupError when there is none."""

    async def of_ticket(self, ticket_id: int) -> tuple[Replacement, ...]:
        """All replacements of a ticket, oldest first."""

    async def of_contract(self, contract_id: int) -> tuple[Replacement, ...]:
        """All replacements under a contract, oldest first."""

    async def open_of_device(self, serial: str) -> Replacement | None:
        """The device's replacement that has not ended, whatever its ticket."""

    async def by_clock(self, clock_id: int) -> Replacement | None:
        """The replacement whose delivery or return that clock measures."""

    async def update(self, replacement: Replacement) -> Replacement:
        """Store the changes; gives it with its grown version."""

    async def change_device(self, change: DeviceChange) -> DeviceChange:
        """Bring the new device onto the contract, in the damaged one's place or beside it; its id is made here.

        An import whose file does not know the new device yet leaves it there (`storage.contract_import`).
        """

    async def device_changes(self, contract_id: int) -> tuple[DeviceChange, ...]:
        """What replacements brought onto a contract, oldest first."""

    async def contract_of_device(self, serial: str) -> int | None:
        """The id of a contract on which a device stands; None where it stands on none."""


class InterviewRepo(Protocol):
    """Technical interviews, one for each device."""

    async def add(self, interview: Interview) -> Interview:
        """Store a new interview; its id is made here."""

    async def get(self, interview_id: int) -> Interview:
        """One interview, locked for this transaction; LookupError when there is none."""

    async def of_device(self, serial: str) -> Interview | None:
        """The device's interview, locked for this transaction."""

    async def of_ticket(self, ticket_id: int) -> tuple[Interview, ...]:
        """The interviews that are held in a ticket, oldest first."""

    async def update(self, interview: Interview) -> Interview:
        """Store the changes; gives it with its grown version."""
