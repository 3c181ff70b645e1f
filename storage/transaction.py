"""What every repository needs of the transaction it works in, and how a loop hears that there is work."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ColumnElement, Table, bindparam, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Contract, Ticket
from bot.ports import Clock
from storage.composing import MailComposer

Upsert = postgresql.Insert | sqlite.Insert


def upsert(table: Table, *, is_postgresql: bool) -> Upsert:
    """An INSERT that knows ON CONFLICT; both dialects spell it alike."""
    return postgresql.insert(table) if is_postgresql else sqlite.insert(table)


def is_among(column: ColumnElement[Any], name: str, *, is_postgresql: bool) -> ColumnElement[bool]:
    """Whether the column is one of the values in the parameter of that name, a list.

    On SQLite the list travels as JSON, so that the statement is the same for lists of any length.
    """
    if is_postgresql:
        return column.in_(bindparam(name, expanding=True))
    return column.in_(select(func.json_each(bindparam(name, type_=JSON)).table_valued("value").c.value))


class Wake(StrEnum):
    """Whom a committed change concerns."""

    MAIL_INBOX = "mail_inbox"
    SLACK_INBOX = "slack_inbox"
    MAIL_OUTBOX = "mail_outbox"
    SLACK_OUTBOX = "slack_outbox"
    FILES_OUTBOX = "files_outbox"
    WEBHOOK_OUTBOX = "webhook_outbox"
    TIMERS = "timers"


@dataclass(frozen=True, slots=True)
class Wakes:
    """One event per loop, set after a commit that gave it work; each loop clears only its own, before it looks."""

    mail_inbox: asyncio.Event = field(default_factory=asyncio.Event)
    slack_inbox: asyncio.Event = field(default_factory=asyncio.Event)
    mail_outbox: asyncio.Event = field(default_factory=asyncio.Event)
    slack_outbox: asyncio.Event = field(default_factory=asyncio.Event)
    files_outbox: asyncio.Event = field(default_factory=asyncio.Event)
    webhook_outbox: asyncio.Event = field(default_factory=asyncio.Event)
    timers: asyncio.Event = field(default_factory=asyncio.Event)

    def set(self, wakes: set[Wake]) -> None:
        """Set these events."""
        for wake in wakes:
            event: asyncio.Event = getattr(self, wake.value)
            event.set()

    def set_all(self) -> None:
        """Set every event: something may have happened elsewhere."""
        self.set(set(Wake))


_NEXT_VALUE = text("SELECT nextval(pg_get_serial_sequence(:name, 'id'))")
_LAST_ID = text("SELECT seq FROM sqlite_sequence WHERE name = :name")


@dataclass(slots=True)
class Transaction:
    """An open transaction and its surroundings.

    Attributes:
        read_only: No writing, and no row is locked.
        wakes: Whom to wake once it is committed.
        contracts: Those that were read, by their ids: a mail asks for its contract again and again.
        contract_ids: Their ids by their folded numbers.
        tickets: Those that were read or made, for what of them never changes.
        is_postgresql: Whether the database is PostgreSQL; else it is SQLite.
        words: What tickets shall be found by, by their ids; stored before the commit.
    """

    connection: AsyncConnection
    clock: Clock
    compose: MailComposer
    read_only: bool
    wakes: set[Wake] = field(default_factory=set)
    contracts: dict[int, Contract] = field(default_factory=dict)
    contract_ids: dict[str, int] = field(default_factory=dict)
    tickets: dict[int, Ticket] = field(default_factory=dict)
    words: dict[int, set[str]] = field(default_factory=dict)
    is_postgresql: bool = field(init=False)
    _last_ids: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.is_postgresql = self.connection.dialect.name == "postgresql"

    def tickets_named(self) -> dict[str, object]:
        """For a line of the log: the numbers of the tickets that were read or made, under "ticket"; nothing of none."""
        numbers = sorted({ticket.number for ticket in self.tickets.values()})
        return {"ticket": ", ".join(numbers)} if numbers else {}

    @property
    def locks_rows(self) -> bool:
        """Whether rows read for a change are locked: on SQLite a writing transaction is alone anyway."""
        return self.is_postgresql and not self.read_only

    async def next_id(self, table: Table) -> int:
        """The id of the row that is to be stored next, for what is made of it: a number, a Message-ID.

        On SQLite whoever stores into that table has to take every id from here: nobody else stores meanwhile.
        """
        if self.is_postgresql:
            made = await self.connection.execute(_NEXT_VALUE, {"name": table.name})
            return int(made.scalar_one())
        last = self._last_ids.get(table.name)
        if last is None:
            found = await self.connection.execute(_LAST_ID, {"name": table.name})
            last = found.scalar_one_or_none() or 0
        self._last_ids[table.name] = last + 1
        return last + 1

    def insert(self, table: Table) -> Upsert:
        """An INSERT that knows ON CONFLICT."""
        return upsert(table, is_postgresql=self.is_postgresql)
