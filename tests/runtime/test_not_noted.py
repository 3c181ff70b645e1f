"""What was done and could not be noted is looked up before it is done again: a post by its key, a mail by its copy."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select

from bot.edges.pacing import Pace
from bot.effects import Note, PostInThread, PostOperator
from bot.loops.noting import NotNoted
from bot.loops.outbox import OutboxLoop, Performer
from bot.loops.sending_mail import MailPerformer
from bot.loops.slack_posts import Posts
from bot.ports import OutboxRow, OutboxState, UnitOfWork
from bot.sandbox.clock import MovableClock
from handlers.context import Context, ContextMaker
from storage.engine import Database
from storage.errors import DatabaseBusy
from storage.migrating import upgrade
from storage.queues import OutboxQueue
from storage.schema import Transport, outbox
from tests.storage.making import NOON, a_mail, compose, content_key, stored_ticket
from tests.support.timer_loops import PATIENCE, plain_config

FILE = "hezo360.sqlite3"


class Channel:
    """Posts, by their keys."""

    def __init__(self) -> None:
        self.posted: list[str] = []

    async def post(self, _channel: str, _text: str, _blocks: object, *, key: str, thread_ts: str | None) -> str:
        del thread_ts
        self.posted.append(key)
        return f"1.{len(self.posted):06}"

    async def find(self, _channel: str, key: str, *, thread_ts: str | None, since: datetime) -> str | None:
        del thread_ts, since
        return f"1.{self.posted.index(key) + 1:06}" if key in self.posted else None


class Poster:
    """Posts, and cannot store what follows at the first time."""

    def __init__(self, database: Database, channel: Channel, error: Exception) -> None:
        self._posts = Posts(channel, Pace(timedelta(0), 1), database)  # type: ignore[arg-type]  # all that is used
        self._errors = [error]

    async def perform(self, row: OutboxRow) -> None:
        async def keep(_uow: UnitOfWork, _ts: str) -> None:
            if self._errors:
                raise self._errors.pop()

        await self._posts.post(row, "C1", None, ("words", []), keep)


class PostOffice:
    """Takes every mail; while the first is taken, the database locks up, unless told otherwise."""

    def __init__(self, file: Path, *, locks: bool = True) -> None:
        self.taken: list[bytes] = []
        self._locks = locks
        self._locking = sqlite3.connect(file, isolation_level=None)

    async def send(self, _from: str, _to: str, raw: bytes, *, copy_to: str | None = None) -> None:
        del copy_to
        if self._locks and not self.taken:
            self._locking.execute("BEGIN IMMEDIATE")
        self.taken.append(raw)

    def unlock(self) -> None:
        with suppress(sqlite3.OperationalError):  # no transaction is open
            self._locking.execute("ROLLBACK")

    def close(self) -> None:
        self._locking.close()


class Unlocking:
    """Lets the database go before the outcome is dealt with."""

    def __init__(self, performer: Performer, office: PostOffice) -> None:
        self._performer = performer
        self._office = office

    async def perform(self, row: OutboxRow) -> None:
        try:
            await self._performer.perform(row)
        finally:
            self._office.unlock()


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOON, frozen=True)


@pytest.fixture
async def database(tmp_path: Path, clock: MovableClock) -> AsyncIterator[Database]:
    url = f"sqlite+aiosqlite:///{tmp_path / FILE}"
    await upgrade(url)
    limit = timedelta(seconds=1)
    opened = Database(url, clock=clock, compose=compose, read_content_key=content_key, time_limit=limit)
    await opened.open()
    yield opened
    await opened.close()


class Mistaken(ContextMaker):
    """What follows of a mail that was sent is a mistake of ours."""

    def __call__(self) -> Context:
        raise KeyError("our own mistake")


async def performed(
    database: Database,
    clock: MovableClock,
    transport: Transport,
    performer: Performer,
    until: OutboxState = OutboxState.SENT,
) -> list[OutboxState]:
    """Let the loop run until the first row is so, with all the time that it wants; gives the states that it had."""
    contexts = ContextMaker(clock, plain_config(), b"key")
    wake, stopping = asyncio.Event(), asyncio.Event()
    queue = OutboxQueue(database, "a start")
    loop = OutboxLoop(transport, performer, database, queue, wake, contexts, _no_check)
    states: list[OutboxState] = []
    task = asyncio.create_task(loop.run(stopping))
    async with asyncio.timeout(PATIENCE):
        while not states or states[-1] is not until:
            async with database.read() as uow:
                first = select(outbox.c.state, outbox.c.next_attempt_at).order_by(outbox.c.id).limit(1)
                row = (await uow.transaction.connection.execute(first)).one()
            if not states or states[-1] is not row.state:
                states.append(row.state)
            if row.state is OutboxState.IN_DOUBT and row.next_attempt_at > clock.now():
                clock.move(row.next_attempt_at - clock.now())
                wake.set()
            await asyncio.sleep(0.01)
            if task.done():
                task.result()
    stopping.set()
    wake.set()
    await task
    return [state for state in states if state is not OutboxState.SENDING]


async def _no_check() -> None:
    """Everything is there."""


@pytest.mark.parametrize("error", [DatabaseBusy("full"), KeyError("our own mistake")])
async def test_a_post_that_was_made_is_found_again(database: Database, clock: MovableClock, error: Exception) -> None:
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        await uow.outbox.add(PostInThread(ticket.id, Note.MAILED))
    channel = Channel()
    states = await performed(database, clock, Transport.SLACK, Poster(database, channel, error))
    assert states[-2:] == [OutboxState.IN_DOUBT, OutboxState.SENT]
    assert len(channel.posted) == 1


async def test_a_mail_that_went_out_waits_for_its_copy(tmp_path: Path, database: Database, clock: MovableClock) -> None:
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        await uow.outbox.add(a_mail(ticket.id))
    contexts = ContextMaker(clock, plain_config(), b"key")
    with closing(PostOffice(tmp_path / FILE)) as office:
        performer = Unlocking(MailPerformer(office, database, contexts, lambda: True), office)
        states = await performed(database, clock, Transport.MAIL, performer)
    assert states[-2:] == [OutboxState.IN_DOUBT, OutboxState.SENT]
    assert clock.now() >= NOON + contexts.config.retry.in_doubt_wait, "no copy came: only now it may be sent again"


async def test_of_a_mail_that_went_out_nobody_is_told_that_it_did_not(
    tmp_path: Path, database: Database, clock: MovableClock
) -> None:
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        await uow.outbox.add(a_mail(ticket.id))
    with closing(PostOffice(tmp_path / FILE, locks=False)) as office:
        performer = MailPerformer(office, database, Mistaken(clock, plain_config(), b"key"), lambda: True)
        await performed(database, clock, Transport.MAIL, performer, until=OutboxState.PARKED)
    async with database.read() as uow:
        assert [line.kind for line in await uow.journal_of(ticket.id)] == []
    [notice] = await OutboxQueue(database, "a reader").claim(clock.now(), 9, Transport.SLACK)
    assert isinstance(notice.effect, PostOperator)
    assert str(notice.effect.data["reason"]).startswith("done, and not noted: KeyError")


async def test_what_could_not_be_stored_is_told_also_by_a_loop_that_is_to_end(
    database: Database, clock: MovableClock
) -> None:
    """It lost its role meanwhile: only who hears of it looks after the row."""
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        await uow.outbox.add(PostInThread(ticket.id, Note.MAILED))
    over, wake = asyncio.Event(), asyncio.Event()

    class Lost:
        async def perform(self, _row: OutboxRow) -> None:
            over.set()
            event.listen(database._writer.sync_engine, "begin", _refuse)
            raise NotNoted(DatabaseBusy("away"))

    contexts = ContextMaker(clock, plain_config(), b"key")
    queue = OutboxQueue(database, "a start")
    loop = OutboxLoop(Transport.SLACK, Lost(), database, queue, wake, contexts, _no_check)
    with pytest.raises(DatabaseBusy):
        await loop.run(over)
    event.remove(database._writer.sync_engine, "begin", _refuse)
    await loop.take_back()
    async with database.read() as uow:
        assert await uow.outbox.state(1) is OutboxState.IN_DOUBT


def _refuse(_connection: object) -> None:
    raise DatabaseBusy("away")
