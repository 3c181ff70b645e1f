"""Which rows are noted as taken in hand before they are handled: those that may be what ends the program."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.commands import Command
from bot.loops.inbox import InboxLoop
from bot.ports import InboxRow
from handlers.context import ContextMaker
from storage.engine import Database
from storage.inbox import MAIL
from storage.mail_sink import StoredMailSink
from storage.schema import inbox
from tests.runtime.test_inbox_loop import a_mail
from tests.storage.making import FakeClock
from tests.support.timer_loops import plain_config


class Killed(BaseException):
    """As SIGKILL: nothing of ours runs after it."""


async def test_only_what_shares_the_transaction_is_noted(database: Database, clock: FakeClock) -> None:
    await StoredMailSink(database).store([a_mail(number) for number in range(1, 5)])

    clock.time += timedelta(seconds=1)  # they were stored by an earlier process

    def deadly(row: InboxRow) -> Command:
        raise Killed(row.id)

    contexts = ContextMaker(database.clock, plain_config(), b"key")
    loop = InboxLoop(MAIL, database, deadly, database.wakes.mail_inbox, contexts)
    with pytest.raises(Killed):
        await loop.run(asyncio.Event())
    async with database.read() as uow:
        noted = list(await uow.transaction.connection.scalars(select(inbox.c.begun).order_by(inbox.c.id)))
    assert noted == ([1, 0, 0, 0] if database.is_postgresql else [1, 1, 1, 1])
