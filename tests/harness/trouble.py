"""Everything that goes wrong while mails come in: deaths, broken connections, restarts, a full disk, a wrong clock."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import resource
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

from tests.harness.dying_bot import CLOCK, DIES, MOMENTS, POINTS, POINTS_AMONG_PROCESSES, VARIABLE
from tests.support.bot_process import BotProcess, until
from tests.support.faulty_proxy import FaultyProxy
from tests.support.world import World

log = logging.getLogger(__name__)

FULL_FOR = 2.0
"""Seconds for which the disk is full."""
STOPPED_FOR = 8.0
"""Seconds for which a process stands still; longer than another's heartbeat may be late (`storage.leases.TTL`)."""
ALONE, AMONG_OTHERS = (4, 10), (20, 30)
"""Between which seconds one has to come to a commit point. Of several processes others have to take over first."""
AHEAD = 0.05
"""By which part of itself trouble may be ahead of the mails."""
PATIENCE = 3600
"""Seconds; a busy machine takes its time."""
HOUR = 3600.0
JUMPS = (3 * HOUR, -HOUR, 2 * HOUR, -4 * HOUR)
"""Seconds by which the clock is set forward and back; together nothing. At every second one the processes stand still
meanwhile, as when a machine sleeps."""


@dataclass(frozen=True)
class Plan:
    """How much of it."""

    mails: int = 1000
    kills: int = 100
    faults: int = 200
    database: str = "sqlite"
    processes: int = 1
    servers: str = "debian"
    seed: int = 0
    restarts: int = 6
    jumps: int = 8


@dataclass
class Outcome:
    """What was done and found.

    Attributes:
        kills: By commit point, or "at random".
        twice: Mails that came twice.
        at_most_twice: How many may.
        settled: Mails in doubt that their own copy settled.
        reminders: Announcements of clocks.
    """

    plan: Plan
    kills: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    twice: int = 0
    at_most_twice: int = 0
    settled: int = 0
    reminders: int = 0
    seconds: float = 0.0

    @property
    def deaths(self) -> int:
        """All kills."""
        return sum(self.kills.values())


class Bots:
    """The processes, each with a folder of its own; what kills them and their clock is written beside them.

    Attributes:
        armed: The death that waits.
    """

    def __init__(self, folder: Path, tree: dict[str, Any], count: int) -> None:
        self.armed = ""
        self._orders = folder / "orders"
        self._orders.mkdir()
        self.all: list[BotProcess] = []
        for number in range(count):
            own = folder / f"bot-{number}"
            own.mkdir()
            self.all.append(BotProcess(own, tree))

    async def start(self) -> None:
        """Start them."""
        for bot in self.all:
            await self.start_one(bot)

    async def start_one(self, bot: BotProcess) -> None:
        """Start one of them."""
        await bot.start("tests.harness.dying_bot", {VARIABLE: str(self._orders)})

    async def stop(self) -> None:
        """Stop them; each has to end well."""
        self.arm("")
        for bot in self.all:
            code = await bot.stop()
            assert code == 0, bot.log.read_text()[-3000:]

    def arm(self, death: str) -> None:
        """From now on, whoever comes to that commit point dies; "" for none."""
        self.armed = death
        self._write(DIES, death)

    def set_clock(self, seconds: float) -> None:
        """Let their clock differ by so much from the machine's."""
        self._write(CLOCK, str(seconds))

    def _write(self, name: str, text: str) -> None:
        new = self._orders / f"{name}.new"
        new.write_text(text, "utf-8")
        new.replace(self._orders / name)

    def signal(self, number: signal.Signals) -> None:
        """Send all of them a signal."""
        for bot in self.all:
            send(bot, number)


def send(bot: BotProcess, number: signal.Signals) -> None:
    """Send a signal, unless it is dead."""
    if bot.pid is not None:
        with suppress(ProcessLookupError):
            os.kill(bot.pid, number)


