"""An SMTP server in this process: aiosmtpd on a loopback port, with switches for the faults that happen in life."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, Protocol

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Stage = Literal["MAIL", "RCPT", "DATA"]

HOSTNAME = "mx.sandbox.test"
_MAX_MESSAGE = 50 * 1024 * 1024
_MAX_LINE = 1024 * 1024


@dataclass(slots=True)
class SmtpFaults:
    """What goes wrong next; change it at any time.

    Attributes:
        delay: How long the answers to MAIL and RCPT are held back.
        delay_data: How long the answer to the final dot is held back.
        refuse_logins: True answers every AUTH with 535.
        replies: Per stage, the replies ("451 4.3.0 later") that the next commands get instead of the right one.
            "DATA" is the answer to the final dot.
        drops: Per message to come: the connection breaks after the final dot, before the answer, and the message
            was accepted (True) or not (False).
    """

    delay: timedelta = timedelta(0)
    delay_data: timedelta = timedelta(0)
    refuse_logins: bool = False
    replies: dict[Stage, deque[str]] = field(default_factory=dict)
    drops: deque[bool] = field(default_factory=deque)

    def reply_next(self, count: int, reply: str, at: Stage = "RCPT") -> None:
        """Answer the next `count` commands at that stage with this reply."""
        self.replies.setdefault(at, deque()).extend([reply] * count)

    def drop_after_data(self, count: int = 1, *, accepted: bool) -> None:
        """Break the connection before the answer to the next `count` messages."""
        self.drops.extend([accepted] * count)

    def next_reply(self, stage: Stage) -> str | None:
        """Take the reply planned for this stage, if one is."""
        planned = self.replies.get(stage)
        return planned.popleft() if planned else None


@dataclass(frozen=True, slots=True)
class Submission:
    """A message as a client handed it over.

    Attributes:
        envelope_from: The reverse path, "" for the null sender (RFC 5321 §4.5.5).
        recipients: The forward paths that were accepted.
        raw: The octets after the removal of transparency dots.
        helo: What the client called itself.
        peer: Its address.
        login: The user name it authenticated with, if it did.
    """

    envelope_from: str
    recipients: tuple[str, ...]
    raw: bytes
    helo: str
    peer: str
    login: str | None


class Deliverer(Protocol):
    """Where accepted messages go."""

    def knows(self, recipient: str) -> bool:
        """Whether this address can be delivered to."""

    def may_login(self, name: str, password: str) -> bool:
        """Whether the password is right."""

    async def deliver(self, submission: Submission) -> None:
        """Put the message into the mailboxes of its recipients."""


class SmtpServer:
    """Takes mail over SMTP without encryption (RFC 5321), with AUTH PLAIN and LOGIN (RFC 4954).

    Args:
        deliverer: Where accepted messages go.
        require_login: True takes mail only after AUTH.

    Attributes:
        port: The loopback port, the same after every start; 0 before the first one.
        faults: What goes wrong next.
    """

    def __init__(self, deliverer: Deliverer, *, require_login: bool = False) -> None:
        self.port = 0
        self.faults = SmtpFaults()
        self._handler = _Handler(deliverer, self.faults, require_login)
        self._listener: asyncio.Server | None = None
        self._connections: set[_Connection] = set()

    async def start(self) -> None:
        """Listen; nothing happens when it does already."""
        if self._listener is not None:
            return
        # aiosmtpd logs every line of every mail, and a deprecation of its own making at every login
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._connection, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse new connections and break the open ones."""
        if self._listener is None:
            return
        self._listener.close()
        self.drop_connections()
        await self._listener.wait_closed()
        self._listener = None

    def drop_connections(self) -> None:
        """Break every open connection without a word, as a failing network does."""
        for connection in tuple(self._connections):
            connection.abort()

    def _connection(self) -> _Connection:
        return _Connection(self._handler, self._connections)


class _Connection(SMTP):
    """aiosmtpd's protocol: patient with long lines as Postfix is, and known to the server while it is open."""

    line_length_limit = _MAX_LINE

    def __init__(self, handler: _Handler, open_connections: set[_Connection]) -> None:
        super().__init__(
            handler,
            hostname=HOSTNAME,
            ident="ESMTP sandbox",
            data_size_limit=_MAX_MESSAGE,
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=handler.authenticate,
            loop=asyncio.get_running_loop(),
        )
        self._open_connections = open_connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._open_connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._open_connections.discard(self)
        super().connection_lost(error)

    def abort(self) -> None:
        """Break the connection without a word."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()


class _Handler:
    """aiosmtpd's hooks; the method names are its own."""

    def __init__(self, deliverer: Deliverer, faults: SmtpFaults, require_login: bool) -> None:
        self._deliverer = deliverer
        self._faults = faults
        self._require_login = require_login

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        name, password = (part.decode("utf-8", "replace") for part in data)
        right = not self._faults.refuse_logins and self._deliverer.may_login(name, password)
        return AuthResult(success=right, handled=False, auth_data=LoginPassword(data.login, b"") if right else None)

    async def handle_MAIL(  # noqa: N802  # aiosmtpd finds its hooks by name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._require_login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if (reply := await self._fault("MAIL")) is not None:
            return reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd finds its hooks by name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (reply := await self._fault("RCPT")) is not None:
            return reply
        if not self._deliverer.knows(address):
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802  # aiosmtpd finds its hooks by name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if (reply := await self._fault("DATA")) is not None:
            return reply
        dropped = self._faults.drops.popleft() if self._faults.drops else None
        if dropped is not False:
            await self._deliverer.deliver(_submission(session, envelope))
        if dropped is not None:
            assert isinstance(server, _Connection)
            server.abort()
            await asyncio.Event().wait()  # aiosmtpd cancels the hook when it sees the connection gone
        return "250 2.0.0 OK: taken"

    async def _fault(self, stage: Stage) -> str | None:
        delay = self._faults.delay_data if stage == "DATA" else self._faults.delay
        if delay:
            await asyncio.sleep(delay.total_seconds())
        return self._faults.next_reply(stage)


def _submission(session: Session, envelope: Envelope) -> Submission:
    assert envelope.original_content is not None
    sender = envelope.mail_from or ""
    peer: Any = session.peer
    login = session.auth_data.login.decode("utf-8", "replace") if session.auth_data else None
    return Submission(
        envelope_from="" if sender == "<>" else sender,
        recipients=tuple(envelope.rcpt_tos),
        raw=envelope.original_content,
        helo=session.host_name or "unknown",
        peer=str(peer[0]),
        login=login,
    )
