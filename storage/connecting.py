"""URLs, engines and what every new connection is told first."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import ConfigError, OperatorError

_BUSY_TIMEOUT_MS = 10_000
_READERS = 4
_POSTGRESQL_CONNECTIONS = 10
_CONNECT_LIMIT = 10.0
_STATEMENT_LIMIT = 30.0

# Codes that pass by themselves or by making room: BUSY, LOCKED, NOMEM, IOERR, FULL, CANTOPEN (sqlite.org/rescode.html).
_PASSING_SQLITE_CODES = frozenset({5, 6, 7, 10, 13, 14})
# Classes 08 connection, 40 rollback, 53 resources, 55 not in the right state, 57 operator (PostgreSQL, appendix A).
_PASSING_SQLSTATE_CLASSES = frozenset({"08", "40", "53", "55", "57"})

_ALLOWED = 'allowed are "sqlite+aiosqlite:///FILE" and "postgresql+asyncpg://USER:PASSWORD@HOST/NAME"'


def parse_url(url: str) -> URL:
    """The database URL with its asynchronous driver.

    Raises:
        ConfigError: it is no URL, or of a database that we cannot use; the text never shows the URL's password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError([f"database.url is no database URL; {_ALLOWED}"]) from None
    if parsed.drivername in {"sqlite", "sqlite+aiosqlite"}:
        if parsed.database in {None, "", ":memory:"} or str(parsed.database).startswith("file:"):
            raise ConfigError([f"database.url: SQLite needs the path of a file; {_ALLOWED}"])
        return parsed.set(drivername="sqlite+aiosqlite")
    if parsed.drivername in {"postgresql", "postgres", "postgresql+asyncpg"}:
        return parsed.set(drivername="postgresql+asyncpg")
    raise ConfigError([f"database.url: {parsed.drivername!r} is not supported; {_ALLOWED}"])


def prepare_file(url: URL) -> None:
    """Make SQLite's folder and file for nobody else to read: customers' mails are in it. Nothing for PostgreSQL.

    Raises:
        OSError: the folder or the file cannot be made.
    """
    if url.get_backend_name() != "sqlite":
        return
    file = Path(str(url.database))
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))


def make_engine(url: URL) -> AsyncEngine:
    """An engine whose transactions may write; on SQLite it has one connection.

    Raises:
        OperatorError: the driver is not installed.
    """
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, read_only=False)
    try:
        return create_async_engine(
            url,
            pool_size=_POSTGRESQL_CONNECTIONS,
            max_overflow=0,
            pool_timeout=_CONNECT_LIMIT,
            connect_args={
                "timeout": _CONNECT_LIMIT,
                "command_timeout": _STATEMENT_LIMIT,
                "server_settings": {
                    "application_name": "hezo360",
                    "lock_timeout": "20s",
                    # What a killed machine left open must not keep its locks.
                    "idle_in_transaction_session_timeout": "60s",
                },
            },
        )
    except ModuleNotFoundError as error:
        raise OperatorError(
            f"database.url names PostgreSQL, but {error.name} is not installed: pip install 'hezo360-bot[postgresql]'"
        ) from None


def reading_engine(url: URL, writer: AsyncEngine) -> AsyncEngine:
    """An engine whose transactions cannot write: more connections for SQLite, the same pool for PostgreSQL."""
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, read_only=True)
    return writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _sqlite_engine(url: URL, *, read_only: bool) -> AsyncEngine:
    engine = create_async_engine(
        url, pool_size=_READERS if read_only else 1, max_overflow=0, pool_timeout=_CONNECT_LIMIT
    )

    def on_connect(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        del record
        # The driver would begin transactions by its own lights, and a deferred one cannot wait for its turn to write.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)
    return engine


def is_passing(error: DBAPIError) -> bool:
    """Whether trying again later may help."""
    if error.connection_invalidated:
        return True
    sqlite_code = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(sqlite_code, int):
        return sqlite_code & 0xFF in _PASSING_SQLITE_CODES
    sqlstate = getattr(error.orig, "sqlstate", None)
    return isinstance(sqlstate, str) and sqlstate[:2] in _PASSING_SQLSTATE_CLASSES


def cannot_use(url: URL, error: Exception) -> OperatorError:
    """One line for the operator: which database, why not, what to look at."""
    reason = " ".join(str(getattr(error, "orig", None) or error).split())
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite":
        return OperatorError(f"cannot use the database {shown}: {reason}; check database.url and the folder's rights")
    return OperatorError(f"cannot use the database {shown}: {reason}; check database.url and that the server runs")
