"""Hands finished messages to the outgoing server over SMTP (RFC 5321), and sorts every way in which that can fail."""

from __future__ import annotations

import asyncio
import base64
import logging
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NoReturn

from aiosmtplib import SMTP, SMTPException, SMTPResponse, SMTPResponseException

from bot.config_mail import SmtpConfig
from bot.edges.connecting import connect_error, quoted_reply, tls_context
from bot.edges.oauth_tokens import AccessToken, AccessTokens
from bot.edges.xoauth2 import MECHANISM, initial_response, token_refused
from bot.errors import InDoubt, LoginRefused, OperatorError, Refused, RetryLater

_log = logging.getLogger(__name__)

IDLE_SECONDS = 30.0
_GOODBYE_SECONDS = 2.0
"""Nothing depends on it, and whoever stops the program, or sends the next mail, waits for it."""
_SLOWEST_UPLOAD = 64 * 1024  # octets a second; a slower one counts as stuck
_LINE_END = re.compile(rb"\r\n|\r|\n")
_TRANSPARENCY = re.compile(rb"^\.", re.MULTILINE)
_ADDRESS = re.compile(r"[^\x00-\x20\x7f<>@]+@[^\x00-\x20\x7f<>@]+")
_MECHANISMS = ("plain", "login", "cram-md5")


