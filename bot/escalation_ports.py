"""What the core asks of the storage about escalations and duty; a part of `bot.ports.UnitOfWork`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.escalations import DutyShift, Escalation


class EscalationRepo(Protocol):
    """Escalations; a ticket has at most one that has not ended."""

    async def add(self, escalation: Escalation) -> Escalation:
        """Store a new escalation; its id is made here."""

    async def get(self, escalation_id: int) -> Escalation:
        """One escalation, locked for this transaction; LookupError when there is none."""

    async def open_of_ticket(self, ticket_id: int) -> Escalation | None:
        """The ticket's escalation that has not ended, locked for this transaction."""

    async def of_ticket(self, ticket_id: int) -> tuple[Escalation, ...]:
        """All escalations of a ticket, oldest first."""

    async def all_open(self, limit: int) -> tuple[Escalation, ...]:
        """Escalations that have not ended, the longest waiting first."""

    async def update(self, escalation: Escalation) -> None:
        """Store the changes and grow the version."""


class DutyRepo(Protocol):
    """The shifts of the duty rota that people set."""

    async def add(self, shift: DutyShift) -> DutyShift:
        """Store a shift; its id is made here."""

    async def remove(self, shift_id: int, at: datetime) -> bool:
        """Take a shift back; it stays stored with the time. False when it was taken back before or never was."""

    async def newest(self) -> int:
        """The id of the shift that was set last; 0 where none was."""

    async def hold(self) -> None:
        """Nobody else changes the rota until this transaction ends."""

    async def between(self, since: datetime, until: datetime) -> tuple[DutyShift, ...]:
        """The shifts that stand and touch the span, in the order in which they were set."""
