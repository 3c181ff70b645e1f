"""Kill the bot, cut its connections and restart its servers while mails come in; afterwards count what became of them.

    python -m tests.harness.crash [--mails N] [--kills N] [--faults N] [--jumps N] [--restarts N]
        [--database sqlite|postgresql] [--processes N] [--servers debian|embedded] [--seed N] [--json FILE]

Every mail has to be exactly one message of one ticket, every answer and every reminder has to reach its reader once,
every post Slack once, and nothing may be left. A mail may come twice, with the same Message-ID, only where SMTP left it
in doubt.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from storage.migrating import upgrade
from tests.harness.mails import (
    NO_CAPS,
    check_mails,
    check_reminders,
    check_replies,
    check_slack,
    check_tickets,
    is_delivered,
    is_idle,
    mixture,
    send_all,
)
from tests.harness.trouble import PATIENCE, Bots, Outcome, Plan, Trouble
from tests.support.bot_process import Ask, asking, until
from tests.support.faulty_proxy import FaultyProxy
from tests.support.mailservers import MailServers
from tests.support.postgres import running_postgres
from tests.support.world import World, make_world

KINDS_OF_MAIL = 15
DOUBT = "6s"
IDLE = "30s"
"""Until then a connection that stalls while nobody speaks is not missed: minutes would pass without any trouble."""
MOST_TWICE = 0.02
"""Of all mails; SMTP's window between a mail's acceptance and the word of it is short."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS_OPEN = {"calendar": {"windows": {day: ["00:00-24:00"] for day in DAYS}}}
"""Of the section `sla`: reminders come whatever day it is."""


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
            mailbox["idle"] = IDLE
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
    settings: dict[str, Any] = {"intake": NO_CAPS, "retry": {"in_doubt_wait": DOUBT}, "sla": ALWAYS_OPEN}
    began = time.monotonic()
    async with make_world(folder, servers, start=None, **settings) as world:
        database_port = None
        if postgres is not None:
            name = f"crash_{plan.seed}"
            await postgres.create_database(name)
            await upgrade(postgres.url(name))
            world.tree["database"] = {"url": postgres.url(name)}
            database_port = postgres.port
        ask = asking(world.tree["database"]["url"])
        world.tree["slack"] |= {"timeout": "4s", "silence_limit": "8s"}
        await world.fill_registry()
        async with behind_proxies(world, database_port) as proxies:
            bots = Bots(folder, world.tree, plan.processes)
            await bots.start()
            answers: dict[str, str] = {}
            trouble = Trouble(world, bots, proxies, outcome)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(send_all(world, mails, answers, plan.mails // 10, PATIENCE, trouble.keeps_pace))
                    group.create_task(trouble.kill())
                    group.create_task(trouble.disturb())
                    group.create_task(trouble.restart_servers())
                    group.create_task(trouble.jump_the_clock())
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
        twice = check_replies(world, mails)
        outcome.at_most_twice = max(2, int(MOST_TWICE * len(mails)))
        outcome.twice = len(twice)
        outcome.settled = check_mails(world, ask, twice)
        assert outcome.twice <= outcome.at_most_twice, outcome.twice
        check_slack(world, ask, mails, answers)
        outcome.reminders = check_reminders(ask)
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
    for name, default in (
        ("mails", 1000),
        ("kills", 100),
        ("faults", 200),
        ("processes", 0),
        ("restarts", 6),
        ("jumps", 8),
    ):
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
    logging.basicConfig(format="%(asctime)s %(message)s")
    logging.getLogger("tests.harness").setLevel(logging.INFO)
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
        "mails that may come twice": outcome.at_most_twice,
        "mails in doubt that their copy settled": outcome.settled,
        "announcements of clocks": outcome.reminders,
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
