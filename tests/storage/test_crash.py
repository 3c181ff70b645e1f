"""kill -9 at every point of a transaction: afterwards all of it is there, or nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
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
Die = Callable[[str, int], bool]


@pytest.fixture(scope="module")
def child() -> Iterator[subprocess.Popen[str]]:
    """The process that forks workers, for all tests: loading the modules takes longest."""
    command = [sys.executable, "-c", f"import runpy; runpy.run_path({str(CHILD)!r}, run_name='__main__')"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=CHILD.parents[2]
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 0


@pytest.fixture
def work_until(child: subprocess.Popen[str], database: Database) -> Die:
    """Do some work until a point: True when the worker was killed there, False when it came to its end before."""
    url = database._url.render_as_string(hide_password=False)

    def run(work: str, point: int) -> bool:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(f"{url} {work} {point}\n")
        child.stdin.flush()
        answer = child.stdout.readline()
        assert answer in {"killed\n", "finished\n"}
        return answer == "killed\n"

    return run


def points(database: Database) -> range:
    """Where to die: everywhere; on PostgreSQL, where it is the server that takes back, some tell as much as all."""
    return range(0, 100, 6 if database.is_postgresql else 1)


async def counts(database: Database) -> dict[str, int]:
    async with database.read() as uow:
        connection = uow.transaction.connection
        return {
            table.name: await connection.scalar(select(func.count()).select_from(table)) or 0
            for table in metadata.sorted_tables
        }


async def test_a_batch_of_mails_is_stored_whole_or_not_at_all(database: Database, work_until: Die) -> None:
    for point in points(database):
        work_until("store", point)
        stored = (await counts(database))["inbox"]
        assert stored in {0, 3}, f"killed at {point}"
        if stored:
            break
    assert stored == 3
    assert point > 5, "every statement was a point to die at"
    async with database.read() as uow:
        states = await uow.transaction.connection.scalars(select(inbox.c.state).order_by(inbox.c.id))
        assert list(states) == [InboxState.NEW, InboxState.NEW, InboxState.DUPLICATE]


async def test_a_report_becomes_a_whole_ticket_or_stays_new(database: Database, work_until: Die) -> None:
    await StoredMailSink(database).store([fetched(1), fetched(2)])
    nothing = dict.fromkeys(metadata.tables, 0) | {"inbox": 2}
    del nothing["search_words"]
    whole = nothing | {
        "tickets": 1,
        "ticket_participants": 1,
        "messages": 1,
        "journal": 1,
        "clocks": 1,
        "timers": 2,
        "outbox": 2,
    }
    for point in points(database):
        work_until("handle", point)
        found = await counts(database)
        is_found_by_words = found.pop("search_words") > 0
        waiting = len(await InboxQueue(database).take("mail", NOON, 10))
        assert (found, waiting) in [(nothing, 2), (whole, 1)], f"killed at {point}"
        assert is_found_by_words is (found == whole)
        if found == whole:
            break
    assert found == whole
    assert point > 12, "every statement was a point to die at"


async def test_a_mail_is_never_forgotten_nor_sent_unnoticed(database: Database, work_until: Die) -> None:
    await StoredMailSink(database).store([fetched(1)])
    assert not work_until("handle", 10**6)
    states = []
    for point in range(100):
        assert work_until("send", point)
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
