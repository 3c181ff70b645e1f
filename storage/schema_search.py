"""The table by which tickets are found; a part of `storage.schema`."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table

from storage.schema import metadata
from storage.types import SearchWord, row_id

search_words = Table(
    "search_words",
    metadata,
    Column("word", SearchWord, primary_key=True),
    Column("ticket_id", row_id(), ForeignKey("tickets.id"), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
Index(None, search_words.c.ticket_id, search_words.c.word)
