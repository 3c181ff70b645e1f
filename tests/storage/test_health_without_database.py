"""What the health endpoint says while the database is away."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.reporting import Reporter
from bot.supervisor import Supervisor
from tests.storage.making import FakeClock, make_database
from tests.support.faulty_proxy import FaultyProxy
from tests.support.postgres import PostgresServer


async def test_it_says_so_and_still_tells_of_this_process(
    postgres: PostgresServer, postgres_url: str, clock: FakeClock
) -> None:
    async with FaultyProxy(postgres.port) as proxy:
        database = make_database(postgres_url.replace(f":{postgres.port}/", f":{proxy.port}/"), clock)
        await database.open()
        supervisor = Supervisor(clock, timedelta(seconds=1))
        supervisor.add("timers", asyncio.Event().wait)  # type: ignore[arg-type]  # never ends
        reporter = Reporter(database, supervisor, clock)
        _, details = await reporter.health()
        assert details["problems"] == []
        assert "hezo360_database_up 1" in (await reporter.metrics()).splitlines()

        await proxy.refuse()
        healthy, details = await reporter.health()
        assert not healthy
        assert isinstance(details["parts"], dict)
        assert details["parts"].keys() == {"timers"}
        assert "the database does not answer (" in str(details["problems"])
        figures = (await reporter.metrics()).splitlines()
        assert "hezo360_database_up 0" in figures
        assert any(line.startswith("hezo360_part_running") for line in figures)
        assert not any(line.startswith("hezo360_inbox") for line in figures), "no figure that nobody read"

        await proxy.accept()
        assert (await reporter.health())[1]["problems"] == []
        await database.close()
