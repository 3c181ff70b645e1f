"""URLs, engines and what every new connection is told first."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import ConfigError, OperatorError
from storage.errors import DatabaseBusy, DatabaseUnavailable
from storage.inline import InlineDriver
from storage.types import to_json

DEFAULT_TIME_LIMIT = timedelta(seconds=30)
APPLICATION = "hezo360"
"""By this PostgreSQL knows our connections."""
_READERS = 4
_POSTGRESQL_CONNECTIONS = 10

_CANTOPEN = 14
"""A folder that is none, too few rights: before it was ever opened, rarely a thing that passes."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# Codes that pass by themselves or by making room: BUSY, LOCKED, NOMEM, IOERR, FULL, CANTOPEN (sqlite.org/rescode.html).
_PASSING_SQLITE_CODES = frozenset({5, 6, 7, 10, 13, 14})
# Classes 08 connection, 40 rollback, 53 resources, 55 not in the right state, 57 operator, 58 disk (PostgreSQL,
# appendix A).
_PASSING_SQLSTATE_CLASSES = frozenset({"08", "40", "53", "55", "57", "58"})
_READ_ONLY = "25006"

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
    if not file.exists():
        _make_file(file)
    os.close(os.open(file, os.O_RDWR))


def _make_file(file: Path) -> None:
    """A new database in WAL mode, put in place as a whole, unless somebody else was first.

    Of several that turn a file to WAL at once, SQLite refuses some ("database is locked") whatever time they have
    (sqlite.org/c3ref/busy_handler.html): so no such file is ever seen.
    """
    descriptor, made = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)  # 0600
    os.close(descriptor)
    try:
        with closing(sqlite3.connect(made)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
        with suppress(FileExistsError):
            file.hardlink_to(made)
    finally:
        Path(made).unlink()


def may_exist(url: URL) -> bool:
    """False where SQLite's file is missing: connecting would make it."""
    return url.get_backend_name() != "sqlite" or Path(str(url.database)).exists()


def make_engine(
    url: URL,
    time_limit: timedelta = DEFAULT_TIME_LIMIT,
    *,
    inline: bool = False,
    statement_limit: timedelta | None = None,
) -> AsyncEngine:
    """An engine whose transactions may write; on SQLite it has one connection.

    With `inline`, SQLite's statements run as `storage.inline` says: for those who ask through an InlineConnection. A
    connection, a lock or one statement gets a third of the time that a whole transaction may take.

    Args:
        statement_limit: For one statement, where it may take longer (PostgreSQL).

    Raises:
        OperatorError: the driver is not installed.
    """
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, time_limit, read_only=False, inline=inline)
    limit = time_limit.total_seconds() / 3
    for_a_statement = limit if statement_limit is None else statement_limit.total_seconds()
    try:
        engine = create_async_engine(
            url,
            json_serializer=to_json,
            pool_size=_POSTGRESQL_CONNECTIONS,
            max_overflow=0,
            pool_timeout=limit,
            connect_args={
                "timeout": limit,
                "command_timeout": for_a_statement,
                "server_settings": {
                    "application_name": APPLICATION,
                    "lock_timeout": f"{limit * 1000:.0f}ms",
                    # What a killed machine or a cut line left open must not keep its locks: neither while it runs, nor
                    # between two statements, nor (`storage.leases.end_cut_off`) within one.
                    "statement_timeout": f"{2 * for_a_statement * 1000:.0f}ms",
                    "idle_in_transaction_session_timeout": f"{time_limit.total_seconds() * 1000:.0f}ms",
                    "tcp_keepalives_idle": "20",
                    "tcp_keepalives_interval": "5",
                    "tcp_keepalives_count": "4",
                },
            },
        )
    except ModuleNotFoundError as error:
        raise OperatorError(
            f"database.url names PostgreSQL, but {error.name} is not installed: pip install 'hezo360-bot[postgresql]'"
        ) from None
    event.listen(engine.sync_engine, "handle_error", _give_up_what_stalls)
    return engine


def _give_up_what_stalls(context: ExceptionContext) -> DatabaseBusy | None:
    """The driver's own time limit and a broken socket are passing faults; such a connection is used no more.

    Nor are those to a server that takes no writing: one that a failover made the spare, or that has closed itself for
    want of room. A session begun there may stay read-only for ever, and the others of the pool will be such, too.
    """
    error = context.original_exception
    if getattr(error, "sqlstate", None) == _READ_ONLY:
        is_ours = context.connection and context.connection.get_execution_options().get("postgresql_readonly")
        context.is_disconnect = not is_ours
        return None
    if not isinstance(error, OSError):  # TimeoutError is one
        return None
    context.is_disconnect = True
    context.invalidate_pool_on_disconnect = False
    return DatabaseBusy(f"database: no answer: {error or type(error).__name__}")


def reading_engine(url: URL, writer: AsyncEngine, time_limit: timedelta) -> AsyncEngine:
    """An engine whose transactions cannot write: more connections for SQLite, the same pool for PostgreSQL."""
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, time_limit, read_only=True)
    return writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _sqlite_engine(url: URL, time_limit: timedelta, *, read_only: bool, inline: bool = False) -> AsyncEngine:
    limit = time_limit.total_seconds() / 3
    driver = {"module": InlineDriver()} if inline else {}
    engine = create_async_engine(
        url,
        json_serializer=to_json,
        pool_size=_READERS if read_only else 1,
        max_overflow=0,
        pool_timeout=limit,
        **driver,
    )

    def on_connect(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        del record
        # The driver would begin transactions by its own lights, and a deferred one cannot wait for its turn to write.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {limit * 1000:.0f}")
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
    """One line for the operator: which database, why not, what to look at. DatabaseUnavailable where it may pass."""
    reason = " ".join(str(getattr(error, "orig", None) or error).split()) or type(error).__name__
    shown = url.render_as_string(hide_password=True)
    is_sqlite = url.get_backend_name() == "sqlite"
    advice = "check database.url and " + ("the folder's rights" if is_sqlite else "that the server runs")
    kind = DatabaseUnavailable if _may_pass(error, is_sqlite=is_sqlite) else OperatorError
    return kind(f"cannot use the database {shown}: {reason}; {advice}")


def _may_pass(error: Exception, *, is_sqlite: bool) -> bool:
    """Whether opening it later may help."""
    if isinstance(error, DBAPIError):
        code = getattr(error.orig, "sqlite_errorcode", None)
        return is_passing(error) and not (isinstance(code, int) and code & 0xFF == _CANTOPEN)
    if is_sqlite:
        code = getattr(error, "sqlite_errorcode", None)  # of the file that is made without SQLAlchemy
        is_full = isinstance(error, OSError) and error.errno in _NO_ROOM
        return is_full or (isinstance(code, int) and code & 0xFF in _PASSING_SQLITE_CODES - {_CANTOPEN})
    return isinstance(error, OSError | PoolTimeout)
