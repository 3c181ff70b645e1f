"""Where the bot of a scenario stores: a file of its own with SQLite, or a database of its own on PostgreSQL."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer

NewDatabase = Callable[[Path], Awaitable[str]]
"""Makes an empty database, given the scenario's folder; gives the URL for the configuration."""

on_both_databases = pytest.mark.parametrize("stored", ["sqlite", "postgresql"], indirect=True)
"""Plays a scenario on SQLite and on PostgreSQL, whichever is asked for (`--database`)."""


async def in_a_file(folder: Path) -> str:
    """With SQLite."""
    return f"sqlite+aiosqlite:///{folder}/hezo360.sqlite3"


def on(server: PostgresServer, template: str) -> NewDatabase:
    """With PostgreSQL, each a copy of a migrated one that nobody is connected to."""
    numbers = count(1)

    async def copy(_folder: Path) -> str:
        name = f"scenario_{next(numbers)}"
        await server.create_database(name, template)
        return server.url(name)

    return copy


class _Chosen:
    new_database: NewDatabase = staticmethod(in_a_file)


@contextmanager
def stored_by(new_database: NewDatabase) -> Iterator[None]:
    """Within, every scenario stores there."""
    before, _Chosen.new_database = _Chosen.new_database, staticmethod(new_database)
    try:
        yield
    finally:
        _Chosen.new_database = staticmethod(before)


async def database_for(folder: Path) -> str:
    """A new database as chosen; its URL."""
    return await _Chosen.new_database(folder)
