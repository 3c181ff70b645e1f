"""What is erased is gone from SQLite's files as well: overwritten where it was, and not left in the write-ahead log.

PostgreSQL frees what is erased by its next VACUUM.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

from sqlalchemy import text

from storage.engine import Database
from storage.transaction import Transaction

_READERS_TAKE = 30.0
"""Seconds to wait for whoever reads an older state."""


async def overwrite_what_goes(transaction: Transaction) -> None:
    """From here on this connection overwrites what it deletes (sqlite.org/pragma.html#pragma_secure_delete)."""
    if not transaction.is_postgresql:
        await transaction.connection.execute(text("PRAGMA secure_delete = ON"))


async def empty_log(database: Database) -> bool:
    """Bring all into the database's file and cut the log to nothing: its old pages hold what was there before.

    Returns:
        False where somebody still read an older state after half a minute; the log is as it was.
    """
    return database.is_postgresql or await asyncio.to_thread(_truncate, database.file)


def _truncate(file: str) -> bool:
    with closing(sqlite3.connect(file, timeout=_READERS_TAKE, isolation_level=None)) as connection:
        [(is_busy, _, _)] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return not is_busy