class Trouble:
    """Everything that goes wrong."""

    def __init__(self, world: World, bots: Bots, proxies: dict[str, FaultyProxy], outcome: Outcome) -> None:
        self._world = world
        self._bots = bots
        self._proxies = proxies
        self._outcome = outcome
        self._plan = outcome.plan
        self._chance = random.Random(outcome.plan.seed)  # noqa: S311 - so that a run can be repeated
        self._is_alone = outcome.plan.processes == 1
        self._sent = 0.0
        self._turn, self._refusing = asyncio.Lock(), asyncio.Lock()
        points = list(POINTS) + ([] if self._is_alone else list(POINTS_AMONG_PROCESSES))
        self._points = cycle(f"{moment}:{point}" for point in points for moment in MOMENTS)

    def _activity(self) -> int:
        return self._world.mail.revision + len(self._world.slack.workspace.calls)

    async def _until_something_happens(self, at_most: int = 15, within: float = 4) -> None:
        """Wait for a random number of things that the bot does outside; a moment, where nothing is to be done."""
        wanted = self._activity() + self._chance.randint(1, at_most)
        with suppress(TimeoutError):
            await until(lambda: self._activity() >= wanted, within, "the bot does something")

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """One trouble after the other, where one process has to get something done in between."""
        async with self._turn if self._is_alone else nullcontext():
            yield

    async def keeps_pace(self, part: float) -> None:
        """That part of all mails is sent. Wait until as much of the kills has been done, but for the next one."""
        self._sent = part
        wanted = part * self._plan.kills - 1
        await until(partial(self._have_died, wanted), PATIENCE, "the kills keep pace with the mails")

    async def _mails_keep_pace(self, done: int, of: int) -> None:
        """Wait until of the mails is sent what is done of something else, or nearly: trouble comes to all of them."""
        await until(lambda: self._sent >= done / of - AHEAD, PATIENCE, "the mails keep pace with the trouble")

    def _have_died(self, wanted: float) -> bool:
        return self._outcome.deaths >= wanted

    async def kill(self) -> None:
        """Kill as often as planned: at random, of several processes two at once, then who comes to a commit point."""
        while self._outcome.deaths < self._plan.kills:
            await self._mails_keep_pace(self._outcome.deaths, self._plan.kills)
            async with self._alone():
                self._bots.arm(f"{next(self._points)}:{self._chance.randint(1, 3)}")
                for bot in self._chance.sample(self._bots.all, min(2, self._plan.processes)):
                    await self._kill_at_random(bot)
                await self._one_dies_at_a_point()
                await self._until_something_happens(40, within=8)  # a life in which something gets done
                log.info("%s kills, %s faults", self._outcome.deaths, self._outcome.faults.total())

    async def _one_dies_at_a_point(self) -> None:
        """Whoever comes to the armed point first; after some seconds somebody dies anyway."""
        point = self._bots.armed.rpartition(":")[0]
        try:
            await self._first_dead(self._chance.uniform(*ALONE if self._is_alone else AMONG_OTHERS))
        finally:
            self._bots.arm("")
        dead = [bot for bot in self._bots.all if bot.has_ended]
        if not dead:
            await self._kill_at_random(self._chance.choice(self._bots.all))
        for bot in dead:
            assert await bot.died(within=10)
            self._outcome.kills[point] += 1
            await self._bots.start_one(bot)

    async def _first_dead(self, within: float) -> None:
        """Wait until one dies by itself, so many seconds at most."""
        with suppress(TimeoutError):
            await until(lambda: any(bot.has_ended for bot in self._bots.all), within, "one comes to the point")

    async def _kill_at_random(self, bot: BotProcess) -> None:
        if bot.has_ended:  # just now, at the armed point
            return
        await bot.make_sure_it_is_dead()
        self._outcome.kills["at random"] += 1
        await self._bots.start_one(bot)

    async def disturb(self) -> None:
        """Break connections as often as planned, each way in its turn, and mend them."""
        for number in range(self._plan.faults):
            await self._mails_keep_pace(number, self._plan.faults)
            name, proxy = self._chance.choice(list(self._proxies.items()))
            how = ("cut", "cut after", "stall", "slow", "refuse")[number % 5]
            match how:
                case "cut":
                    proxy.cut()
                case "cut after":
                    proxy.cut_after(self._chance.choice((1, 40, 300, 2_000)))
                    await asyncio.sleep(0.3)
                case "stall":
                    proxy.stall_open_connections()
                case "slow":
                    proxy.slow(20_000)
                    await asyncio.sleep(0.5)
                case _:
                    await self._refuse(proxy, 0.3)
            proxy.mend()
            self._outcome.faults[f"{name}: {how}"] += 1
            await self._until_something_happens(6)

    async def restart_servers(self) -> None:
        """Stop the mail servers and Slack in turn, and start them again; fill the disk for a moment."""
        slack = self._world.slack
        port = self._proxies["slack"].target_port
        for number in range(self._plan.restarts):
            await self._mails_keep_pace(number, self._plan.restarts)
            await self._until_something_happens(60)
            match number % 3:
                case 0:
                    await self._world.mail.stop()
                    await asyncio.sleep(0.5)
                    await self._world.mail.start()
                    self._outcome.faults["mail servers restarted"] += 1
                case 1:
                    address = slack.workspace.base_url
                    await slack.stop()
                    await asyncio.sleep(0.5)
                    await slack.start(port=port)
                    slack.workspace.base_url = address
                    self._outcome.faults["Slack restarted"] += 1
                case _ if self._plan.database == "sqlite":
                    await self._fill_the_disk()
                    self._outcome.faults["disk full"] += 1
                case _:
                    await self._restart_the_database()
                    self._outcome.faults["database away"] += 1

    async def _restart_the_database(self) -> None:
        """No process reaches it for a while, as when its machine restarts; those that start meanwhile wait for it."""
        await self._refuse(self._proxies["database"], FULL_FOR)

    async def _refuse(self, proxy: FaultyProxy, seconds: float) -> None:
        async with self._refusing:
            await proxy.refuse()
            await asyncio.sleep(seconds)
            await proxy.accept()

    async def _fill_the_disk(self) -> None:
        """No file of the bot may grow for a while, as with a used-up quota."""
        async with self._alone():
            for limit in (1, resource.RLIM_INFINITY):
                for bot in self._bots.all:
                    with suppress(ProcessLookupError):
                        if bot.pid is not None:
                            resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
                if limit == 1:
                    await asyncio.sleep(FULL_FOR)

    async def jump_the_clock(self) -> None:
        """Set the bots' clock forward by hours and back, at every second time while they stand still."""
        ahead = 0.0
        for number, by in zip(range(self._plan.jumps), cycle(JUMPS), strict=False):
            deaths = self._plan.kills * (number + 1) / (self._plan.jumps + 1)  # so that each lasts for some lives
            await until(partial(self._have_died, deaths), PATIENCE, "so many have died")
            ahead += by
            async with self._alone():
                if number % 2:
                    await self._sleep_through(ahead)
                else:
                    self._bots.set_clock(ahead)
            self._outcome.faults[f"clock {'forward' if by > 0 else 'back'}{', asleep' if number % 2 else ''}"] += 1

    async def _sleep_through(self, ahead: float) -> None:
        """One process of several stands still for so long that others take over; a single one only for a moment."""
        sleeping = [self._chance.choice(self._bots.all)]
        for bot in sleeping:
            send(bot, signal.SIGSTOP)
        await asyncio.sleep(FULL_FOR if self._is_alone else STOPPED_FOR)
        self._bots.set_clock(ahead)
        for bot in sleeping:
            send(bot, signal.SIGCONT)
