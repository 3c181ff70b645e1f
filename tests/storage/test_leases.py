"""Processes that share PostgreSQL: who lives, who has a role, whose half-done work is looked up, who is woken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from bot.effects import Note, PostInThread
from bot.loops.among_processes import BEAT_LIMIT
from bot.ports import OutboxState
from storage.engine import Database
from storage.errors import DatabaseBusy
from storage.leases import Leases
from storage.queues import OutboxQueue
from storage.schema import Transport
from tests.storage.making import NOON, FakeClock, a_mail, a_ticket, compose, content_key, make_database
from tests.support.faulty_proxy import Direction, FaultyProxy
from tests.support.postgres import PostgresServer

ROLES = {"inbox: mail": True, "mailbox: support": False}


@pytest.fixture
async def shared(postgres_url: str, clock: FakeClock) -> AsyncIterator[tuple[Database, Database]]:
    """The database as two processes have it."""
    one, other = make_database(postgres_url, clock), make_database(postgres_url, clock)
    await one.open()
    await other.open()
    yield one, other
    await one.close()
    await other.close()


async def not_heard(database: Database, worker: str, for_seconds: int = 1) -> None:
    """Let a process's time be over."""
    past = f"clock_timestamp() - interval '{for_seconds} seconds'"
    async with database.begin() as uow:
        for table, column in (("workers", "name"), ("leases", "worker")):
            over = f"UPDATE {table} SET expires_at = {past} WHERE {column} = :worker"  # noqa: S608 - our names
            await uow.transaction.connection.execute(text(over), {"worker": worker})


async def test_a_role_has_one_holder_until_it_is_not_heard_any_more(shared: tuple[Database, Database]) -> None:
    one, other = Leases(shared[0], "one"), Leases(shared[1], "other")
    assert (await one.beat(ROLES)).mine == ROLES.keys()
    second = await other.beat(ROLES)
    assert (second.mine, second.well_elsewhere) == (frozenset[str](), frozenset({"inbox: mail"}))
    assert (await one.beat(ROLES)).mine == ROLES.keys(), "renewed"
    await not_heard(shared[0], "one")
    assert (await other.beat(ROLES)).mine == ROLES.keys()
    late = await one.beat(ROLES)
    assert (late.mine, late.well_elsewhere) == (frozenset[str](), frozenset({"inbox: mail"})), (
        "what was taken over is not taken back"
    )
    await other.leave(Database.CHANNEL, ())
    assert (await one.beat(ROLES)).mine == ROLES.keys()


async def test_many_at_once_agree_on_one(shared: tuple[Database, Database]) -> None:
    leases = [Leases(shared[number % 2], f"w{number}") for number in range(8)]
    held = await asyncio.gather(*(each.beat(ROLES) for each in leases))
    for role in ROLES:
        assert len([each for each in held if role in each.mine]) == 1


async def test_only_the_work_of_the_dead_is_taken_over(shared: tuple[Database, Database]) -> None:
    database = shared[0]
    async with database.begin() as uow:
        ticket = await uow.tickets.add(a_ticket())
        mail = await uow.outbox.add(a_mail(ticket.id))
        post = await uow.outbox.add(PostInThread(ticket.id, Note.MAILED))
    assert mail is not None
    assert post is not None
    living = OutboxQueue(database, "living")
    watching = OutboxQueue(shared[1], "watching", finished_within=timedelta(seconds=10))
    await Leases(database, "living").beat({})
    assert len(await living.claim(NOON, 9)) == 2
    later = NOON.replace(hour=13)
    assert await watching.recover(NOON, later) == 0
    await not_heard(database, "living", for_seconds=9)
    assert await watching.recover(later, later) == 0, "it may be posting, whatever our own clock says"
    await not_heard(database, "living", for_seconds=11)
    assert await watching.recover(NOON, later) == 2
    async with database.read() as uow:
        assert await uow.outbox.state(mail) is OutboxState.IN_DOUBT
        assert await uow.outbox.state(post) is OutboxState.IN_DOUBT
    [row] = await watching.claim(NOON, 9)
    assert (row.id, row.in_doubt) == (post, True)
    assert not await living.retry(post, later, "late", in_doubt=True), "it was taken over"


async def test_what_one_commits_wakes_the_other(shared: tuple[Database, Database]) -> None:
    one, other = shared
    listening = asyncio.create_task(other.listen())
    wake = other.wakes.slack_outbox
    async with one.begin() as uow:
        ticket = await uow.tickets.add(a_ticket())
    async with asyncio.timeout(10):
        while not wake.is_set():  # until it listens
            async with one.begin() as uow:
                await uow.outbox.add(PostInThread(ticket.id, Note.MAILED))
            await asyncio.wait({asyncio.ensure_future(wake.wait())}, timeout=0.2)
    assert not other.wakes.mail_inbox.is_set()
    async with one.begin() as uow:
        own = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
        await uow.transaction.connection.execute(text(own))
    with pytest.raises(Exception, match=r"other processes|connection"):
        await asyncio.wait_for(listening, 5)


