"""A backup is one state of everything, though others write meanwhile, and nothing is ever overwritten."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.effects import PostCard
from bot.errors import OperatorError
from storage.backup import back_up, restore
from storage.schema import SCHEMA_REVISION, outbox, tickets
from tests.storage.making import FakeClock, a_message, a_ticket, make_database, stored_ticket


def url_of(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


async def counts(file: Path) -> tuple[int, int]:
    database = make_database(url_of(file), FakeClock())
    await database.open()
    async with database.read() as uow:
        found = [
            await uow.transaction.connection.scalar(select(func.count()).select_from(t)) for t in (tickets, outbox)
        ]
    await database.close()
    return found[0] or 0, found[1] or 0


async def test_one_state_while_others_write(tmp_path: Path) -> None:
    file, copy = tmp_path / "hezo360.sqlite3", tmp_path / "backup.sqlite3"
    database = make_database(url_of(file), FakeClock())
    await database.open()
    written = 0
    over = asyncio.Event()

    async def write() -> None:
        """A ticket and its card, in one transaction: a copy has both or neither."""
        nonlocal written
        while not over.is_set():
            async with database.begin() as uow:
                ticket = await uow.tickets.add(a_ticket(subject="x" * 20_000))
                await uow.outbox.add(PostCard(ticket.id))
            written += 1

    writing = asyncio.create_task(write())
    while written < 20:  # noqa: ASYNC110 - the writer sets no event
        await asyncio.sleep(0.01)
    assert await asyncio.to_thread(back_up, url_of(file), copy) == SCHEMA_REVISION
    over.set()
    await writing
    await database.close()
    in_tickets, in_outbox = await counts(copy)
    assert in_tickets == in_outbox
    assert 20 <= in_tickets <= written
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.part*"))  # noqa: ASYNC240 - nobody waits for this loop


async def test_put_back_where_nothing_is(tmp_path: Path) -> None:
    file, copy = tmp_path / "hezo360.sqlite3", tmp_path / "backup.sqlite3"
    database = make_database(url_of(file), FakeClock())
    await database.open()
    ticket = await stored_ticket(database)
    await database.close()
    back_up(url_of(file), copy)
    with pytest.raises(OperatorError, match="not overwritten"):
        back_up(url_of(file), copy)
    with pytest.raises(OperatorError, match="not overwritten"):
        restore(url_of(file), copy)
    elsewhere = tmp_path / "new" / "hezo360.sqlite3"
    assert restore(url_of(elsewhere), copy) == SCHEMA_REVISION
    again = make_database(url_of(elsewhere), FakeClock())
    await again.open()
    async with again.begin() as uow:
        assert (await uow.tickets.get(ticket.id)).number == ticket.number
    await again.close()


async def filled(folder: Path) -> str:
    """The URL of a database with a ticket."""
    url = url_of(folder / "hezo360.sqlite3")
    database = make_database(url, FakeClock())
    await database.open()
    await stored_ticket(database)
    await database.close()
    return url


async def test_half_of_a_backup_is_refused(tmp_path: Path) -> None:
    database = await filled(tmp_path)
    copy, half = tmp_path / "backup.sqlite3", tmp_path / "half.sqlite3"
    back_up(database, copy)
    half.write_bytes(copy.read_bytes()[: copy.stat().st_size // 2])
    with pytest.raises(OperatorError, match=r"damaged.*: take an older backup|; it is damaged, take an older backup$"):
        restore(url_of(tmp_path / "new" / "hezo360.sqlite3"), half)
    assert not list((tmp_path / "new").iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files to others")
async def test_what_root_puts_back_is_the_service_s(tmp_path: Path) -> None:
    """The service has a user of its own: what root makes in its folder has to be that user's, or it cannot start."""
    database = await filled(tmp_path)
    copy, state = tmp_path / "backup.sqlite3", tmp_path / "state"
    back_up(database, copy)
    state.mkdir()
    os.chown(state, 61_184, 61_184)
    restore(url_of(state / "hezo360.sqlite3"), copy)
    made = (state / "hezo360.sqlite3").stat()
    assert (made.st_uid, made.st_gid, made.st_mode & 0o777) == (61_184, 61_184, 0o600)


async def test_no_id_that_was_given_after_the_backup_comes_again(tmp_path: Path) -> None:
    """Customers hold the numbers of tickets that are lost, Slack their buttons: they must never mean another ticket."""
    file, copy, anew = tmp_path / "hezo360.sqlite3", tmp_path / "backup.sqlite3", tmp_path / "anew.sqlite3"

    async def opened_tickets(path: Path, count: int) -> set[tuple[str, int, int | None]]:
        """Their numbers, the ids of their messages, and those of their effects."""
        database = make_database(url_of(path), FakeClock())
        await database.open()
        made = set()
        for _ in range(count):
            async with database.begin() as uow:
                ticket = await uow.tickets.add(a_ticket())
                message = await uow.tickets.add_message(a_message(ticket.id))
                made.add((ticket.number, message.id, await uow.outbox.add(PostCard(ticket.id))))
        await database.close()
        return made

    await opened_tickets(file, 0)  # not one of its tables was ever used
    back_up(url_of(file), copy)
    lost = await opened_tickets(file, 50)
    restore(url_of(anew), copy)
    given = await opened_tickets(anew, 50)
    for kind in range(3):
        assert {one[kind] for one in lost}.isdisjoint({one[kind] for one in given})
    assert max(number for number, *_ in given) == "HEZO-2026-010050"


async def test_what_is_no_backup_of_ours_is_refused(tmp_path: Path) -> None:
    target, copy = url_of(tmp_path / "hezo360.sqlite3"), tmp_path / "backup.sqlite3"
    with pytest.raises(OperatorError, match="there is no backup"):
        restore(target, copy)
    copy.write_bytes(b"not a database at all, but long enough to be looked at" * 100)
    with pytest.raises(OperatorError, match=r"cannot copy .* file is not a database; that is no backup of hezo360$"):
        restore(target, copy)
    copy.unlink()
    with sqlite3.connect(copy) as other:
        other.execute("CREATE TABLE notes (words TEXT)")
    with pytest.raises(OperatorError, match="no database of hezo360"):
        restore(target, copy)
    with sqlite3.connect(copy) as other:
        other.execute("CREATE TABLE alembic_version (version_num TEXT)")
        other.execute("INSERT INTO alembic_version VALUES ('9999')")
    with pytest.raises(OperatorError, match="install the version that wrote it"):
        restore(target, copy)
    assert not (tmp_path / "hezo360.sqlite3").exists(), "nothing is left behind"


def test_postgresql_has_its_own_tools_and_no_password_is_shown(tmp_path: Path) -> None:
    url = "postgresql+asyncpg://hezo:sehr-geheim@db.example/hezo360"
    for act, tool in ((back_up, "pg_dump"), (restore, "pg_restore")):
        with pytest.raises(OperatorError, match=tool) as caught:
            act(url, tmp_path / "x")
        assert "geheim" not in str(caught.value)
