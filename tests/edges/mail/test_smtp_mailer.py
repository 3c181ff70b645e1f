"""The mailer against real servers: what is sent arrives as it is, and every failure is sorted."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from bot.config_mail import SmtpConfig
from bot.edges.smtp_mailer import SmtpMailer
from bot.errors import HezoError, InDoubt, OperatorError, Refused, RetryLater
from bot.sandbox.mail import Account
from tests.support.faulty_proxy import Direction, FaultyProxy
from tests.support.mail_providers import EmbeddedProvider, Provider, RealProvider
from tests.support.mailservers import PASSWORD

SENDER = "bot@klient.test"
SHORT = timedelta(seconds=0.5)
LONG_ID = b"<" + b"AM6PR04MB1234" * 12 + b"@eurprd04.prod.outlook.com>"
MESSAGE = (
    b"From: bot@klient.test\r\nReferences: " + LONG_ID + b"\r\nSubject: =?utf-8?q?zg=C5=82oszenie?=\r\n\r\n"
    b".leading dot\r\n..two dots\r\n.\r\nlast line\r\n"
)


@asynccontextmanager
async def mailer(config: SmtpConfig, **options: Any) -> AsyncIterator[SmtpMailer]:
    made = SmtpMailer(config, **options)
    try:
        yield made
    finally:
        await made.close()


async def arrived(provider: Provider, count: int) -> list[bytes]:
    """The INBOX once it holds so many messages; Postfix delivers after it has answered."""
    await provider.wait_for_inbox(count, within=60)
    return await provider.inbox()


async def test_octets_arrive_unchanged(provider: Provider) -> None:
    async with mailer(provider.smtp()) as sending:
        await sending.send(SENDER, provider.address, MESSAGE)
    (received,) = await arrived(provider, 1)
    assert received.startswith(b"Return-Path: <bot@klient.test>")
    for line in MESSAGE.split(b"\r\n\r\n")[0].split(b"\r\n"):
        assert line in received
    assert received.replace(b"\r\n", b"\n").endswith(MESSAGE.split(b"\r\n\r\n", 1)[1].replace(b"\r\n", b"\n"))


async def test_the_null_sender(provider: Provider) -> None:
    async with mailer(provider.smtp()) as sending:
        await sending.send("", provider.address, MESSAGE)
    (received,) = await arrived(provider, 1)
    assert received.startswith(b"Return-Path: <>")


async def test_bare_line_ends_become_crlf(embedded: EmbeddedProvider) -> None:
    async with mailer(embedded.smtp()) as sending:
        await sending.send(SENDER, embedded.address, b"Subject: a\n\none\rtwo\r\n.\nthree")
    assert embedded.sandbox.deliveries[0].raw == b"Subject: a\r\n\r\none\r\ntwo\r\n.\r\nthree\r\n"


async def test_one_connection_serves_many_messages(provider: Provider) -> None:
    async with FaultyProxy(provider.smtp_port) as proxy, mailer(provider.smtp(port=proxy.port)) as sending:
        await asyncio.gather(*(sending.send(SENDER, provider.address, MESSAGE) for _ in range(20)))
        assert proxy.connections == 1
    assert len(await arrived(provider, 20)) == 20


async def test_a_refused_recipient_is_refused_and_the_connection_goes_on(provider: Provider) -> None:
    async with FaultyProxy(provider.smtp_port) as proxy, mailer(provider.smtp(port=proxy.port)) as sending:
        with pytest.raises(Refused, match=r"refused RCPT: 550 .*nobody@myhezo\.test"):
            await sending.send(SENDER, "nobody@myhezo.test", MESSAGE)
        await sending.send(SENDER, provider.address, MESSAGE)
        assert proxy.connections == 1
    assert len(await arrived(provider, 1)) == 1


async def test_nobody_listens_and_later_somebody_does(provider: Provider) -> None:
    async with FaultyProxy(provider.smtp_port) as proxy, mailer(provider.smtp(port=proxy.port)) as sending:
        await proxy.refuse()
        with pytest.raises(RetryLater, match="cannot be reached") as caught:
            await sending.send(SENDER, provider.address, MESSAGE)
        assert not isinstance(caught.value, InDoubt)
        await proxy.accept()
        await sending.send(SENDER, provider.address, MESSAGE)
    assert len(await arrived(provider, 1)) == 1


async def test_a_kept_connection_that_broke_is_replaced_unseen(provider: Provider) -> None:
    async with FaultyProxy(provider.smtp_port) as proxy, mailer(provider.smtp(port=proxy.port)) as sending:
        await sending.send(SENDER, provider.address, MESSAGE)
        proxy.cut()
        await sending.send(SENDER, provider.address, MESSAGE)
        assert proxy.connections == 2
    assert len(await arrived(provider, 2)) == 2


async def test_a_kept_connection_that_went_silent_is_replaced(provider: Provider) -> None:
    async with (
        FaultyProxy(provider.smtp_port) as proxy,
        mailer(provider.smtp(port=proxy.port, timeout=SHORT)) as sending,
    ):
        await sending.send(SENDER, provider.address, MESSAGE)
        proxy.stall_open_connections()
        await sending.send(SENDER, provider.address, MESSAGE)
    assert len(await arrived(provider, 2)) == 2


async def test_a_restarted_server_is_found_again(embedded: EmbeddedProvider) -> None:
    async with mailer(embedded.smtp()) as sending:
        await sending.send(SENDER, embedded.address, MESSAGE)
        await embedded.stop_smtp()
        with pytest.raises(RetryLater):
            await sending.send(SENDER, embedded.address, MESSAGE)
        await embedded.start_smtp()
        await sending.send(SENDER, embedded.address, MESSAGE)
    assert len(embedded.sandbox.deliveries) == 2


async def test_a_check_tells_what_a_message_would_meet(provider: Provider) -> None:
    async with FaultyProxy(provider.smtp_port) as proxy, mailer(provider.smtp(port=proxy.port)) as sending:
        await sending.check()
        await sending.check()
        await sending.send(SENDER, provider.address, MESSAGE)
        assert proxy.connections == 1
        await proxy.refuse()
        with pytest.raises(RetryLater, match="cannot be reached"):
            await sending.check()
        await proxy.accept()
        await sending.check()
    async with mailer(provider.smtp(port=provider.imap_port, timeout=SHORT)) as sending:
        with pytest.raises(RetryLater):
            await sending.check()


async def test_an_unused_connection_is_closed(provider: Provider) -> None:
    async with (
        FaultyProxy(provider.smtp_port) as proxy,
        mailer(provider.smtp(port=proxy.port), idle_seconds=0.02) as sending,
    ):
        await sending.send(SENDER, provider.address, MESSAGE)
        await proxy.wait_until_unused(5)
        await sending.send(SENDER, provider.address, MESSAGE)
        assert proxy.connections == 2


async def test_a_closed_mailer_opens_again(embedded: EmbeddedProvider) -> None:
    async with mailer(embedded.smtp()) as sending:
        await sending.send(SENDER, embedded.address, MESSAGE)
        await sending.close()
        await sending.send(SENDER, embedded.address, MESSAGE)


async def test_silence_before_the_data_is_safe_to_retry(provider: Provider) -> None:
    async with FaultyProxy(provider.smtp_port) as proxy:
        proxy.stall(Direction.TO_CLIENT)
        async with mailer(provider.smtp(port=proxy.port, timeout=SHORT)) as sending:
            with pytest.raises(RetryLater, match="no answer in time") as caught:
                await sending.send(SENDER, provider.address, MESSAGE)
    assert not isinstance(caught.value, InDoubt)


async def test_a_connection_cut_within_the_message_is_in_doubt(provider: Provider) -> None:
    async with FaultyProxy(provider.smtp_port) as proxy:
        proxy.cut_after(50_000, Direction.TO_SERVER)
        async with mailer(provider.smtp(port=proxy.port)) as sending:
            with pytest.raises(InDoubt):
                await sending.send(SENDER, provider.address, MESSAGE + b"0123456789abcdef\r\n" * 50_000)
            proxy.mend()
            await sending.send(SENDER, provider.address, MESSAGE)
    assert len(await arrived(provider, 1)) == 1


@pytest.mark.parametrize("accepted", [True, False])
async def test_a_connection_lost_after_the_final_dot_is_in_doubt(embedded: EmbeddedProvider, accepted: bool) -> None:
    embedded.sandbox.faults.drop_after_data(accepted=accepted)
    async with mailer(embedded.smtp()) as sending:
        with pytest.raises(InDoubt):
            await sending.send(SENDER, embedded.address, MESSAGE)
        assert len(embedded.sandbox.deliveries) == int(accepted)
        await sending.send(SENDER, embedded.address, MESSAGE)
    assert len(embedded.sandbox.deliveries) == 1 + int(accepted)


async def test_silence_after_the_final_dot_is_in_doubt(embedded: EmbeddedProvider) -> None:
    limit = timedelta(seconds=0.1)
    async with mailer(embedded.smtp(timeout=limit)) as sending:
        await sending.send(SENDER, embedded.address, MESSAGE)
        embedded.sandbox.faults.delay_data = timedelta(seconds=30)
        with pytest.raises(InDoubt, match="no answer to the message"):
            await sending.send(SENDER, embedded.address, MESSAGE)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("451 4.3.0 try later", RetryLater),
        ("421 4.7.0 too many messages", RetryLater),
        ("552 5.3.4 too big", Refused),
        ("550 5.7.1 spam", Refused),
        ("530 5.7.0 must authenticate", OperatorError),
    ],
)
async def test_replies_are_sorted(embedded: EmbeddedProvider, stage: Any, reply: str, kind: type[HezoError]) -> None:
    embedded.sandbox.faults.reply_next(1, reply, at=stage)
    async with mailer(embedded.smtp()) as sending:
        with pytest.raises(kind, match=reply) as caught:
            await sending.send(SENDER, embedded.address, MESSAGE)
        assert not isinstance(caught.value, InDoubt)
        await sending.send(SENDER, embedded.address, MESSAGE)
    assert len(embedded.sandbox.deliveries) == 1


async def test_any_reply_of_success_to_the_message_is_one(embedded: EmbeddedProvider) -> None:
    """RFC 5321 §4.2: a code that the client does not know counts by its first digit."""
    embedded.sandbox.faults.reply_next(1, "252 2.0.0 queued, as it seems", at="DATA")
    async with mailer(embedded.smtp()) as sending:
        await sending.send(SENDER, embedded.address, MESSAGE)


async def test_a_reply_to_the_message_that_says_nothing_leaves_a_doubt(embedded: EmbeddedProvider) -> None:
    embedded.sandbox.faults.reply_next(1, "354 go on", at="DATA")
    async with mailer(embedded.smtp()) as sending:
        with pytest.raises(InDoubt, match="354 go on"):
            await sending.send(SENDER, embedded.address, MESSAGE)
        await sending.send(SENDER, embedded.address, MESSAGE)


async def test_a_cancelled_send_leaves_no_half_connection(embedded: EmbeddedProvider) -> None:
    async with mailer(embedded.smtp()) as sending:
        embedded.sandbox.faults.delay = timedelta(seconds=30)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(sending.send(SENDER, embedded.address, MESSAGE), 0.1)
        embedded.sandbox.faults.delay = timedelta(0)
        await sending.send(SENDER, embedded.address, MESSAGE)
    assert len(embedded.sandbox.deliveries) == 1


async def test_a_server_that_says_no_goodbye_is_not_waited_for(embedded: EmbeddedProvider) -> None:
    """Whoever stops the program would wait for as long as a mail may take, and then kill it."""
    async with FaultyProxy(embedded.smtp_port) as proxy:
        sending = SmtpMailer(embedded.smtp(port=proxy.port, timeout=timedelta(seconds=40)))
        await sending.send(SENDER, embedded.address, MESSAGE)
        proxy.stall_open_connections()
        async with asyncio.timeout(15):
            await sending.close()


async def test_a_wrong_password_is_the_operators_to_mend(
    embedded: EmbeddedProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with mailer(embedded.smtp(password="not-the-secret")) as sending:
        with pytest.raises(OperatorError, match="refused the login: 535") as caught:
            await sending.send(SENDER, embedded.address, MESSAGE)
    assert "check username (pomoc@myhezo.test) and password" in str(caught.value)
    assert "not-the-secret" not in f"{caught.value!r}{caplog.text}"


async def test_starttls_that_is_not_offered(embedded: EmbeddedProvider) -> None:
    async with mailer(embedded.smtp(security="starttls")) as sending:
        with pytest.raises(OperatorError, match='offers no STARTTLS; set security = "tls"'):
            await sending.send(SENDER, embedded.address, MESSAGE)


async def test_tls_where_none_is_spoken(embedded: EmbeddedProvider) -> None:
    async with mailer(embedded.smtp(security="tls")) as sending:
        with pytest.raises(OperatorError, match="speaks no TLS on this port"):
            await sending.send(SENDER, embedded.address, MESSAGE)


def encrypted(real: RealProvider, port: str, security: str, **changes: Any) -> SmtpConfig:
    login = {"username": "pomoc@myhezo.test", "password": PASSWORD, "ca_file": str(real.servers.ca_file)}
    return real.smtp(port=real.servers.ports[port], security=security, **{**login, **changes})


ENCRYPTED = pytest.mark.parametrize(("security", "port"), [("tls", "smtps"), ("starttls", "submission")])


@pytest.mark.mailservers
@ENCRYPTED
async def test_encrypted_with_a_login(real: RealProvider, security: str, port: str) -> None:
    async with mailer(encrypted(real, port, security)) as sending:
        await sending.send(SENDER, real.address, MESSAGE)
    assert len(await arrived(real, 1)) == 1


@pytest.mark.mailservers
@ENCRYPTED
async def test_an_untrusted_certificate(real: RealProvider, security: str, port: str) -> None:
    async with mailer(encrypted(real, port, security, ca_file=None)) as sending:
        with pytest.raises(OperatorError, match="certificate is not trusted"):
            await sending.send(SENDER, real.address, MESSAGE)


@pytest.mark.mailservers
async def test_a_real_servers_refusals(real: RealProvider) -> None:
    async with mailer(encrypted(real, "submission", "starttls", password="not-the-secret")) as sending:
        with pytest.raises(OperatorError, match="refused the login: 535"):
            await sending.send(SENDER, real.address, MESSAGE)
    async with mailer(encrypted(real, "submission", "none", username=None)) as sending:
        with pytest.raises(OperatorError, match="wants a login or encryption: 530"):
            await sending.send(SENDER, real.address, MESSAGE)
    async with mailer(encrypted(real, "smtp", "none")) as sending:
        with pytest.raises(OperatorError, match="offers no login by password"):
            await sending.send(SENDER, real.address, MESSAGE)


async def test_internationalised_domains_go_out_in_ascii(embedded: EmbeddedProvider) -> None:
    await embedded.sandbox.add_account(Account("jan", "x", ("jan@xn--w-uga1v8h.test",)))
    async with mailer(embedded.smtp()) as sending:
        await sending.send("bot@łódź.test", "jan@żółw.test", MESSAGE)
    (delivery,) = embedded.sandbox.deliveries
    assert delivery.envelope_from == "bot@xn--d-uga0v4h.test"


async def test_a_copy_for_ourselves_goes_along(provider: Provider) -> None:
    async with mailer(provider.smtp()) as sending:
        await sending.send(SENDER, provider.address, MESSAGE, copy_to=provider.address.replace("@", "+sent@"))
    assert len(await arrived(provider, 2)) == 2


async def test_a_refused_copy_does_not_hold_up_the_message(embedded: EmbeddedProvider) -> None:
    async with mailer(embedded.smtp()) as sending:
        await sending.send(SENDER, embedded.address, MESSAGE, copy_to="unknown@myhezo.test")
    assert [delivery.recipient for delivery in embedded.sandbox.deliveries] == [embedded.address]


@pytest.mark.parametrize(
    "address", ["", "a", "@", "a@", "a b@c.test", "a@b\r\nRCPT TO:<x@y>", "a@b> SIZE=1", "<a@b>", "a@b@c", "a@.."]
)
async def test_what_is_no_address_is_refused_before_anything_is_sent(embedded: EmbeddedProvider, address: str) -> None:
    async with FaultyProxy(embedded.smtp_port) as proxy, mailer(embedded.smtp(port=proxy.port)) as sending:
        if address:
            with pytest.raises(Refused, match="mail can be sent to"):
                await sending.send(address, embedded.address, MESSAGE)
        with pytest.raises(Refused, match="mail can be sent to"):
            await sending.send(SENDER, address, MESSAGE)
        assert proxy.connections == 0


class _Handler:
    """Takes everything, and keeps what MAIL said."""

    def __init__(self) -> None:
        self.parameters: list[list[str]] = []

    async def handle_MAIL(  # noqa: N802  # aiosmtpd finds its hooks by name
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        self.parameters.append(options)
        return "250 OK"


@asynccontextmanager
async def plain_server(handler: _Handler, **options: Any) -> AsyncIterator[SmtpConfig]:
    """aiosmtpd as it comes, with its own options."""
    make: Callable[[], SMTP] = lambda: SMTP(handler, hostname="test", **options)  # noqa: E731  # typed for mypy
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(server.wait_closed)
        stack.callback(server.close)
        yield SmtpConfig.model_validate({"host": "127.0.0.1", "port": port, "security": "none"})


async def test_smtputf8_is_asked_for_only_when_needed() -> None:
    handler = _Handler()
    async with plain_server(handler, enable_SMTPUTF8=True) as config, mailer(config) as sending:
        await sending.send(SENDER, "zolw@klient.test", MESSAGE)
        await sending.send(SENDER, "żółw@klient.test", MESSAGE + "żółw\r\n".encode())
    size = len(MESSAGE)
    assert [sorted(p) for p in handler.parameters] == [
        [f"SIZE={size + 3 + 3}"],  # three doubled dots, and the final dot with its line end
        ["BODY=8BITMIME", f"SIZE={size + 9 + 6}", "SMTPUTF8"],
    ]


async def test_letters_before_the_at_are_refused_where_they_cannot_go() -> None:
    async with plain_server(_Handler()) as config, mailer(config) as sending:
        with pytest.raises(Refused, match="no address with such letters"):
            await sending.send(SENDER, "żółw@klient.test", MESSAGE)


async def test_a_message_over_the_servers_limit_is_refused_before_it_is_sent() -> None:
    handler = _Handler()
    async with plain_server(handler, data_size_limit=100) as config, mailer(config) as sending:
        with pytest.raises(Refused, match="takes no message over 100 octets"):
            await sending.send(SENDER, "anna@klient.test", MESSAGE)
    assert handler.parameters == []
