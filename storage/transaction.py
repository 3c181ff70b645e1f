"""What every repository needs of the transaction it works in, and how a loop hears that there is work."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.ports import Clock
from storage.composing import MailComposer

Upsert = postgresql.Insert | sqlite.Insert


def upsert(table: Table, *, is_postgresql: bool) -> Upsert:
    """An INSERT that knows ON CONFLICT; both dialects spell it alike."""
    return postgresql.insert(table) if is_postgresql else sqlite.insert(table)


class Wake(StrEnum):
    """Whom a committed change concerns."""

    MAIL_INBOX = "mail_inbox"
    SLACK_INBOX = "slack_inbox"
    MAIL_OUTBOX = "mail_outbox"
    SLACK_OUTBOX = "slack_outbox"
    FILES_OUTBOX = "files_outbox"
    WEBHOOK_OUTBOX = "webhook_outbox"
    TIMERS = "timers"


@dataclass(frozen=True, slots=True)
class Wakes:
    """One event per loop, set after a commit that gave it work; each loop clears only its own, before it looks."""

    mail_inbox: asyncio.Event = field(default_factory=asyncio.Event)
    slack_inbox: asyncio.Event = field(default_factory=asyncio.Event)
    mail_outbox: asyncio.Event = field(default_factory=asyncio.Event)
    slack_outbox: asyncio.Event = field(default_factory=asyncio.Event)
    files_outbox: asyncio.Event = field(default_factory=asyncio.Event)
    webhook_outbox: asyncio.Event = field(default_factory=asyncio.Event)
    timers: asyncio.Event = field(default_factory=asyncio.Event)

    def set(self, wakes: set[Wake]) -> None:
        """Set these events."""
        for wake in wakes:
            event: asyncio.Event = getattr(self, wake.value)
            event.set()


@dataclass(slots=True)
class Transaction:
    """An open transaction and its surroundings.

    Attributes:
        read_only: No writing, and no row is locked.
        wakes: Whom to wake once it is committed.
    """

    connection: AsyncConnection
    clock: Clock
    compose: MailComposer
    read_only: bool
    wakes: set[Wake] = field(default_factory=set)

    @property
    def is_postgresql(self) -> bool:
        """Whether the database is PostgreSQL; else it is SQLite."""
        return self.connection.dialect.name == "postgresql"

    @property
    def locks_rows(self) -> bool:
        """Whether rows read for a change are locked: on SQLite a writing transaction is alone anyway."""
        return self.is_postgresql and not self.read_only

    def insert(self, table: Table) -> Upsert:
        """An INSERT that knows ON CONFLICT."""
        return upsert(table, is_postgresql=self.is_postgresql)
