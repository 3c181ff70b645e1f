"""Rows that share a transaction: all are done or none, and one that breaks holds up no other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, select

from bot.commands import Command, EmailReceived
from bot.loops.customers_first import customers_first
from bot.loops.inbox import MOST_BEGINNINGS, GoesFirst, InboxLoop
from bot.mail_ports import FetchedMail
from bot.ports import InboxRow, InboxState
from bot.sandbox.clock import MovableClock
from handlers.context import ContextMaker
from storage.contract_import import import_contracts
from storage.engine import Database
from storage.errors import DatabaseBusy
from storage.inbox import MAIL
from storage.mail_sink import StoredMailSink
from storage.queues import OutboxQueue
from storage.schema import inbox, outbox, tickets
from tests.support.timer_loops import PATIENCE, open_database, plain_config

POISON = b"poison"


def a_mail(number: int, words: str = "Co oferujecie?") -> FetchedMail:
    raw = (
        f"From: Jan <jan.{number}@obcy.test>\r\nTo: info@myhezo.pl\r\nSubject: Pytanie {number}\r\n"
        f"Message-ID: <{number}@obcy.test>\r\n\r\n{words}\r\n"
    ).encode()
    return FetchedMail("info", 1, number, MovableClock().now(), raw, len(raw))


def command_of(row: InboxRow) -> Command:
    if POISON in row.body:
        raise ValueError("our own mistake")
    return EmailReceived(row.id, row.place, row.body, row.received_at, row.size, row.complete)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = open_database(f"sqlite+aiosqlite:///{tmp_path}/hezo360.sqlite3", MovableClock())
    await opened.open()
    yield opened
    await opened.close()


@asynccontextmanager
async def handling(database: Database, goes_first: GoesFirst | None = None) -> AsyncIterator[None]:
    """The loop, until nothing is new that is due."""
    config = plain_config(retry={"first_wait": "1h", "longest_wait": "2h", "attempts_for_our_mistakes": 2})
    stopping = asyncio.Event()
    contexts = ContextMaker(database.clock, config, b"key")
    loop = InboxLoop(MAIL, database, command_of, database.wakes.mail_inbox, contexts, goes_first)
    task = asyncio.create_task(loop.run(stopping))
    yield
    stopping.set()
    database.wakes.mail_inbox.set()
    await task


async def states(database: Database) -> list[tuple[InboxState, int]]:
    async with database.read() as uow:
        rows = await uow.transaction.connection.execute(select(inbox.c.state, inbox.c.attempts).order_by(inbox.c.id))
        return [(row.state, row.attempts) for row in rows]


async def until(database: Database, wanted: list[tuple[InboxState, int]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while await states(database) != wanted:  # noqa: ASYNC110  # the loop tells nobody what it has done
            await asyncio.sleep(0.02)


async def test_what_ends_the_program_again_and_again_is_set_aside(database: Database) -> None:
    """A process that is killed counts nothing afterwards, so it counts before."""
    await StoredMailSink(database).store([a_mail(1), a_mail(2)])
    config = plain_config()
    contexts = ContextMaker(database.clock, config, b"key")

    class Killed(BaseException):
        """As SIGKILL: nothing of ours runs after it."""

    def deadly(row: InboxRow) -> Command:
        if b"Pytanie 1\r" in row.body:
            raise Killed
        return command_of(row)

    for start in range(MOST_BEGINNINGS):
        loop = InboxLoop(MAIL, database, deadly, database.wakes.mail_inbox, contexts)
        with pytest.raises(Killed):
            await loop.run(asyncio.Event())
        assert [attempts for _, attempts in await states(database)] == [0, 0], f"start {start}: nothing failed orderly"
    async with handling(database):
        await until(database, [(InboxState.PARKED, 1), (InboxState.DONE, 0)])
    async with database.read() as uow:
        told = await uow.transaction.connection.scalars(select(outbox.c.effect).where(outbox.c.type == "PostOperator"))
        assert [(one["what"], "ended 5 times" in one["data"]["reason"]) for one in told] == [("inbox_parked", True)]


async def test_a_database_that_comes_and_goes_has_not_ended_the_program(database: Database) -> None:
    """What fails, and of which not even that can be stored, was taken in hand once by this process, not each time."""
    await StoredMailSink(database).store([a_mail(1)])
    is_away = False

    def refuse(_connection: object) -> None:
        if is_away:
            raise DatabaseBusy("database: away")

    def goes_away(_row: InboxRow) -> Command:
        nonlocal is_away
        is_away = True
        raise DatabaseBusy("database: away")

    event.listen(database._writer.sync_engine, "begin", refuse)
    contexts = ContextMaker(database.clock, plain_config(), b"key")
    loop = InboxLoop(MAIL, database, goes_away, database.wakes.mail_inbox, contexts)
    for _ in range(MOST_BEGINNINGS):
        with pytest.raises(DatabaseBusy):
            await loop.run(asyncio.Event())
        is_away = False
    async with handling(database):
        await until(database, [(InboxState.DONE, 0)])


async def test_several_share_a_commit_in_their_order(database: Database) -> None:
    await StoredMailSink(database).store([a_mail(number) for number in range(1, 9)])
    commits: list[int] = []
    event.listen(database._writer.sync_engine, "commit", lambda _: commits.append(1))
    async with handling(database):
        await until(database, [(InboxState.DONE, 0)] * 8)
    assert 1 <= len(commits) < 8
    async with database.read() as uow:
        subjects = list(await uow.transaction.connection.scalars(select(tickets.c.subject).order_by(tickets.c.id)))
    assert subjects == [f"Pytanie {number}" for number in range(1, 9)]


async def test_one_that_breaks_holds_up_no_other_and_nothing_is_done_twice(database: Database) -> None:
    mails = [a_mail(number, "poison" if number == 3 else "Co oferujecie?") for number in range(1, 7)]
    await StoredMailSink(database).store(mails)
    new, done = (InboxState.NEW, 1), (InboxState.DONE, 0)
    async with handling(database):
        await until(database, [done, done, new, done, done, done])
    async with database.read() as uow:
        assert len(list(await uow.transaction.connection.scalars(select(tickets.c.id)))) == 5
        sent = select(outbox.c.ticket_id).where(outbox.c.type == "SendMail")
        assert len(set(await uow.transaction.connection.scalars(sent))) == 5


async def test_the_log_follows_a_ticket(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """Each of several that share a transaction names its own ticket; what goes out names it, too."""
    await StoredMailSink(database).store([a_mail(1), a_mail(2)])
    with caplog.at_level(logging.INFO, "bot.loops.inbox"):
        async with handling(database):
            await until(database, [(InboxState.DONE, 0)] * 2)
    async with database.read() as uow:
        numbers = list(await uow.transaction.connection.scalars(select(tickets.c.number).order_by(tickets.c.id)))
    told = [record.__dict__["hezo"]["ticket"] for record in caplog.records if record.message == "handled"]
    assert told == numbers
    queue = OutboxQueue(database, "w")
    assert {row.ticket for row in await queue.claim(database.clock.now(), 10)} == set(numbers)


async def test_a_customer_does_not_wait_for_a_flood_of_strangers(database: Database) -> None:
    header = "contract_number,customer,nip,valid_from,valid_to,serial,model,authorised,language\n"
    contract = "HZ360-2026-000042,Klient,834-171-00-08,2025-03-01,2035-02-28,FGT60FTK20001234,,@klient.test,pl\n"
    await import_contracts(database, (header + contract).encode())
    strangers = [a_mail(number) for number in range(1, 130)]
    words = b"From: anna@klient.test\r\nTo: pomoc@myhezo.pl\r\nSubject: Awaria\r\n\r\nFirewall nie dziala\r\n"
    report = FetchedMail("info", 1, 500, MovableClock().now(), words, len(words))
    await StoredMailSink(database).store([*strangers, report])
    config = plain_config().mail
    async with handling(database, customers_first(database, config)):
        async with asyncio.timeout(PATIENCE):
            while any(state is InboxState.NEW for state, _ in await states(database)):  # noqa: ASYNC110  # as above
                await asyncio.sleep(0.02)
    async with database.read() as uow:
        subjects = list(await uow.transaction.connection.scalars(select(tickets.c.subject).order_by(tickets.c.id)))
    assert subjects[0] == "Awaria"
    assert len(subjects) == 100, "the flood is cut where so many wait that nobody has accepted"
    assert sorted({state for state, _ in await states(database)}) == [InboxState.DONE, InboxState.PARKED]
