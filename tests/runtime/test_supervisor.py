"""Parts are watched: restarted when they break or end, named when they are down, stopped within a bound."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from bot.errors import LoginRefused, OperatorError
from bot.sandbox.clock import MovableClock
from bot.supervisor import LOGIN_PAUSES, PAUSES, PartStatus, Supervisor

BOUND = timedelta(seconds=0.2)


@asynccontextmanager
async def running(supervisor: Supervisor) -> AsyncIterator[None]:
    supervisor.start()
    try:
        yield
    finally:
        await supervisor.stop()


class Part:
    """Does at each start what it is told, the last for ever; tells of its starts."""

    def __init__(self, *acts: BaseException | None) -> None:
        self._acts = list(acts)
        self.starts = 0
        self._started = asyncio.Condition()

    async def run(self) -> None:
        async with self._started:
            self.starts += 1
            self._started.notify_all()
        if not self._acts:
            await asyncio.Event().wait()
        act = self._acts.pop(0)
        if act is not None:
            raise act

    async def started(self, times: int) -> None:
        async with asyncio.timeout(10), self._started:
            await self._started.wait_for(lambda: self.starts >= times)


@pytest.fixture
def supervisor() -> Supervisor:
    return Supervisor(MovableClock(), BOUND)


async def test_a_part_that_breaks_or_ends_is_started_again(supervisor: Supervisor) -> None:
    part = Part(OperatorError("wrong password; correct it"), None)
    supervisor.add("part", part.run)
    assert supervisor.statuses["part"].problem == "not started yet"
    async with running(supervisor):
        await part.started(1)
        await part.started(2)
        await part.started(3)
        status = supervisor.statuses["part"]
        assert (status.running, status.problem, status.restarts) == (True, None, 2)


async def test_a_part_that_something_within_it_cancels_is_started_again(supervisor: Supervisor) -> None:
    """A library that cancels what we wait for looks like a stop, and is none."""
    part = Part(asyncio.CancelledError())
    supervisor.add("part", part.run)
    async with running(supervisor):
        await part.started(2)
        assert supervisor.statuses["part"].restarts == 1


@pytest.mark.parametrize(("healthy_after", "grows"), [(0.0, False), (10.0, True)])
async def test_what_ran_for_a_while_before_it_broke_is_back_at_once(
    healthy_after: float, grows: bool, caplog: pytest.LogCaptureFixture
) -> None:
    supervisor = Supervisor(MovableClock(), BOUND, healthy_after=healthy_after)
    part = Part(*[OperatorError("the connection was lost")] * 3)
    supervisor.add("slack", part.run)
    with caplog.at_level(logging.WARNING, "bot.supervisor"):
        async with running(supervisor):
            await part.started(4)
    first, _, third = (record.__dict__["hezo"]["wait_s"] for record in caplog.records if "restarted" in record.message)
    longest = PAUSES[0].total_seconds() * 1.3 + 0.05  # the log rounds
    assert first <= longest
    assert (third > longest) is grows  # the second may come close, by its jitter


async def test_a_refused_login_is_tried_again_after_minutes_only(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    """Every wrong try counts towards a provider's lock-out."""
    part = Part(LoginRefused("it refused the login: 535; check the password"))
    supervisor.add("mailbox: pomoc", part.run, connects=True)
    with caplog.at_level(logging.WARNING, "bot.supervisor"):
        async with running(supervisor):
            await part.started(1)
            while supervisor.statuses["mailbox: pomoc"].restarts == 0:  # noqa: ASYNC110 - the next turn of the loop
                await asyncio.sleep(0)
    [told] = [record.__dict__["hezo"] for record in caplog.records if "restarted" in record.message]
    assert told["wait_s"] >= LOGIN_PAUSES[0].total_seconds() * 0.7
    problem = supervisor.statuses["mailbox: pomoc"].problem or ""
    assert problem.startswith("it refused the login: 535; check the password (tried again after pauses")
    assert part.starts == 1


async def test_the_problem_stands_until_a_connecting_part_says_that_it_is_up(supervisor: Supervisor) -> None:
    part = Part(OperatorError("wrong password; correct it"))
    supervisor.add("part", part.run, connects=True)

    def status() -> PartStatus:
        return supervisor.statuses["part"]

    async with running(supervisor):
        await part.started(2)
        assert (status().running, status().problem) == (False, "wrong password; correct it")
        supervisor.report("part", None)
        assert (status().running, status().problem) == (True, None)


async def test_the_trace_of_a_mistake_of_ours_is_logged_once(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    part = Part(KeyError("a"), KeyError("a"), ValueError("b"))
    supervisor.add("part", part.run)
    async with running(supervisor):
        await part.started(4)
    traces = [str(record.exc_info[1]) for record in caplog.records if record.exc_info]
    assert traces == ["'a'", "b"]
    downs = [record for record in caplog.records if record.message == "part is down and will be restarted"]
    assert len(downs) == 3


async def test_what_does_not_finish_in_time_is_cancelled(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    part = Part()
    supervisor.add("part", part.run)
    supervisor.start()
    await part.started(1)
    with caplog.at_level(logging.WARNING):
        async with asyncio.timeout(5):
            await supervisor.stop()
    assert "part did not finish in time and is cancelled" in caplog.messages
