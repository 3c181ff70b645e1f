"""SQLite's writing connection: statements run where they are asked for, only waiting is left to the driver's thread.

aiosqlite hands every step of a statement (open a cursor, execute, fetch, close) to its thread and back, which costs ten
times what the statement itself does. Within a transaction that has begun to write nothing is waited for: the others are
locked out, and pages come from memory. So there the statement runs at once. What may wait, for the lock (BEGIN
IMMEDIATE) or for the disk (COMMIT), goes through the driver's thread as before; so does everything that only reads, as
a long search must not hold up the event loop.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_dbapi
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.util import await_only

from storage.built_once import ready


class _Cursor:
    """A DB-API cursor (PEP 249), as far as SQLAlchemy asks for one; its rows are fetched at once."""

    arraysize = 1

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self._next = 0
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    def execute(self, operation: str, parameters: Sequence[Any] | None = None) -> None:
        """Run one statement: at once within a transaction, else in the driver's thread."""
        if self._connection.raw.in_transaction:
            self._run(operation, parameters)
        else:
            # SQLAlchemy's own adapter reaches for the same; the driver has no public name for "do this in your thread".
            await_only(self._connection._connection._execute(self._run, operation, parameters))

    def _run(self, operation: str, parameters: Sequence[Any] | None) -> None:
        done = self._connection.raw.execute(operation, () if parameters is None else parameters)
        self.description = done.description
        self._rows = done.fetchall() if done.description else []
        self._next = 0
        self.rowcount, self.lastrowid = done.rowcount, done.lastrowid
        done.close()

    def executemany(self, operation: str, parameters: Sequence[Sequence[Any]]) -> None:
        """Run one statement for many rows; within a transaction only, as SQLAlchemy always is."""
        done = self._connection.raw.executemany(operation, parameters)
        self.description, self._rows, self._next = None, [], 0
        self.rowcount, self.lastrowid = done.rowcount, done.lastrowid
        done.close()

    def fetchone(self) -> Any:
        """The next row, or None."""
        if self._next >= len(self._rows):
            return None
        self._next += 1
        return self._rows[self._next - 1]

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows."""
        found = self._rows[self._next : self._next + (size or self.arraysize)]
        self._next += len(found)
        return found

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        found = self._rows[self._next :] if self._next else self._rows
        self._next = len(self._rows)
        return found

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchall())

    def setinputsizes(self, *sizes: Any) -> None:
        """Nothing to prepare."""

    async def _async_soft_close(self) -> None:
        """SQLAlchemy's asynchronous results ask for it; the cursor is closed already."""

    def close(self) -> None:
        """Forget what was fetched."""
        self._rows, self._next = [], 0


class _Connection(AsyncAdapt_aiosqlite_connection):
    """SQLAlchemy's adapter of the driver's connection, with our cursor."""

    __slots__ = ("raw",)

    raw: sqlite3.Connection

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self.raw = connection._conn

    def cursor(self, server_side: bool = False) -> Any:
        """A new cursor."""
        del server_side
        return _Cursor(self)


class InlineDriver(AsyncAdapt_aiosqlite_dbapi):
    """aiosqlite as SQLAlchemy sees it, for `create_async_engine(module=...)`."""

    def __init__(self) -> None:
        import aiosqlite

        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arguments: Any, **named: Any) -> _Connection:
        """Open a connection that may be used outside the driver's thread, though never in both at once."""
        named["check_same_thread"] = False
        opened = super().connect(*arguments, **named)
        return _Connection(self, opened._connection)


class InlineConnection(AsyncConnection):
    """An open transaction of such a connection: what is asked of it is done when the call is made, without a detour."""

    async def execute(self, statement: Any, parameters: Any = None, **named: Any) -> Any:
        """As `AsyncConnection.execute`."""
        return self._do(statement, parameters, named)

    async def exec_driver_sql(self, *arguments: Any, **named: Any) -> Any:
        """As `AsyncConnection.exec_driver_sql`."""
        return self._sync.exec_driver_sql(*arguments, **named)

    async def scalar(self, statement: Any, parameters: Any = None, **named: Any) -> Any:
        """As `AsyncConnection.scalar`."""
        return self._do(statement, parameters, named).scalar()

    async def scalars(self, statement: Any, parameters: Any = None, **named: Any) -> Any:
        """As `AsyncConnection.scalars`."""
        return self._do(statement, parameters, named).scalars()

    def _do(self, statement: Any, parameters: Any, named: dict[str, Any]) -> Any:
        sync = self._sync
        if not self._is_heard:
            many = isinstance(parameters, list)
            values = (parameters[0] if many else parameters) or {}
            prepared = ready(statement, values, sync.dialect)
            if prepared is not None:
                try:
                    return prepared.execute_many(self._raw, parameters) if many else prepared.execute(self._raw, values)
                except (sqlite3.Error, ValueError):
                    pass  # it has changed nothing; SQLAlchemy's own way below raises the error as the others know it
        return sync.execute(statement, parameters, **named)

    @cached_property
    def _sync(self) -> Any:
        return self.sync_connection

    @cached_property
    def _is_heard(self) -> bool:
        """Whether somebody listens to SQLAlchemy's events, who shall hear of every statement."""
        return bool(self._sync.engine.dispatch.before_cursor_execute)

    @cached_property
    def _raw(self) -> sqlite3.Connection:
        raw: sqlite3.Connection = self._sync.connection.dbapi_connection.raw
        return raw
