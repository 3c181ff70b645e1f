"""Every hour what is old goes, in small transactions; what is kept for ever, or may be opened again, stays."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from bot.loops.retention import EVERY, RetentionLoop
from bot.model import TicketState
from bot.ports import InboxState
from bot.sandbox.clock import MovableClock
from storage.mail_sink import StoredMailSink
from storage.schema import inbox, tickets
from tests.storage.making import NOON, a_ticket, fetched
from tests.support.timer_loops import PATIENCE, open_database, plain_config

DAY = timedelta(days=1)


async def test_what_is_old_goes_by_the_hour(tmp_path: Path) -> None:
    clock = MovableClock(NOON, frozen=True)
    database = open_database(f"sqlite+aiosqlite:///{tmp_path}/hezo360.sqlite3", clock)
    await database.open()
    await StoredMailSink(database).store([fetched(number) for number in range(1, 6)])
    async with database.begin() as uow:
        for number in range(1, 6):
            await uow.inbox.finish(number, InboxState.DONE, "read")
        await uow.tickets.add(a_ticket(state=TicketState.CLOSED, closed_at=NOON))
    config = plain_config(retention={"mails": "2d", "tickets": "1d"}, intake={"reopen_within": "14d"})
    stopping = asyncio.Event()
    loop = asyncio.create_task(RetentionLoop(database, clock, config, at_once=2).run(stopping))

    async def left() -> tuple[int, int]:
        async with database.read() as uow:
            connection = uow.transaction.connection
            bodies = list(await connection.scalars(select(inbox.c.body)))
            words = list(await connection.scalars(select(tickets.c.id).where(tickets.c.erased_at.is_(None))))
            return sum(bool(body) for body in bodies), len(words)

    async def until(wanted: tuple[int, int]) -> None:
        async with asyncio.timeout(PATIENCE):
            while True:
                if await left() == wanted:
                    return
                await asyncio.sleep(0.005)

    await asyncio.sleep(0)  # it waits for its hour from now on
    clock.move(2 * DAY + EVERY)
    await until((0, 1))  # the ticket could be opened again for a fortnight
    clock.move(12 * DAY + EVERY)
    await until((0, 0))
    stopping.set()
    async with asyncio.timeout(PATIENCE):
        await loop
    await database.close()
