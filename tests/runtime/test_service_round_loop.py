"""The loop that looks once a working day: two of them on one database tell once, and a stop loses nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from bot.loops.service_round import ServiceRoundLoop
from bot.sandbox.clock import MovableClock
from handlers.context import ContextMaker
from storage.contract_import import import_contracts
from storage.engine import Database
from storage.migrating import upgrade
from storage.schema import outbox
from tests.storage.test_entitlements import CONTRACTS
from tests.support.timer_loops import PATIENCE, open_database, plain_config

BEFORE = datetime(2026, 8, 3, 6, 59, tzinfo=UTC)
"""Monday, 8:59 in Warsaw: 42 per cent of the contract year are over."""
CONFIG = plain_config()


async def told(database: Database) -> list[object]:
    """The days on which something was said."""
    async with database.read() as uow:
        rows = await uow.transaction.connection.execute(
            select(outbox.c.effect).where(outbox.c.type == "PostServiceDigest").order_by(outbox.c.id)
        )
        return [row.effect["day"] for row in rows]


async def until_looked(database: Database, day: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            async with database.read() as uow:
                last = await uow.notices.last_look()
            if last is not None and last.isoformat() == day:
                return
            await asyncio.sleep(0.005)


async def test_two_loops_tell_once_and_a_stop_is_made_up_for(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/services.sqlite3"
    await upgrade(url)
    clock = MovableClock(BEFORE, frozen=True)
    contexts = ContextMaker(clock, CONFIG, b"key")
    database = open_database(url, clock)
    await database.open()
    try:
        await import_contracts(database, CONTRACTS)
        stopping = asyncio.Event()
        loops = [asyncio.create_task(ServiceRoundLoop(database, contexts).run(stopping)) for _ in range(2)]
        await until_looked(database, "2026-08-02")  # begun, and nothing said
        assert await told(database) == []
        clock.move(timedelta(minutes=1))
        await until_looked(database, "2026-08-03")
        stopping.set()
        await asyncio.wait_for(asyncio.gather(*loops), PATIENCE)
        assert await told(database) == ["2026-08-03"]

        # Stopped for half a year, over many days on which something was due: one message, of the day of the start.
        clock.move(timedelta(days=190, hours=3))
        stopping.clear()
        again = asyncio.create_task(ServiceRoundLoop(database, contexts).run(stopping))
        await until_looked(database, "2027-02-09")
        stopping.set()
        await asyncio.wait_for(again, PATIENCE)
        assert await told(database) == ["2026-08-03", "2027-02-09"]
    finally:
        await database.close()
