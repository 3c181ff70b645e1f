"""What SQLite takes and gives for our column types, without SQLAlchemy's chain of processors for each value.

A report binds some two hundred values. The types are those of `storage.types`; for any other SQLAlchemy's own way is
taken. A test holds that both ways keep and give the same.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Dialect, Enum
from sqlalchemy.types import TypeEngine

from storage.types import PlainText, UtcDateTime, storable

Convert = Callable[[Any], Any]


def to_sqlite(type_: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """What turns a value of this type into what the driver takes; None where nothing has to be done.

    The function that is given raises what the type raises: ValueError for a naive datetime.
    """
    usual: Convert | None = type_.dialect_impl(dialect).bind_processor(dialect)
    if isinstance(type_, UtcDateTime):
        return _instant_to_text
    if isinstance(type_, PlainText):
        return lambda text: None if text is None else storable(text)
    if isinstance(type_, Enum) and type_.enum_class is not None and usual is not None:
        known = {None: None} | {word: word.value for word in type_.enum_class}
        return lambda word: known[word] if word in known else usual(word)
    return usual


def from_sqlite(type_: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """What turns back what the driver gives; None where nothing has to be done."""
    if isinstance(type_, UtcDateTime):
        return _instant_from_text
    usual: Convert | None = type_.dialect_impl(dialect).result_processor(dialect, None)
    if isinstance(type_, Enum) and type_.enum_class is not None and usual is not None:
        known = {None: None} | {word.value: word for word in type_.enum_class}
        return lambda text: known[text] if text in known else usual(text)
    return usual


def _instant_to_text(value: datetime | None) -> str | None:
    """As SQLAlchemy writes them: always with microseconds, so that text order is time order."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(f"a naive datetime cannot be stored: {value!r}")
    return value.astimezone(UTC).isoformat(" ", "microseconds")[: -len("+00:00")]


def _instant_from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)
