"""Statements that are executed for every mail give what SQLAlchemy's own way gives, and fail as it fails."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import CursorResult, select
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from bot.model import Language, Priority, TicketState
from storage.built_once import Outcome, built_once, ready
from storage.engine import Database
from storage.schema import clocks, journal, tickets
from storage.transaction import is_among
from tests.storage.making import NOON, FakeClock, a_ticket, make_database, stored_ticket

ALL_TICKETS = built_once(select(tickets))
ADD_LINE = built_once(journal.insert())
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


INSTANTS = (
    NOON,
    NOON.astimezone(ZoneInfo("Europe/Warsaw")).replace(microsecond=7),
    NOON.replace(hour=23, minute=59, second=59).astimezone(ZoneInfo("Asia/Tokyo")),
)
ADD_TICKET = built_once(tickets.insert())


@pytest.mark.parametrize("at", INSTANTS)
@pytest.mark.parametrize("text", ["Zażółć gęślą", "nul \x00 and half \ud800", "😀", ""])
async def test_values_are_kept_as_sqlalchemy_keeps_them(sqlite: Database, at: datetime, text: str) -> None:
    values = {
        "version": 1, "state": TicketState.HELD, "priority": Priority.QUESTION, "priority_confirmed": True,
        "language": Language.EN, "subject": text, "requester": text, "requester_name": "", "reported_at": at,
        "created_at": at, "closed_at": None, "devices": [["FGT", text]], "terms": {},
        "facts": {text: [None, 1, at.isoformat()]},
    }  # fmt: skip
    kept = []
    for number, (statement, kind) in enumerate([(ADD_TICKET, Outcome), (tickets.insert(), CursorResult)], start=1):
        async with sqlite.begin() as uow:
            connection = uow.transaction.connection
            done: Any = await connection.execute(statement, {**values, "id": number, "number": f"HEZO-{number}"})
            assert isinstance(done, kind), "else nothing was compared"
            row = await connection.exec_driver_sql("SELECT * FROM tickets WHERE id = ?", (number,))
            kept.append(tuple(row.one())[2:])
    assert kept[0] == kept[1]


async def test_many_rows_are_one_statement_and_fail_as_one(sqlite: Database) -> None:
    ticket = await stored_ticket(sqlite)
    line = {"ticket_id": ticket.id, "at": NOON, "actor": "bot", "kind": "seen", "data": {}}
    async with sqlite.begin() as uow:
        done: Any = await uow.transaction.connection.execute(ADD_LINE, [line, {**line, "kind": "again"}])
        assert isinstance(done, Outcome)
        assert [entry.kind for entry in await uow.journal_of(ticket.id)][-2:] == ["seen", "again"]

    async def violate() -> None:
        async with sqlite.begin() as uow:
            await uow.transaction.connection.execute(ADD_LINE, [line, {**line, "ticket_id": 4711}])

    with pytest.raises(IntegrityError):
        await violate()
    async with sqlite.read() as uow:
        assert [entry.kind for entry in await uow.journal_of(ticket.id)][-2:] == ["seen", "again"]
