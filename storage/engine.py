"""The database as one object: opened, closed, and asked for transactions; nobody else holds a connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from typing import ClassVar, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.ports import Clock
from storage.composing import MailComposer
from storage.connecting import (
    DEFAULT_TIME_LIMIT,
    cannot_use,
    is_passing,
    make_engine,
    parse_url,
    prepare_file,
    reading_engine,
)
from storage.errors import DatabaseBusy
from storage.inline import InlineConnection
from storage.revisions import bring_up_to_date
from storage.transaction import Transaction, Wake, Wakes
from storage.unit_of_work import StoredUnitOfWork

_T = TypeVar("_T")

_NOTIFY = text("SELECT pg_notify(:channel, :wakes)")
_OPEN_LIMIT = 300.0
"""Seconds that opening may take, with a migration of everything stored."""
_GOODBYE_LIMIT = 2.0


class Database:
    """Everything stored, behind transactions.

    Args:
        url: "sqlite+aiosqlite:///path" (one process) or "postgresql+asyncpg://..." (many).
        clock: Says when rows were written.
        compose: Makes a mail's octets when its outbox row is written.
        read_content_key: Gives what makes two copies of one mail the same (its Message-ID, or a hash).
        time_limit: For waiting for the turn to write, and for a transaction itself: nothing slow belongs into one, and
            a stuck one would stop every other.

    Raises:
        ConfigError: the URL cannot be used.
        OperatorError: the database's driver is not installed.
    """

    CHANNEL: ClassVar[str] = "hezo360"
    """Where PostgreSQL tells the other processes whom a commit concerns."""

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        compose: MailComposer,
        read_content_key: Callable[[bytes], str],
        time_limit: timedelta = DEFAULT_TIME_LIMIT,
    ) -> None:
        self.clock = clock
        self.read_content_key = read_content_key
        self.wakes = Wakes()
        self._url = parse_url(url)
        self._compose = compose
        self.time_limit = time_limit
        self._turn = asyncio.Lock()
        self._in_use = 0
        self._unused = asyncio.Event()
        self._unused.set()
        self._writer = make_engine(self._url, time_limit, inline=True)
        self._reader = reading_engine(self._url, self._writer, time_limit)

    def __repr__(self) -> str:
        return f"<Database {self._url.render_as_string(hide_password=True)}>"

    @property
    def is_postgresql(self) -> bool:
        """Whether several processes may share it."""
        return self._url.get_backend_name() == "postgresql"

    @property
    def file(self) -> str:
        """SQLite's file; of PostgreSQL the database's name."""
        return str(self._url.database)

    async def open(self) -> None:
        """Make it ready: SQLite's folder and file are made and migrated, PostgreSQL must be at our revision.

        Raises:
            DatabaseUnavailable: it cannot be reached or used now; it may be opened again.
            OperatorError: it cannot be used at all, is behind (PostgreSQL) or ahead of this program.
        """
        try:
            prepare_file(self._url)
            async with asyncio.timeout(_OPEN_LIMIT), self._writer.connect() as connection:
                await bring_up_to_date(connection)
        except (OSError, SQLAlchemyError) as error:
            await self.close()
            raise cannot_use(self._url, error) from error
        except BaseException:
            await self.close()
            raise

    async def close(self, patience: timedelta | None = None) -> None:
        """Close every connection, those in use when they are given back; closing twice is harmless.

        Args:
            patience: For those in use; by default as long as a transaction may take.
        """
        with suppress(TimeoutError):  # a transaction ends within its time limit, or its connection is given up
            async with asyncio.timeout((patience or self.time_limit).total_seconds()):
                await self._unused.wait()
        # A server that is silent would be waited for at each connection, one after the other.
        for engine in (self._reader, self._writer):
            with suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE_LIMIT if self.is_postgresql else None):
                    await engine.dispose()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[StoredUnitOfWork]:
        """A unit of work that may write: committed on a clean exit, rolled back on any exception.

        Raises:
            DatabaseBusy: it could not be had or committed in time, and nothing was changed. Only where PostgreSQL's
                connection broke during COMMIT it may have been; the guards (inbox row, timer, version) tell then.
        """
        async with self._own_turn(), self._connection(self._writer) as connection:
            transaction = self._transaction(self._at_hand(connection), read_only=False)
            with _passing_faults_named():
                async with _limited(self.time_limit):
                    await connection.begin()
                    uow = StoredUnitOfWork(transaction)
                    yield uow
                    await uow.flush()
                await _to_the_end(self._commit(transaction, connection))

    @asynccontextmanager
    async def read(self) -> AsyncIterator[StoredUnitOfWork]:
        """A unit of work that sees one state of everything and cannot write.

        Raises:
            DatabaseBusy: it could not be had in time.
        """
        async with self._connection(self._reader) as connection:
            with _passing_faults_named():
                async with _limited(self.time_limit):
                    await connection.begin()
                    yield StoredUnitOfWork(self._transaction(connection, read_only=True))

    @asynccontextmanager
    async def _connection(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """A connection that is given back in any case; `close` waits for those in use."""
        self._in_use += 1
        self._unused.clear()
        try:
            connection = await _connect(engine)
            try:
                yield connection
            except BaseException:
                with suppress(SQLAlchemyError):  # a dead connection must not hide why we leave, a cancellation least
                    await _to_the_end(connection.close())
                raise
            await _to_the_end(connection.close())
        finally:
            self._in_use -= 1
            if not self._in_use:
                self._unused.set()

    def _transaction(self, connection: AsyncConnection, *, read_only: bool) -> Transaction:
        return Transaction(connection, self.clock, self._compose, read_only)

    def _at_hand(self, connection: AsyncConnection) -> AsyncConnection:
        """The connection for what happens within a writing transaction."""
        return connection if self.is_postgresql else InlineConnection(self._writer, connection.sync_connection)

    async def listen(self) -> None:
        """Let what other processes commit wake ours, until the connection breaks; only for PostgreSQL.

        Raises:
            DatabaseBusy, OSError: there is no connection, or it broke.
        """
        broken = asyncio.Event()

        def heard(_connection: object, _pid: int, _channel: str, wakes: str) -> None:
            known = set(Wake)
            self.wakes.set({Wake(name) for name in wakes.split(",") if name in known})

        async with self._connection(self._reader) as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None
            raw.add_termination_listener(lambda _connection: broken.set())
            await raw.add_listener(self.CHANNEL, heard)
            try:
                await broken.wait()
            finally:
                if not raw.is_closed():
                    await raw.remove_listener(self.CHANNEL, heard)
        raise DatabaseBusy("database: the connection that tells of other processes broke")

    async def _commit(self, transaction: Transaction, connection: AsyncConnection) -> None:
        if transaction.is_postgresql and transaction.wakes:
            told = {"channel": self.CHANNEL, "wakes": ",".join(transaction.wakes)}
            await connection.execute(_NOTIFY, told)
        await connection.commit()
        self.wakes.set(transaction.wakes)

    @asynccontextmanager
    async def _own_turn(self) -> AsyncIterator[None]:
        """First come, first served within this process; SQLite's own waiting is a matter of luck."""
        if self.is_postgresql:
            yield
            return
        try:
            async with asyncio.timeout(self.time_limit.total_seconds()):
                await self._turn.acquire()
        except TimeoutError as error:
            raise DatabaseBusy("database: other transactions of this program took too long") from error
        try:
            yield
        finally:
            self._turn.release()


async def _connect(engine: AsyncEngine) -> AsyncConnection:
    opening = asyncio.ensure_future(_opened(engine))
    with _passing_faults_named():
        try:
            return await _to_the_end(opening)
        except (OSError, PoolTimeout) as error:
            raise DatabaseBusy(f"database: no connection: {error}") from error
        except asyncio.CancelledError:
            # The driver's thread went on opening: what it opened must be given back.
            if opening.exception() is None:
                await _to_the_end(opening.result().close())
            raise


async def _opened(engine: AsyncEngine) -> AsyncConnection:
    return await engine.connect()


@asynccontextmanager
async def _limited(time_limit: timedelta) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(time_limit.total_seconds()) as limit:
            yield
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise DatabaseBusy("database: the transaction took too long and was rolled back") from error


@contextmanager
def _passing_faults_named() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if not is_passing(error):
            raise
        raise DatabaseBusy(f"database: {error.orig}") from error


async def _to_the_end(work: Awaitable[_T]) -> _T:
    """Wait for what must not be left half done, even when we are cancelled meanwhile; the cancellation follows."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        task.exception()
        raise cancelled
    return task.result()
