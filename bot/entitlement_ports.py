"""What the core asks of the outside about entitlements; more of `bot.ports`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from bot.entitlements import EntitlementUse, ServiceNotice


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

    async def by_contract(self) -> dict[int, tuple[EntitlementUse, ...]]:
        """All uses that count or hold a place, by the id of their contract."""

    async def lock(self, contract_id: int) -> tuple[EntitlementUse, ...]:
        """All uses of a contract; until the end of this transaction nobody else counts them for a decision."""

    async def update(self, use: EntitlementUse) -> None:
        """Store the changes and grow the version."""

    async def device_replaced(self, contract_id: int, old: str, new: str) -> None:
        """The device of that serial is another one from now on: what it has used goes on with the new serial."""


class NoticeRepo(Protocol):
    """What was said of contracts in time."""

    async def add(self, notice: ServiceNotice) -> ServiceNotice | None:
        """Store a new notice; its id is made here. None when one of its key was stored before."""

    async def get(self, notice_id: int) -> ServiceNotice:
        """One notice, locked for this transaction; LookupError when there is none."""

    async def of_day(self, day: date) -> tuple[ServiceNotice, ...]:
        """What was said on a day, in the order in which it was stored."""

    async def known(self, keys: Sequence[str]) -> set[str]:
        """Which of these keys were stored before."""

    async def update(self, notice: ServiceNotice) -> None:
        """Store the changes."""

    async def take_turn(self, last: date | None, day: date) -> bool:
        """Whether this process is to look on that day: of several, one does.

        Args:
            last: The last day of a look, as this process knows it.
        """

    async def last_look(self) -> date | None:
        """The day of the last look."""
