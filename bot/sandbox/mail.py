"""A mail provider on this machine: real SMTP and IMAP on loopback, mailboxes in memory, faults at will."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from bot.edges.clock import SystemClock
from bot.ports import Clock
from bot.sandbox.imap_server import ImapServer
from bot.sandbox.smtp_server import HOSTNAME, SmtpFaults, SmtpServer, Submission

_REMEMBERED_DELIVERIES = 10_000
_FIELD = re.compile(rb"[^\n]*\n(?:[ \t][^\n]*\n)*")
_DOMAIN = re.compile(rb"@([A-Za-z0-9.-]+)")


@dataclass(frozen=True, slots=True)
class Account:
    """A mailbox.

    Attributes:
        name: The login name, for IMAP and SMTP.
        password: Its password.
        addresses: The addresses delivered to it, without "+detail".
    """

    name: str
    password: str = field(repr=False)
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that reached a mailbox.

    Attributes:
        number: 1 for the first delivery, growing by one.
        account: The mailbox's login name.
        recipient: The address it was sent to, with its "+detail".
        envelope_from: The reverse path, "" for the null sender.
        raw: The octets as the sender wrote them, without what the server put on top.
        at: When, aware, UTC, by the sandbox's clock.
    """

    number: int
    account: str
    recipient: str
    envelope_from: str
    raw: bytes = field(repr=False)
    at: datetime


