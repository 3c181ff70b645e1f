"""Statements that are executed for every mail give what SQLAlchemy's own way gives, and fail as it fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from storage.built_once import Outcome, built_once, ready
from storage.engine import Database
from storage.schema import clocks, tickets
from storage.transaction import is_among
from tests.storage.making import FakeClock, a_ticket, make_database, stored_ticket

ALL_TICKETS = built_once(select(tickets))
ADD_CLOCK = built_once(clocks.insert())
SOME_TICKETS = built_once(select(tickets.c.id).where(is_among(tickets.c.id, "ids", is_postgresql=False)))


@pytest.fixture
async def sqlite(tmp_path: Path) -> Any:
    database = make_database(f"sqlite+aiosqlite:///{tmp_path}/hezo360.sqlite3", FakeClock())
    await database.open()
    yield database
    await database.close()


async def test_rows_are_those_of_sqlalchemy(sqlite: Database) -> None:
    await stored_ticket(sqlite)
    async with sqlite.begin() as uow:
        connection = uow.transaction.connection
        outcome: Any = await connection.execute(ALL_TICKETS)
        assert isinstance(outcome, Outcome), "else nothing was compared"
        own = [tuple(row) for row in (await connection.execute(select(tickets))).all()]
        assert [tuple(row) for row in outcome] == own


async def test_a_list_of_any_length_is_one_statement(sqlite: Database) -> None:
    stored = [(await stored_ticket(sqlite)).id for _ in range(3)]
    async with sqlite.begin() as uow:
        for ids in ([], stored[:1], stored, list(range(1, 2000))):
            found = await uow.transaction.connection.scalars(SOME_TICKETS, {"ids": ids})
            assert sorted(found) == [each for each in stored if each in ids]


async def test_errors_are_those_of_sqlalchemy(sqlite: Database) -> None:
    async def violate() -> None:
        async with sqlite.begin() as uow:
            await uow.transaction.connection.execute(ADD_CLOCK, {"ticket_id": 4711})

    with pytest.raises(IntegrityError) as caught:
        await violate()
    assert isinstance(caught.value, DBAPIError)

    async def naive() -> None:
        async with sqlite.begin() as uow:
            ticket = a_ticket()
            ticket.created_at = ticket.created_at.replace(tzinfo=None)
            await uow.tickets.add(ticket)

    with pytest.raises((StatementError, ValueError), match="naive"):
        await naive()
    assert (await stored_ticket(sqlite)).id, "the connection goes on"


async def test_what_is_not_marked_goes_sqlalchemys_way(sqlite: Database) -> None:
    async with sqlite.begin() as uow:
        assert ready(select(tickets), {}, uow.transaction.connection.dialect) is None
        assert ready(ALL_TICKETS, {}, uow.transaction.connection.dialect) is not None
