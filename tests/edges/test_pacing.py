"""Slack's pace: by key, in the order of coming, urgent ones first."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.edges.pacing import PATIENCE, Pace
from bot.errors import RateLimited, RetryLater

INTERVAL = timedelta(milliseconds=40)


async def goes(pace: Pace, key: str, name: str, gone: list[str], *, urgent: bool = False) -> None:
    """Have a turn."""
    async with pace.turn(key, urgent=urgent):
        gone.append(name)


async def test_one_each_interval_after_a_burst() -> None:
    pace, gone, loop = Pace(INTERVAL, 2), list[str](), asyncio.get_running_loop()
    began = loop.time()
    for number in range(4):
        await goes(pace, "C1", str(number), gone)
    assert loop.time() - began >= 2 * INTERVAL.total_seconds() * 0.99
    assert gone == ["0", "1", "2", "3"]


async def test_an_urgent_call_overtakes_those_that_wait_and_other_keys_wait_for_nobody() -> None:
    pace, gone = Pace(INTERVAL, 1), list[str]()
    await goes(pace, "C1", "first", gone)
    async with asyncio.TaskGroup() as group:
        for name in ("routine 1", "routine 2"):
            group.create_task(goes(pace, "C1", name, gone))
        await asyncio.sleep(0)
        group.create_task(goes(pace, "C1", "urgent", gone, urgent=True))
        group.create_task(goes(pace, "C2", "elsewhere", gone))
    assert gone == ["first", "elsewhere", "urgent", "routine 1", "routine 2"]


async def test_a_turn_that_is_too_far_away_is_not_waited_for() -> None:
    pace, gone = Pace(timedelta(seconds=PATIENCE * 0.7), 1), list[str]()
    await goes(pace, "C1", "first", gone)
    waiting = asyncio.create_task(goes(pace, "C1", "next", gone))
    await asyncio.sleep(0)
    with pytest.raises(RateLimited) as caught:
        await goes(pace, "C1", "too far", gone)
    assert caught.value.retry_after > timedelta(seconds=PATIENCE)
    overtaking = asyncio.create_task(goes(pace, "C1", "urgent", gone, urgent=True))
    with pytest.raises(RateLimited):
        await waiting
    overtaking.cancel()
    await asyncio.gather(overtaking, return_exceptions=True)


async def test_what_slack_asks_for_holds_back_all_of_the_key() -> None:
    pace, gone = Pace(timedelta(0), 1), list[str]()

    async def limited() -> None:
        async with pace.turn("C1"):
            raise RateLimited("Slack asks to wait", timedelta(seconds=0.05))

    began = asyncio.get_running_loop().time()
    with pytest.raises(RateLimited):
        await limited()
    await goes(pace, "C2", "elsewhere", gone)
    await goes(pace, "C1", "after it", gone)
    assert asyncio.get_running_loop().time() - began >= 0.049
    with pytest.raises(RateLimited):
        async with pace.turn("C1"):
            raise RateLimited("Slack asks to wait", timedelta(minutes=1))
    with pytest.raises(RateLimited):
        await goes(pace, "C1", "never", gone, urgent=True)
    assert gone == ["elsewhere", "after it"]


async def test_who_may_not_act_any_more_when_the_turn_comes_calls_nothing() -> None:
    may_act = True

    def make_sure() -> None:
        if not may_act:
            raise RetryLater("another may be doing it")

    pace, gone = Pace(INTERVAL, 1, make_sure), list[str]()
    await goes(pace, "C1", "first", gone)
    waiting = asyncio.create_task(goes(pace, "C1", "next", gone))
    await asyncio.sleep(0)
    may_act = False
    with pytest.raises(RetryLater):
        await waiting
    may_act = True
    await goes(pace, "C1", "again", gone)
    assert gone == ["first", "again"]