class MailSandbox:
    """SMTP and IMAP servers for some accounts.

    Args:
        accounts: The mailboxes; mail to any other address is refused with 550.
        clock: Dates the deliveries; None is the machine's clock.
        authserv_id: The name under which Authentication-Results are stamped (RFC 8601 §2.5); None stamps nothing.
        authentication: Per domain of From, the result of SPF, DKIM and DMARC: "pass", "fail" or "none" (the default).
        require_login: True takes mail only after SMTP AUTH.

    Attributes:
        imap: The IMAP server.
        smtp: The SMTP server.
        deliveries: What reached a mailbox, oldest first (the last 10,000).
        revision: Grows with every delivery.
    """

    def __init__(
        self,
        accounts: Sequence[Account],
        *,
        clock: Clock | None = None,
        authserv_id: str | None = None,
        authentication: Mapping[str, str] | None = None,
        require_login: bool = False,
    ) -> None:
        self.imap = ImapServer()
        self.smtp = SmtpServer(self, require_login=require_login)
        self.deliveries: deque[Delivery] = deque(maxlen=_REMEMBERED_DELIVERIES)
        self.revision = 0
        self._clock = clock or SystemClock()
        self._authserv_id = authserv_id
        self._authentication = dict(authentication or {})
        self._accounts = {account.name: account for account in accounts}
        self._arrived = asyncio.Condition()
        self._ids = itertools.count(1)

    @property
    def imap_port(self) -> int:
        """The loopback port of IMAP, without encryption."""
        return self.imap.port

    @property
    def smtp_port(self) -> int:
        """The loopback port of SMTP, without encryption."""
        return self.smtp.port

    @property
    def faults(self) -> SmtpFaults:
        """What goes wrong next when mail is sent."""
        return self.smtp.faults

    async def start(self) -> None:
        """Start both servers, on the same ports as before and with the mails kept."""
        for account in self._accounts.values():
            await self.imap.add_account(account.name, account.password)
        await self.imap.start()
        await self.smtp.start()

    async def stop(self) -> None:
        """Stop both servers; the mails are kept for the next start."""
        await self.smtp.stop()
        await self.imap.stop()

    async def add_account(self, account: Account) -> None:
        """Make one more mailbox, or change one of the same name."""
        self._accounts[account.name] = account
        await self.imap.add_account(account.name, account.password)

    async def wait_for(self, predicate: Callable[[Delivery], bool], within: float, *, after: int = 0) -> Delivery:
        """The first delivery for which the predicate holds, past or to come.

        Args:
            predicate: What it must be like.
            within: The patience in seconds.
            after: Only deliveries with a greater number count.

        Raises:
            TimeoutError: none came.
        """

        def found() -> Delivery | None:
            return next((d for d in self.deliveries if d.number > after and predicate(d)), None)

        try:
            async with asyncio.timeout(within), self._arrived:
                delivery = await self._arrived.wait_for(found)
        except TimeoutError:
            raise TimeoutError(f"none of {len(self.deliveries)} deliveries was the one waited for") from None
        assert delivery is not None
        return delivery

    async def wait_for_revision(self, revision: int, within: float) -> bool:
        """Wait until `revision` is reached; False when it was not within that many seconds."""
        try:
            async with asyncio.timeout(within), self._arrived:
                await self._arrived.wait_for(lambda: self.revision >= revision)
        except TimeoutError:
            return False
        return True

    def knows(self, recipient: str) -> bool:
        """Whether an account has this address."""
        return self._account_of(recipient) is not None

    def may_login(self, name: str, password: str) -> bool:
        """Whether an account has this name and password."""
        account = self._accounts.get(name)
        return account is not None and account.password == password

    async def deliver(self, submission: Submission) -> None:
        """Put a message into the INBOX of each recipient, with the header fields that a mail server adds."""
        for recipient in submission.recipients:
            account = self._account_of(recipient)
            assert account is not None, "RCPT was refused"
            now = self._clock.now()
            await self.imap.append(account.name, self._stamped(submission, recipient, now), now)
            async with self._arrived:
                self.revision += 1
                self.deliveries.append(
                    Delivery(self.revision, account.name, recipient, submission.envelope_from, submission.raw, now)
                )
                self._arrived.notify_all()

    def _account_of(self, address: str) -> Account | None:
        local, _, domain = address.lower().rpartition("@")
        plain = f"{local.partition('+')[0]}@{domain}"
        return next(
            (a for a in self._accounts.values() if any(own.lower() in {address.lower(), plain} for own in a.addresses)),
            None,
        )

    def _stamped(self, submission: Submission, recipient: str, now: datetime) -> bytes:
        """The message with the trace fields on top (RFC 5321 §4.4), in the order in which Postfix writes them."""
        protocol = "ESMTPA" if submission.login else "ESMTP"
        lines = [
            f"Return-Path: <{submission.envelope_from}>",
            f"Delivered-To: {recipient}",
            f"Received: from {submission.helo} ([{submission.peer}])",
            f"\tby {HOSTNAME} with {protocol} id {next(self._ids):08X}",
            f"\tfor <{recipient}>; {format_datetime(now)}",
        ]
        strip = [b"return-path:"]
        if self._authserv_id is not None:
            lines += self._authentication_results(submission, self._authserv_id)
            # a border server removes what only pretends to be its own verdict (RFC 8601 §5)
            strip.append(b"authentication-results: " + self._authserv_id.encode())
        return "".join(f"{line}\r\n" for line in lines).encode() + _without_fields(submission.raw, tuple(strip))

    def _authentication_results(self, submission: Submission, authserv_id: str) -> list[str]:
        domain = _from_domain(submission.raw)
        result = self._authentication.get(domain, "none")
        return [
            f"Authentication-Results: {authserv_id};",
            f"\tspf={result} smtp.mailfrom={submission.envelope_from.rpartition('@')[2] or domain};",
            f"\tdkim={result} header.d={domain};",
            f"\tdmarc={result} header.from={domain}",
        ]


def _from_domain(raw: bytes) -> str:
    """The domain of the author's address, lower case, "unknown" where there is none to be read."""
    header = raw.partition(b"\r\n\r\n")[0] + b"\r\n"
    author = next((field for field in _FIELD.findall(header) if field.lower().startswith(b"from:")), b"")
    domains = _DOMAIN.findall(author)
    return domains[-1].decode().lower() if domains else "unknown"


def _without_fields(raw: bytes, names: tuple[bytes, ...]) -> bytes:
    """The message without the header fields that begin with one of these lower-case names."""
    header, separator, body = raw.partition(b"\r\n\r\n")
    kept = b"".join(field for field in _FIELD.findall(header + b"\r\n") if not field.lower().startswith(names))
    return kept + separator[2:] + body if separator else kept[:-2]