class SmtpMailer:
    """`ports.Mailer` over one connection, which is kept for the next message and closed when none comes.

    Messages go out one after the other, each to one recipient.

    Args:
        config: The outgoing server.
        tokens: Where `config.oauth` names a source of access tokens, that source.
        idle_seconds: How long an unused connection is kept.
    """

    def __init__(
        self, config: SmtpConfig, *, tokens: AccessTokens | None = None, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self._config = config
        self._tokens = tokens
        self._idle_seconds = idle_seconds
        self._limit = config.timeout.total_seconds()
        self._server = f"mail server {config.host}:{config.port}"
        self._lock = asyncio.Lock()
        self._client: SMTP | None = None
        self._closer: asyncio.Task[None] | None = None

    async def send(self, envelope_from: str, recipient: str, raw: bytes, *, copy_to: str | None = None) -> None:
        """Hand over a message; returning means that the server has taken responsibility for it.

        Args:
            envelope_from: The reverse path; "" is the null sender (RFC 5321 §4.5.5).
            recipient: One address; its domain may be internationalised.
            raw: The finished octets; line ends are made CRLF, nothing else is changed.
            copy_to: Our own mailbox, as a second RCPT of the same transaction, so that both or neither get the message.
                A server that refuses it (with any reply) takes the message for the recipient alone.

        Raises:
            RetryLater: nothing was accepted: no connection, too slow, or a 4xx reply.
            InDoubt: the connection broke or fell silent after the message was sent, before the answer.
            Refused: a 5xx reply to the sender, the recipient or the message; or it cannot be sent there at all.
            OperatorError: the login was refused, or TLS is not as configured.
        """
        sender = _envelope_address(envelope_from) if envelope_from else ""
        receiver = _envelope_address(recipient)
        copy = _envelope_address(copy_to) if copy_to else None
        async with self._lock:
            self._keep_open()
            try:
                async with self._one_conversation() as client:
                    await self._transact(client, sender, receiver, copy, raw)
            finally:
                self._close_when_idle()

    async def check(self, address: str | None = None) -> None:
        """See whether the server would take a message: connect and log in, or ask the connection that stands.

        Args:
            address: Ours: whether it may send, and be sent to, is asked as well; nothing is sent.

        Raises:
            RetryLater: it cannot be reached or does not serve now.
            Refused: it takes nothing from this address, or nothing for it.
            OperatorError: the login was refused, or TLS is not as configured.
        """
        async with self._lock:
            self._keep_open()
            try:
                async with self._one_conversation() as client:
                    if address is not None:
                        envelope = f"<{_envelope_address(address)}>".encode()
                        await self._command(client, b"MAIL", b"FROM:" + envelope)
                        await self._command(client, b"RCPT", b"TO:" + envelope)
                        await self._reset(client)
            finally:
                self._close_when_idle()

    async def close(self) -> None:
        """Say goodbye and close the connection; `send` would open a new one."""
        async with self._lock:
            self._keep_open()
            await self._quit()

    @asynccontextmanager
    async def _one_conversation(self) -> AsyncIterator[SMTP]:
        """A connection that is ready; it is thrown away when anything but a plain refusal comes out."""
        try:
            client = await self._ready()
            yield client
        except (Refused, _TemporaryReply):
            raise
        except BaseException:
            self._abandon()
            raise

    async def _ready(self) -> SMTP:
        if self._client is not None and await self._answers(self._client):
            return self._client
        self._abandon()
        token = await self._tokens.get() if self._tokens is not None else None
        try:
            async with asyncio.timeout(self._limit):
                return await self._connect(token)
        except SMTPResponseException as error:
            spoke = error.code > 0  # the library gives -1 to what is no reply at all
            why = "it does not serve now" if spoke else "no SMTP server answers there; check host and port"
            raise RetryLater(f"{self._server}: {why}: {_reply(error)}") from None
        except OSError as error:  # the library's connection errors and TimeoutError are kinds of it
            raise connect_error(_root(error), self._server) from None
        except (SMTPException, ValueError, UnicodeError) as error:
            raise RetryLater(f"{self._server}: connecting failed: {type(error).__name__}") from None

    async def _answers(self, client: SMTP) -> bool:
        """Whether the kept connection still works (a NOOP, RFC 5321 §4.1.1.9)."""
        try:
            async with asyncio.timeout(self._limit):
                return client.is_connected and (await client.noop()).code == 250
        except (SMTPException, OSError):
            return False

    async def _connect(self, token: AccessToken | None) -> SMTP:
        config = self._config
        self._client = client = SMTP(
            hostname=config.host,
            port=config.port,
            local_hostname=await asyncio.to_thread(_own_name),
            timeout=self._limit,
            use_tls=config.security == "tls",
            start_tls=False,  # done below, where each failure can be told apart
            tls_context=None if config.security == "none" else tls_context(config),
        )
        await client.connect()
        await client.ehlo()
        if config.security == "starttls":
            if not client.supports_extension("starttls"):
                raise OperatorError(f'{self._server}: it offers no STARTTLS; set security = "tls"')
            await client.starttls()
            await client.ehlo()
        if config.username is not None:
            await self._login(client, config.username, token)
        return client

    async def _login(self, client: SMTP, username: str, token: AccessToken | None) -> None:
        """AUTH by one mechanism only: every wrong try counts towards a lock-out."""
        if self._tokens is not None and token is not None:
            await self._login_by_token(client, username, token, self._tokens)
            return
        offered = [mechanism for mechanism in _MECHANISMS if mechanism in client.server_auth_methods]
        if not offered:
            raise OperatorError(f"{self._server}: it offers no login by password; check port and security")
        password = self._config.password.get_secret_value() if self._config.password else ""
        login = {"plain": client.auth_plain, "login": client.auth_login, "cram-md5": client.auth_crammd5}[offered[0]]
        try:
            await login(username, password)
        except SMTPResponseException as error:
            reply = quoted_reply(f"{error.code} {error.message}", password)
            if error.code < 500:
                raise RetryLater(f"{self._server}: it cannot check logins now: {reply}") from None
            advice = f"check username ({username}) and password"
            if "basic authentication" in reply.lower():
                advice = "it takes no passwords any more, set oauth in their place (docs/mail.md)"
            raise LoginRefused(f"{self._server}: it refused the login: {reply}; {advice}") from None

    async def _login_by_token(self, client: SMTP, username: str, token: AccessToken, tokens: AccessTokens) -> None:
        if MECHANISM.lower() not in client.server_auth_methods:
            raise OperatorError(
                f"{self._server}: it offers no login by access token ({MECHANISM}); check host and port"
            )
        spoken = base64.b64encode(initial_response(username, token.value))
        response = await client.execute_command(b"AUTH", MECHANISM.encode(), spoken)
        if response.code == 334:  # the details of an error, which an empty answer ends
            response = await client.execute_command(b"")
        if response.code == 235:
            tokens.accepted(token, username)
            return
        reply = quoted_reply(f"{response.code} {response.message}", token.value, spoken.decode())
        if response.code < 500:
            raise RetryLater(f"{self._server}: it cannot check logins now: {reply}")
        refusal = f"{self._server}: it refused the login: {reply}"
        raise token_refused(refusal, tokens.config, username, was_taken=tokens.refused(token, username))

    async def _transact(self, client: SMTP, sender: str, receiver: str, copy: str | None, raw: bytes) -> None:
        octets = _wire_form(raw)
        parameters, encoding = self._mail_parameters(client, sender + receiver + (copy or ""), octets)
        mail = f"FROM:<{sender}>".encode(encoding)
        rcpt = f"TO:<{receiver}>".encode(encoding)
        await self._command(client, b"MAIL", mail, *parameters)
        try:
            await self._command(client, b"RCPT", rcpt)
            if copy is not None:
                # Without its copy the message goes out all the same; a doubt about it can then not be settled.
                with suppress(Refused, _TemporaryReply):
                    await self._command(client, b"RCPT", f"TO:<{copy}>".encode(encoding))
            await self._command(client, b"DATA", expected=354)
        except (Refused, _TemporaryReply):
            await self._reset(client)
            raise
        await self._send_data(client, octets)

    def _mail_parameters(self, client: SMTP, addresses: str, octets: bytes) -> tuple[list[bytes], str]:
        """The ESMTP parameters that this message needs, and how its addresses are encoded."""
        parameters = []
        limit = client.esmtp_extensions.get("size", "")
        if client.supports_extension("size"):
            if limit.isdecimal() and 0 < int(limit) < len(octets):
                raise Refused(f"{self._server}: it takes no message over {limit} octets; this one has {len(octets)}")
            parameters.append(b"SIZE=%d" % len(octets))
        if not octets.isascii() and client.supports_extension("8bitmime"):
            parameters.append(b"BODY=8BITMIME")
        if addresses.isascii():
            return parameters, "ascii"
        if not client.supports_extension("smtputf8"):
            raise Refused(f"{self._server}: it takes no address with such letters before the @ (RFC 6531)")
        return [*parameters, b"SMTPUTF8"], "utf-8"

    async def _command(self, client: SMTP, *words: bytes, expected: int = 250) -> None:
        """One command up to the data; whatever happens here, the message was not accepted."""
        try:
            async with asyncio.timeout(self._limit):
                response = await client.execute_command(*words)
        except (SMTPException, OSError) as error:
            raise RetryLater(f"{self._server}: no answer to {words[0].decode()}: {type(error).__name__}") from None
        if response.code != expected and not (words[0] == b"RCPT" and response.code == 251):
            self._raise_for(words[0].decode(), response)

    async def _reset(self, client: SMTP) -> None:
        """Forget the envelope, so that the connection can take the next message; a failure must not hide the reply."""
        try:
            await self._command(client, b"RSET")
        except (RetryLater, Refused, OperatorError):
            self._abandon()

    async def _send_data(self, client: SMTP, octets: bytes) -> None:
        """The message itself. From its final dot to the answer nobody can know whether it was accepted."""
        protocol = client.protocol
        if protocol is None or not protocol.is_connected:
            raise RetryLater(f"{self._server}: connection lost before the message was sent")
        # RFC 5321 §4.5.3.2.6 would wait ten minutes; a doubt can be settled, a stuck outbox helps nobody
        limit = 4 * self._limit + len(octets) / _SLOWEST_UPLOAD
        try:
            async with asyncio.timeout(limit):
                protocol.write(octets)
                response = await protocol.read_response()
        except SMTPResponseException as error:
            raise InDoubt(f"{self._server}: its answer to the message was not understood: {_reply(error)}") from None
        except (SMTPException, OSError) as error:
            raise InDoubt(f"{self._server}: no answer to the message: {type(error).__name__}") from None
        if 200 <= response.code < 300:  # any of them is a yes (RFC 5321 §4.2): sent again it would arrive twice
            return
        if response.code < 400:
            reply = quoted_reply(f"{response.code} {response.message}")
            raise InDoubt(f"{self._server}: its answer to the message was not understood: {reply}")
        self._raise_for("the message", response)

    def _raise_for(self, what: str, response: SMTPResponse) -> NoReturn:
        reply = quoted_reply(f"{response.code} {response.message}")
        if response.code == 421:  # it is closing the connection (RFC 5321 §3.8)
            raise RetryLater(f"{self._server}: it stops serving: {reply}")
        if response.code == 530:
            raise OperatorError(f"{self._server}: it wants a login or encryption: {reply}; check username and security")
        if 400 <= response.code < 500:
            raise _TemporaryReply(f"{self._server}: not now, says it to {what}: {reply}")
        if 500 <= response.code < 600:
            raise Refused(f"{self._server}: it refused {what}: {reply}")
        raise RetryLater(f"{self._server}: it answered {what} with {reply}")

    def _keep_open(self) -> None:
        if self._closer is not None:
            self._closer.cancel()
            self._closer = None

    def _close_when_idle(self) -> None:
        if self._client is not None:
            self._closer = asyncio.get_running_loop().create_task(self._close_later())

    async def _close_later(self) -> None:
        await asyncio.sleep(self._idle_seconds)
        async with self._lock:
            self._closer = None
            await self._quit()

    async def _quit(self) -> None:
        if self._client is None:
            return
        try:
            async with asyncio.timeout(min(self._limit, _GOODBYE_SECONDS)):
                await self._client.quit()
        except (SMTPException, OSError) as error:
            _log.debug("%s: no goodbye: %s", self._server, type(error).__name__)
        finally:
            self._abandon()

    def _abandon(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        if isinstance(client.transport, asyncio.WriteTransport):
            client.transport.abort()
        client.close()


class _TemporaryReply(RetryLater):
    """A 4xx reply: the connection is as good as before."""


def _envelope_address(address: str) -> str:
    """The address with its domain in ASCII (RFC 5890); Refused for what cannot stand in an envelope."""
    if not _ADDRESS.fullmatch(address):
        raise Refused(f"not an address that mail can be sent to: {quoted_reply(address)}")
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        raise Refused(f"not a domain that mail can be sent to: {quoted_reply(domain)}") from None


def _wire_form(raw: bytes) -> bytes:
    """The octets as DATA sends them: CRLF line ends, leading dots doubled (RFC 5321 §4.5.2), the final dot."""
    lines = _LINE_END.sub(b"\r\n", raw)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    return _TRANSPARENCY.sub(b"..", lines) + b".\r\n"


def _own_name() -> str:
    """What EHLO says: this machine's full name, or an address literal where it has none (RFC 5321 §4.1.4)."""
    name = socket.getfqdn()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


def _root(error: OSError) -> OSError:
    """The error below the library's own wrapping, which hides what kind it is."""
    cause = error.__cause__
    return cause if isinstance(cause, OSError) else error


def _reply(error: SMTPResponseException) -> str:
    return quoted_reply(f"{error.code} {error.message}")
