"""A start waits for a database that is down or restarting, tells so, and ends after a time."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import OperatorError
from bot.loops.opening import once_usable
from storage.engine import Database
from storage.errors import DatabaseBusy, DatabaseUnavailable
from tests.storage.making import FakeClock, compose, content_key, make_database, stored_ticket
from tests.support.faulty_proxy import FaultyProxy
from tests.support.postgres import PostgresServer

MINUTE = timedelta(minutes=1)


async def until_said(caplog: pytest.LogCaptureFixture, words: str) -> None:
    async with asyncio.timeout(20):
        while words not in caplog.messages:  # noqa: ASYNC110  # a log record sets no event
            await asyncio.sleep(0.01)


async def test_a_start_waits_for_a_database_that_comes_back(
    postgres: PostgresServer, postgres_url: str, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with FaultyProxy(postgres.port) as proxy:
        database = make_database(postgres_url.replace(str(postgres.port), str(proxy.port)), clock)
        await proxy.refuse()
        starting = asyncio.create_task(once_usable(database.open, MINUTE))
        await until_said(caplog, "waiting for the database")
        proxy.cut_after(300)  # in the middle of the login
        await proxy.accept()
        await proxy.wait_for_connections(1, 20)
        proxy.mend()
        await starting
        await stored_ticket(database)
        await database.close()
    assert caplog.messages[-1] == "the database is there"
    waited = [record for record in caplog.records if record.message == "waiting for the database"]
    problems = [vars(record)["hezo"]["problem"] for record in waited]
    assert all(problem.startswith("cannot use the database") for problem in problems)
    assert len(set(problems)) == len(problems), "each reason once"


async def test_a_connection_cut_at_any_point_of_the_opening_is_tried_again(
    postgres: PostgresServer, postgres_url: str, clock: FakeClock
) -> None:
    async with FaultyProxy(postgres.port) as proxy:
        database = make_database(postgres_url.replace(str(postgres.port), str(proxy.port)), clock)
        for octets in (1, 20, 100, 400, 600, 1_000):
            proxy.cut_after(octets)
            with pytest.raises(DatabaseUnavailable):
                await database.open()
        proxy.mend()
        await database.open()
        await database.close()


async def test_a_start_does_not_wait_for_ever(clock: FakeClock) -> None:
    database = make_database("postgresql+asyncpg://hezo360:geheim@127.0.0.1:1/hezo360", clock)
    with pytest.raises(DatabaseUnavailable, match="that the server runs"):
        await once_usable(database.open, timedelta(seconds=0.2))
    with pytest.raises(DatabaseBusy):
        await once_usable(lambda: stored(database), timedelta(0))


async def stored(database: Database) -> None:
    await stored_ticket(database)


async def test_what_waiting_does_not_mend_ends_it_at_once(
    postgres: PostgresServer, tmp_path: Path, clock: FakeClock
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.sqlite3").mkdir()
    for url in (
        postgres.url("hezo360").replace(postgres.password, "geheim"),
        postgres.url("nowhere"),
        f"sqlite+aiosqlite:///{tmp_path}/file/hezo360.sqlite3",
        f"sqlite+aiosqlite:///{tmp_path}/folder.sqlite3",
    ):
        with pytest.raises(OperatorError) as caught:
            await once_usable(make_database(url, clock).open, MINUTE)
        assert not isinstance(caught.value, DatabaseUnavailable), url


async def test_a_file_that_another_program_holds_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "hezo360.sqlite3"
    database = Database(
        f"sqlite+aiosqlite:///{file}",
        clock=FakeClock(), compose=compose, read_content_key=content_key, time_limit=timedelta(seconds=0.3),
    )  # fmt: skip
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseUnavailable, match="locked"):
            await database.open()
    await database.open()
    await database.close()
