"""kill -9 at every point of a transaction: afterwards all of it is there, or nothing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.ports import InboxState, OutboxState
from storage.engine import Database
from storage.mail_sink import StoredMailSink
from storage.queues import InboxQueue, OutboxQueue
from storage.schema import inbox, metadata
from tests.storage.making import NOON, fetched

CHILD = Path(__file__).with_name("crash_child.py")
Die = Callable[[str, int], Awaitable[bool]]


@pytest.fixture
async def work_until(database: Database) -> AsyncIterator[Die]:
    """Do some work until a point: True when the worker was killed there, False when it came to its end before."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        f"import runpy; runpy.run_path({str(CHILD)!r}, run_name='__main__')",
        database._url.render_as_string(hide_password=False),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=CHILD.parents[2],
    )
    assert child.stdin is not None
    assert child.stdout is not None
    read, write = child.stdout, child.stdin

    async def run(work: str, point: int) -> bool:
        write.write(f"{work} {point}\n".encode())
        answer = await asyncio.wait_for(read.readline(), 30)
        assert answer in {b"killed\n", b"finished\n"}
        return answer == b"killed\n"

    yield run
    write.close()
    assert await asyncio.wait_for(child.wait(), 30) == 0


async def counts(database: Database) -> dict[str, int]:
    async with database.read() as uow:
        connection = uow.transaction.connection
        return {
            table.name: await connection.scalar(select(func.count()).select_from(table)) or 0
            for table in metadata.sorted_tables
        }


async def test_a_batch_of_mails_is_stored_whole_or_not_at_all(database: Database, work_until: Die) -> None:
    point, seen = 0, []
    while await work_until("store", point):
        seen.append((await counts(database))["inbox"])
        point += 1
    # Nothing before the COMMIT, all after it; the last point lies behind it.
    assert seen == [0] * (point - 1) + [3]
    assert point > 5
    async with database.read() as uow:
        states = await uow.transaction.connection.scalars(select(inbox.c.state).order_by(inbox.c.id))
        assert list(states) == [InboxState.NEW, InboxState.NEW, InboxState.DUPLICATE]


async def test_a_report_becomes_a_whole_ticket_or_stays_new(database: Database, work_until: Die) -> None:
    await StoredMailSink(database).store([fetched(1), fetched(2)])
    nothing = dict.fromkeys(metadata.tables, 0) | {"inbox": 2}
    whole = nothing | {
        "tickets": 1,
        "ticket_participants": 1,
        "messages": 1,
        "journal": 1,
        "clocks": 1,
        "timers": 2,
        "outbox": 2,
    }
    # On PostgreSQL it is the server that takes back: some points tell as much as all.
    for point in range(0, 100, 4 if database.is_postgresql else 1):
        await work_until("handle", point)
        found = await counts(database)
        waiting = len(await InboxQueue(database).take("mail", NOON, 10))
        assert (found, waiting) in [(nothing, 2), (whole, 1)], f"killed at {point}"
        if found == whole:
            break
    assert found == whole
    assert point > 12, "every statement was a point to die at"


async def test_a_mail_is_never_forgotten_nor_sent_unnoticed(database: Database, work_until: Die) -> None:
    await StoredMailSink(database).store([fetched(1)])
    assert not await work_until("handle", 10**6)
    states = []
    for point in range(100):
        if not await work_until("send", point):
            break
        async with database.read() as uow:
            state = await uow.outbox.state(1)
            told = len(await uow.journal_of(1)) - 1
        states.append(state)
        assert told == (1 if state is OutboxState.SENT else 0)
        if state is OutboxState.SENDING:
            # The next start: in doubt, and due again.
            assert await OutboxQueue(database, f"start-{point}").recover(NOON, NOON) == 1
        if state is OutboxState.SENT:
            break
    assert list(dict.fromkeys(states)) == [OutboxState.PENDING, OutboxState.SENDING, OutboxState.SENT]
