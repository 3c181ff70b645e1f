"""Dovecot and Postfix in the place of the sandbox's mail servers, for scenarios."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from bot.sandbox.mail import Delivery
from tests.support.mailservers import PASSWORD, MailServers

LOOK_EVERY = 0.2
"""Seconds; Postfix tells nobody that it has delivered."""


class RealMail:
    """What a scenario needs of a mail provider, as `bot.sandbox.mail.MailSandbox` offers it.

    Args:
        own: Our addresses; each is a mailbox that the bot reads.
        customers: The addresses that the bot writes to.

    Attributes:
        deliveries: What reached the customers so far, in the order in which it was seen.
    """

    def __init__(self, own: Sequence[str], customers: Sequence[str]) -> None:
        self._servers = MailServers((*own, *customers))
        self.own = tuple(own)
        self._customers = tuple(customers)
        self._seen: dict[str, int] = dict.fromkeys(customers, 0)
        self.deliveries: list[Delivery] = []

    @property
    def smtp_port(self) -> int:
        """Where customers hand in their mails."""
        return self._servers.ports["smtp"]

    @property
    def revision(self) -> int:
        """Grows with every delivery that was seen."""
        self._look()
        return len(self.deliveries)

    def server(self, port: str, address: str) -> dict[str, object]:
        """The configuration of one of the servers, with STARTTLS and a login."""
        return {
            "host": self._servers.host,
            "port": self._servers.ports[port],
            "security": "starttls",
            "ca_file": str(self._servers.ca_file),
            "username": address,
            "password": PASSWORD,
            "timeout": "10s",
        }

    async def start(self) -> None:
        """Start both servers."""
        await asyncio.to_thread(self._servers.__enter__)

    async def stop(self) -> None:
        """Stop both servers and forget every mail."""
        await asyncio.to_thread(self._servers.close)

    async def wait_for(self, predicate: Callable[[Delivery], bool], within: float, *, after: int = 0) -> Delivery:
        """The first delivery to a customer for which the predicate holds; TimeoutError when none comes."""
        try:
            async with asyncio.timeout(within):
                while True:
                    await asyncio.to_thread(self._look)
                    for delivery in self.deliveries:
                        if delivery.number > after and predicate(delivery):
                            return delivery
                    await asyncio.sleep(LOOK_EVERY)
        except TimeoutError:
            raise TimeoutError(f"none of {len(self.deliveries)} deliveries was the one waited for") from None

    def _look(self) -> None:
        for address in self._customers:
            messages = self._servers.messages(address)
            for raw in messages[self._seen[address] :]:
                number = len(self.deliveries) + 1
                self.deliveries.append(Delivery(number, address, address, "", raw, datetime.now(UTC)))
            self._seen[address] = len(messages)
