"""The tables. Rows become the values of `bot.model` and `bot.ports` by hand, in the files beside this one.

A change here needs a migration in `storage/migrations/versions`, and SCHEMA_REVISION to name it; tests compare both.
Ids are never used twice (AUTOINCREMENT on SQLite): numbers, Message-IDs and Slack keys are made of them.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    Boolean,
    Column,
    Date,
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

from bot.escalations import EscalationSource
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


class ContactSource(StrEnum):
    """Who put a representative on a contract: an import may take back only what an import gave."""

    IMPORT = "import"
    STAFF = "staff"


def _id() -> Column[int]:
    return Column("id", row_id(), primary_key=True)


def _reference(name: str, to: str, *, nullable: bool = False) -> Column[int]:
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
_ESCALATION_IS_OPEN = "ended_at IS NULL"
_SHIFT_STANDS = "removed_at IS NULL"
_TIMER_IS_PENDING = "state = 'pending'"


def _partial_index(name: str, condition: str, *columns: str, unique: bool = False) -> Index:
    """An index of the rows for which the condition holds; a query uses it that repeats the condition literally."""
    where = text(condition)
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


contracts = Table(
    "contracts",
    metadata,
    _id(),
    Column("key", PlainText, nullable=False, unique=True),  # the folded number
    Column("number", PlainText, nullable=False),
    Column("customer", PlainText, nullable=False),
    Column("nip", PlainText, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, nullable=False),
    Column("language", word_of(Language)),
    Column("on_site", Boolean, nullable=False, server_default=false()),
    Column("updated_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

contract_devices = Table(
    "contract_devices",
    metadata,
    _id(),
    _reference("contract_id", "contracts.id"),
    Column("position", Integer, nullable=False),
    Column("serial", PlainText, nullable=False),
    Column("model", PlainText, nullable=False),
    UniqueConstraint("contract_id", "serial"),
    sqlite_autoincrement=True,
)
Index(None, contract_devices.c.serial)

contract_contacts = Table(
    "contract_contacts",
    metadata,
    _id(),
    _reference("contract_id", "contracts.id"),
    Column("value", PlainText, nullable=False),  # "anna@klient.example" or "@klient.example", lower case
    Column("source", word_of(ContactSource), nullable=False),
    UniqueConstraint("contract_id", "value"),
    sqlite_autoincrement=True,
)
Index(None, contract_contacts.c.value)

contract_channels = Table(
    "contract_channels",
    metadata,
    _id(),
    _reference("contract_id", "contracts.id"),
    Column("channel", PlainText, nullable=False),  # Slack's id of a shared channel
    UniqueConstraint("contract_id", "channel"),
    sqlite_autoincrement=True,
)
Index(None, contract_channels.c.channel)

tickets = Table(
    "tickets",
    metadata,
    _id(),
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
    _reference("contract_id", "contracts.id", nullable=True),
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
    _partial_index("uq_tickets_customer_thread", _HAS_CUSTOMER_THREAD, "customer_channel", "customer_ts", unique=True),
    _partial_index("ix_tickets_open", _TICKET_IS_OPEN, "reported_at", "id"),
    _partial_index("ix_tickets_ended", conditions.TICKET_HAS_WORDS, "closed_at", "id"),
    _partial_index("ix_tickets_idle", conditions.TICKET_IS_IDLE, "id"),
    _partial_index("ix_tickets_assignee", _TICKET_IS_OPEN, "assignee", "id"),
    sqlite_autoincrement=True,
)
Index(None, tickets.c.contract_id)
Index(None, tickets.c.slack_ts)

ticket_participants = Table(
    "ticket_participants",
    metadata,
    _id(),
    _reference("ticket_id", "tickets.id"),
    Column("address", PlainText, nullable=False),
    UniqueConstraint("ticket_id", "address"),
    sqlite_autoincrement=True,
)
Index(None, ticket_participants.c.address)

inbox = Table(
    "inbox",
    metadata,
    _id(),
    Column("source", String(16), nullable=False),
    Column("place", PlainText, nullable=False),
    Column("source_key", PlainText, nullable=False, unique=True),
    Column("content_key", PlainText),
    _reference("duplicate_of", "inbox.id", nullable=True),
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
    _reference("ticket_id", "tickets.id", nullable=True),
    _partial_index("ix_inbox_new", _INBOX_IS_NEW, "source", "next_attempt_at", "id"),
    _partial_index("ix_inbox_kept", conditions.INBOX_IS_KEPT, "source", "stored_at", "id"),
    _partial_index("ix_inbox_parked", _INBOX_IS_PARKED, "id"),
    _partial_index("uq_inbox_content_key", _INBOX_IS_FIRST, "content_key", unique=True),
    sqlite_autoincrement=True,
)
Index(None, inbox.c.ticket_id)

messages = Table(
    "messages",
    metadata,
    _id(),
    _reference("ticket_id", "tickets.id"),
    Column("direction", word_of(Direction), nullable=False),
    Column("author", PlainText, nullable=False),
    Column("author_name", PlainText, nullable=False),
    Column("text", PlainText, nullable=False),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("rfc_message_id", PlainText),  # RFC 5322 §3.6.4; not unique: senders choose it
    Column("automatic", Boolean, nullable=False),
    _reference("inbox_id", "inbox.id", nullable=True),
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
    _id(),
    _reference("ticket_id", "tickets.id"),
    _reference("message_id", "messages.id"),
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
    _id(),
    _reference("ticket_id", "tickets.id"),
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
    _id(),
    Column("transport", word_of(Transport), nullable=False),
    Column("lane", PlainText, nullable=False),
    Column("type", String(32), nullable=False),  # the effect's class name
    Column("effect", JsonValue, nullable=False),
    _reference("ticket_id", "tickets.id", nullable=True),
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
    _partial_index("ix_outbox_lane", _OUTBOX_IS_UNSENT, "lane", "id"),
    _partial_index("ix_outbox_due", _OUTBOX_IS_WAITING, "transport", "next_attempt_at", "id"),
    _partial_index("ix_outbox_octets", conditions.OUTBOX_HAS_OCTETS, "created_at", "id"),
    _partial_index("ix_outbox_passing", conditions.OUTBOX_IS_PASSING, "created_at", "id"),
    _partial_index("ix_outbox_parked", _OUTBOX_IS_PARKED, "id"),
    _partial_index("ix_outbox_automatic", _OUTBOX_IS_AUTOMATIC, "automatic_to", "created_at"),
    sqlite_autoincrement=True,
)

clocks = Table(
    "clocks",
    metadata,
    _id(),
    _reference("ticket_id", "tickets.id"),
    Column("kind", word_of(ClockKind), nullable=False),
    Column("state", word_of(ClockState), nullable=False),
    Column("calendar", String(16), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("budget_us", Microseconds, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    _reference("message_id", "messages.id", nullable=True),
    Column("ended_at", UtcDateTime),
    Column("breached_at", UtcDateTime),
    Column("pauses", JsonValue, nullable=False, server_default=text("'[]'")),  # [[since, until or null], ...], ISO 8601
    Column("remaining_us", Microseconds),
    _partial_index("ix_clocks_running", conditions.CLOCK_IS_RUNNING, "due_at", "id"),
    _partial_index("ix_clocks_ended", conditions.CLOCK_HAS_ENDED, "ended_at"),
    sqlite_autoincrement=True,
)
Index(None, clocks.c.ticket_id, clocks.c.id)

escalations = Table(
    "escalations",
    metadata,
    _id(),
    Column("version", Integer, nullable=False),
    _reference("ticket_id", "tickets.id"),
    Column("source", word_of(EscalationSource), nullable=False),
    Column("reason", PlainText, nullable=False),
    Column("raised_by", PlainText, nullable=False),
    Column("requester", PlainText),
    _reference("clock_id", "clocks.id", nullable=True),
    Column("window", String(16), nullable=False),
    Column("chain", JsonValue, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("step", Integer, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("stepped_at", UtcDateTime),
    Column("called_at", UtcDateTime),
    Column("acknowledged_at", UtcDateTime),
    Column("touched_at", UtcDateTime),
    Column("snoozed_until", UtcDateTime),
    Column("owner", PlainText),
    Column("ended_at", UtcDateTime),
    Column("outcome", PlainText),
    Column("slack_channel", PlainText),
    Column("slack_ts", PlainText),
    Column("facts", JsonValue, nullable=False),
    _partial_index("uq_escalations_open", _ESCALATION_IS_OPEN, "ticket_id", unique=True),
    sqlite_autoincrement=True,
)
Index(None, escalations.c.ticket_id, escalations.c.id)

duty_shifts = Table(
    "duty_shifts",
    metadata,
    _id(),
    Column("user", PlainText, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("substitute", PlainText),
    Column("set_by", PlainText, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
    Column("removed_at", UtcDateTime),
    _partial_index("ix_duty_shifts_standing", _SHIFT_STANDS, "ends_at"),
    sqlite_autoincrement=True,
)

timers = Table(
    "timers",
    metadata,
    _id(),
    Column("key", PlainText, nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    _reference("ticket_id", "tickets.id"),
    Column("fire_at", UtcDateTime, nullable=False),
    _reference("clock_id", "clocks.id", nullable=True),
    Column("escalation_id", row_id()),  # no foreign key: SQLite would have to write the table anew to get one
    Column("level", Integer),
    Column("state", word_of(TimerState), nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    _partial_index("ix_timers_due", _TIMER_IS_PENDING, "fire_at", "id"),
    _partial_index("ix_timers_over", conditions.TIMER_IS_OVER, "fire_at", "id"),
    _partial_index("ix_timers_parked", conditions.TIMER_IS_PARKED, "id"),
    _partial_index("ix_timers_clock_id", _TIMER_IS_PENDING, "clock_id"),
    _partial_index("ix_timers_escalation_id", conditions.TIMER_IS_OF_ESCALATION, "escalation_id"),
    sqlite_autoincrement=True,
)

settings = Table(
    "settings",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", PlainText, nullable=False),
)
