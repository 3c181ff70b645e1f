"""No connection is left behind, by a cancelled task or by closing while one is in use."""

from __future__ import annotations

import asyncio
import contextlib
import gc

from storage.engine import Database


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
