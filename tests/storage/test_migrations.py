"""The migrations make exactly the tables of schema.py, all at once or not at all."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # ships no type information
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from bot.errors import OperatorError
from storage.connecting import make_engine, parse_url, prepare_file
from storage.engine import Database
from storage.migrating import current_revision, head_revision, upgrade, upgrade_connection
from storage.schema import SCHEMA_REVISION, metadata
from tests.storage.making import FakeClock, make_database, stored_ticket
from tests.support.postgres import PostgresServer


def test_the_schema_names_the_newest_migration() -> None:
    assert head_revision() == SCHEMA_REVISION


async def test_alembic_finds_no_difference(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, metadata))

    async with database.begin() as uow:
        assert await uow.transaction.connection.run_sync(differences) == []


async def described(url: str) -> list[str]:
    """Every table, index and constraint as the database itself spells it, with what Alembic does not compare."""
    engine = make_engine(parse_url(url))
    sqlite = (
        "SELECT sql FROM sqlite_master WHERE name NOT IN ('alembic_version', 'sqlite_sequence') AND sql IS NOT NULL"
    )
    postgresql = """
        SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'
        UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace AND conname NOT LIKE 'alembic%'
        UNION ALL SELECT concat_ws(' ', table_name, column_name, data_type, character_maximum_length, is_nullable,
            column_default) FROM information_schema.columns
            WHERE table_schema = 'public' AND table_name <> 'alembic_version'
    """
    async with engine.begin() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        rows = await connection.scalars(text(sqlite if is_sqlite else postgresql))
        # The order of a table's constraints means nothing.
        found = sorted(", ".join(sorted(" ".join(row.removesuffix(")").split()).split(", "))) for row in rows)
    await engine.dispose()
    return found


async def create_all(url: str) -> None:
    engine = make_engine(parse_url(url))
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()


async def test_sqlite_spells_both_alike(tmp_path: Path) -> None:
    made, migrated = (f"sqlite+aiosqlite:///{tmp_path}/{name}.sqlite3" for name in ("made", "migrated"))
    await create_all(made)
    assert await current_revision(migrated) is None
    assert await upgrade(migrated) == await upgrade(migrated) == await current_revision(migrated) == SCHEMA_REVISION
    assert await described(made) == await described(migrated)


async def test_postgresql_spells_both_alike(postgres: PostgresServer) -> None:
    admin = await asyncpg.connect(postgres.dsn("postgres"))
    await admin.execute("CREATE DATABASE made")
    try:
        await create_all(postgres.url("made"))
        assert await described(postgres.url("made")) == await described(postgres.url("hezo360"))
    finally:
        await admin.execute("DROP DATABASE made")
        await admin.close()


async def test_postgresql_is_migrated_only_when_asked(postgres: PostgresServer, clock: FakeClock) -> None:
    admin = await asyncpg.connect(postgres.dsn("postgres"))
    await admin.execute("CREATE DATABASE empty")
    url = postgres.url("empty")
    try:
        with pytest.raises(OperatorError, match="hezo360 db upgrade"):
            await make_database(url, clock).open()
        assert await current_revision(url) is None
        assert await asyncio.gather(*(upgrade(url) for _ in range(3))) == [SCHEMA_REVISION] * 3
        database = make_database(url, clock)
        await database.open()
        await stored_ticket(database)
        await database.close()
    finally:
        await admin.execute("DROP DATABASE empty")
        await admin.close()


async def test_an_upgrade_waits_for_another_one_however_long_that_takes(
    postgres: PostgresServer, postgres_url: str
) -> None:
    """Longer than any other lock is waited for, which is ten seconds."""
    other = await asyncpg.connect(postgres.dsn("hezo360"))
    await other.execute("SELECT pg_advisory_lock(360001)")
    upgrading = asyncio.create_task(upgrade(postgres_url))
    waited = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND now() - waitstart > interval '10.5 seconds'"
    async with asyncio.timeout(60):
        while not upgrading.done() and not await other.fetchval(waited):  # noqa: ASYNC110  # a lock tells nobody
            await asyncio.sleep(0.2)
    await other.close()
    assert await upgrading == SCHEMA_REVISION


async def test_a_new_file_opened_by_several_is_migrated_once(tmp_path: Path, clock: FakeClock) -> None:
    databases = [make_database(f"sqlite+aiosqlite:///{tmp_path}/new.sqlite3", clock) for _ in range(3)]
    await asyncio.gather(*(database.open() for database in databases))
    for database in databases:
        await stored_ticket(database)
        await database.close()


def test_a_new_file_is_in_wal_mode_before_anybody_opens_it(tmp_path: Path) -> None:
    file = tmp_path / "new.sqlite3"
    prepare_file(parse_url(f"sqlite+aiosqlite:///{file}"))
    assert file.read_bytes()[18:20] == b"\2\2", "the versions of WAL in the header (sqlite.org/fileformat.html)"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["new.sqlite3"], "what it was made of is gone"


async def test_a_broken_off_migration_leaves_nothing(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/broken.sqlite3"
    engine = make_engine(parse_url(url))

    async def break_off() -> None:
        async with engine.begin() as connection:
            await connection.run_sync(upgrade_connection)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        await break_off()
    await engine.dispose()
    assert await current_revision(url) is None
    assert await upgrade(url) == SCHEMA_REVISION


async def test_what_is_open_without_a_clock_is_known_of_tickets_from_before(tmp_path: Path) -> None:
    engine = make_engine(parse_url(f"sqlite+aiosqlite:///{tmp_path}/old.sqlite3"))
    ticket = (
        "INSERT INTO tickets (id, version, state, priority, priority_confirmed, language, subject, requester,"
        " requester_name, reported_at, created_at, devices, terms, facts)"
        " VALUES (:id, 1, 'open', 'critical', 1, 'pl', '', '', '', :at, :at, '[]', '{}', '{}')"
    )
    clock = (
        "INSERT INTO clocks (ticket_id, kind, state, calendar, started_at, budget_us, due_at)"
        " VALUES (:id, 'reply', :state, '24x7', :at, 1, :at)"
    )
    at = "2026-11-23 09:00:00.000000"
    async with engine.begin() as connection:
        await connection.run_sync(lambda old: upgrade_connection(old, to="0003"))
        for id_, states in ((1, ["running", "met", "paused"]), (2, ["met"]), (3, [])):
            await connection.execute(text(ticket), {"id": id_, "at": at})
            for state in states:
                await connection.execute(text(clock), {"id": id_, "at": at, "state": state})
    async with engine.begin() as connection:
        await connection.run_sync(upgrade_connection)
        counts = await connection.scalars(text("SELECT unfinished_clocks FROM tickets ORDER BY id"))
        assert list(counts) == [2, 0, 0]
    await engine.dispose()


async def test_a_database_of_a_newer_version_is_left_alone(sqlite_template: Path, tmp_path: Path) -> None:
    file = tmp_path / "newer.sqlite3"
    shutil.copy(sqlite_template, file)
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    url = f"sqlite+aiosqlite:///{file}"
    with pytest.raises(OperatorError, match="revision 9999, which this version of hezo360 does not know"):
        await make_database(url, FakeClock()).open()
    with pytest.raises(OperatorError, match="revision 9999"):
        await upgrade(url)
    assert await current_revision(url) == "9999"


def test_opening_what_is_up_to_date_does_not_load_alembic(sqlite_template: Path, tmp_path: Path) -> None:
    file = tmp_path / "hezo360.sqlite3"
    shutil.copy(sqlite_template, file)
    script = f"""
import asyncio, sys
from tests.storage.making import FakeClock, make_database
async def main():
    database = make_database("sqlite+aiosqlite:///{file}", FakeClock())
    await database.open()
    await database.close()
asyncio.run(main())
print(sorted(name for name in sys.modules if name.split(".")[0] == "alembic"))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True
    )
    assert done.stdout.strip() == "[]"