async def test_what_a_worker_cannot_have_in_hand_any_more_is_in_doubt(database: Database) -> None:
    async with database.begin() as uow:
        ticket = await uow.tickets.add(a_ticket())
        await uow.outbox.add(a_mail(ticket.id))
        post = await uow.outbox.add(PostInThread(ticket.id, Note.MAILED))
    queue = OutboxQueue(database, "w")
    assert len(await queue.claim(NOON, 9)) == 2
    assert await queue.recover_own(NOON, NOON, Transport.SLACK) == 1
    [row] = await queue.claim(NOON, 9)
    assert (row.id, row.in_doubt) == (post, True)


async def test_a_claim_whose_commit_was_held_up_on_the_way_is_in_doubt(
    postgres: PostgresServer, postgres_url: str
) -> None:
    """We gave the connection up, but its last octets arrive at the server later."""
    async with FaultyProxy(postgres.port) as proxy:
        held_up = Database(
            postgres_url.replace(str(postgres.port), str(proxy.port)),
            clock=FakeClock(), compose=compose, read_content_key=content_key, time_limit=timedelta(seconds=3),
        )  # fmt: skip
        database = make_database(postgres_url, FakeClock())
        async with database.begin() as uow:
            ticket = await uow.tickets.add(a_ticket())
            post = await uow.outbox.add(PostInThread(ticket.id, Note.MAILED))
        assert post is not None
        await held_up.open()
        event.listen(held_up._writer.sync_engine, "commit", lambda _: proxy.stall(Direction.TO_SERVER))
        with pytest.raises(DatabaseBusy):
            await OutboxQueue(held_up, "w").claim(NOON, 9)
        recovering = asyncio.create_task(OutboxQueue(database, "w").recover_own(NOON, NOON, Transport.SLACK))
        waits = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        async with asyncio.timeout(20):
            while not recovering.done():
                async with database.read() as uow:
                    if await uow.transaction.connection.scalar(waits):
                        break
                await asyncio.sleep(0.02)  # a lock tells nobody that it is waited for
        proxy.mend()
        await proxy.wait_until_unused(20)
        assert await recovering == 1
        async with database.read() as uow:
            assert await uow.outbox.state(post) is OutboxState.IN_DOUBT
        await held_up.close()
        await database.close()


async def beat(database: Database, worker: str) -> None:
    async with asyncio.timeout(BEAT_LIMIT):
        await Leases(database, worker).beat(ROLES)


async def claim(database: Database, worker: str) -> None:
    await OutboxQueue(database, worker).claim(NOON, 9)


@pytest.mark.parametrize(
    ("work", "last_statement", "lock"),
    [
        (beat, "INTO leases", "relation = 'leases'::regclass AND mode = 'RowExclusiveLock'"),
        (claim, "pg_advisory", "locktype = 'advisory'"),
    ],
)
async def test_a_process_that_is_cut_off_within_what_all_do_stops_no_other_one(
    postgres: PostgresServer,
    postgres_url: str,
    clock: FakeClock,
    work: Callable[[Database, str], Coroutine[Any, Any, None]],
    last_statement: str,
    lock: str,
) -> None:
    """What it has locked is what the others need each second, or they are not heard, and do nothing."""
    async with FaultyProxy(postgres.port) as proxy:
        cut_off = make_database(postgres_url.replace(str(postgres.port), str(proxy.port)), clock)
        database = make_database(postgres_url, clock)
        await cut_off.open()

        def cut(*told: object) -> None:
            if last_statement in str(told[2]):
                proxy.stall()

        event.listen(cut_off._writer.sync_engine, "after_cursor_execute", cut)
        working = asyncio.create_task(work(cut_off, "cut off"))
        await locked(database, lock)
        is_done = False
        async with asyncio.timeout(15):
            while not is_done:
                with suppress(TimeoutError, DatabaseBusy):
                    await work(database, "other")
                    is_done = True
        with pytest.raises((DatabaseBusy, TimeoutError)):
            await working
        proxy.cut()
        await cut_off.close()
        await database.close()


async def locked(database: Database, lock: str) -> None:
    """Wait until somebody holds such a lock."""
    held = text(f"SELECT count(*) FROM pg_locks WHERE granted AND {lock}")  # noqa: S608 - our own words
    async with asyncio.timeout(20):
        while True:
            async with database.read() as uow:
                if await uow.transaction.connection.scalar(held):
                    return
            await asyncio.sleep(0.02)  # a lock tells nobody that it was taken
