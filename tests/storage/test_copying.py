"""`hezo360 db copy`: everything arrives as it was, or nothing."""

from __future__ import annotations

import shutil
import sqlite3
import tracemalloc
from datetime import timedelta
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # ships no type information
import pytest

from bot.effects import Note, PostInThread
from bot.errors import OperatorError
from bot.model import Attachment, AttachmentVerdict, JournalEntry
from storage.copying import copy_database
from storage.mail_sink import StoredMailSink
from storage.migrating import upgrade
from storage.queues import InboxQueue
from tests.storage.making import (
    NOON,
    FakeClock,
    a_clock,
    a_mail,
    a_message,
    a_ticket,
    a_timer,
    fetched,
    make_database,
)
from tests.support.postgres import PostgresServer


@pytest.fixture
async def file(tmp_path: Path, sqlite_template: Path, clock: FakeClock) -> Path:
    """A SQLite database with a little of everything, texts and octets that are easily broken among it."""
    path = tmp_path / "old.sqlite3"
    shutil.copy(sqlite_template, path)
    database = make_database(f"sqlite+aiosqlite:///{path}", clock)
    await database.open()
    await StoredMailSink(database).store([fetched(11), fetched(12), fetched(13, fetched(11).raw)])
    await InboxQueue(database).add_slack("view:1", "view_submission", '{"ą": "\\u0000"}'.encode(), NOON)
    for number in range(3):
        async with database.begin() as uow:
            ticket = await uow.tickets.add(a_ticket())
            ticket.facts = {"z": [1, 2.5, None, {"ż": True}], "a": "zażółć 🛡️"}
            await uow.tickets.update(ticket)
            await uow.tickets.add_participant(ticket.id, "anna@klient.example")
            message = await uow.tickets.add_message(a_message(ticket.id))
            held = Attachment(0, ticket.id, message.id, 0, "log.txt", "text/plain", 3, AttachmentVerdict.KEPT)
            await uow.attachments.add(held, b"\x00\xff" + bytes([number]))
            await uow.journal(JournalEntry(ticket.id, NOON, "bot", "reported", {"n": number}))
            clock_row = await uow.clocks.add(a_clock(ticket.id, message_id=message.id))
            timer = a_timer(ticket.id, f"t{number}", NOON + timedelta(microseconds=7), clock_id=clock_row.id)
            await uow.clocks.set_timer(timer)
            await uow.outbox.add(a_mail(ticket.id))
            await uow.outbox.add(PostInThread(ticket.id, Note.MAILED, {"text": "Dzień dobry"}))
    await database.close()
    return path


def url_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


async def test_everything_arrives_and_the_next_ids_are_new(file: Path, postgres_url: str, clock: FakeClock) -> None:
    with sqlite3.connect(file) as connection:  # the last of them is gone, and its id must not come again
        connection.execute("DELETE FROM journal WHERE id = 3")
    copied = {table.name: table for table in await copy_database(url_of(file), postgres_url)}
    with sqlite3.connect(file) as connection:
        for name, table in copied.items():
            assert connection.execute(f"SELECT count(*) FROM {name}").fetchone() == (table.rows,)  # noqa: S608 - our names
        known = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert copied.keys() == known - {"alembic_version", "sqlite_sequence", "workers", "leases"}
    assert sum(table.rows for table in copied.values()) > 25
    old, new = make_database(url_of(file), clock), make_database(postgres_url, clock)
    await old.open()
    await new.open()
    for ticket_id in (1, 2, 3):
        async with old.read() as before, new.read() as after:
            assert await after.tickets.get(ticket_id) == await before.tickets.get(ticket_id)
            assert await after.tickets.messages(ticket_id) == await before.tickets.messages(ticket_id)
            assert await after.clocks.of_ticket(ticket_id) == await before.clocks.of_ticket(ticket_id)
            [attachment] = await after.attachments.of_ticket(ticket_id)
            assert attachment.sha256 is not None
            assert await after.attachments.content(attachment.sha256) == b"\x00\xff" + bytes([ticket_id - 1])
    async with new.begin() as uow:
        assert (await uow.tickets.add(a_ticket())).number.endswith("000004")
        await uow.journal(JournalEntry(1, NOON, "bot", "copied", {}))
    async with new.read() as uow:
        assert (await uow.journal_of(1))[-1].kind == "copied"
    await old.close()
    await new.close()


