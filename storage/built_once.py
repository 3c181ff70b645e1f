"""Statements that are built once and executed for every mail, ready for SQLite without SQLAlchemy's detours.

SQLAlchemy's own way to a statement that it has compiled before costs several times what SQLite needs for it. What is
marked here with `built_once` is compiled once for each set of parameters: its text, what turns each parameter into
what the driver takes, and what turns each column back. The types are SQLAlchemy's and so is the text.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement

from storage.sqlite_values import Convert, from_sqlite, to_sqlite

_S = TypeVar("_S", bound=ClauseElement)

_marked: dict[int, ClauseElement] = {}
"""By identity, as statements compare by building an expression; they live as long as the program."""
_ready: dict[tuple[int, tuple[str, ...]], Ready | None] = {}


def built_once(statement: _S) -> _S:
    """Mark a statement of a module: it is executed often, and never changed. Gives the statement itself."""
    _marked[id(statement)] = statement
    return statement


class Outcome:
    """What became of a statement, with those of `sqlalchemy.CursorResult`'s words that this package uses."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: list[Any], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> list[Any]:
        """The rows, with their columns as attributes."""
        return self._rows

    def one_or_none(self) -> Any:
        """The only row, or None; the statement asks for one by a unique key."""
        assert len(self._rows) <= 1
        return self._rows[0] if self._rows else None

    def one(self) -> Any:
        """The only row."""
        (row,) = self._rows
        return row

    def scalar_one_or_none(self) -> Any:
        """The first column of the only row, or None."""
        row = self.one_or_none()
        return None if row is None else row[0]

    def scalar_one(self) -> Any:
        """The first column of the only row."""
        return self.one()[0]

    def scalar(self) -> Any:
        """The first column of the first row, or None."""
        return self._rows[0][0] if self._rows else None

    def scalars(self) -> Iterator[Any]:
        """The first column of every row."""
        return (row[0] for row in self._rows)


class Ready:
    """A statement compiled for SQLite and one set of parameter names."""

    __slots__ = ("_columns", "_parameters", "_row", "text")

    def __init__(
        self,
        text: str,
        parameters: list[tuple[str, Any, Convert | None]],
        columns: list[Convert | None],
        row: Callable[..., Any],
    ) -> None:
        self.text = text
        self._parameters = parameters
        self._columns = [(at, convert) for at, convert in enumerate(columns) if convert is not None]
        self._row = row

    def execute(self, connection: sqlite3.Connection, values: Mapping[str, Any]) -> Outcome:
        """Execute it. Raises sqlite3.Error, and what a parameter's type raises (ValueError for a naive datetime)."""
        cursor = connection.execute(self.text, self._given(values))
        if cursor.description is None:
            return Outcome([], cursor.rowcount)
        rows = []
        for found in cursor.fetchall():
            row = list(found)
            for at, convert in self._columns:
                row[at] = convert(row[at])
            rows.append(self._row(*row))
        return Outcome(rows, cursor.rowcount)

    def execute_many(self, connection: sqlite3.Connection, rows: Sequence[Mapping[str, Any]]) -> Outcome:
        """Execute it for each of the rows, which all have the same keys; nothing comes back.

        Raises:
            ValueError: As `execute`, and nothing was changed.
            DBAPIError: The database refused a row, and may have taken those before it.
        """
        given = [self._given(values) for values in rows]
        try:
            cursor = connection.executemany(self.text, given)
        except sqlite3.Error as error:
            raise DBAPIError.instance(self.text, None, error, sqlite3.Error) from error
        return Outcome([], cursor.rowcount)

    def _given(self, values: Mapping[str, Any]) -> list[Any]:
        given = []
        for name, fixed, convert in self._parameters:
            value = values.get(name, fixed)
            given.append(value if convert is None else convert(value))
        return given


def ready(statement: Any, values: Mapping[str, Any], dialect: Dialect) -> Ready | None:
    """The statement for these parameters' names; None where it is not marked, or its text depends on the values."""
    key = (id(statement), tuple(values))
    try:
        return _ready[key]
    except KeyError:
        pass
    if id(statement) not in _marked:
        return None
    _ready[key] = made = _compile(statement, values, dialect)
    return made


def _compile(statement: Any, values: Mapping[str, Any], dialect: Dialect) -> Ready | None:
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(values))
    if compiled.post_compile_params:  # IN over as many as there are
        return None
    parameters = []
    for name in compiled.positiontup:
        bind = compiled.binds[name]
        if bind.required and name not in values:
            return None
        parameters.append((name, bind.effective_value, to_sqlite(bind.type, dialect)))
    exported = getattr(statement, "exported_columns", ())
    columns = [from_sqlite(column.type, dialect) for column in exported]
    names = [column.key or f"column_{at}" for at, column in enumerate(exported)]
    return Ready(compiled.string, parameters, columns, namedtuple("Row", names, rename=True))
