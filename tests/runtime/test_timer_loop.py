"""The loop over the timers: in time, in order, once, whatever the clock and the handlers do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.effects import PostOperator
from bot.loops.timers import BATCH
from bot.model import Timer
from bot.sandbox.clock import MovableClock
from handlers.card_refresh import card_timer
from storage.engine import Database
from storage.queues import OutboxQueue, TimerQueue
from storage.schema import timers
from tests.storage.making import NOON, a_timer, stored_ticket
from tests.support.timer_loops import PATIENCE, Firings, fired, looping, open_database, set_timers

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
NOT_YET = 0.05
"""Seconds in which something would have happened that must not."""


class CountingClock(MovableClock):
    """A clock that stands still until it is moved, and counts how often somebody waited on it."""

    def __init__(self) -> None:
        super().__init__(NOON, frozen=True)
        self.waits: list[datetime | None] = []
        self._waiting = asyncio.Condition()

    async def wait_until(self, due: datetime | None, wake: asyncio.Event) -> None:
        async with self._waiting:
            self.waits.append(due)
            self._waiting.notify_all()
        await super().wait_until(due, wake)

    async def waited_for(self, due: datetime | None) -> None:
        """Return when the last to wait waits for this."""
        async with asyncio.timeout(PATIENCE), self._waiting:
            await self._waiting.wait_for(lambda: bool(self.waits) and self.waits[-1] == due)


@pytest.fixture
def clock() -> CountingClock:
    return CountingClock()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path}/hezo360.sqlite3"


@pytest.fixture
async def database(url: str, clock: CountingClock) -> AsyncIterator[Database]:
    database = open_database(url, clock)
    await database.open()
    yield database
    await database.close()


async def test_sleeps_until_the_next_one_and_fires_it_then(database: Database, clock: CountingClock) -> None:
    ticket = await stored_ticket(database)
    await set_timers(database, a_timer(ticket.id, "at one", NOON + HOUR))
    firings = Firings()
    async with looping(database, clock, firings):
        await clock.waited_for(NOON + HOUR)
        clock.move(HOUR - timedelta(microseconds=1))
        await asyncio.sleep(NOT_YET)
        assert (firings.tried, clock.waits) == ([], [NOON + HOUR]), "one wait, not one look a second"
        clock.move(timedelta(microseconds=1))
        await clock.waited_for(None)
    assert await fired(database, ticket.id) == [(NOON + HOUR, "at one")]


async def test_a_nearer_timer_that_is_committed_meanwhile_is_heard_of(database: Database, clock: CountingClock) -> None:
    ticket = await stored_ticket(database)
    await set_timers(database, a_timer(ticket.id, "far", NOON + 9 * HOUR))
    async with looping(database, clock, Firings()):
        await clock.waited_for(NOON + 9 * HOUR)
        await set_timers(database, a_timer(ticket.id, "near", NOON + MINUTE))
        await clock.waited_for(NOON + MINUTE)
        clock.move(MINUTE)
        await clock.waited_for(NOON + 9 * HOUR)
    assert await fired(database, ticket.id) == [(NOON + MINUTE, "near")]


async def test_a_timer_of_another_process_is_seen_before_long(
    database: Database, url: str, clock: CountingClock
) -> None:
    ticket = await stored_ticket(database)
    other = open_database(url, clock)
    firings = Firings()
    async with looping(database, clock, firings, longest_sleep=timedelta(seconds=0.1)):
        await clock.waited_for(None)
        await set_timers(other, a_timer(ticket.id, "theirs", NOON))
        await firings.wait_for(1)
    await other.close()


async def test_what_was_missed_comes_in_the_order_of_its_times(database: Database, clock: CountingClock) -> None:
    ticket = await stored_ticket(database)
    later = [3, 1, 4, 15, 9, 2, 6, 5, 35, 8]
    await set_timers(database, *(a_timer(ticket.id, str(n), NOON + n * MINUTE) for n in later))
    clock.move(9 * MINUTE)  # while the bot was down
    firings = Firings()
    async with looping(database, clock, firings):
        await clock.waited_for(NOON + 15 * MINUTE)
        clock.move(HOUR)  # the wall clock jumps ahead
        await clock.waited_for(None)
    assert firings.tried == ["1", "2", "3", "4", "5", "6", "8", "9", "15", "35"]


async def test_a_clock_that_is_set_back_fires_nothing_twice_nor_too_early(
    database: Database, clock: CountingClock
) -> None:
    ticket = await stored_ticket(database)
    times = {"a": NOON + MINUTE, "b": NOON + 2 * MINUTE, "c": NOON + HOUR}
    await set_timers(database, *(a_timer(ticket.id, key, at) for key, at in times.items()))
    async with looping(database, clock, Firings()):
        await clock.waited_for(times["a"])
        clock.move(MINUTE)
        await clock.waited_for(times["b"])
        clock.move(-HOUR)
        await asyncio.sleep(NOT_YET)
        assert clock.waits == [times["a"], times["b"]], "it does not look again and again"
        clock.move_to(times["b"])
        await clock.waited_for(times["c"])
    assert await fired(database, ticket.id) == [(times["a"], "a"), (times["b"], "b")]


async def test_a_failing_timer_waits_longer_each_time_is_parked_and_holds_up_nobody(
    database: Database, clock: CountingClock
) -> None:
    ticket = await stored_ticket(database)
    keys = ["before", "bad", "after"]
    await set_timers(database, *(a_timer(ticket.id, key, NOON + n * MINUTE) for n, key in enumerate(keys)))
    clock.move(HOUR)
    now = clock.now()

    async def fail(timer: Timer) -> None:
        if timer.key == "bad":
            raise KeyError("our own mistake")

    firings = Firings(before=fail)
    async with looping(database, clock, firings):
        await clock.waited_for(now + timedelta(seconds=5))
        assert firings.tried == ["before", "bad", "after"]
        clock.move(timedelta(seconds=5))
        await clock.waited_for(now + timedelta(seconds=15))
        clock.move(timedelta(seconds=10))
        await clock.waited_for(None)
        clock.move(HOUR)
    assert firings.tried == ["before", "bad", "after", "bad", "bad"]
    assert [key for _, key in await fired(database, ticket.id)] == ["before", "after"]
    [row] = await OutboxQueue(database, "test").claim(clock.now(), 10)
    expected: dict[str, object] = {"timer": "bad", "reason": "KeyError: 'our own mistake'"}
    assert row.effect == PostOperator("timer_parked", expected)


async def test_a_handler_that_leaves_its_timer_due_does_not_keep_us_busy(
    database: Database, clock: CountingClock
) -> None:
    ticket = await stored_ticket(database)
    await set_timers(database, a_timer(ticket.id, "left", NOON))

    firings = Firings(finish=False)
    async with looping(database, clock, firings):
        await clock.waited_for(NOON + timedelta(seconds=5))
    assert firings.tried == ["left"]


async def test_reminders_do_not_wait_for_cards(database: Database, clock: CountingClock) -> None:
    ticket = await stored_ticket(database)
    cards = [card_timer(ticket.id, NOON + n * timedelta(seconds=1)) for n in range(2 * BATCH)]
    reminders = [a_timer(ticket.id, f"reminder {n}", NOON + (50 + n) * MINUTE) for n in range(3)]
    await set_timers(database, *cards, *reminders)
    clock.move(HOUR)
    firings = Firings()
    async with looping(database, clock, firings):
        await firings.wait_for(5)
        await set_timers(database, a_timer(ticket.id, "late", clock.now()))
        await clock.waited_for(None)
    assert firings.tried[:3] == [reminder.key for reminder in reminders]
    assert firings.tried.index("late") <= BATCH
    assert [key for key in firings.tried if key.startswith("card")] == [card.key for card in cards]


async def test_stopping_finishes_the_one_in_hand(database: Database, clock: CountingClock) -> None:
    ticket = await stored_ticket(database)
    await set_timers(database, *(a_timer(ticket.id, key, NOON) for key in "abc"))
    go_on = asyncio.Event()

    async def hold(_timer: Timer) -> None:
        await go_on.wait()

    firings = Firings(before=hold)
    async with looping(database, clock, firings):
        await firings.wait_for(1)
        asyncio.get_running_loop().call_soon(go_on.set)
    assert firings.tried == ["a"]
    assert [timer.key for timer in await TimerQueue(database).due(NOON, 10)] == ["b", "c"]
    async with looping(database, clock, firings):
        await clock.waited_for(None)
    assert firings.tried == ["a", "b", "c"]
    async with database.read() as uow:
        states = await uow.transaction.connection.scalars(select(timers.c.attempts))
        assert set(states) == {0}
