"""The tables of tickets, their mail and their queues; those of other areas are in the files `*_tables`.

Rows become the values of `bot.model` and `bot.ports` by hand, in the files beside this one.

A change here needs a migration in `storage/migrations/versions`, and SCHEMA_REVISION to name it; tests compare both.
Ids are never used twice (AUTOINCREMENT on SQLite): numbers, Message-IDs and Slack keys are made of them.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    false,
    text,
)

from bot.model import AttachmentVerdict, ClockKind, ClockState, Direction, Language, Priority, TicketState
from bot.ports import InboxState, OutboxState
from storage import conditions
from storage.types import JsonValue, Microseconds, PlainText, UtcDateTime, row_id, word_of

SCHEMA_REVISION = "0014"
"""The newest migration; with those before it, it makes exactly these tables and those of the files `*_tables`."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class TimerState(StrEnum):
    """DONE has acted; CANCELLED never did, so its key may be set again; PARKED failed too often to act."""

    PENDING = "pending"
    DONE = "done"
    CANCELLED = "cancelled"
    PARKED = "parked"


class Transport(StrEnum):
    """The way out: mails, Slack posts, uploads of files and calls of the webhook never wait for each other."""

    MAIL = "mail"
    SLACK = "slack"
    FILES = "files"
    WEBHOOK = "webhook"


def id_column() -> Column[int]:
    """The key of a table whose rows are numbered."""
    return Column("id", row_id(), primary_key=True)


def reference(name: str, to: str, *, nullable: bool = False) -> Column[int]:
    """A column that holds the id of a row of another table: `to` is "table.column"."""
    return Column(name, row_id(), ForeignKey(to), nullable=nullable)


_TICKET_IS_OPEN = "state NOT IN ('resolved', 'closed')"
_HAS_CUSTOMER_THREAD = "customer_ts IS NOT NULL"
_INBOX_IS_NEW = "state = 'new'"
_INBOX_IS_PARKED = "state = 'parked'"
_INBOX_IS_FIRST = "state <> 'duplicate'"
_OUTBOX_IS_UNSENT = "state IN ('pending', 'sending', 'in_doubt')"
_OUTBOX_IS_WAITING = "state IN ('pending', 'in_doubt')"
_OUTBOX_IS_PARKED = "state = 'parked'"
_OUTBOX_IS_AUTOMATIC = "automatic_to IS NOT NULL"
_TIMER_IS_PENDING = "state = 'pending'"


def partial_index(name: str, condition: str, *columns: str, unique: bool = False) -> Index:
    """An index of the rows for which the condition holds; a query uses it that repeats the condition literally."""
    where = text(condition)
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


