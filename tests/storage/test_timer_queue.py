"""Timers in the hands of several: each fires once, in its ticket's order, and none is lost with who had it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import asyncpg  # type: ignore[import-untyped]  # ships no type information
import pytest
from sqlalchemy import event

from bot.model import Timer
from bot.sandbox.clock import MovableClock
from storage.engine import Database
from storage.queues import TimerQueue
from tests.storage.making import NOON, a_timer, stored_ticket
from tests.support.postgres import PostgresServer
from tests.support.timer_loops import PATIENCE, Firings, fired, looping, open_database, set_timers

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock_at_noon() -> MovableClock:
    return MovableClock(NOON, frozen=True)


@pytest.fixture
async def processes(database_url: str, clock_at_noon: MovableClock) -> AsyncIterator[tuple[Database, Database]]:
    """The same database as two processes have it."""
    one, other = (open_database(database_url, clock_at_noon) for _ in range(2))
    await one.open()
    await other.open()
    yield one, other
    await one.close()
    await other.close()


async def test_two_processes_fire_each_of_200_timers_once_and_in_order(
    processes: tuple[Database, Database], clock_at_noon: MovableClock
) -> None:
    tickets = [await stored_ticket(processes[0]) for _ in range(20)]
    due = [a_timer(tickets[n % 20].id, f"{n}", NOON - MINUTE + n * timedelta(milliseconds=1)) for n in range(200)]
    await set_timers(processes[0], *due)
    firings = Firings()
    async with looping(processes[0], clock_at_noon, firings), looping(processes[1], clock_at_noon, firings):
        await firings.wait_for(200)
    for place, ticket in enumerate(tickets):
        keys = [key for _, key in await fired(processes[0], ticket.id)]
        assert keys == [str(n) for n in range(place, 200, 20)]
    assert len(firings.tried) == 200, "none was tried in vain"


async def test_what_a_killed_worker_had_in_hand_another_fires(
    processes: tuple[Database, Database], clock_at_noon: MovableClock, request: pytest.FixtureRequest
) -> None:
    one, other = processes
    ticket = await stored_ticket(one)
    await set_timers(one, *(a_timer(ticket.id, key, NOON - n * SECOND) for n, key in enumerate("cba")))
    revived = asyncio.Event()

    async def hang(_timer: Timer) -> None:
        await revived.wait()

    victim, survivor = Firings(before=hang), Firings()
    async with looping(one, clock_at_noon, victim) as victims_loop:
        await victim.wait_for(1)
        if one.is_postgresql:
            await cut_connections(request.getfixturevalue("postgres"), "idle in transaction")
        else:
            victims_loop.cancel()
        async with looping(other, clock_at_noon, survivor):
            await survivor.wait_for(3)
        # On PostgreSQL it was only cut off, and comes back to a connection that is gone.
        revived.set()
    assert (victim.tried, survivor.tried) == (["a"], ["a", "b", "c"])
    assert [key for _, key in await fired(other, ticket.id)] == ["a", "b", "c"]


async def cut_connections(postgres: PostgresServer, state: str) -> None:
    """Let the server drop what the bot's connections in this state were doing, as when their machine dies."""
    admin = await asyncpg.connect(postgres.dsn("postgres"))
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hezo360' AND state = $1"
    assert len(await admin.fetch(query, state)) == 1
    await admin.close()


async def moved_to(database: Database, at: datetime) -> None:
    """Wait until the first pending timer is that of this time."""
    async with asyncio.timeout(PATIENCE):
        while await TimerQueue(database).next_fire_at() != at:  # noqa: ASYNC110  # the database tells no event
            await asyncio.sleep(0.01)


async def test_a_connection_that_breaks_while_handling_is_a_failure_like_others(
    postgres: PostgresServer, postgres_url: str, clock_at_noon: MovableClock
) -> None:
    database = open_database(postgres_url, clock_at_noon)
    await database.open()
    ticket = await stored_ticket(database)
    await set_timers(database, a_timer(ticket.id, "a", NOON))

    cut = asyncio.Event()

    async def lose_connection(timer: Timer) -> None:
        if not timer.attempts:
            await cut_connections(postgres, "idle in transaction")
            cut.set()

    firings = Firings(before=lose_connection)
    async with looping(database, clock_at_noon, firings):
        async with asyncio.timeout(PATIENCE):
            await cut.wait()
        await moved_to(database, NOON + 5 * SECOND)
        clock_at_noon.move(5 * SECOND)
        await firings.wait_for(2)
    assert [key for _, key in await fired(database, ticket.id)] == ["a"]
    await database.close()


