"""The mail side of a scenario: the three addresses of ours, customers with mailboxes, on either kind of server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

import aiosmtplib

from bot.config_mail import ImapConfig
from bot.edges.imap_inbox import ImapInbox
from bot.errors import RetryLater
from bot.mail_ports import FetchedMail
from bot.ports import Clock
from bot.sandbox.mail import Account, Delivery, MailSandbox
from tests.support.mail_sink import MemorySink
from tests.support.mailservers import PASSWORD, MailServers

PATIENCE = 60.0
PEOPLE = ("anna@klient.test", "kolega@klient.test", "john@northwind.test", "biuro@stolarnia.test", "obcy@example.test")
"""The customers, by the addresses that they have at the embedded servers."""
_LOOK_AGAIN = 0.2
"""Seconds until a customer's mail program connects again to a server that is down."""


class PostOffice(Protocol):
    """A mail provider for us and for the customers.

    Attributes:
        support, info, escalation: Our addresses.
        deliveries: What reached the customers' mailboxes so far (perhaps also ours), oldest first.
        revision: Grows with every delivery.
    """

    support: str
    info: str
    escalation: str

    @property
    def deliveries(self) -> Sequence[Delivery]: ...

    @property
    def revision(self) -> int: ...

    @property
    def smtp_port(self) -> int:
        """SMTP without encryption and login."""

    def address_of(self, person: str) -> str:
        """The address that one of PEOPLE has here."""

    def settings(self) -> dict[str, Any]:
        """The keys `imap` and `smtp` of the bot's section [mail]."""

    async def open(self) -> None:
        """Make it ready for a test; the servers run."""

    async def start(self) -> None:
        """Start the servers; what was stored before is still there."""

    async def stop(self) -> None:
        """Stop the servers."""

    async def close(self) -> None:
        """Leave nothing running that belongs to this test alone."""

    async def submit(self, raw: bytes, sender: str, recipients: Sequence[str]) -> None:
        """Send octets as they are, as the outside world does."""

    async def wait_for(self, predicate: Callable[[Delivery], bool], within: float, *, after: int = 0) -> Delivery:
        """The first delivery, past or to come, with a greater number than `after`. Raises TimeoutError."""


async def _submit(port: int, raw: bytes, sender: str, recipients: Sequence[str]) -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, timeout=PATIENCE) as client:
        await client.sendmail(sender, list(recipients), raw)


class EmbeddedOffice(MailSandbox):
    """The servers of the demo, in this process: one mailbox of ours with three addresses, no encryption."""

    support, info, escalation = "pomoc@hezo.test", "info@hezo.test", "escalation@hezo.test"

    def __init__(self, clock: Clock) -> None:
        accounts = [Account("support", PASSWORD, (self.support, self.info, self.escalation))]
        accounts += [Account(person, PASSWORD, (person,)) for person in PEOPLE]
        super().__init__(accounts, clock=clock)

    def address_of(self, person: str) -> str:
        return person

    def settings(self) -> dict[str, Any]:
        server = {"host": "127.0.0.1", "security": "none", "timeout": "10s"}
        login = {"name": "support", "username": "support", "password": PASSWORD}
        return {
            "imap": [{**server, **login, "port": self.imap_port}],
            "smtp": {**server, "port": self.smtp_port},
        }

    async def open(self) -> None:
        await self.start()

    async def close(self) -> None:
        await self.stop()

    async def submit(self, raw: bytes, sender: str, recipients: Sequence[str]) -> None:
        await _submit(self.smtp_port, raw, sender, recipients)


class DebianOffice:
    """Dovecot and Postfix, which other tests use too: three mailboxes of ours, one for each customer, all encrypted.

    The customers' mailboxes are read as their mail programs do, over IMAP.
    """

    def __init__(self, servers: MailServers) -> None:
        self._servers = servers
        self.support, self.info, self.escalation = (servers.fresh_address() for _ in range(3))
        self._people = {person: servers.fresh_address() for person in PEOPLE}
        self._sink = MemorySink()
        self._readers: list[asyncio.Task[None]] = []

    @property
    def deliveries(self) -> Sequence[Delivery]:
        return [_delivery(number, mail) for number, mail in enumerate(self._sink.mails, start=1)]

    @property
    def revision(self) -> int:
        return len(self._sink.mails)

    @property
    def smtp_port(self) -> int:
        return self._servers.ports["smtp"]

    def address_of(self, person: str) -> str:
        return self._people[person]

    def settings(self) -> dict[str, Any]:
        ours = {"support": self.support, "info": self.info, "escalation": self.escalation}
        return {
            "imap": [{**self._imap(address), "name": name, "timeout": "10s"} for name, address in ours.items()],
            "smtp": {
                **self._login(self.support),
                "port": self._servers.ports["submission"],
                "security": "starttls",
                "timeout": "10s",
            },
        }

    def _login(self, address: str) -> dict[str, Any]:
        servers = self._servers
        return {
            "host": servers.host,
            "ca_file": str(servers.ca_file),
            "username": address,
            "password": PASSWORD,
        }

    def _imap(self, address: str) -> dict[str, Any]:
        return {**self._login(address), "port": self._servers.ports["imaps"], "security": "tls"}

    async def start(self) -> None:
        await asyncio.to_thread(self._servers.start_imap)
        await asyncio.to_thread(self._servers.start_smtp)

    async def stop(self) -> None:
        await asyncio.to_thread(self._servers.stop_smtp)
        await asyncio.to_thread(self._servers.stop_imap)

    async def open(self) -> None:
        """Start the customers' mail programs."""
        self._readers = [asyncio.create_task(self._read(address)) for address in self._people.values()]

    async def close(self) -> None:
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    async def _read(self, address: str) -> None:
        name = address.partition("@")[0]
        config = ImapConfig.model_validate({**self._imap(address), "name": name, "processed_folder": ""})
        while True:
            with suppress(RetryLater):
                await ImapInbox(config, self._sink).run()
            await asyncio.sleep(_LOOK_AGAIN)

    async def submit(self, raw: bytes, sender: str, recipients: Sequence[str]) -> None:
        await _submit(self.smtp_port, raw, sender, recipients)

    async def wait_for(self, predicate: Callable[[Delivery], bool], within: float, *, after: int = 0) -> Delivery:
        def found() -> Delivery | None:
            new = self._sink.mails[after:]
            return next((d for d in (_delivery(n, m) for n, m in enumerate(new, after + 1)) if predicate(d)), None)

        await self._sink.wait_until(lambda _: found() is not None, within)
        delivery = found()
        assert delivery is not None
        return delivery


def _delivery(number: int, mail: FetchedMail) -> Delivery:
    """A fetched mail as the delivery that it was; the mailbox's name is its address's local part."""
    address = f"{mail.mailbox}@myhezo.test"
    return Delivery(number, address, address, "", mail.raw, mail.received_at)
