"""From a host and a port to an encrypted IMAP transport: greeting and STARTTLS, before any library sees an octet."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import NamedTuple

from bot.config_mail import ServerConfig
from bot.edges.connecting import connect_error, quoted_reply, tls_context
from bot.errors import OperatorError, RetryLater

_LONGEST_LINE = 8192
_MOST_LINES_BEFORE_THE_ANSWER = 20
_STARTTLS_TAG = b"S1"
_KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""After a minute of silence, every quarter of one, four times: by default it would be a quarter of an hour."""


class Opened(NamedTuple):
    """A transport whose greeting has been read.

    Attributes:
        preauth: True where the server took us as logged in already (RFC 9051 §7.1.4).
        early: Octets after the greeting; always empty after STARTTLS.
    """

    transport: asyncio.Transport
    preauth: bool
    early: bytes


async def open_imap(config: ServerConfig, server: str) -> Opened:
    """Connect, read the greeting, and encrypt as configured.

    Args:
        config: Host, port, security, time limit for all of it.
        server: How the operator knows the server.

    Raises:
        OperatorError: no or untrusted TLS, no STARTTLS.
        RetryLater: unreachable, busy, too slow, or something in the plain text that does not belong there.
    """
    lines = _Lines()
    try:
        async with asyncio.timeout(config.timeout.total_seconds()):
            return await _open(config, server, lines)
    except OSError as error:  # TimeoutError and ssl.SSLError are kinds of it
        lines.abort()
        raise connect_error(error, server) from None
    except BaseException:
        lines.abort()
        raise


async def _open(config: ServerConfig, server: str, lines: _Lines) -> Opened:
    context = None if config.security == "none" else tls_context(config)
    at_once = context if config.security == "tls" else None
    await asyncio.get_running_loop().create_connection(lambda: lines, config.host, config.port, ssl=at_once)
    greeting = await lines.next()
    if not greeting.upper().startswith((b"* OK", b"* PREAUTH")):
        its_own = greeting.startswith(b"* ")
        why = "it does not serve now" if its_own else "no IMAP server answers there; check host and port"
        raise RetryLater(f"{server}: {why}: {quoted_reply(greeting)}")
    preauth = greeting.upper().startswith(b"* PREAUTH")
    if config.security == "starttls":
        assert context is not None
        if preauth:  # an attacker's way around STARTTLS (RFC 9051 §11.3)
            raise OperatorError(f'{server}: it skips the login and so offers no STARTTLS; set security = "tls"')
        await _start_tls(config.host, server, lines, context)
    return Opened(lines.transport, preauth, lines.take())


async def _start_tls(host: str, server: str, lines: _Lines, context: ssl.SSLContext) -> None:
    lines.transport.write(_STARTTLS_TAG + b" STARTTLS\r\n")
    for _ in range(_MOST_LINES_BEFORE_THE_ANSWER):
        answer = await lines.next()
        if answer.startswith(_STARTTLS_TAG):
            break
    if not answer.upper().startswith(_STARTTLS_TAG + b" OK"):
        raise OperatorError(f'{server}: it offers no STARTTLS ({quoted_reply(answer)}); set security = "tls"')
    if lines.take():  # injected: it would be taken for part of the encrypted session (RFC 9051 §11.3)
        raise RetryLater(f"{server}: unencrypted octets came after STARTTLS; somebody may be in between")
    loop = asyncio.get_running_loop()
    encrypted = await loop.start_tls(lines.transport, lines, context, server_hostname=host)
    if encrypted is None:
        raise ConnectionResetError
    lines.transport = encrypted


class _Lines(asyncio.Protocol):
    """Reads the few lines before the library takes over."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._received = bytearray()
        self._news = asyncio.Event()
        self._lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        tcp: socket.socket = transport.get_extra_info("socket")
        # a peer that vanished while nobody speaks is found out by the kernel
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE.items():
            if (option := getattr(socket, name, None)) is not None:  # not on every system
                tcp.setsockopt(socket.IPPROTO_TCP, option, value)

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._news.set()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._lost = True
        self._news.set()

    async def next(self) -> bytes:
        """The next line without its end; ConnectionResetError when there will be none."""
        while b"\r\n" not in self._received:
            if self._lost or len(self._received) > _LONGEST_LINE:
                raise ConnectionResetError
            self._news.clear()
            await self._news.wait()
        line, _, rest = bytes(self._received).partition(b"\r\n")
        self._received[:] = rest
        return line

    def take(self) -> bytes:
        """What came after the last line read."""
        octets = bytes(self._received)
        self._received.clear()
        return octets

    def abort(self) -> None:
        """Break the connection, if there is one."""
        if hasattr(self, "transport"):
            self.transport.abort()
