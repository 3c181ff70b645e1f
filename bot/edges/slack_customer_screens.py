"""What is read while a customer waits for a form."""

from __future__ import annotations

from typing import Protocol

from bot.model import Contract


class CustomerScreens(Protocol):
    """Reads what the customers' form shows."""

    async def contracts_of_channel(self, channel: str) -> tuple[Contract, ...]:
        """The contracts of the customer whose shared channel it is."""

    async def shared_channels(self) -> frozenset[str]:
        """All shared channels that belong to contracts."""

    async def waiting_words(self, key: str) -> str:
        """The words of a message (`bot.rules.customer_channels.message_key`) that is no report yet; "" for none."""
