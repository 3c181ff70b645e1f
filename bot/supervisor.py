"""Every long-running part under a name: watched, restarted with backoff, stopped within a bound.

A part that returns is as broken as one that raises: it was meant to run until it is stopped.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import HezoError, LoginRefused
from bot.ports import Clock
from bot.rules.retrying import backoff, describe

log = logging.getLogger(__name__)

PAUSES = timedelta(seconds=0.5), timedelta(seconds=30)
"""The first wait and the longest, between a failure and the next start."""
LOGIN_PAUSES = timedelta(seconds=30), timedelta(minutes=15)
"""The same after a refused login: providers lock accounts after some wrong tries, and only a person can mend it."""
LOGIN_ADVICE = "tried again after pauses of up to 15 minutes, so that nobody locks the account; a restart tries at once"
HEALTHY_AFTER, LOGGED_IN_AFTER = 10.0, 60.0
"""Seconds after which the pauses begin anew: a connection that is lost some times a minute is back at once each time.
Of a refused login more, as a server may think about it for long."""


@dataclass(slots=True)
class PartStatus:
    """What the health endpoint tells of a part.

    Attributes:
        problem: Why it is down, for people; None while it runs.
        since: When it came into this condition.
    """

    name: str
    running: bool
    problem: str | None
    since: datetime
    restarts: int = 0


class Supervisor:
    """Runs the parts.

    Args:
        clock: Tells since when a part is up or down.
        stop_within: How long a part may take to finish what it has in hand.
        healthy_after: Seconds that a part has to run for its failures before to be forgotten.
    """

    def __init__(self, clock: Clock, stop_within: timedelta, *, healthy_after: float = HEALTHY_AFTER) -> None:
        self._clock = clock
        self._healthy_after = healthy_after
        self._stop_within = stop_within.total_seconds()
        self._parts: dict[str, Callable[[], Awaitable[None]]] = {}
        self._connecting: set[str] = set()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.stopping = asyncio.Event()
        self.statuses: dict[str, PartStatus] = {}

    def add(self, name: str, run: Callable[[], Awaitable[None]], *, connects: bool = False) -> None:
        """Add a part: `run` is called anew for every start and runs until `stopping` is set or it breaks.

        A part that `connects` counts as running only once it reported so itself.
        """
        self._parts[name] = run
        if connects:
            self._connecting.add(name)
        self.statuses[name] = PartStatus(name, running=False, problem="not started yet", since=self._clock.now())

    def start(self) -> None:
        """Start every part that was added."""
        for name, run in self._parts.items():
            self._tasks[name] = asyncio.create_task(self._keep_running(name, run), name=name)

    async def stop(self) -> None:
        """Ask every part to finish; what has not finished within the bound is cancelled."""
        self.stopping.set()
        tasks = list(self._tasks.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=self._stop_within)
        for task in late:
            log.warning("part did not finish in time and is cancelled", extra={"hezo": {"part": task.get_name()}})
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def report(self, name: str, problem: str | None) -> None:
        """A part tells about itself: None when its connection stands, else what is wrong."""
        status = self.statuses[name]
        if (problem is None) != status.running or problem != status.problem:
            self.statuses[name] = PartStatus(name, problem is None, problem, self._clock.now(), status.restarts)

    async def _keep_running(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        failures, last_pauses = 0, PAUSES
        reported = ""
        while not self.stopping.is_set():
            started = loop.time()
            if name not in self._connecting:
                self.report(name, None)
            pauses = PAUSES
            try:
                await run()
                problem = "ended by itself"
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                problem = "cancelled by something within"  # not by `stop`: as broken as any other
            except LoginRefused as error:
                problem, pauses = f"{describe(error)} ({LOGIN_ADVICE})", LOGIN_PAUSES
            except HezoError as error:
                problem = describe(error)
            except Exception as error:
                problem = describe(error)
                if problem != reported:  # its trace once: what fails at every restart would fill the log
                    log.exception("part failed", extra={"hezo": {"part": name}})
            if self.stopping.is_set():
                return
            steady = LOGGED_IN_AFTER if pauses is LOGIN_PAUSES else self._healthy_after
            goes_on = pauses == last_pauses and loop.time() - started <= steady
            failures, last_pauses = failures + 1 if goes_on else 1, pauses
            reported = problem
            self.report(name, problem)
            self.statuses[name].restarts += 1
            wait = backoff(failures, *pauses).total_seconds() * random.uniform(0.7, 1.3)  # noqa: S311 - jitter, no secret
            log.warning(
                "part is down and will be restarted",
                extra={"hezo": {"part": name, "problem": problem, "wait_s": round(wait, 1)}},
            )
            await self._wait_unless_stopping(wait)

    async def _wait_unless_stopping(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            return
