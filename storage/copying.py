"""Moves everything stored from a SQLite file into an empty PostgreSQL database, and proves that it arrived.

All rows go in one transaction: what is not whole leaves nothing behind. Afterwards both sides are read anew and
compared by their counts and by a checksum of every table; the source as well, for something may have written to it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, LargeBinary, Row, String, Table, func, literal, select, text, tuple_
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import OperatorError
from storage import unit_of_work  # so that all tables are known
from storage.connecting import cannot_use, make_engine, may_exist, parse_url, reading_engine
from storage.process_tables import leases, workers
from storage.revisions import read_revision
from storage.schema import SCHEMA_REVISION, blobs, metadata

_TIME_LIMIT = timedelta(hours=6)
_AT_ONCE = 500
_AT_ONCE_WITH_OCTETS = 10
"""Of tables that hold mails and files, which may have dozens of megabytes each."""
_MOST_OCTETS = 8_000_000
_OF_PROCESSES = {workers.name, leases.name}
"""Who lives and has which role, is of no use elsewhere."""

assert unit_of_work


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table as both sides have it; `checksum` is the SHA-256 of its rows in order, hex."""

    name: str
    rows: int
    checksum: str


async def copy_database(source: str, target: str, tell: Callable[[str], None] = lambda _: None) -> list[CopiedTable]:
    """Copy a SQLite database into an empty, migrated PostgreSQL database.

    Args:
        source: The file's URL; nothing may write to it meanwhile (stop the bot).
        target: The URL of the database.
        tell: Gets the name of each table that is begun.

    Raises:
        OperatorError: either cannot be used, the target is not empty, or what arrived is not what was sent. Then the
            target is as it was before.
    """
    source_url, target_url = parse_url(source), parse_url(target)
    if source_url.get_backend_name() != "sqlite" or target_url.get_backend_name() != "postgresql":
        raise OperatorError("db copy goes from a SQLite file to PostgreSQL: set database.url to the new database")
    if not may_exist(source_url):
        raise OperatorError(f"there is no database file {source_url.database}")
    reader = reading_engine(source_url, make_engine(source_url, _TIME_LIMIT), _TIME_LIMIT)
    writer = make_engine(target_url, _TIME_LIMIT)
    try:
        async with writer.connect() as into, into.begin():
            async with reader.connect() as out:
                await _check(out, into, str(source_url.database))
                sent = [await _copy(table, out, into, tell) for table in _tables()]
            async with reader.connect() as again:
                stands = [await _summed(table, again) for table in _tables()]
            arrived = [await _summed(table, into) for table in _tables()]
            _compare(sent, stands, "the SQLite file was written to meanwhile: stop the bot, then copy again")
            _compare(sent, arrived, "what arrived in PostgreSQL is not what was sent; nothing was kept of it")
        return arrived
    except (OSError, SQLAlchemyError) as error:
        is_of_source = isinstance(getattr(error, "orig", None), sqlite3.Error)
        raise cannot_use(source_url if is_of_source else target_url, error) from error
    finally:
        await reader.dispose()
        await writer.dispose()


def _tables() -> list[Table]:
    """All that are worth copying, those that are referred to first."""
    return [table for table in metadata.sorted_tables if table.name not in _OF_PROCESSES]


async def _check(out: AsyncConnection, into: AsyncConnection, file: str) -> None:
    for connection, name in ((out, file), (into, "the PostgreSQL database")):
        revision = await connection.run_sync(read_revision)
        if revision != SCHEMA_REVISION:
            raise OperatorError(
                f"{name} is at revision {revision or 'none'}, this program needs {SCHEMA_REVISION}: run hezo360 db "
                "upgrade with each of them as database.url"
            )
    for table in _tables():
        if await into.scalar(select(func.count()).select_from(table)):
            raise OperatorError(f"the PostgreSQL database is not empty (table {table.name}): copy into an empty one")


async def _copy(table: Table, out: AsyncConnection, into: AsyncConnection, tell: Callable[[str], None]) -> CopiedTable:
    tell(table.name)
    digest, count, batch, octets = hashlib.sha256(), 0, list[dict[str, Any]](), 0
    async for row in _rows(table, out):
        _add(digest, row)
        count += 1
        batch.append(dict(row._mapping))
        octets += sum(len(value) for value in row if isinstance(value, bytes | str))
        if len(batch) >= _AT_ONCE or octets >= _MOST_OCTETS:
            await into.execute(table.insert(), batch)
            batch, octets = [], 0
    if batch:
        await into.execute(table.insert(), batch)
    if "id" in table.c:  # the next id is drawn behind those that were copied, and behind those used before
        last = await out.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
        last = max(last or 0, await out.scalar(select(func.max(table.c.id))) or 0)
        if last:
            await into.execute(
                text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"), {"name": table.name, "last": last}
            )
    return CopiedTable(table.name, count, digest.hexdigest())


async def _summed(table: Table, connection: AsyncConnection) -> CopiedTable:
    digest, count = hashlib.sha256(), 0
    async for row in _rows(table, connection):
        _add(digest, row)
        count += 1
    return CopiedTable(table.name, count, digest.hexdigest())


async def _rows(table: Table, connection: AsyncConnection) -> AsyncIterator[Row[Any]]:
    """In pieces, in the order of their keys: attachments and mails do not fit into memory at once."""
    names = [column.name for column in table.primary_key.columns]
    keys = [_in_order(column, connection) for column in table.primary_key.columns]
    holds_octets = any(isinstance(column.type, LargeBinary) for column in table.c)
    at_once = _AT_ONCE_WITH_OCTETS if holds_octets else _AT_ONCE
    query = select(table).order_by(*keys).limit(at_once)
    piece: Sequence[Row[Any]] = ()
    while True:
        behind = query
        if piece:
            last = [literal(piece[-1]._mapping[name], table.c[name].type) for name in names]
            behind = query.where(tuple_(*keys) > tuple_(*last))
        piece = (await connection.execute(behind)).all()
        for row in piece:
            yield row
        if len(piece) < at_once:
            return


def _in_order(column: Column[Any], connection: AsyncConnection) -> ColumnElement[Any]:
    """The column of a key so that both sides have one order: SQLite's is that of octets, PostgreSQL's a language's.

    A hash is in the same place in every language, and its table too large to be sorted for each piece.
    """
    is_word = isinstance(column.type, String) and column.table is not blobs
    return column.collate("C") if is_word and connection.dialect.name == "postgresql" else column


def _add(digest: Any, row: Row[Any]) -> None:
    """The values as this program reads them: the same on both sides, however they are kept."""
    for value in row:
        seen = value if isinstance(value, bytes) else repr(_ordered(value)).encode("utf-8", "surrogatepass")
        digest.update(len(seen).to_bytes(8, "big") + seen)


def _ordered(value: object) -> object:
    """JSONB orders keys by its own lights, and knows 1.0 and 1 as they are."""
    if isinstance(value, dict):
        return [(name, _ordered(item)) for name, item in sorted(value.items())]
    return [_ordered(item) for item in value] if isinstance(value, list) else value


def _compare(sent: list[CopiedTable], found: list[CopiedTable], problem: str) -> None:
    different = [one.name for one, other in zip(sent, found, strict=True) if one != other]
    if different:
        raise OperatorError(f"{problem} (tables: {', '.join(different)})")
