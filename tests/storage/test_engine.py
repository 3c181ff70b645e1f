"""Transactions: all or nothing, one after the other, bounded, and plain words when the database is not to be had."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # ships no type information
import pytest
from sqlalchemy import TextClause, event, text
from sqlalchemy.exc import SQLAlchemyError

from bot.effects import PostCard
from bot.errors import ConfigError, OperatorError
from storage.engine import Database
from storage.errors import DatabaseBusy
from storage.leases import end_cut_off
from storage.schema import metadata
from tests.storage.making import NOON, FakeClock, a_ticket, a_timer, compose, content_key, make_database, stored_ticket
from tests.support.faulty_proxy import Direction, FaultyProxy
from tests.support.postgres import PostgresServer


def impatient(url: str, time_limit: timedelta = timedelta(seconds=0.3)) -> Database:
    return Database(
        url,
        clock=FakeClock(),
        compose=compose,
        read_content_key=content_key,
        time_limit=time_limit,
    )


def open_twin(database: Database) -> Database:
    """The same database as another process would have it."""
    return make_database(database._url.render_as_string(hide_password=False), FakeClock())


async def count_tickets(database: Database) -> int:
    async with database.read() as uow:
        count: int | None = await uow.transaction.connection.scalar(text("SELECT count(*) FROM tickets"))
    assert count is not None
    return count


@pytest.fixture
async def twin(database: Database) -> AsyncIterator[Database]:
    other = open_twin(database)
    await other.open()
    yield other
    await other.close()


async def test_an_exception_takes_everything_back(database: Database) -> None:
    async def fail() -> None:
        async with database.begin() as uow:
            ticket = await uow.tickets.add(a_ticket())
            await uow.outbox.add(PostCard(ticket.id))
            await uow.clocks.set_timer(a_timer(ticket.id, "k", NOON))
            raise KeyError("our own mistake")

    with pytest.raises(KeyError):
        await fail()
    assert await count_tickets(database) == 0
    assert not database.wakes.slack_outbox.is_set()
    assert not database.wakes.timers.is_set()


async def test_a_cancelled_transaction_is_taken_back_and_the_next_goes_on(database: Database) -> None:
    inside = asyncio.Event()

    async def hang() -> None:
        async with database.begin() as uow:
            await uow.tickets.add(a_ticket())
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await stored_ticket(database)
    assert await count_tickets(database) == 1


async def test_cancelled_while_it_commits_it_is_committed_and_told(database: Database) -> None:
    async def work() -> None:
        async with database.begin() as uow:
            ticket = await uow.tickets.add(a_ticket())
            await uow.outbox.add(PostCard(ticket.id))

    task = asyncio.create_task(work())
    event.listen(database._writer.sync_engine, "commit", lambda _: task.cancel(), once=True)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await count_tickets(database) == 1
    assert database.wakes.slack_outbox.is_set()
    await stored_ticket(database)


async def test_a_stuck_transaction_is_ended(database_url: str) -> None:
    database = impatient(database_url)
    await database.open()

    async def hang() -> None:
        async with database.begin() as uow:
            await uow.tickets.add(a_ticket())
            await asyncio.Event().wait()

    with pytest.raises(DatabaseBusy, match="took too long"):
        await hang()
    await stored_ticket(database)
    assert await count_tickets(database) == 1
    await database.close()


async def test_a_handlers_own_time_limit_is_its_own(database: Database) -> None:
    async def fail() -> None:
        async with database.begin():
            raise TimeoutError("somebody else's")

    with pytest.raises(TimeoutError, match="somebody else's"):
        await fail()


async def test_a_reading_transaction_cannot_write(database: Database) -> None:
    async def write() -> None:
        async with database.read() as uow:
            await uow.tickets.add(a_ticket())

    with pytest.raises(SQLAlchemyError, match=r"readonly|read-only"):
        await write()
    await stored_ticket(database)


async def test_a_reading_transaction_sees_one_state(database: Database) -> None:
    async with database.read() as uow:
        query = text("SELECT count(*) FROM tickets")
        before = await uow.transaction.connection.scalar(query)
        await stored_ticket(database)
        assert await uow.transaction.connection.scalar(query) == before == 0
    assert await count_tickets(database) == 1


async def test_on_sqlite_writers_go_in_the_order_they_came(tmp_path: Path) -> None:
    database = make_database(f"sqlite+aiosqlite:///{tmp_path}/hezo360.sqlite3", FakeClock())
    await database.open()
    order: list[int] = []

    async def write(number: int) -> None:
        async with database.begin() as uow:
            order.append(number)
            await uow.tickets.add(a_ticket())

    await asyncio.gather(*(write(number) for number in range(12)))
    assert order == list(range(12))
    await database.close()


async def test_what_one_process_commits_another_sees(database: Database, twin: Database) -> None:
    await asyncio.gather(*(stored_ticket(each) for each in [database, twin] * 5))
    assert await count_tickets(database) == await count_tickets(twin) == 10


async def test_of_two_processes_one_waits_for_what_the_other_read_and_changes(
    database: Database, twin: Database
) -> None:
    ticket = await stored_ticket(database, facts={"count": 0})

    async def count(process: Database) -> None:
        async with process.begin() as uow:
            mine = await uow.tickets.get(ticket.id)
            seen = mine.facts["count"]
            assert isinstance(seen, int)
            mine.facts = {"count": seen + 1}
            await uow.tickets.update(mine)

    await asyncio.gather(*(count(process) for process in [database, twin] * 6))
    async with database.read() as uow:
        assert (await uow.tickets.get(ticket.id)).facts == {"count": 12}


async def test_closing_waits_for_the_last_transaction(database: Database) -> None:
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        async with database.begin() as uow:
            inside.set()
            await go_on.wait()
            await uow.tickets.add(a_ticket())

    task = asyncio.create_task(work())
    await inside.wait()
    closing = asyncio.create_task(database.close())
    assert not (await asyncio.wait({closing}, timeout=0.05))[0]
    go_on.set()
    await task
    await closing
    assert await count_tickets(database) == 1, "it opens again by itself"


async def test_a_file_locked_by_another_process_is_a_passing_fault(tmp_path: Path) -> None:
    file = tmp_path / "hezo360.sqlite3"
    database = impatient(f"sqlite+aiosqlite:///{file}")
    await database.open()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy, match="locked"):
        await stored_ticket(database)
    other.execute("ROLLBACK")
    other.close()
    await stored_ticket(database)
    await database.close()


async def test_a_broken_connection_is_a_passing_fault(postgres: PostgresServer, clock: FakeClock) -> None:
    database = make_database(postgres.url("hezo360"), clock)
    await database.open()
    await stored_ticket(database)
    admin = await asyncpg.connect(postgres.dsn("postgres"))
    await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hezo360'")
    await admin.close()
    with pytest.raises(DatabaseBusy):
        await stored_ticket(database)
    await stored_ticket(database)
    await database.close()


async def test_a_server_that_takes_no_writing_is_left_once_it_does(
    postgres: PostgresServer, postgres_url: str, clock: FakeClock
) -> None:
    """As after a failover, or where a provider closes a full database: a session begun then stays as it is."""
    admin = await asyncpg.connect(postgres.dsn("postgres"))
    await admin.execute("ALTER DATABASE hezo360 SET default_transaction_read_only = on")
    database = make_database(postgres_url, clock)
    try:
        await database.open()
        await asyncio.gather(*(count_tickets(database) for _ in range(3)))
        with pytest.raises(DatabaseBusy, match="read-only"):
            await stored_ticket(database)
        await admin.execute("ALTER DATABASE hezo360 RESET default_transaction_read_only")
        await asyncio.gather(*(stored_ticket(database) for _ in range(3)))
    finally:
        await admin.execute("ALTER DATABASE hezo360 RESET default_transaction_read_only")
        await admin.close()
        await database.close()


@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "53100", "53300", "55P03", "57014", "57P03", "58030"])
async def test_what_passes_at_the_server_is_a_passing_fault(postgres_url: str, clock: FakeClock, sqlstate: str) -> None:
    database = make_database(postgres_url, clock)
    await database.open()
    raising = text(f"DO $$ BEGIN RAISE EXCEPTION 'trouble' USING ERRCODE = '{sqlstate}'; END $$")
    with pytest.raises(DatabaseBusy, match="trouble"):
        await execute(database, raising)
    await stored_ticket(database)
    await database.close()


async def execute(database: Database, statement: TextClause) -> None:
    async with database.begin() as uow:
        await uow.transaction.connection.execute(statement)


async def test_a_connection_that_stalls_is_a_passing_fault_and_is_given_up(postgres: PostgresServer) -> None:
    async with FaultyProxy(postgres.port) as proxy:
        url = postgres.url("hezo360").replace(str(postgres.port), str(proxy.port))
        database = impatient(url, timedelta(seconds=3))
        await database.open()
        proxy.stall_open_connections()
        with pytest.raises(DatabaseBusy):
            await stored_ticket(database)
        await stored_ticket(database)
        await database.close()


async def test_closing_does_not_wait_for_a_silent_server_at_each_connection(
    postgres: PostgresServer, postgres_url: str, clock: FakeClock
) -> None:
    async with FaultyProxy(postgres.port) as proxy:
        database = make_database(postgres_url.replace(str(postgres.port), str(proxy.port)), clock)
        await database.open()
        await asyncio.gather(*(count_tickets(database) for _ in range(5)))
        proxy.stall()
        async with asyncio.timeout(15):
            await database.close()


async def test_a_process_that_is_cut_off_between_two_octets_keeps_no_locks(postgres: PostgresServer) -> None:
    limit = timedelta(seconds=3)
    async with FaultyProxy(postgres.port) as proxy:
        cut_off = impatient(postgres.url("hezo360").replace(str(postgres.port), str(proxy.port)), limit)
        others = impatient(postgres.url("hezo360"), limit)
        await cut_off.open()
        await others.open()
        ticket = await stored_ticket(others)

        async def lock_and_ask() -> None:
            async with cut_off.begin() as uow:
                await uow.tickets.get(ticket.id)
                proxy.stall(Direction.TO_CLIENT)
                await uow.settings.get("anything")

        asking = asyncio.create_task(lock_and_ask())
        await announced(postgres)
        proxy.stall()  # the connection does not even tell of its end
        with pytest.raises(DatabaseBusy):
            await asking
        async with asyncio.timeout(30):
            while True:
                await end_cut_off(others)
                with suppress(DatabaseBusy):
                    async with others.begin() as uow:
                        await uow.tickets.get(ticket.id)
                        break
        proxy.cut()
        await cut_off.close()
        await others.close()


async def announced(postgres: PostgresServer) -> None:
    """Wait until a statement was announced to the server that is not sent on."""
    admin = await asyncpg.connect(postgres.dsn("postgres"))
    reading = "FROM pg_stat_activity WHERE datname = 'hezo360' AND state = 'active' AND wait_event = 'ClientRead'"
    async with asyncio.timeout(30):
        while not await admin.fetchval(f"SELECT count(*) {reading}"):  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.02)
    await admin.close()


async def test_an_unreachable_server_is_a_passing_fault_once_opened(clock: FakeClock) -> None:
    database = make_database("postgresql+asyncpg://hezo360:geheim@127.0.0.1:1/hezo360", clock)
    with pytest.raises(DatabaseBusy):
        await stored_ticket(database)
    await database.close()


async def test_sqlite_survives_a_power_cut_and_is_for_our_eyes_only(tmp_path: Path, clock: FakeClock) -> None:
    file = tmp_path / "var" / "deep" / "hezo360.sqlite3"
    database = make_database(f"sqlite:///{file}", clock)
    await database.open()
    async with database.begin() as uow:
        pragmas = {
            name: await uow.transaction.connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    for path in (file, file.with_name(file.name + "-wal")):
        assert path.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0
    await database.close()
    await database.close()


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("nonsense", "no database URL"),
        ("mysql://u:geheim@h/d", "'mysql' is not supported"),
        ("sqlite+aiosqlite://", "path of a file"),
        ("sqlite+aiosqlite:///:memory:", "path of a file"),
    ],
)
def test_a_wrong_url_is_explained(url: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem) as caught:
        make_database(url, FakeClock())
    assert "database.url" in str(caught.value)
    assert "geheim" not in str(caught.value)


async def test_what_is_no_database_is_named(tmp_path: Path, clock: FakeClock) -> None:
    file = tmp_path / "letter.sqlite3"
    file.write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(OperatorError, match=r"letter\.sqlite3.*file is not a database"):
        await make_database(f"sqlite+aiosqlite:///{file}", clock).open()
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(OperatorError, match="File exists"):
        await make_database(f"sqlite+aiosqlite:///{blocked}/inside", clock).open()


async def test_a_server_that_refuses_is_named(postgres: PostgresServer, clock: FakeClock) -> None:
    right = postgres.url("hezo360")
    for wrong, reason in [
        (right.replace(postgres.password, "geheim"), "password authentication failed"),
        (postgres.url("nowhere"), 'database "nowhere" does not exist'),
        (right.replace(str(postgres.port), "1"), r"[Cc]onnect"),
    ]:
        database = make_database(wrong, clock)
        with pytest.raises(OperatorError, match=reason) as caught:
            await database.open()
        assert "geheim" not in str(caught.value) + repr(database)
        assert postgres.password not in str(caught.value) + repr(database)


async def test_every_table_is_there(database: Database) -> None:
    async with database.read() as uow:
        for table in metadata.sorted_tables:
            await uow.transaction.connection.execute(table.select().limit(1))
