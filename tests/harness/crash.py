"""Kill the bot, cut its connections and restart its servers while mails come in; afterwards count what became of them.

    python -m tests.harness.crash [--mails N] [--kills N] [--faults N] [--database sqlite|postgresql] [--processes N]
        [--servers debian|embedded] [--seed N] [--json FILE]

Every mail has to be exactly one message of one ticket, every answer has to reach its customer once, every post Slack
once, and nothing may be left. A mail may come twice, with the same Message-ID, only where SMTP leaves it in doubt.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # ships no type information

from storage.migrating import upgrade
from tests.harness.dying_bot import MOMENTS, POINTS, VARIABLE
from tests.harness.mails import (
    NO_CAPS,
    Ask,
    check_replies,
    check_slack,
    check_tickets,
    is_delivered,
    is_idle,
    mixture,
    send_all,
)
from tests.support.bot_process import BotProcess, rows, until
from tests.support.faulty_proxy import FaultyProxy
from tests.support.mailservers import MailServers
from tests.support.postgres import running_postgres
from tests.support.world import World, make_world

KINDS_OF_MAIL = 15
DOUBT = "6s"
FULL_FOR = 2.0
"""Seconds for which the disk is full."""
MOST_TWICE = 0.02
"""Of all mails; SMTP's window between a mail's acceptance and the word of it is short."""


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


@dataclass
class Outcome:
    """What was done and found."""

    plan: Plan
    kills: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    twice: int = 0
    seconds: float = 0.0


class Bots:
    """The processes, each with a folder of its own."""

    def __init__(self, folder: Path, tree: dict[str, Any], count: int) -> None:
        self.all: list[BotProcess] = []
        for number in range(count):
            own = folder / f"bot-{number}"
            own.mkdir()
            self.all.append(BotProcess(own, tree))

    async def start(self) -> None:
        """Start them."""
        for bot in self.all:
            await bot.start()

    async def stop(self) -> None:
        """Stop them; each has to end well."""
        for bot in self.all:
            code = await bot.stop()
            assert code == 0, bot.log.read_text()[-3000:]


class Trouble:
    """Everything that goes wrong."""

    def __init__(self, world: World, bots: Bots, proxies: dict[str, FaultyProxy], outcome: Outcome) -> None:
        self._world = world
        self._bots = bots
        self._proxies = proxies
        self._outcome = outcome
        self._chance = random.Random(outcome.plan.seed)  # noqa: S311 - so that a run can be repeated
        self._one_trouble: asyncio.Lock | nullcontext[None] = asyncio.Lock()
        if outcome.plan.processes > 1:  # the disk is the database's, and several may die at once
            self._one_trouble = nullcontext()
        self._points = cycle(f"{moment}:{point}" for point in POINTS for moment in MOMENTS)

    def _activity(self) -> int:
        return self._world.mail.revision + len(self._world.slack.workspace.calls)

    async def _until_something_happens(self, at_most: int = 15, within: float = 4) -> None:
        """Wait for a random number of things that the bot does outside; a moment, where nothing is to be done."""
        wanted = self._activity() + self._chance.randint(1, at_most)
        with suppress(TimeoutError):
            await until(lambda: self._activity() >= wanted, within, "the bot does something")

    async def kill(self) -> None:
        """Kill as often as planned: each process lives until a named commit point, or for a few seconds at most."""
        await asyncio.gather(*map(self._keep_killing, self._bots.all))

    async def _keep_killing(self, bot: BotProcess) -> None:
        while sum(self._outcome.kills.values()) < self._outcome.plan.kills:
            async with self._one_trouble:
                point = next(self._points)
                await bot.kill()
                self._outcome.kills["at random"] += 1
                await bot.start("tests.harness.dying_bot", {VARIABLE: f"{point}:{self._chance.randint(1, 6)}"})
                if await bot.died(within=self._chance.uniform(4, 10)):
                    self._outcome.kills[point] += 1
                else:
                    await bot.make_sure_it_is_dead()
                    self._outcome.kills["at random"] += 1
                await bot.start()
                await self._until_something_happens(40, within=20)  # a life in which something gets done

    async def disturb(self) -> None:
        """Break connections as often as planned, each way in its turn, and mend them."""
        faults = self._outcome.plan.faults
        for number in range(faults):
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
                    await proxy.refuse()
                    await asyncio.sleep(0.3)
                    await proxy.accept()
            proxy.mend()
            self._outcome.faults[f"{name}: {how}"] += 1
            await self._until_something_happens(6)

    async def restart_servers(self) -> None:
        """Stop the mail servers and Slack in turn, and start them again; fill the disk for a moment."""
        slack = self._world.slack
        port = self._proxies["slack"].target_port
        for number in range(self._outcome.plan.restarts):
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
                case _ if self._outcome.plan.database == "sqlite":
                    await self._fill_the_disk()
                    self._outcome.faults["disk full"] += 1
                case _:
                    self._proxies["database"].cut()
                    self._outcome.faults["database: cut"] += 1

    async def _fill_the_disk(self) -> None:
        """No file of the bot may grow for a while, as with a used-up quota."""
        async with self._one_trouble:  # a bot that cannot even write its database file when it starts ends by itself
            await self._use_up_the_quota()

    async def _use_up_the_quota(self) -> None:
        for limit in (1, resource.RLIM_INFINITY):
            for bot in self._bots.all:
                with suppress(ProcessLookupError):
                    if bot.pid is not None:
                        resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
            if limit == 1:
                await asyncio.sleep(FULL_FOR)


def postgres_ask(dsn: str) -> Ask:
    """Questions to PostgreSQL, from a thread of their own."""

    async def fetch(query: str) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(dsn)
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    def ask(query: str) -> list[tuple[Any, ...]]:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, fetch(query)).result()

    return ask


@asynccontextmanager
async def behind_proxies(world: World, database_port: int | None) -> AsyncIterator[dict[str, FaultyProxy]]:
    """Every connection of the bot goes through a proxy."""
    mail, slack = world.tree["mail"], world.slack.workspace
    async with AsyncExitStack() as stack:
        proxies: dict[str, FaultyProxy] = {}

        async def before(name: str, port: int) -> int:
            proxies[name] = await stack.enter_async_context(FaultyProxy(port))
            return proxies[name].port

        for mailbox in mail["imap"]:
            mailbox["port"] = await before(f"imap {mailbox['name']}", mailbox["port"])
        mail["smtp"]["port"] = await before("smtp", mail["smtp"]["port"])
        slack.base_url = f"http://127.0.0.1:{await before('slack', int(slack.base_url.rpartition(':')[2]))}"
        world.tree["slack"]["api_url"] = world.slack.api_url
        if database_port is not None:
            url = world.tree["database"]["url"]
            world.tree["database"]["url"] = url.replace(
                f":{database_port}/", f":{await before('database', database_port)}/"
            )
        yield proxies


async def run(plan: Plan, folder: Path, servers: MailServers | None, postgres: Any = None) -> Outcome:
    """Everything; raises AssertionError where something was lost, doubled or stuck."""
    outcome = Outcome(plan)
    chance = random.Random(plan.seed)  # noqa: S311 - so that a run can be repeated
    mails = mixture(max(1, plan.mails // KINDS_OF_MAIL), chance)
    settings: dict[str, Any] = {"intake": NO_CAPS, "retry": {"in_doubt_wait": DOUBT}}
    began = time.monotonic()
    async with make_world(folder, servers, start=None, **settings) as world:
        ask: Ask = partial(rows, folder / "hezo360.sqlite3")
        database_port = None
        if postgres is not None:
            name = f"crash_{plan.seed}"
            await postgres.create_database(name)
            await upgrade(postgres.url(name))
            world.tree["database"] = {"url": postgres.url(name)}
            ask, database_port = postgres_ask(postgres.dsn(name)), postgres.port
        world.tree["slack"] |= {"timeout": "4s", "silence_limit": "8s"}
        await world.fill_registry()
        async with behind_proxies(world, database_port) as proxies:
            bots = Bots(folder, world.tree, plan.processes)
            await bots.start()
            answers: dict[str, str] = {}
            trouble = Trouble(world, bots, proxies, outcome)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(send_all(world, mails, answers, plan.mails // 10, patience=300))
                    group.create_task(trouble.kill())
                    group.create_task(trouble.disturb())
                    group.create_task(trouble.restart_servers())
                for proxy in proxies.values():
                    proxy.mend()
                try:
                    await until(lambda: is_idle(ask, len(mails) + len(answers)), 240, "everything is handled and sent")
                except TimeoutError as error:
                    raise AssertionError(f"stuck: {what_is_left(ask)}") from error
            finally:
                await bots.stop()
        check_tickets(ask, mails)
        with suppress(TimeoutError):  # then the check says which
            await until(lambda: is_delivered(world, mails), 120, "every reply is delivered")
        outcome.twice = check_replies(world, mails)
        assert outcome.twice <= max(2, MOST_TWICE * len(mails)), outcome.twice
        check_slack(world, ask, mails, answers)
    outcome.seconds = round(time.monotonic() - began, 1)
    return outcome


def what_is_left(ask: Ask) -> dict[str, object]:
    """What keeps it from being done."""
    return {
        "inbox": ask("SELECT state, outcome, count(*) FROM inbox GROUP BY state, outcome"),
        "new": ask("SELECT id, source, place, attempts, error FROM inbox WHERE state = 'new' LIMIT 5"),
        "outbox": ask("SELECT id, state, type, attempts, error FROM outbox WHERE state <> 'sent' LIMIT 10"),
    }


@contextmanager
def servers_for(plan: Plan) -> Iterator[MailServers | None]:
    """Debian's servers, or none."""
    if plan.servers == "debian":
        with MailServers() as servers:
            yield servers
    else:
        yield None


def main() -> int:
    """Run it and say what was found; exit code 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("mails", 1000), ("kills", 100), ("faults", 200), ("processes", 0), ("restarts", 6)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--servers", choices=["debian", "embedded"], default="debian")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311 - no secret
    parser.add_argument("--json", type=Path)
    options = vars(parser.parse_args())
    written: Path | None = options.pop("json")
    options["processes"] = options["processes"] or (1 if options["database"] == "sqlite" else 3)
    plan = Plan(**options)
    sys.stderr.write(f"seed {plan.seed}\n")
    with tempfile.TemporaryDirectory() as folder, servers_for(plan) as servers:
        if plan.database == "postgresql":
            with running_postgres() as postgres:
                outcome = asyncio.run(run(plan, Path(folder), servers, postgres))
        else:
            outcome = asyncio.run(run(plan, Path(folder), servers))
    found = {
        "plan": asdict(plan),
        "seconds": outcome.seconds,
        "mails that came twice": outcome.twice,
        "kills": dict(outcome.kills),
        "faults": dict(outcome.faults),
    }
    said = json.dumps(found, indent=2)
    sys.stdout.write(said + "\n")
    if written is not None:
        written.write_text(said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