tickets = Table(
    "tickets",
    metadata,
    id_column(),
    Column("number", PlainText, unique=True),  # made of the id: null only until the inserting transaction knows it
    Column("version", Integer, nullable=False),
    Column("state", word_of(TicketState), nullable=False),
    Column("priority", word_of(Priority), nullable=False),
    Column("priority_confirmed", Boolean, nullable=False),
    Column("language", word_of(Language), nullable=False),
    Column("subject", PlainText, nullable=False),
    Column("requester", PlainText, nullable=False),
    Column("requester_name", PlainText, nullable=False),
    Column("reported_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    reference("contract_id", "contracts.id", nullable=True),
    Column("devices", JsonValue, nullable=False),
    Column("accepted_at", UtcDateTime),
    Column("contacted_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("assignee", PlainText),
    Column("slack_channel", PlainText),
    Column("slack_ts", PlainText),
    Column("terms", JsonValue, nullable=False),
    Column("facts", JsonValue, nullable=False),
    Column("customer_channel", PlainText),
    Column("customer_ts", PlainText),
    Column("unfinished_clocks", Integer, nullable=False, server_default=text("0")),  # counted by `StoredClocks`
    Column("erased_at", UtcDateTime),  # when its words were let go
    partial_index("uq_tickets_customer_thread", _HAS_CUSTOMER_THREAD, "customer_channel", "customer_ts", unique=True),
    partial_index("ix_tickets_open", _TICKET_IS_OPEN, "reported_at", "id"),
    partial_index("ix_tickets_ended", conditions.TICKET_HAS_WORDS, "closed_at", "id"),
    partial_index("ix_tickets_idle", conditions.TICKET_IS_IDLE, "id"),
    partial_index("ix_tickets_assignee", _TICKET_IS_OPEN, "assignee", "id"),
    sqlite_autoincrement=True,
)
Index(None, tickets.c.contract_id)
Index(None, tickets.c.slack_ts)

ticket_participants = Table(
    "ticket_participants",
    metadata,
    id_column(),
    reference("ticket_id", "tickets.id"),
    Column("address", PlainText, nullable=False),
    UniqueConstraint("ticket_id", "address"),
    sqlite_autoincrement=True,
)
Index(None, ticket_participants.c.address)

inbox = Table(
    "inbox",
    metadata,
    id_column(),
    Column("source", String(16), nullable=False),
    Column("place", PlainText, nullable=False),
    Column("source_key", PlainText, nullable=False, unique=True),
    Column("content_key", PlainText),
    reference("duplicate_of", "inbox.id", nullable=True),
    Column("body", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
    Column("state", word_of(InboxState), nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("begun", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("outcome", PlainText),
    Column("error", PlainText),
    reference("ticket_id", "tickets.id", nullable=True),
    partial_index("ix_inbox_new", _INBOX_IS_NEW, "source", "next_attempt_at", "id"),
    partial_index("ix_inbox_kept", conditions.INBOX_IS_KEPT, "source", "stored_at", "id"),
    partial_index("ix_inbox_parked", _INBOX_IS_PARKED, "id"),
    partial_index("uq_inbox_content_key", _INBOX_IS_FIRST, "content_key", unique=True),
    sqlite_autoincrement=True,
)
Index(None, inbox.c.ticket_id)

messages = Table(
    "messages",
    metadata,
    id_column(),
    reference("ticket_id", "tickets.id"),
    Column("direction", word_of(Direction), nullable=False),
    Column("author", PlainText, nullable=False),
    Column("author_name", PlainText, nullable=False),
    Column("text", PlainText, nullable=False),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("rfc_message_id", PlainText),  # RFC 5322 §3.6.4; not unique: senders choose it
    Column("automatic", Boolean, nullable=False),
    reference("inbox_id", "inbox.id", nullable=True),
    Column("slack_ts", PlainText),
    Column("customer_ts", PlainText),
    sqlite_autoincrement=True,
)
Index(None, messages.c.ticket_id, messages.c.id)
Index(None, messages.c.rfc_message_id)

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", String(64), primary_key=True),  # of the content, hex: the same file is kept once
    Column("content", LargeBinary, nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
)

attachments = Table(
    "attachments",
    metadata,
    id_column(),
    reference("ticket_id", "tickets.id"),
    reference("message_id", "messages.id"),
    Column("position", Integer, nullable=False),
    Column("name", PlainText, nullable=False),
    Column("content_type", PlainText, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), ForeignKey("blobs.sha256")),  # null where it was dropped
    Column("verdict", word_of(AttachmentVerdict), nullable=False),
    Column("reason", PlainText),
    Column("slack_file", PlainText),
    UniqueConstraint("message_id", "position"),
    sqlite_autoincrement=True,
)
Index(None, attachments.c.ticket_id, attachments.c.id)
Index(None, attachments.c.sha256)

journal = Table(
    "journal",
    metadata,
    id_column(),
    reference("ticket_id", "tickets.id"),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", PlainText, nullable=False),
    Column("kind", PlainText, nullable=False),
    Column("data", JsonValue, nullable=False),
    sqlite_autoincrement=True,
)
Index(None, journal.c.ticket_id, journal.c.id)

outbox = Table(
    "outbox",
    metadata,
    id_column(),
    Column("transport", word_of(Transport), nullable=False),
    Column("lane", PlainText, nullable=False),
    Column("type", String(32), nullable=False),  # the effect's class name
    Column("effect", JsonValue, nullable=False),
    reference("ticket_id", "tickets.id", nullable=True),
    Column("urgent", Boolean, nullable=False, server_default=false()),
    Column("state", word_of(OutboxState), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", UtcDateTime, nullable=False),
    Column("worker", PlainText),
    Column("claimed_at", UtcDateTime),
    Column("sent_at", UtcDateTime),
    Column("result", JsonValue),
    Column("error", PlainText),
    Column("dedupe_key", PlainText, unique=True),
    Column("rfc_message_id", PlainText, unique=True),
    Column("raw", LargeBinary),
    Column("automatic_to", PlainText),  # the recipient, lower case, of a mail that no person wrote
    partial_index("ix_outbox_lane", _OUTBOX_IS_UNSENT, "lane", "id"),
    partial_index("ix_outbox_due", _OUTBOX_IS_WAITING, "transport", "next_attempt_at", "id"),
    partial_index("ix_outbox_octets", conditions.OUTBOX_HAS_OCTETS, "created_at", "id"),
    partial_index("ix_outbox_passing", conditions.OUTBOX_IS_PASSING, "created_at", "id"),
    partial_index("ix_outbox_parked", _OUTBOX_IS_PARKED, "id"),
    partial_index("ix_outbox_automatic", _OUTBOX_IS_AUTOMATIC, "automatic_to", "created_at"),
    sqlite_autoincrement=True,
)

clocks = Table(
    "clocks",
    metadata,
    id_column(),
    reference("ticket_id", "tickets.id"),
    Column("kind", word_of(ClockKind), nullable=False),
    Column("state", word_of(ClockState), nullable=False),
    Column("calendar", String(16), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("budget_us", Microseconds, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    reference("message_id", "messages.id", nullable=True),
    Column("ended_at", UtcDateTime),
    Column("breached_at", UtcDateTime),
    Column("pauses", JsonValue, nullable=False, server_default=text("'[]'")),  # [[since, until or null], ...], ISO 8601
    Column("remaining_us", Microseconds),
    partial_index("ix_clocks_running", conditions.CLOCK_IS_RUNNING, "due_at", "id"),
    partial_index("ix_clocks_ended", conditions.CLOCK_HAS_ENDED, "ended_at"),
    sqlite_autoincrement=True,
)
Index(None, clocks.c.ticket_id, clocks.c.id)

timers = Table(
    "timers",
    metadata,
    id_column(),
    Column("key", PlainText, nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    reference("ticket_id", "tickets.id"),
    Column("fire_at", UtcDateTime, nullable=False),
    reference("clock_id", "clocks.id", nullable=True),
    Column("escalation_id", row_id()),  # no foreign key: SQLite would have to write the table anew to get one
    Column("level", Integer),
    Column("state", word_of(TimerState), nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    partial_index("ix_timers_due", _TIMER_IS_PENDING, "fire_at", "id"),
    partial_index("ix_timers_over", conditions.TIMER_IS_OVER, "fire_at", "id"),
    partial_index("ix_timers_parked", conditions.TIMER_IS_PARKED, "id"),
    partial_index("ix_timers_clock_id", _TIMER_IS_PENDING, "clock_id"),
    partial_index("ix_timers_escalation_id", conditions.TIMER_IS_OF_ESCALATION, "escalation_id"),
    sqlite_autoincrement=True,
)

settings = Table(
    "settings",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", PlainText, nullable=False),
)