async def test_nothing_is_kept_of_what_is_not_whole(file: Path, postgres: PostgresServer, postgres_url: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("UPDATE journal SET ticket_id = 999 WHERE id = 2")
    with pytest.raises(OperatorError):
        await copy_database(url_of(file), postgres_url)
    connection = await asyncpg.connect(postgres.dsn("hezo360"))
    assert await connection.fetchval("SELECT count(*) FROM tickets") == 0
    await connection.close()


async def test_what_is_written_meanwhile_is_noticed(file: Path, postgres_url: str) -> None:
    def write(table: str) -> None:
        if table == "journal":
            with sqlite3.connect(file) as connection:
                connection.execute("UPDATE tickets SET subject = 'x' WHERE id = 1")

    with pytest.raises(OperatorError, match=r"stop the bot.*tickets"):
        await copy_database(url_of(file), postgres_url, write)
    assert await copy_database(url_of(file), postgres_url), "the target was left empty"
    with pytest.raises(OperatorError, match="not empty"):
        await copy_database(url_of(file), postgres_url)


async def test_only_from_a_file_to_postgresql(file: Path, tmp_path: Path, postgres_url: str) -> None:
    for source, target, problem in (
        (postgres_url, postgres_url, "from a SQLite file"),
        (url_of(file), url_of(file), "from a SQLite file"),
        (url_of(tmp_path / "none.sqlite3"), postgres_url, "no database file"),
    ):
        with pytest.raises(OperatorError, match=problem):
            await copy_database(source, target)


async def test_words_of_many_tickets_arrive(file: Path, postgres: PostgresServer, postgres_url: str) -> None:
    """The words of an index are no key by themselves: one piece may end between two tickets of the same word."""
    rows = [(word, ticket_id) for word in ("fortigate", "tunel", "zażółć") for ticket_id in range(1, 1_001)]
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        names = [name for (_, name, *_) in connection.execute("PRAGMA table_info(tickets)")]
        others = ", ".join(name for name in names if name not in {"id", "number"})
        for ticket_id in range(4, 1_001):
            connection.execute(
                f"INSERT INTO tickets (id, number, {others}) SELECT ?, ?, {others} FROM tickets WHERE id = 1",  # noqa: S608 - our names
                (ticket_id, f"HEZO-2026-{ticket_id:06d}"),
            )
        connection.executemany("INSERT OR IGNORE INTO search_words (word, ticket_id) VALUES (?, ?)", rows)
    await copy_database(url_of(file), postgres_url)
    connection = await asyncpg.connect(postgres.dsn("hezo360"))
    found = await connection.fetch("SELECT word, ticket_id FROM search_words")
    assert {tuple(row) for row in found} >= set(rows)
    await connection.close()


async def test_a_database_of_any_language_will_do(file: Path, postgres: PostgresServer) -> None:
    """In most languages' order signs do not count and letters come before capitals; SQLite goes by octets."""
    with sqlite3.connect(file) as connection:
        keys = ["audit.turn", "audit:overdue:1:2", "audit_x", "Audit", "mail.token_key", "mail:token"]
        connection.executemany("INSERT INTO settings (key, value) VALUES (?, 'x')", [(key,) for key in keys])
    await postgres.create_database("polish", "template0 LOCALE_PROVIDER icu ICU_LOCALE 'pl'")
    await upgrade(postgres.url("polish"))
    copied = {table.name: table.rows for table in await copy_database(url_of(file), postgres.url("polish"))}
    assert copied["settings"] == len(keys)


async def test_it_takes_no_more_memory_for_many_large_files(file: Path, postgres_url: str) -> None:
    megabyte = 1_000_000
    with sqlite3.connect(file) as connection:
        for number in range(100):
            connection.execute(
                "INSERT INTO blobs (sha256, content, stored_at) VALUES (?, zeroblob(?), '2026-11-02 12:00:00.000000')",
                (f"{number:064x}", megabyte),
            )
    tracemalloc.start()
    await copy_database(url_of(file), postgres_url)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 60 * megabyte


async def test_no_id_comes_again_of_a_table_that_is_empty_by_now(
    file: Path, postgres_url: str, clock: FakeClock
) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM outbox")
    await copy_database(url_of(file), postgres_url)
    database = make_database(postgres_url, clock)
    await database.open()
    async with database.begin() as uow:
        assert await uow.outbox.add(a_mail(1)) == 7
    await database.close()


async def test_the_side_that_cannot_be_used_is_named(tmp_path: Path, postgres_url: str) -> None:
    letter = tmp_path / "letter.sqlite3"
    letter.write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(OperatorError, match=r"letter\.sqlite3.*file is not a database"):
        await copy_database(url_of(letter), postgres_url)
    with pytest.raises(OperatorError, match=r"postgresql.*the server runs"):
        await copy_database(url_of(letter), "postgresql://hezo360:geheim@127.0.0.1:1/hezo360")
