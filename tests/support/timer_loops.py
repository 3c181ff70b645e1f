"""Timer loops with a handler that leaves a trace, for tests of who fires what and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from bot.commands import TimerDue
from bot.config import Config
from bot.loops.timers import TimerLoop
from bot.model import JournalEntry, Timer
from bot.ports import Clock, UnitOfWork
from handlers.context import Context, ContextMaker
from storage.engine import Database
from tests.storage.making import compose, content_key

PATIENCE = 60


def plain_config(**sections: Any) -> Config:
    """A valid configuration whose servers nobody connects to."""
    server = {"host": "127.0.0.1", "security": "none"}
    tree: dict[str, Any] = {
        "mail": {"imap": [server | {"name": "pomoc", "username": "u", "password": "p"}], "smtp": server},
        "slack": {
            "bot_token": "xoxb-1",
            "app_token": "xapp-1",
            "support_channel": "C0SUPPORT",
            "escalation_channel": "C0ESCALATE",
            "engineers": ["U0EWA"],
        },
        "retry": {"first_wait": "5s", "longest_wait": "20s", "attempts_for_our_mistakes": 3},
    }
    return Config.model_validate(tree | sections)


def open_database(url: str, clock: Clock) -> Database:
    """A database with a clock that can be waited on."""
    return Database(url, clock=clock, compose=compose, read_content_key=content_key)


class Firings:
    """A handler of timers: finishes each, notes it in the ticket's journal, and tells whoever waits for it.

    Args:
        before: Runs first, inside the transaction; what it raises makes the timer fail.
        finish: False leaves the timers as they are.
    """

    def __init__(self, before: Callable[[Timer], Awaitable[None]] | None = None, *, finish: bool = True) -> None:
        self._before = before
        self._finish = finish
        self._told = asyncio.Condition()
        self.tried: list[str] = []

    async def handle(self, command: TimerDue, uow: UnitOfWork, ctx: Context) -> None:
        timer = command.timer
        async with self._told:
            self.tried.append(timer.key)
            self._told.notify_all()
        if self._before is not None:
            await self._before(timer)
        if self._finish:
            assert await uow.clocks.finish_timer(timer.id)
            await uow.journal(JournalEntry(timer.ticket_id, ctx.now, "bot", "fired", {"timer": timer.key}))

    async def wait_for(self, count: int) -> None:
        """Wait until so many were tried."""
        async with asyncio.timeout(PATIENCE), self._told:
            await self._told.wait_for(lambda: len(self.tried) >= count)


@asynccontextmanager
async def looping(
    database: Database,
    clock: Clock,
    firings: Firings,
    *,
    longest_sleep: timedelta | None = None,
    config: Config | None = None,
) -> AsyncIterator[asyncio.Task[None]]:
    """A timer loop that runs meanwhile and is asked to stop in the end."""
    contexts = ContextMaker(clock, config or plain_config(), b"key")
    wake, stopping = database.wakes.timers, asyncio.Event()
    loop = TimerLoop(database, wake, contexts, handle=firings.handle, longest_sleep=longest_sleep)
    task = asyncio.create_task(loop.run(stopping))
    try:
        yield task
    finally:
        stopping.set()
        wake.set()
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait({task})
        if not task.cancelled():
            task.result()


async def set_timers(database: Database, *timers: Timer) -> None:
    """Set timers in one transaction."""
    async with database.begin() as uow:
        for timer in timers:
            assert await uow.clocks.set_timer(timer)


async def fired(database: Database, ticket_id: int) -> list[tuple[datetime, str]]:
    """What was fired on a ticket and when, as its journal has it."""
    async with database.read() as uow:
        return [(entry.at, str(entry.data["timer"])) for entry in await uow.journal_of(ticket_id)]
