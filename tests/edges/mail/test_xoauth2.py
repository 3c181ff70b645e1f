"""Logging in by access token: IMAP and SMTP, with servers that take it, refuse it, and change their mind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from bot.config_mail import ImapConfig, SmtpConfig
from bot.edges.oauth_tokens import AccessTokens
from bot.edges.smtp_mailer import SmtpMailer
from bot.errors import HezoError, OperatorError, RetryLater
from tests.edges.mail.test_oauth_tokens import Kept
from tests.storage.making import FakeClock
from tests.support.hostile_imap import HostileImap
from tests.support.inbox_watch import run_to_error, watching
from tests.support.mail_sink import MemorySink
from tests.support.mailservers import MailServers
from tests.support.requirements import require_mailservers
from tests.support.token_endpoint import CLIENT_SECRET, TokenEndpoint, refuses, token_endpoint

USER = "pomoc@myhezo.test"
CAN = "IMAP4rev1 MOVE UIDPLUS AUTH=XOAUTH2"
MESSAGE = b"From: pomoc@myhezo.test\r\nSubject: hello\r\n\r\nhello\r\n"


@pytest.fixture
async def endpoint() -> AsyncIterator[TokenEndpoint]:
    async with token_endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def tokens(endpoint: TokenEndpoint, clock: FakeClock) -> AccessTokens:
    return AccessTokens(endpoint.config(), clock, Kept())


def config(server: HostileImap) -> ImapConfig:
    fields = {"name": "pomoc", "host": "127.0.0.1", "port": server.port, "security": "none", "username": USER}
    valid = ImapConfig.model_validate(fields | {"oauth": "m365"})
    return valid.model_copy(update={"timeout": timedelta(seconds=2), "poll": timedelta(seconds=0.02)})


def is_one_safe_line(error: Exception, endpoint: TokenEndpoint) -> None:
    told = f"{error!r} {error.__cause__!r}"
    assert "\n" not in str(error)
    assert CLIENT_SECRET not in told
    assert not any(token in told for token in (*endpoint.good, "dXNlcj"))


@pytest.mark.parametrize("capabilities", [CAN, f"{CAN} SASL-IR"])
async def test_a_mailbox_is_read_by_token(
    endpoint: TokenEndpoint, tokens: AccessTokens, sink: MemorySink, capabilities: str
) -> None:
    mails = {1: MESSAGE}
    async with (
        HostileImap(messages=mails, capabilities=capabilities, good_tokens=endpoint.good) as server,
        watching(config(server), sink, tokens=tokens),
    ):
        assert len(sink.mails) == 1
        assert server.users == [USER]
    assert not any("LOGIN" in command for command in server.commands)


async def test_a_connection_is_renewed_before_its_token_ends(
    endpoint: TokenEndpoint, tokens: AccessTokens, sink: MemorySink, clock: FakeClock
) -> None:
    async with (
        HostileImap(capabilities=CAN, good_tokens=endpoint.good) as server,
        watching(config(server), sink, tokens=tokens) as watch,
    ):
        clock.move(minutes=54)
        server.messages[1] = MESSAGE
        await sink.wait_for_mails(1)
        assert len(server.users) == 1
        endpoint.answers = [refuses(503, "temporarily_unavailable")]
        clock.move(minutes=2)
        await server.wait_until(lambda: len(server.users) == 2)
        server.messages[2] = MESSAGE.replace(b"hello", b"again")
        await sink.wait_for_mails(2)
        assert not watch.task.done()
        assert {state for state, _ in watch.states} == {"connecting", "ready"}


async def test_a_mailbox_that_was_set_up_anew_is_read_from_the_beginning_by_the_next_login(
    endpoint: TokenEndpoint, tokens: AccessTokens, sink: MemorySink, clock: FakeClock
) -> None:
    async with (
        HostileImap(messages={1: MESSAGE}, capabilities=CAN, good_tokens=endpoint.good) as server,
        watching(config(server).model_copy(update={"processed_folder": None}), sink, tokens=tokens),
    ):
        await server.wait_until(lambda: server.seen == {1})
        server.uidvalidity = 8
        server.messages[1] = MESSAGE.replace(b"hello", b"another")
        clock.move(minutes=56)
        await sink.wait_for_mails(2, within=20)
    assert [(mail.uidvalidity, mail.uid) for mail in sink.mails] == [(7, 1), (8, 1)]


@pytest.mark.parametrize(
    ("reply", "advice"),
    [
        ("NO [AUTHENTICATIONFAILED] Invalid credentials", f"{USER} has to be the mailbox's own address, and the token"),
        ("NO AUTHENTICATE failed.", "has to cover it (docs/mail.md)"),
        ("BAD User is authenticated but not connected.", "give the application access to this mailbox (docs/mail.md)"),
    ],
)
async def test_a_fresh_token_that_is_refused_is_the_operators_to_mend(
    endpoint: TokenEndpoint, tokens: AccessTokens, sink: MemorySink, reply: str, advice: str
) -> None:
    async with HostileImap(capabilities=CAN, token_reply=reply) as server:
        error = await run_to_error(config(server), sink, tokens=tokens)
    assert isinstance(error, OperatorError)
    assert str(error).startswith(f'mailbox "pomoc" (127.0.0.1:{server.port}): it refused AUTHENTICATE: ')
    assert 'the token of mail.oauth "m365" is fresh' in str(error)
    assert advice in str(error)
    is_one_safe_line(error, endpoint)


async def test_a_token_that_was_revoked_is_replaced(
    endpoint: TokenEndpoint, tokens: AccessTokens, sink: MemorySink
) -> None:
    async with HostileImap(capabilities=CAN, good_tokens=endpoint.good) as server:
        async with watching(config(server), sink, tokens=tokens):
            pass
        endpoint.revoke_all()
        error = await run_to_error(config(server), sink, tokens=tokens)
        assert isinstance(error, RetryLater)
        assert "was revoked or ended early, a new one is asked for" in str(error)
        is_one_safe_line(error, endpoint)
        async with watching(config(server), sink, tokens=tokens):
            assert len(server.users) == 2


async def test_a_mailbox_that_the_application_may_not_open(
    endpoint: TokenEndpoint, tokens: AccessTokens, sink: MemorySink
) -> None:
    refusals = {"SELECT": "BAD User is authenticated but not connected."}
    async with HostileImap(capabilities=CAN, good_tokens=endpoint.good, refusals=refusals) as server:
        error = await run_to_error(config(server), sink, tokens=tokens)
    assert isinstance(error, OperatorError)
    assert str(error).endswith("give the application access to this mailbox (docs/mail.md)")


async def test_a_server_that_knows_no_tokens(endpoint: TokenEndpoint, tokens: AccessTokens, sink: MemorySink) -> None:
    async with HostileImap() as server:
        error = await run_to_error(config(server), sink, tokens=tokens)
    assert isinstance(error, OperatorError)
    assert "it offers no login by access token (XOAUTH2)" in str(error)
    assert endpoint.requests == []


async def test_what_the_endpoint_refuses_stops_the_mailbox_with_its_words(
    endpoint: TokenEndpoint, tokens: AccessTokens, sink: MemorySink
) -> None:
    endpoint.answers = [refuses(400, "invalid_scope")]
    async with HostileImap(capabilities=CAN) as server:
        error = await run_to_error(config(server), sink, tokens=tokens)
    assert isinstance(error, OperatorError)
    assert str(error).startswith('mail.oauth "m365": the scope is not allowed')


class OneLogin:
    """An SMTP server that knows nothing but EHLO, AUTH and NOOP.

    Attributes:
        replies: What AUTH gets, and what the line after a 334 gets.
        lines: Every line received.
    """

    def __init__(self, mechanisms: str, *replies: str) -> None:
        self.mechanisms = mechanisms
        self.replies = list(replies)
        self.lines: list[str] = []
        self.is_left = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._converse(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()
            self.is_left.set()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            self.lines.append(line)
            if line.startswith("EHLO"):
                writer.write(f"250-here\r\n250 AUTH {self.mechanisms}\r\n".encode())
                continue
            if line.startswith("AUTH") and self.replies[0].startswith("334"):
                writer.write(f"{self.replies[0]}\r\n".encode())
                self.lines.append((await reader.readline()).decode().rstrip("\r\n"))
                line = ""
            reply = self.replies[-1] if line.startswith("AUTH") or not line else "250 ok"
            writer.write(f"{reply}\r\n".encode())


@contextmanager
def smtp(port: int, **more: Any) -> Iterator[SmtpConfig]:
    yield SmtpConfig.model_validate(
        {"host": "127.0.0.1", "port": port, "security": "none", "username": USER, "oauth": "m365"} | more
    )


async def smtp_login(server: OneLogin, tokens: AccessTokens) -> HezoError | None:
    """What checking the server raises."""
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    async with listening:
        with smtp(listening.sockets[0].getsockname()[1]) as config:
            mailer = SmtpMailer(config, tokens=tokens)
            try:
                await mailer.check()
            except HezoError as error:
                return error
            finally:
                await mailer.close()
                await server.is_left.wait()
    return None


async def test_mail_is_sent_by_token(endpoint: TokenEndpoint, tokens: AccessTokens) -> None:
    server = OneLogin("PLAIN XOAUTH2", "235 2.7.0 accepted")
    assert await smtp_login(server, tokens) is None
    assert any(
        line.startswith("AUTH XOAUTH2 dXNlcj1wb21vY0BteWhlem8udGVzdAFhdXRoPUJlYXJlciBhY2Nlc3MtMS")
        for line in server.lines
    )


@pytest.mark.parametrize(
    ("replies", "kind", "words"),
    [
        (
            ["334 eyJzdGF0dXMiOiI0MDEifQ==", "535 5.7.3 Authentication unsuccessful"],
            OperatorError,
            "the token has to cover",
        ),
        (["535 5.7.8 Username and Password not accepted"], OperatorError, "has to be the mailbox's own address"),
        (
            ["535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox."],
            OperatorError,
            "switch SMTP AUTH on for this mailbox (docs/mail.md)",
        ),
        (["454 4.7.0 Temporary authentication failure"], RetryLater, "it cannot check logins now: 454"),
    ],
)
async def test_a_refused_token_is_told_in_one_line(
    endpoint: TokenEndpoint, tokens: AccessTokens, replies: list[str], kind: type[HezoError], words: str
) -> None:
    error = await smtp_login(OneLogin("XOAUTH2", *replies), tokens)
    assert isinstance(error, kind)
    assert words in str(error)
    is_one_safe_line(error, endpoint)


async def test_a_revoked_token_is_replaced_for_the_next_mail(endpoint: TokenEndpoint, tokens: AccessTokens) -> None:
    assert await smtp_login(OneLogin("XOAUTH2", "235 fine"), tokens) is None
    error = await smtp_login(OneLogin("XOAUTH2", "535 5.7.3 Authentication unsuccessful"), tokens)
    assert isinstance(error, RetryLater)
    assert await smtp_login(OneLogin("XOAUTH2", "235 fine"), tokens) is None
    assert len(endpoint.requests) == 2


async def test_a_server_that_takes_no_passwords_any_more_says_what_to_use() -> None:
    refusal = "550 5.7.30 Basic authentication is not supported for Client Submission."
    server = OneLogin("PLAIN XOAUTH2", refusal)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    async with listening:
        with smtp(listening.sockets[0].getsockname()[1], oauth=None, password="secret") as config:
            mailer = SmtpMailer(config)
            with pytest.raises(OperatorError, match=r"takes no passwords any more, set oauth in their place"):
                await mailer.check()
            await mailer.close()
            await server.is_left.wait()


async def test_an_smtp_server_that_knows_no_tokens(tokens: AccessTokens) -> None:
    error = await smtp_login(OneLogin("PLAIN LOGIN", "235 fine"), tokens)
    assert isinstance(error, OperatorError)
    assert "it offers no login by access token (XOAUTH2)" in str(error)


@pytest.mark.mailservers
async def test_dovecot_and_postfix_take_the_token_and_no_other(
    endpoint: TokenEndpoint, tokens: AccessTokens, sink: MemorySink
) -> None:
    require_mailservers()
    endpoint.mailbox = USER
    with MailServers(introspection_url=endpoint.url.replace("/token", "/introspect")) as servers:
        tls = {"host": servers.host, "ca_file": str(servers.ca_file)}
        with smtp(servers.ports["submission"], security="starttls", **tls) as outgoing:
            mailer = SmtpMailer(outgoing, tokens=tokens)
            await mailer.send(USER, USER, MESSAGE)
            await mailer.close()
        await asyncio.to_thread(servers.wait_for_messages, USER, 1, 20.0)
        mailbox = {"name": "pomoc", "port": servers.ports["imaps"], "username": USER, "oauth": "m365"}
        imap = ImapConfig.model_validate(tls | mailbox)
        async with watching(imap, sink, tokens=tokens):
            assert len(sink.mails) == 1
        endpoint.revoke_all()
        assert isinstance(await run_to_error(imap, sink, tokens=tokens), RetryLater)
        async with watching(imap, sink, tokens=tokens):
            pass
        other = imap.model_copy(update={"username": "info@myhezo.test"})
        assert isinstance(await run_to_error(other, sink, tokens=tokens), OperatorError)
