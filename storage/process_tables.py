"""The tables of processes that share a PostgreSQL database (`storage.leases`)."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Table

from storage.schema import metadata
from storage.types import PlainText, UtcDateTime

workers = Table(
    "workers",
    metadata,
    Column("name", PlainText, primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False),  # by the server's clock
)

leases = Table(
    "leases",
    metadata,
    Column("name", PlainText, primary_key=True),
    Column("worker", PlainText, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("is_well", Boolean, nullable=False),
)
