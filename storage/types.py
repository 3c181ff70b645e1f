"""Column types: what the database keeps of Python's values, the same way on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Enum,
    Integer,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy import literal_column as sql_literal
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

# PostgreSQL refuses NUL in text, and neither database takes the lone surrogates that a badly encoded mail leaves.
_SUSPECT = re.compile(r"\\u(?:0000|d[89a-f])")
_ENCODER = json.JSONEncoder(check_circular=False)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text with U+FFFD in place of what no database keeps: NUL and lone surrogates."""
    return _UNSTORABLE.sub("\ufffd", text)


def to_json(value: object) -> str:
    """JSON text for the database; what no database keeps is replaced as in `storable`."""
    said = _ENCODER.encode(value)
    # Escaped as it is, the text shows whether there is anything to look for; a proper emoji looks so, too.
    return json.dumps(storable_json(value)) if _SUSPECT.search(said) else said


def storable_json(value: object) -> object:
    """The same as `storable` for every string, key or value, inside a JSON value."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(key)): storable_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable_json(item) for item in value]
    return value


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, kept in UTC. Naive values are refused: nobody could say later what they meant."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC out; SQLite, which knows no zones, gets it without one, so that text order is time order.

        Raises:
            ValueError: the value is naive (SQLAlchemy shows it as StatementError).
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive datetime cannot be stored: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware UTC back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Microseconds(TypeDecorator[timedelta]):
    """A span of time as whole microseconds: exact, and the same number on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        """Count the microseconds; division by a float would round."""
        del dialect
        return None if value is None else value // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:
        """The span back."""
        del dialect
        return None if value is None else timedelta(microseconds=value)


class PlainText(TypeDecorator[str]):
    """Text of any length, without what no database keeps (see `storable`)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace what cannot be stored."""
        del dialect
        return None if value is None else storable(value)


SearchWord = String(64).with_variant(String(64, collation="C"), "postgresql")
"""A word that is looked for by its beginning: in the order of its octets, whatever the database's language is."""


class JsonValue(TypeDecorator[object]):
    """JSON values; JSONB on PostgreSQL. Strings inside are made storable by the engine's serialiser (`to_json`)."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """JSONB where there is one."""
        return dialect.type_descriptor(JSONB() if dialect.name == "postgresql" else JSON())


def row_id() -> BigInteger:
    """The type of ids and references: 64 bits; SQLite counts only an INTEGER primary key up by itself."""
    return BigInteger().with_variant(Integer(), "sqlite")


def word_of(words: type[StrEnum]) -> Enum:
    """A column that holds one of these words, as text: a new word needs no migration."""
    return Enum(
        words,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda those: [w.value for w in those],
    )


def literal(word: StrEnum) -> ColumnElement[str]:
    """A word of ours as SQL literal.

    Both databases use a partial index only where the query repeats its condition literally; a bound parameter hides it.
    """
    return sql_literal(f"'{word.value}'")
