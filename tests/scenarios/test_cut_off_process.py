"""A process that the database does not hear for a while loses its roles, not what it had in hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.migrating import upgrade
from tests.scenarios.test_processes import asked, role_of
from tests.support.bot_process import BotProcess, until
from tests.support.faulty_proxy import FaultyProxy
from tests.support.post_office import PATIENCE
from tests.support.postgres import PostgresServer, running_postgres
from tests.support.world import REPORT, make_world

pytestmark = pytest.mark.scenario

POSTING = "SELECT id FROM outbox WHERE type = 'PostCard' AND state = 'sending'"
UNSENT = "SELECT id, state FROM outbox WHERE state IN ('pending', 'sending', 'in_doubt')"


@pytest.fixture
async def server() -> AsyncIterator[PostgresServer]:
    with running_postgres() as running:
        await running.create_database("shared")
        await upgrade(running.url("shared"))
        yield running


async def until_any(dsn: str, query: str, *, there: bool) -> None:
    """Wait until the query finds something, or nothing any more."""
    async with asyncio.timeout(PATIENCE):
        while bool(await asked(dsn, query)) is not there:  # noqa: ASYNC110  # another process sets no event of ours
            await asyncio.sleep(0.05)


async def test_what_it_could_not_note_before_it_lost_the_role_is_looked_up_after_it(
    tmp_path: Path, server: PostgresServer
) -> None:
    """It is alive again before the others see to what it left, and they hold the role: so it has to do so itself."""
    url, dsn = server.url("shared"), server.dsn("shared")
    async with FaultyProxy(server.port) as proxy, make_world(tmp_path, start=None) as world:
        world.tree["database"] = {"url": url}
        await world.fill_registry()
        bots = []
        for name, its_url in (("cut off", url.replace(str(server.port), str(proxy.port))), ("other", url)):
            folder = tmp_path / name
            folder.mkdir()
            bots.append(BotProcess(folder, world.tree | {"database": {"url": its_url}}))
        cut_off, other = bots
        try:
            await cut_off.start()
            assert await role_of(dsn, "outbox: slack") == cut_off.pid
            await other.start()
            await world.slack.connected(2)
            world.slack.faults.slow(8.5, "chat.postMessage", after_effect=True)
            await world.write(world.anna, REPORT)
            await until_any(dsn, POSTING, there=True)
            await world.in_slack(world.support, lambda _: True)
            await proxy.refuse()
            assert await role_of(dsn, "outbox: slack", other_than=cut_off.pid) == other.pid
            is_down = '"part": "outbox: slack"'
            await until(lambda: is_down in cut_off.log.read_text(), PATIENCE, "what it did could not be stored")
            await proxy.accept()
            await until_any(dsn, UNSENT, there=False)
            world.assert_posted_once(cards=1)
        finally:
            for bot in bots:
                await bot.stop()
