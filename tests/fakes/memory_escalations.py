"""Escalations and duty shifts of the fake."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.escalations import DutyShift, Escalation
from storage.errors import StaleTicket
from tests.fakes.memory_tables import Tables, kept_facts


def _copy(escalation: Escalation) -> Escalation:
    return replace(escalation, chain=kept_facts(escalation.chain), facts=kept_facts(escalation.facts))


class MemoryEscalations:
    """`bot.escalation_ports.EscalationRepo` over a dictionary."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, escalation: Escalation) -> Escalation:
        """Store a new escalation; its id is made here."""
        if await self.open_of_ticket(escalation.ticket_id) is not None:
            raise ValueError(f"ticket {escalation.ticket_id} has an escalation that has not ended")
        added = replace(escalation, id=self._tables.next_id())
        self._tables.put(self._tables.escalations, added.id, _copy(added))
        self._list(added)
        return added

    async def get(self, escalation_id: int) -> Escalation:
        """One escalation; LookupError when there is none."""
        if escalation_id not in self._tables.escalations:
            raise LookupError(f"there is no escalation with id {escalation_id}")
        return _copy(self._tables.escalations[escalation_id])

    async def open_of_ticket(self, ticket_id: int) -> Escalation | None:
        """The ticket's escalation that has not ended."""
        return next((each for each in await self.of_ticket(ticket_id) if each.is_open), None)

    async def of_ticket(self, ticket_id: int) -> tuple[Escalation, ...]:
        """All escalations of a ticket, oldest first."""
        ids = self._tables.escalations_of.get(ticket_id, ())
        return tuple(_copy(self._tables.escalations[each]) for each in ids)

    async def all_open(self, limit: int) -> tuple[Escalation, ...]:
        """Escalations that have not ended, the longest waiting first."""
        found = [each for each in self._tables.escalations.values() if each.is_open]
        return tuple(_copy(each) for each in sorted(found, key=lambda each: (each.began_at, each.id))[:limit])

    async def update(self, escalation: Escalation) -> None:
        """Store the changes and grow the version; StaleTicket when somebody changed it meanwhile."""
        kept = self._tables.escalations.get(escalation.id)
        if kept is None or kept.version != escalation.version:
            raise StaleTicket(f"escalation {escalation.id} is no longer at version {escalation.version}")
        escalation.version += 1
        self._tables.put(self._tables.escalations, escalation.id, _copy(escalation))
        if escalation.ticket_id != kept.ticket_id:
            others = tuple(each for each in self._tables.escalations_of[kept.ticket_id] if each != escalation.id)
            self._tables.put(self._tables.escalations_of, kept.ticket_id, others)
            self._list(escalation)

    def _list(self, escalation: Escalation) -> None:
        """Let it be found by its ticket."""
        there = self._tables.escalations_of.get(escalation.ticket_id, ())
        ids = tuple(sorted((*there, escalation.id)))
        self._tables.put(self._tables.escalations_of, escalation.ticket_id, ids)


class MemoryDuty:
    """`bot.escalation_ports.DutyRepo` over a dictionary."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, shift: DutyShift) -> DutyShift:
        """Store a shift; its id is made here."""
        added = replace(shift, id=self._tables.next_id())
        self._tables.put(self._tables.duty_shifts, added.id, added)
        return added

    async def remove(self, shift_id: int, at: datetime) -> bool:
        """Take a shift back; False when it was taken back before or never was."""
        del at
        known = shift_id in self._tables.duty_shifts
        self._tables.drop(self._tables.duty_shifts, shift_id)
        return known

    async def newest(self) -> int:
        """The id of the shift that was set last; 0 where none was."""
        return max(self._tables.duty_shifts, default=0)

    async def hold(self) -> None:
        """One transaction at a time anyway."""

    async def between(self, since: datetime, until: datetime) -> tuple[DutyShift, ...]:
        """The shifts that stand and touch the span, in the order in which they were set."""
        found = [each for each in self._tables.duty_shifts.values() if each.ends_at > since and each.starts_at < until]
        return tuple(sorted(found, key=lambda each: each.id))