async def test_what_is_locked_is_passed_over_and_found_again(postgres_url: str, clock_at_noon: MovableClock) -> None:
    """A ticket that somebody else works on keeps its timers; nobody waits for it, and nobody asks all the time."""
    database = open_database(postgres_url, clock_at_noon)
    await database.open()
    busy, free = await stored_ticket(database), await stored_ticket(database)
    early, late = a_timer(busy.id, "early", NOON - MINUTE), a_timer(busy.id, "late", NOON)
    await set_timers(database, early, late, a_timer(free.id, "free", NOON))
    first, second, third = await TimerQueue(database).due(NOON, 10)
    claims = 0

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal claims
        claims += "SKIP LOCKED" in statement

    firings = Firings()
    async with AsyncExitStack() as loops:
        async with database.begin() as uow:
            await uow.tickets.get(busy.id)
            async with database.begin() as uow_2:
                assert await uow_2.clocks.claim_timer(first.id, NOON) is None
                assert await uow_2.clocks.claim_timer(second.id, NOON) is None
                assert await uow_2.clocks.claim_timer(third.id, NOON) == third
            event.listen(database._writer.sync_engine, "before_cursor_execute", count)
            await loops.enter_async_context(looping(database, clock_at_noon, firings))
            await firings.wait_for(1)
            await asyncio.sleep(0.3)
            assert firings.tried == ["free"]
            assert claims <= 5
        await firings.wait_for(3)
    assert firings.tried == ["free", "early", "late"]
    await database.close()


async def test_only_what_is_due_can_be_claimed(processes: tuple[Database, Database]) -> None:
    one, other = processes
    ticket = await stored_ticket(one)
    await set_timers(one, a_timer(ticket.id, "k", NOON))
    [timer] = await TimerQueue(one).due(NOON, 1)
    async with one.begin() as uow:
        assert await uow.clocks.claim_timer(timer.id, NOON - SECOND) is None
        assert await uow.clocks.claim_timer(timer.id + 1, NOON) is None
        assert await uow.clocks.claim_timer(timer.id, NOON) == timer
        assert await uow.clocks.timer_is_due(timer.id, NOON)
        await uow.clocks.postpone_timer(timer.id, NOON + MINUTE)
        assert not await uow.clocks.timer_is_due(timer.id, NOON)
    async with other.begin() as uow:
        assert await uow.clocks.claim_timer(timer.id, NOON) is None
        assert await uow.clocks.claim_timer(timer.id, NOON + MINUTE) is not None
        assert await uow.clocks.finish_timer(timer.id)
        assert not await uow.clocks.timer_is_due(timer.id, NOON + MINUTE)
    async with one.begin() as uow:
        assert await uow.clocks.claim_timer(timer.id, NOON + MINUTE) is None


async def test_some_kinds_come_last(processes: tuple[Database, Database]) -> None:
    ticket = await stored_ticket(processes[0])
    queue = TimerQueue(processes[0])
    cards = [Timer(0, f"card {n}", "card", ticket.id, NOON + n * SECOND) for n in range(3)]
    await set_timers(processes[0], *cards, *(a_timer(ticket.id, f"clock {n}", NOON + n * MINUTE) for n in range(3)))

    async def keys(limit: int, *giving_way: str) -> list[str]:
        return [timer.key for timer in await queue.due(NOON + MINUTE, limit, giving_way=giving_way)]

    assert await keys(9) == ["card 0", "clock 0", "card 1", "card 2", "clock 1"]
    assert await keys(9, "card") == ["clock 0", "clock 1", "card 0", "card 1", "card 2"]
    assert await keys(3, "card") == ["clock 0", "clock 1", "card 0"]
    assert await keys(2, "card") == ["clock 0", "clock 1"]
    assert await keys(9, "card", "clock") == await keys(9)


async def test_an_attempt_that_failed_in_two_processes_counts_once(processes: tuple[Database, Database]) -> None:
    ticket = await stored_ticket(processes[0])
    one, other = (TimerQueue(process) for process in processes)
    await set_timers(processes[0], a_timer(ticket.id, "k", NOON))
    [timer] = await one.due(NOON, 1)
    assert await one.retry(timer.id, NOON + MINUTE, attempts=timer.attempts)
    assert not await other.retry(timer.id, NOON + SECOND, attempts=timer.attempts)
    [timer] = await other.due(NOON + MINUTE, 1)
    assert (timer.attempts, timer.fire_at) == (1, NOON + MINUTE)
