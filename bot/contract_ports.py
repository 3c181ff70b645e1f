"""What the core asks of the contract registry; part of `bot.ports`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from bot.model import Contract


class ContractRepo(Protocol):
    """The contract registry."""

    async def by_keys(self, keys: Sequence[str]) -> dict[str, Contract]:
        """The contracts whose folded number (`rules.contract_numbers.fold`) is among the keys; one look-up."""

    async def get(self, contract_id: int) -> Contract:
        """One contract; LookupError when there is none."""

    async def valid_on(self, day: date) -> tuple[Contract, ...]:
        """The contracts that are valid on a day, ordered by number."""

    async def for_address(self, address: str) -> tuple[Contract, ...]:
        """The contracts on which this address may report, by address or domain."""

    async def authorise(self, contract_id: int, address: str) -> None:
        """Put an address on the contract's list of representatives; twice changes nothing."""

    async def of_channel(self, channel: str) -> tuple[Contract, ...]:
        """The contracts of the customer whose shared channel it is, ordered by number."""

    async def with_device(self, serial: str) -> tuple[Contract, ...]:
        """The contracts that cover a device, ordered by number."""

    async def channels_of(self, contract_id: int) -> tuple[str, ...]:
        """The shared channels of a contract, Slack's ids in order."""

    async def map_channel(self, contract_id: int, channel: str) -> bool:
        """People of that channel represent the customer on this contract from now on; False when they did before."""

    async def unmap_channel(self, contract_id: int, channel: str) -> bool:
        """They no longer do; False when they did not before. What was reported stays where it is."""
