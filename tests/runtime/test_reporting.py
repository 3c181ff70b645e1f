"""The health endpoint's three answers, over a real socket and a real database."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.config import HealthConfig
from bot.health import HealthServer
from bot.model import ClockKind, ClockState, SlaClock
from bot.ports import Clock
from bot.reporting import Reporter
from bot.sandbox.clock import MovableClock
from bot.supervisor import Supervisor
from storage.engine import Database
from tests.storage.making import NOON, stored_ticket
from tests.storage.test_parked import park_a_mail, park_a_post, park_a_timer
from tests.support.timer_loops import PATIENCE, open_database

NOW = NOON
SAMPLE = re.compile(r'hezo360_[a-z_]+(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? [0-9.e+-]+')


@pytest.fixture
def clock() -> Clock:
    return MovableClock(NOW, frozen=True)


@pytest.fixture
async def database(tmp_path: Path, clock: Clock) -> AsyncIterator[Database]:
    opened = open_database(f"sqlite+aiosqlite:///{tmp_path}/hezo360.sqlite3", clock)
    await opened.open()
    yield opened
    await opened.close()


class Watched:
    """The endpoint of a supervisor with one part."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.supervisor = Supervisor(clock, timedelta(seconds=1))
        self.supervisor.add("mailbox: pomoc", asyncio.Event().wait, connects=True)  # type: ignore[arg-type]  # never ends
        self.server = HealthServer(HealthConfig(port=0), Reporter(database, self.supervisor, clock))

    async def ask(self, path: str) -> tuple[int, str]:
        address = f"http://127.0.0.1:{self.server.port}{path}"
        async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session, session.get(address) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def watched(database: Database, clock: Clock) -> AsyncIterator[Watched]:
    made = Watched(database, clock)
    stopping = asyncio.Event()
    task = asyncio.create_task(made.server.run(stopping))
    async with asyncio.timeout(PATIENCE):
        while made.server.port is None:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
    yield made
    stopping.set()
    await task


async def ended(database: Database, *, late: bool, ago: timedelta) -> None:
    ticket = await stored_ticket(database)
    start = NOW - ago - timedelta(hours=1)
    async with database.begin() as uow:
        clock = SlaClock(
            0, ticket.id, ClockKind.REACTION, ClockState.MET, "24x7", start, timedelta(hours=1), start, None,
            ended_at=NOW - ago, breached_at=start if late else None,
        )  # fmt: skip
        await uow.clocks.add(clock)


async def test_ready_once_every_part_is_up_and_not_while_it_stops(watched: Watched) -> None:
    status, text = await watched.ask("/readyz")
    assert status == 503
    assert "mailbox: pomoc" in text
    watched.supervisor.report("mailbox: pomoc", None)
    assert (await watched.ask("/readyz"))[0] == 200
    assert (await watched.ask("/healthz"))[0] == 200
    watched.supervisor.stopping.set()
    assert (await watched.ask("/readyz"))[0] == 503


async def test_every_line_of_the_metrics_is_as_prometheus_reads_it(watched: Watched) -> None:
    status, text = await watched.ask("/metrics")
    assert status == 200
    assert text.endswith("\n")
    seen: set[str] = set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name = line.split()[2]
            assert name not in seen, "a family comes once"
            seen.add(name)
        elif not line.startswith("# HELP "):
            assert SAMPLE.fullmatch(line), line
            assert line.partition("{")[0].partition(" ")[0] in seen, line
    assert len(seen) > 10


async def test_the_figures_are_those_of_what_is_stored(watched: Watched, database: Database) -> None:
    await park_a_mail(database)
    await park_a_post(database)
    await park_a_timer(database)
    for late, days in ((False, 1), (False, 2), (True, 3), (True, 40)):
        await ended(database, late=late, ago=timedelta(days=days))
    _, text = await watched.ask("/metrics")
    lines = text.splitlines()
    for expected in (
        'hezo360_part_running{part="mailbox: pomoc"} 0',
        'hezo360_parked{queue="inbox"} 1',
        'hezo360_parked{queue="outbox"} 1',
        'hezo360_parked{queue="timer"} 1',
        'hezo360_sla_clocks_ended{kind="reaction",result="met"} 2',
        'hezo360_sla_clocks_ended{kind="reaction",result="missed"} 1',
        'hezo360_outbox_waiting{transport="slack"} 1',
        'hezo360_inbox_waiting{source="mail"} 0',
        "hezo360_timer_lag_seconds 0",
    ):
        assert expected in lines, f"{expected}\n{text}"
