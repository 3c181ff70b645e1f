"""No connection is left behind, by a cancelled task or by closing while one is in use."""

from __future__ import annotations

import asyncio
import contextlib
import gc

import pytest

from storage.engine import Database
from tests.storage.conftest import execute
from tests.storage.making import FakeClock, make_database
from tests.support.postgres import PostgresServer


async def test_cancelling_at_any_moment_leaks_no_connection(database: Database) -> None:
    async def read() -> None:
        async with database.read() as uow:
            await uow.settings.get("x")

    for steps in range(40):
        await database.close()  # so that the next transaction opens a new connection
        task = asyncio.create_task(read())
        for _ in range(steps):
            await asyncio.sleep(0)  # one step of the loop: cancel a little later each time
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    gc.collect()  # a leaked connection warns when it is deleted, and warnings are errors
    await read()


async def test_closing_waits_for_the_transactions_in_hand(database: Database) -> None:
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def read() -> None:
        async with database.read() as uow:
            inside.set()
            await go_on.wait()
            await uow.settings.get("x")

    reading = asyncio.create_task(read())
    await inside.wait()
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0)  # let it begin
    go_on.set()
    await closing
    await reading
    del reading, closing
    gc.collect()


async def test_a_dead_connection_does_not_hide_why_a_transaction_was_left(
    postgres: PostgresServer, postgres_url: str
) -> None:
    """Not even a cancellation: a loop that was to stop would go on."""
    database = make_database(postgres_url, FakeClock())
    await database.open()

    async def leave(reason: type[BaseException]) -> None:
        async with database.begin() as uow:
            ours = await uow.transaction.connection.exec_driver_sql("SELECT pg_backend_pid()")
            await execute(postgres.dsn("hezo360"), f"SELECT pg_terminate_backend({ours.scalar_one()})")
            raise reason

    for reason in (asyncio.CancelledError, LookupError):
        with pytest.raises(reason):
            await leave(reason)
    await database.close()
