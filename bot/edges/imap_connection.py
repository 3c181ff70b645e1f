"""One IMAP connection: aioimaplib behind rules that it does not have itself. Nothing else imports aioimaplib.

Every command has an outer time limit; any failure aborts the transport, after which the connection is of no more use.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import re
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from aioimaplib import AUTH, NONAUTH, Command, FetchCommand, IMAP4ClientProtocol, Response

from bot.config_mail import ImapConfig
from bot.edges.connecting import quoted_reply
from bot.edges.imap_opening import open_imap
from bot.edges.imap_syntax import (
    Line,
    Overview,
    mailbox_name,
    quoted,
    read_bodies,
    read_overviews,
    read_search,
    read_uidvalidity,
    response_code,
    uid_set,
)
from bot.edges.oauth_tokens import AccessToken, AccessTokens
from bot.edges.xoauth2 import MECHANISM, advice_on, initial_response, token_refused
from bot.errors import HezoError, LoginRefused, OperatorError, RetryLater

_EXISTS = re.compile(rb"\* [0-9]+ EXISTS\b", re.IGNORECASE)
_PASSING = frozenset({"UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT"})
_SLOWEST_LINE = 64 * 1024  # octets a second; a slower transfer counts as stuck
_LARGEST_HEADER = 256 * 1024

T = TypeVar("T")


class ImapBroken(RetryLater):
    """The connection is gone: lost, silent, or no longer understood."""


class ImapRefused(HezoError):
    """The server answered NO or BAD; the connection is as good as before.

    Attributes:
        code: The response code (RFC 5530), or "".
    """

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def passing(self) -> bool:
        """Whether the server says that it will pass by itself (RFC 5530 §3)."""
        return self.code in _PASSING


class ImapConnection:
    """A connection that is logged in. Made by `open`.

    Attributes:
        usable: False once it was lost or aborted.
        token: The access token that it was opened with; None where a password was.
    """

    def __init__(self, config: ImapConfig, protocol: _Protocol) -> None:
        self.token: AccessToken | None = None
        self._config = config
        self._protocol = protocol
        self._server = _server_name(config)
        self._limit = config.timeout.total_seconds()
        self._secret = _password(config)

    @classmethod
    async def open(cls, config: ImapConfig, tokens: AccessTokens | None = None) -> ImapConnection:
        """Connect and log in.

        Args:
            tokens: Where `config.oauth` names a source of access tokens, that source.

        Raises:
            OperatorError: TLS, STARTTLS, user name, password or access token need mending.
            RetryLater: the server cannot be reached or does not serve now.
        """
        # its debug lines hold passwords and whole mails; what we need to know comes as exceptions
        logging.getLogger("aioimaplib.aioimaplib").disabled = True
        _refuse_line_breaks(config)
        opened = await open_imap(config, _server_name(config))
        protocol = _Protocol(opened.transport, AUTH if opened.preauth else NONAUTH)
        connection = cls(config, protocol)
        try:
            protocol.data_received(opened.early)
            await connection._ask_capabilities()
            if not opened.preauth:
                await (connection._login() if tokens is None else connection._login_by_token(tokens))
                await connection._ask_capabilities()  # a server may offer more after the login
        except BaseException:
            connection.abort()
            raise
        return connection

    @property
    def usable(self) -> bool:
        """Whether commands can still be given."""
        return not self._protocol.lost.is_set()

    @property
    def can_move(self) -> bool:
        """Whether messages can be moved away: MOVE (RFC 6851), or COPY and an EXPUNGE of chosen UIDs (RFC 4315)."""
        return not {"MOVE", "UIDPLUS"}.isdisjoint(self._protocol.capabilities)

    def abort(self) -> None:
        """Close at once, without LOGOUT; nothing happens when it is closed already."""
        self._protocol.abort()

    async def select(self, folder: str) -> int:
        """Open a folder; gives its UIDVALIDITY."""
        try:
            lines = await self._command("SELECT", self._protocol.select(mailbox_name(folder)))
        except ImapRefused as refusal:
            if advice := advice_on(str(refusal)):
                raise OperatorError(f"{refusal}; {advice}") from None
            raise
        if response_code(bytes(lines[-1])) == "READ-ONLY":
            raise OperatorError(f'{self._server}: folder "{folder}" is read-only for {self._config.username}')
        return self._read(read_uidvalidity, lines)

    async def has_folder(self, folder: str) -> bool:
        """Whether the folder exists."""
        try:
            await self._command("STATUS", self._protocol.simple_command("STATUS", mailbox_name(folder), "(UIDNEXT)"))
        except ImapRefused:
            return False
        return True

    async def create(self, folder: str) -> None:
        """Make a folder, and subscribe to it so that mail programs show it to people."""
        name = mailbox_name(folder)
        await self._command("CREATE", self._protocol.simple_command("CREATE", name))
        await self._command("SUBSCRIBE", self._protocol.simple_command("SUBSCRIBE", name))

    async def search(self) -> list[int]:
        """The UIDs of all messages in the folder, ascending."""
        self._protocol.exists = False
        return self._read(
            read_search, await self._command("SEARCH", self._protocol.search("ALL", charset=None, by_uid=True))
        )

    async def overviews(self, uids: Sequence[int]) -> dict[int, Overview]:
        """Size and date by UID; messages that are gone are left out."""
        return self._read(read_overviews, await self._fetch(uids, "(UID RFC822.SIZE INTERNALDATE)", 0))

    async def bodies(self, uids: Sequence[int], octets: int) -> dict[int, bytes]:
        """The whole messages by UID, without marking them as read; messages that are gone are left out.

        Args:
            uids: At most 50.
            octets: Their size together, for the time limit.
        """
        return self._read(read_bodies, await self._fetch(uids, "(UID BODY.PEEK[])", octets))

    async def header(self, uid: int) -> dict[int, bytes]:
        """The header of one message by UID, cut after 256 KiB."""
        what = f"(UID BODY.PEEK[HEADER]<0.{_LARGEST_HEADER}>)"
        return self._read(read_bodies, await self._fetch([uid], what, _LARGEST_HEADER))

    async def move(self, uids: Sequence[int], folder: str) -> None:
        """Move messages into another folder."""
        name, which = mailbox_name(folder), uid_set(uids)
        if "MOVE" in self._protocol.capabilities:
            await self._command("MOVE", self._protocol.move(which, name, by_uid=True))
            return
        await self._command("COPY", self._protocol.copy(which, name, by_uid=True))
        await self._command("STORE", self._protocol.store(which, "+FLAGS.SILENT", "(\\Deleted)", by_uid=True))
        await self._command("EXPUNGE", self._protocol.expunge(which, by_uid=True))

    async def mark_seen(self, uids: Sequence[int]) -> None:
        """Mark messages as read."""
        await self._command("STORE", self._protocol.store(uid_set(uids), "+FLAGS.SILENT", "(\\Seen)", by_uid=True))

    async def wait_for_news(self, at_most: timedelta | None = None) -> None:
        """Return when the server pushes anything (IDLE, RFC 2177), or when it is time to look by ourselves.

        Returns at once when a message arrived since the last `search`: that was told with the answer to some other
        command, and the server does not tell it again.

        Args:
            at_most: Shortens the time that one IDLE takes.
        """
        if self._protocol.exists:
            return
        if "IDLE" in self._protocol.capabilities:
            try:
                await self._idle(min(self._config.idle, at_most or self._config.idle).total_seconds())
            except ImapRefused:
                self._protocol.capabilities.discard("IDLE")
            else:
                return
        await self._first("the pause between two looks", self._config.poll.total_seconds())

    async def _ask_capabilities(self) -> None:
        await self._within("CAPABILITY", self._protocol.capability())
        self._protocol.capabilities = {capability.upper() for capability in self._protocol.capabilities}

    async def _login(self) -> None:
        username, password = self._config.username, _password(self._config)
        capabilities = self._protocol.capabilities
        if "LOGINDISABLED" in capabilities:
            raise OperatorError(f'{self._server}: it takes no password unencrypted; set security = "tls" or "starttls"')
        try:
            if {"AUTH=PLAIN", "SASL-IR"} <= capabilities:
                await self._authenticate("PLAIN", f"\0{username}\0{password}".encode())
            else:
                arguments = quoted(username), quoted(password)
                await self._command(
                    "LOGIN", self._protocol.execute(Command("LOGIN", self._protocol.new_tag(), *arguments))
                )
        except ImapRefused as refusal:
            if refusal.passing:
                raise RetryLater(str(refusal)) from None
            raise LoginRefused(f"{refusal}; check username ({username}) and password of this mailbox") from None
        self._protocol.state = AUTH

    async def _login_by_token(self, tokens: AccessTokens) -> None:
        username = self._config.username
        if f"AUTH={MECHANISM}" not in self._protocol.capabilities:
            raise OperatorError(
                f"{self._server}: it offers no login by access token ({MECHANISM}); check host and port"
            )
        self.token = token = await tokens.get()
        self._secret = token.value
        try:
            await self._authenticate(MECHANISM, initial_response(username, token.value))
        except ImapRefused as refusal:
            if refusal.passing:
                raise RetryLater(str(refusal)) from None
            was_taken = tokens.refused(token, username)
            raise token_refused(str(refusal), tokens.config, username, was_taken=was_taken) from None
        tokens.accepted(token, username)
        self._protocol.state = AUTH

    async def _authenticate(self, mechanism: str, response: bytes) -> None:
        """Log in by a SASL mechanism whose client speaks first, in the command itself where it may (RFC 4959)."""
        spoken = base64.b64encode(response).decode()
        words = [mechanism, spoken] if "SASL-IR" in self._protocol.capabilities else [mechanism]
        self._protocol.sasl = deque([] if len(words) > 1 else [spoken.encode()])
        command = Command("AUTHENTICATE", self._protocol.new_tag(), *words)
        await self._command("AUTHENTICATE", self._protocol.execute(command))

    async def _fetch(self, uids: Sequence[int], what: str, octets: int) -> Sequence[Line]:
        command = FetchCommand(self._protocol.new_tag(), uid_set(uids), what, prefix="UID")
        limit = self._limit + octets / _SLOWEST_LINE
        return await self._command("FETCH", self._protocol.execute(command), limit)

    async def _idle(self, longest: float) -> None:
        protocol = self._protocol
        while not protocol.idle_queue.empty():
            protocol.idle_queue.get_nowait()
        idling = asyncio.ensure_future(protocol.idle())
        begun = asyncio.ensure_future(protocol.wait_for_idle_response())
        pushed = asyncio.ensure_future(protocol.idle_queue.get())
        try:
            if not await self._first("IDLE", self._limit, idling, begun):
                raise self._silent("IDLE", self._limit)
            if not idling.done():
                await self._first("IDLE", longest, idling, pushed)
            if not idling.done():
                protocol.idle_done()
            await self._command("IDLE", idling)
        finally:
            for task in (idling, begun, pushed):
                task.cancel()

    async def _command(self, name: str, answer: Awaitable[Response], limit: float | None = None) -> Sequence[Line]:
        """The lines of an answer that is OK; ImapRefused when it is not."""
        response = await self._within(name, answer, limit)
        if response.result == "OK":
            lines: Sequence[Line] = response.lines
            return lines
        text = bytes(response.lines[-1])
        words = quoted_reply(text, self._secret)
        raise ImapRefused(f"{self._server}: it refused {name}: {words}", response_code(text))

    async def _within(self, name: str, answer: Awaitable[T], limit: float | None = None) -> T:
        task = asyncio.ensure_future(answer)
        try:
            if not await self._first(name, limit or self._limit, task):
                raise self._silent(name, limit or self._limit)
            return task.result()
        except ImapBroken:
            raise
        except Exception as error:  # noqa: BLE001  # the library raises whatever its parser stumbles over
            # without its cause: the library's exceptions quote commands, and so passwords
            raise self._broken(f"{name} failed: {type(error).__name__}") from None
        finally:
            task.cancel()

    async def _first(self, name: str, limit: float, *tasks: asyncio.Future[Any]) -> bool:
        """Whether one of the tasks ended within the limit; ImapBroken when the connection was lost before."""
        lost = asyncio.ensure_future(self._protocol.lost.wait())
        try:
            await asyncio.wait({*tasks, lost}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        finally:
            lost.cancel()
        if any(task.done() for task in tasks):
            return True
        if not self.usable:
            raise self._broken(f"connection lost during {name}")
        return False

    def _read(self, reader: Callable[[Sequence[Line]], T], lines: Sequence[Line]) -> T:
        try:
            return reader(lines)
        except (ValueError, IndexError, OverflowError) as error:
            raise self._broken(f"an answer was not understood: {quoted_reply(str(error))}") from None

    def _silent(self, name: str, limit: float) -> ImapBroken:
        return self._broken(f"no answer to {name} within {limit:.0f} s")

    def _broken(self, reason: str) -> ImapBroken:
        self.abort()
        farewell = f" ({quoted_reply(self._protocol.bye)})" if self._protocol.bye else ""
        return ImapBroken(f"{self._server}: {reason}{farewell}")


class _Protocol(IMAP4ClientProtocol):  # type: ignore[misc]  # the library ships no types
    """aioimaplib's protocol on a transport that is open already; tells of its end however that came."""

    def __init__(self, transport: asyncio.Transport, state: str) -> None:
        super().__init__(asyncio.get_running_loop())
        self.transport: asyncio.Transport = transport
        self.state = state
        self.capabilities: set[str] = set()
        self.lost = asyncio.Event()
        self.bye = b""
        self.exists = False
        self.sasl: deque[bytes] = deque()
        transport.set_protocol(self)
        if transport.is_closing():
            self.lost.set()

    def data_received(self, data: bytes) -> None:
        """Parse; octets that the library cannot parse (also: too many lines at once) end the connection."""
        try:
            super().data_received(data)
        except Exception:  # noqa: BLE001  # the parser raises nearly anything; asyncio would log it with its data
            self.abort()

    def connection_lost(self, _exc: Exception | None) -> None:
        self.lost.set()

    def abort(self) -> None:
        """Close at once and say so."""
        self.transport.abort()
        self.lost.set()

    def _continuation(self, line: bytes) -> None:
        """Answer a server that asks during AUTHENTICATE; nothing is the answer to an error's details (XOAUTH2)."""
        command = self.pending_sync_command
        if command is not None and command.name == "AUTHENTICATE":
            self.transport.write((self.sasl.popleft() if self.sasl else b"") + b"\r\n")
            return
        super()._continuation(line)

    def _untagged_response(self, line: bytes) -> Any:
        if line.upper().startswith(b"* BYE"):
            self.bye = line[len(b"* BYE") :]
        if _EXISTS.match(line):
            self.exists = True
        return super()._untagged_response(line)


def _server_name(config: ImapConfig) -> str:
    return f'mailbox "{config.name}" ({config.host}:{config.port})'


def _refuse_line_breaks(config: ImapConfig) -> None:
    """Refuse what would end a command's line and begin another one."""
    texts = config.username, _password(config), config.folder, config.processed_folder or ""
    if any(control in text for text in texts for control in "\0\r\n") or "\x01" in config.username:
        raise OperatorError(f"{_server_name(config)}: username, password and folder names cannot hold line breaks")


def _password(config: ImapConfig) -> str:
    return config.password.get_secret_value() if config.password else ""
