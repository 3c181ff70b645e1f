"""The two kinds of mail server that the mail edges are tried against, behind one face."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Protocol

from pydantic import SecretStr

from bot.config_mail import ImapConfig, SmtpConfig
from bot.sandbox.mail import Account, MailSandbox
from bot.sandbox.smtp_server import Submission
from tests.support.mailservers import PASSWORD, MailServers

LIMIT = timedelta(seconds=5)


class Provider(Protocol):
    """A mail server with one mailbox for the test alone."""

    address: str

    @property
    def imap_port(self) -> int:
        """IMAP without encryption."""

    @property
    def smtp_port(self) -> int:
        """SMTP without encryption, for mail to the mailbox."""

    def imap(self, **changes: Any) -> ImapConfig:
        """How the mailbox is read."""

    def smtp(self, **changes: Any) -> SmtpConfig:
        """How mail is sent."""

    async def deliver(self, *messages: bytes) -> None:
        """Put messages into the INBOX; the octets are kept, header fields may come on top."""

    async def inbox(self) -> list[bytes]:
        """The messages in the INBOX."""

    async def wait_for_inbox(self, count: int, within: float) -> None:
        """Wait until the INBOX has so many messages; TimeoutError when it does not get them."""

    async def count(self, folder: str) -> int:
        """How many messages a folder has."""

    async def stop_imap(self) -> None: ...
    async def start_imap(self) -> None: ...
    async def stop_smtp(self) -> None: ...
    async def start_smtp(self) -> None: ...
    async def renew_uidvalidity(self) -> None: ...


class EmbeddedProvider:
    """The servers of the demo, in this process."""

    def __init__(self) -> None:
        self.address = "pomoc@myhezo.test"
        self.sandbox = MailSandbox([Account(self.address, PASSWORD, (self.address,))])

    @property
    def imap_port(self) -> int:
        return self.sandbox.imap_port

    @property
    def smtp_port(self) -> int:
        return self.sandbox.smtp_port

    def imap(self, **changes: Any) -> ImapConfig:
        return _imap_config(self, changes)

    def smtp(self, **changes: Any) -> SmtpConfig:
        return _smtp_config(self, changes)

    async def deliver(self, *messages: bytes) -> None:
        for raw in messages:
            await self.sandbox.deliver(Submission("anna@klient.test", (self.address,), raw, "test", "127.0.0.1", None))

    async def inbox(self) -> list[bytes]:
        return list((await self.sandbox.imap.messages(self.address)).values())

    async def wait_for_inbox(self, count: int, within: float) -> None:
        if not await self.sandbox.wait_for_revision(count, within):
            raise TimeoutError(f"{self.sandbox.revision} messages of {count}")

    async def count(self, folder: str) -> int:
        return len(await self.sandbox.imap.messages(self.address, folder))

    async def stop_imap(self) -> None:
        await self.sandbox.imap.stop()

    async def start_imap(self) -> None:
        await self.sandbox.imap.start()

    async def stop_smtp(self) -> None:
        await self.sandbox.smtp.stop()

    async def start_smtp(self) -> None:
        await self.sandbox.smtp.start()

    async def renew_uidvalidity(self) -> None:
        await self.sandbox.imap.renew_uidvalidity(self.address)


class RealProvider:
    """Dovecot and Postfix."""

    def __init__(self, servers: MailServers) -> None:
        self.servers = servers
        self.address = servers.fresh_address()

    @property
    def imap_port(self) -> int:
        return self.servers.ports["imap"]

    @property
    def smtp_port(self) -> int:
        return self.servers.ports["smtp"]

    def imap(self, **changes: Any) -> ImapConfig:
        return _imap_config(self, changes)

    def smtp(self, **changes: Any) -> SmtpConfig:
        return _smtp_config(self, {"username": None, "password": None, **changes})

    async def deliver(self, *messages: bytes) -> None:
        await asyncio.to_thread(self.servers.deliver, self.address, *messages)

    async def inbox(self) -> list[bytes]:
        return await asyncio.to_thread(self.servers.messages, self.address)

    async def wait_for_inbox(self, count: int, within: float) -> None:
        await asyncio.to_thread(self.servers.wait_for_messages, self.address, count, within)

    async def count(self, folder: str) -> int:
        return await asyncio.to_thread(self.servers.count, self.address, folder)

    async def stop_imap(self) -> None:
        await asyncio.to_thread(self.servers.stop_imap)

    async def start_imap(self) -> None:
        await asyncio.to_thread(self.servers.start_imap)

    async def stop_smtp(self) -> None:
        await asyncio.to_thread(self.servers.stop_smtp)

    async def start_smtp(self) -> None:
        await asyncio.to_thread(self.servers.start_smtp)

    async def renew_uidvalidity(self) -> None:
        await asyncio.to_thread(self.servers.renew_uidvalidity, self.address, 4711)


def _imap_config(provider: Provider, changes: dict[str, Any]) -> ImapConfig:
    config = ImapConfig.model_validate({"name": "pomoc", "port": provider.imap_port, **_login(provider)})
    # a copy is not validated: tests wait for less than the shortest time limit that an operator may set
    return config.model_copy(update=_with_secret(changes))


def _smtp_config(provider: Provider, changes: dict[str, Any]) -> SmtpConfig:
    config = SmtpConfig.model_validate({"port": provider.smtp_port, **_login(provider)})
    return config.model_copy(update=_with_secret(changes))


def _login(provider: Provider) -> dict[str, object]:
    return {
        "host": "localhost",
        "security": "none",
        "username": provider.address,
        "password": PASSWORD,
        "timeout": LIMIT,
    }


def _with_secret(changes: dict[str, Any]) -> dict[str, Any]:
    password = changes.get("password")
    return changes | {"password": SecretStr(password)} if password is not None else changes
