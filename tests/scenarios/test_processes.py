"""Three processes share one PostgreSQL database, one mailbox and one Slack app; each in turn is killed."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # ships no type information
import pytest

from storage.leases import TTL
from storage.migrating import upgrade
from tests.support.bot_process import BotProcess
from tests.support.postgres import running_postgres
from tests.support.world import REPORT, World, make_world, parsed

pytestmark = pytest.mark.scenario

TAKEOVER = TTL.total_seconds() + 15
"""Seconds; on a quiet machine it is about the TTL."""


async def asked(dsn: str, query: str) -> list[tuple[Any, ...]]:
    """What the database answers."""
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def role_of(dsn: str, role: str, *, other_than: int | None = None) -> int:
    """The process that has the role, once a living one other than this one has it."""
    async with asyncio.timeout(TAKEOVER):
        while True:
            query = f"SELECT worker FROM leases WHERE name = '{role}' AND expires_at > clock_timestamp()"  # noqa: S608 - our names
            pids = [int(worker.partition("-")[0]) for (worker,) in await asked(dsn, query)]
            if pids and pids[0] != other_than:
                return pids[0]
            await asyncio.sleep(0.1)  # another process sets no event of ours


async def report(world: World, number: int) -> None:
    """A report is answered by mail and shown in Slack."""
    await world.write(world.anna, f"{REPORT}\nSprawa {number}.", subject=f"Awaria {number}")
    await world.in_slack(world.support, lambda m: f"Sprawa {number}." in str(m.blocks))
    await world.mail.wait_for(
        lambda d: f"Awaria {number}" in str(parsed(d)["Subject"]) and d.recipient == world.anna, 30
    )


async def test_what_one_had_the_others_take_over(tmp_path: Path) -> None:
    with running_postgres() as server:
        await server.create_database("shared")
        url, dsn = server.url("shared"), server.dsn("shared")
        await upgrade(url)
        many: dict[str, Any] = {"intake": {"automatic_mails_in_a_row": 100}, "retry": {"in_doubt_wait": "3s"}}
        async with make_world(tmp_path, start=None, **many) as world:
            world.tree["database"] = {"url": url}
            await world.fill_registry()
            bots = []
            for number in range(3):
                folder = tmp_path / str(number)
                folder.mkdir()
                bots.append(BotProcess(folder, world.tree))
                await bots[-1].start()
            try:
                await world.slack.connected(3)
                await report(world, 1)
                for number, role in enumerate(("mailbox: support", "outbox: slack"), start=2):
                    holder = await role_of(dsn, role)
                    killed = next(bot for bot in bots if bot.pid == holder)
                    await killed.kill()
                    await role_of(dsn, role, other_than=holder)
                    await report(world, number)
                    await killed.start()
                holder = await role_of(dsn, "inbox: slack")
                card = await world.card(world.number(1))
                await world.press(world.ewa, card, "ticket_take")
                await world.in_thread(card, "prowadzi zgłoszenie")
                stopped = next(bot for bot in bots if bot.pid == holder)
                assert await stopped.stop() == 0
                await role_of(dsn, "inbox: slack", other_than=holder)
                await report(world, 4)
                world.assert_posted_once(cards=4)
                recipients = Counter(str(parsed(d)["Subject"]) for d in world.mails_to(world.anna))
                assert set(recipients.values()) == {1}
                assert await asked(dsn, "SELECT count(*) FROM tickets") == [(4,)]
                assert await asked(dsn, "SELECT id FROM outbox WHERE state = 'parked'") == []
            finally:
                for bot in bots:
                    await bot.stop()
