"""The clock's contract, for the machine's clock and the sandbox's."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.edges.clock import SystemClock
from bot.ports import Clock
from bot.sandbox.clock import MovableClock

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
SOON = timedelta(milliseconds=20)


@pytest.fixture(params=["system", "movable", "moved"])
def clock(request: pytest.FixtureRequest) -> Clock:
    clocks: dict[str, Clock] = {
        "system": SystemClock(),
        "movable": MovableClock(),
        "moved": MovableClock(datetime(2031, 5, 1, tzinfo=ZoneInfo("Europe/Warsaw"))),
    }
    return clocks[request.param]


def test_now_is_aware_utc_and_runs(clock: Clock) -> None:
    first = clock.now()
    assert first.tzinfo is UTC
    assert clock.now() >= first


async def test_waits_until_due(clock: Clock) -> None:
    due = clock.now() + SOON
    await asyncio.wait_for(clock.wait_until(due, asyncio.Event()), 5)
    assert clock.now() >= due


async def test_past_due_returns_at_once(clock: Clock) -> None:
    async with asyncio.timeout(60):
        await clock.wait_until(clock.now() - timedelta(days=1), asyncio.Event())


@pytest.mark.parametrize("due_in", [None, timedelta(days=40000)])
async def test_wake_ends_the_wait_and_stays_set(clock: Clock, due_in: timedelta | None) -> None:
    wake = asyncio.Event()
    due = None if due_in is None else clock.now() + due_in
    waiter = asyncio.create_task(clock.wait_until(due, wake))
    await asyncio.sleep(0)
    assert not waiter.done()
    wake.set()
    await asyncio.wait_for(waiter, 5)
    assert wake.is_set()


class _Jumping(SystemClock):
    """A machine whose wall clock jumps ahead while somebody waits."""

    def __init__(self) -> None:
        super().__init__(recheck_after=SOON)
        self.readings = 0

    def now(self) -> datetime:
        self.readings += 1
        return NEW_YEAR if self.readings == 1 else NEW_YEAR + timedelta(days=1)


async def test_a_wall_clock_jump_is_noticed_at_the_next_look() -> None:
    clock = _Jumping()
    await asyncio.wait_for(clock.wait_until(NEW_YEAR + timedelta(hours=8), asyncio.Event()), 5)
    assert clock.readings == 2


class _SetBack(SystemClock):
    """A machine whose wall clock is set back while somebody waits."""

    def __init__(self) -> None:
        super().__init__(recheck_after=SOON / 4)
        self.readings = 0

    def now(self) -> datetime:
        self.readings += 1
        return NEW_YEAR if self.readings == 1 else NEW_YEAR - timedelta(hours=3)


async def test_a_wait_takes_no_longer_because_the_clock_is_set_back() -> None:
    clock = _SetBack()
    await asyncio.wait_for(clock.wait_until(NEW_YEAR + SOON, asyncio.Event()), 5)
    assert clock.readings > 1


async def test_one_move_wakes_every_waiter() -> None:
    clock = MovableClock(NEW_YEAR, frozen=True)
    never = asyncio.Event()
    waiters = [asyncio.create_task(clock.wait_until(NEW_YEAR + timedelta(hours=h), never)) for h in (1, 2, 3, 50)]
    await asyncio.sleep(0)
    clock.move(timedelta(hours=3))
    await asyncio.wait_for(asyncio.gather(*waiters[:3]), 5)
    assert not waiters[3].done()
    clock.move_to(NEW_YEAR + timedelta(days=3))
    await asyncio.wait_for(waiters[3], 5)


async def test_a_frozen_clock_stands_still() -> None:
    clock = MovableClock(NEW_YEAR, frozen=True)
    never = asyncio.Event()
    waiter = asyncio.create_task(clock.wait_until(NEW_YEAR + SOON, never))
    done, _ = await asyncio.wait([waiter], timeout=3 * SOON.total_seconds())
    assert not done
    assert clock.now() == NEW_YEAR
    waiter.cancel()


async def test_moving_shows_in_now_and_offset() -> None:
    clock = MovableClock()
    clock.move(timedelta(days=2))
    assert clock.offset == timedelta(days=2)
    assert abs(clock.now() - SystemClock().now() - timedelta(days=2)) < timedelta(seconds=5)
