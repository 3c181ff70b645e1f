"""The inbox against real servers: everything that arrives is stored once and moved only then."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.errors import OperatorError, RetryLater
from bot.mail_ports import FetchedMail
from tests.support.faulty_proxy import Direction, FaultyProxy
from tests.support.inbox_watch import run_to_error, watching
from tests.support.mail_providers import Provider, RealProvider
from tests.support.mail_sink import MemorySink
from tests.support.mailservers import PASSWORD

SHORT = timedelta(seconds=0.5)


def mail(number: int, body: bytes = b"Dzie=C5=84 dobry") -> bytes:
    return b"From: anna@klient.test\r\nSubject: report %d\r\n\r\n%b\r\n" % (number, body)


async def test_takes_what_is_there_and_what_arrives(provider: Provider, sink: MemorySink) -> None:
    await provider.deliver(mail(1), mail(2))
    async with watching(provider.imap(), sink) as watch:
        assert [m.raw.endswith(mail(n)) for n, m in enumerate(sink.mails, 1)] == [True, True]
        await provider.deliver(mail(3))
        await sink.wait_for_mails(3)
        assert watch.states[:2] == [("connecting", None), ("ready", None)]
    first, _, third = sink.mails
    assert (first.mailbox, first.complete, first.size) == ("pomoc", True, len(first.raw))
    assert abs(third.received_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert third.received_at.tzinfo is UTC
    assert third.raw.endswith(mail(3))
    assert first.uid < third.uid


async def test_stored_mail_is_moved(provider: Provider, sink: MemorySink) -> None:
    await provider.deliver(mail(1))
    async with watching(provider.imap(), sink):
        assert await provider.inbox() == []
        assert await provider.count("Processed") == 1


async def test_three_hundred_mails_come_once_each_in_batches(provider: Provider, sink: MemorySink) -> None:
    await provider.deliver(*(mail(n) for n in range(150)))
    async with watching(provider.imap(), sink):
        await provider.deliver(*(mail(n) for n in range(150, 300)))
        await sink.wait_for_mails(300)
    subjects = [m.raw.split(b"Subject: ")[1].split(b"\r\n")[0] for m in sink.mails]
    assert sorted(subjects) == sorted(b"report %d" % n for n in range(300))
    assert max(sink.stores) == 50


async def test_without_a_folder_for_processed_mail_it_stays_and_comes_once(
    provider: Provider, sink: MemorySink
) -> None:
    await provider.deliver(mail(1))
    config = provider.imap(processed_folder=None)
    async with watching(config, sink):
        await provider.deliver(mail(2))
        await sink.wait_for_mails(2)
    async with watching(config, sink):
        assert sum(sink.stores) == 2
        assert len(await provider.inbox()) == 2


async def test_a_crash_between_store_and_move_stores_nothing_twice(provider: Provider, sink: MemorySink) -> None:
    await provider.deliver(mail(1), mail(2))
    async with watching(provider.imap(processed_folder=None), sink):
        assert len(await provider.inbox()) == 2  # as if killed before the move
    async with watching(provider.imap(), sink):
        assert await provider.inbox() == []
        assert await provider.count("Processed") == 2
        assert sum(sink.stores) == 2


async def test_what_arrives_while_another_mail_is_stored_is_not_left_until_the_next_look(provider: Provider) -> None:
    """Its EXISTS comes with the answer to some other command, before IDLE begins."""

    class SlowSink(MemorySink):
        async def store(self, mails: Sequence[FetchedMail]) -> None:
            if not self.mails:
                await provider.deliver(mail(2))
            await super().store(mails)

    sink = SlowSink()
    await provider.deliver(mail(1))
    async with watching(provider.imap(idle=timedelta(minutes=20), poll=timedelta(minutes=20)), sink):
        await sink.wait_for_mails(2)


async def test_what_was_not_stored_is_not_moved(provider: Provider, sink: MemorySink) -> None:
    await provider.deliver(mail(1))
    sink.fault = RetryLater("the disk is full")
    assert str(await run_to_error(provider.imap(), sink)) == "the disk is full"
    assert len(await provider.inbox()) == 1
    async with watching(provider.imap(), sink):
        assert len(sink.mails) == 1


async def test_an_oversize_mail_comes_as_its_header(provider: Provider, sink: MemorySink) -> None:
    await provider.deliver(mail(1, b"0123456789abcdef\r\n" * 70_000), mail(2))
    async with watching(provider.imap(max_size_mb=1), sink):
        await sink.wait_for_mails(2)
        assert await provider.inbox() == []
    large, small = sorted(sink.mails, key=lambda m: m.uid)
    assert (large.complete, small.complete) == (False, True)
    assert large.size > 1024 * 1024
    assert large.raw.endswith(b"Subject: report 1\r\n\r\n")


BROKEN = [
    b"\r\n",
    b"no header at all\r\n",
    b"Subject: =?utf-8?q?=C5?=\r\nContent-Type: multipart/mixed; boundary=\r\n\r\n--\r\n",
    b"Content-Type: text/plain; charset*=;;;\r\nFrom: @@\r\nDate: never\r\n\r\n* 1 FETCH (UID 9)\r\n)\r\nA1 OK\r\n",
    b"Subject: {12}\r\nMessage-ID: <<<>\r\nReferences: <a <b>\r\n\r\n{5}\r\n(((((\r\n* BYE\r\n",
    b"From: \xff\xfe\r\nTo: \xc4\x85\r\n\r\n" + bytes(range(1, 10)) + b"\x80\xff\r\n",
    b"X: " + b"y" * 3000 + b"\r\n\r\n" + b"z" * 5000 + b"\r\n",
    b"From: a@b\r\n" + b"Received: x\r\n" * 500 + b"\r\n",
]


async def test_broken_mails_come_as_they_are(provider: Provider, sink: MemorySink) -> None:
    await provider.deliver(*BROKEN)
    async with watching(provider.imap(), sink):
        await sink.wait_for_mails(len(BROKEN))
    assert [m.raw[-len(raw) :] for m, raw in zip(sink.mails, BROKEN, strict=True)] == BROKEN


async def test_folder_names_may_hold_any_letters(provider: Provider, sink: MemorySink) -> None:
    name = 'Załatwione & "360"'
    await provider.deliver(mail(1))
    async with watching(provider.imap(processed_folder=name), sink):
        assert await provider.count(name) == 1


async def test_a_new_uidvalidity_means_everything_is_new(provider: Provider, sink: MemorySink) -> None:
    config = provider.imap(processed_folder=None)
    await provider.deliver(mail(1))
    async with watching(config, sink):
        assert len(sink.mails) == 1
    await provider.renew_uidvalidity()
    async with watching(config, sink):
        assert len(sink.mails) == 2
    assert len({m.uidvalidity for m in sink.mails}) == 2


async def test_a_wrong_password_is_the_operators_to_mend(
    provider: Provider, sink: MemorySink, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    error = await run_to_error(provider.imap(password="not-the-secret"), sink)
    assert isinstance(error, OperatorError)
    assert f"check username ({provider.address}) and password" in str(error)
    assert "not-the-secret" not in f"{error!r}{caplog.text}"


async def test_no_password_is_ever_logged(
    provider: Provider, sink: MemorySink, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await provider.deliver(mail(1, b"a customer's own words"))
    async with watching(provider.imap(), sink):
        await sink.wait_for_mails(1)
    assert PASSWORD not in caplog.text
    assert "own words" not in caplog.text


async def test_a_missing_folder_is_named(provider: Provider, sink: MemorySink) -> None:
    error = await run_to_error(provider.imap(folder="Reports"), sink)
    assert isinstance(error, OperatorError)
    assert 'set folder ("Reports") to one that exists' in str(error)


async def test_nobody_listens(provider: Provider, sink: MemorySink) -> None:
    async with FaultyProxy(provider.imap_port) as proxy:
        await proxy.refuse()
        error = await run_to_error(provider.imap(port=proxy.port), sink)
    assert isinstance(error, RetryLater)
    assert "cannot be reached" in str(error)


async def test_a_restarted_server_ends_the_run_and_the_next_goes_on(provider: Provider, sink: MemorySink) -> None:
    async with watching(provider.imap(), sink) as watch:
        await provider.stop_imap()
        try:
            with pytest.raises(RetryLater):
                await asyncio.wait_for(watch.task, 5)
            assert isinstance(await run_to_error(provider.imap(), sink), RetryLater)
        finally:
            await provider.start_imap()
    await provider.deliver(mail(1))
    async with watching(provider.imap(), sink):
        assert len(sink.mails) == 1


async def test_a_connection_lost_while_idle_is_noticed_at_once(provider: Provider, sink: MemorySink) -> None:
    async with FaultyProxy(provider.imap_port) as proxy, watching(provider.imap(port=proxy.port), sink) as watch:
        proxy.cut()
        with pytest.raises(RetryLater, match="connection lost"):
            await asyncio.wait_for(watch.task, 2)


async def test_a_half_open_connection_is_noticed_after_one_idle(provider: Provider, sink: MemorySink) -> None:
    async with FaultyProxy(provider.imap_port) as proxy:
        config = provider.imap(port=proxy.port, idle=SHORT, timeout=SHORT)
        async with watching(config, sink) as watch:
            proxy.stall()
            with pytest.raises(RetryLater, match="no answer to IDLE"):
                await asyncio.wait_for(watch.task, 5)


@pytest.mark.parametrize("direction", Direction)
async def test_a_server_that_falls_silent_is_given_up(
    provider: Provider, sink: MemorySink, direction: Direction
) -> None:
    async with FaultyProxy(provider.imap_port) as proxy:
        proxy.stall(direction)
        error = await run_to_error(provider.imap(port=proxy.port, timeout=SHORT), sink)
    assert isinstance(error, RetryLater)
    assert "no answer" in str(error)


async def test_connections_that_break_in_the_middle_lose_nothing(provider: Provider, sink: MemorySink) -> None:
    await provider.deliver(*(mail(n, os.urandom(2000).hex().encode()) for n in range(30)))
    async with FaultyProxy(provider.imap_port) as proxy:
        proxy.cut_after(30_000)
        config = provider.imap(port=proxy.port)
        async with watching(config, sink, may_fail=True):
            assert proxy.connections > 1
        proxy.mend()
        async with watching(config, sink):
            assert len(sink.mails) == sum(sink.stores) == 30
    assert await provider.inbox() == []


async def test_a_slow_network_is_no_fault(provider: Provider, sink: MemorySink) -> None:
    await provider.deliver(mail(1, b"0123456789abcdef\r\n" * 20_000))
    async with FaultyProxy(provider.imap_port) as proxy:
        proxy.slow(500_000)
        async with watching(provider.imap(port=proxy.port, timeout=SHORT), sink):
            assert len(sink.mails) == 1


@pytest.mark.mailservers
@pytest.mark.parametrize(("security", "port"), [("tls", "imaps"), ("starttls", "imap")])
async def test_encrypted(real: RealProvider, sink: MemorySink, security: str, port: str) -> None:
    await real.deliver(mail(1))
    config = real.imap(port=real.servers.ports[port], security=security, ca_file=str(real.servers.ca_file))
    async with watching(config, sink):
        await real.deliver(mail(2))
        await sink.wait_for_mails(2)


@pytest.mark.mailservers
@pytest.mark.parametrize(
    ("security", "port", "advice"),
    [
        ("tls", "imaps", "its certificate is not trusted"),
        ("starttls", "imap", "its certificate is not trusted"),
        ("tls", "imap", "it speaks no TLS on this port"),
    ],
)
async def test_encryption_that_cannot_be_trusted(
    real: RealProvider, sink: MemorySink, security: str, port: str, advice: str
) -> None:
    error = await run_to_error(real.imap(port=real.servers.ports[port], security=security), sink)
    assert isinstance(error, OperatorError)
    assert advice in str(error)


@pytest.mark.mailservers
async def test_a_tls_connection_that_is_cut_wakes_the_idle(real: RealProvider, sink: MemorySink) -> None:
    changes: dict[str, Any] = {"security": "tls", "ca_file": str(real.servers.ca_file)}
    async with (
        FaultyProxy(real.servers.ports["imaps"]) as proxy,
        watching(real.imap(port=proxy.port, **changes), sink) as watch,
    ):
        proxy.cut()
        with pytest.raises(RetryLater):
            await asyncio.wait_for(watch.task, 2)
