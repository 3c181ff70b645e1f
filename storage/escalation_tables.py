"""The tables of escalations and of who is on duty; more of `storage.schema`, under the same rules."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table

from bot.escalations import EscalationSource
from storage.schema import id_column, metadata, partial_index, reference
from storage.types import JsonValue, PlainText, UtcDateTime, word_of

_ESCALATION_IS_OPEN = "ended_at IS NULL"
_SHIFT_STANDS = "removed_at IS NULL"

escalations = Table(
    "escalations",
    metadata,
    id_column(),
    Column("version", Integer, nullable=False),
    reference("ticket_id", "tickets.id"),
    Column("source", word_of(EscalationSource), nullable=False),
    Column("reason", PlainText, nullable=False),
    Column("raised_by", PlainText, nullable=False),
    Column("requester", PlainText),
    reference("clock_id", "clocks.id", nullable=True),
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
    partial_index("uq_escalations_open", _ESCALATION_IS_OPEN, "ticket_id", unique=True),
    sqlite_autoincrement=True,
)
Index(None, escalations.c.ticket_id, escalations.c.id)

duty_shifts = Table(
    "duty_shifts",
    metadata,
    id_column(),
    Column("user", PlainText, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("substitute", PlainText),
    Column("set_by", PlainText, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
    Column("removed_at", UtcDateTime),
    partial_index("ix_duty_shifts_standing", _SHIFT_STANDS, "ends_at"),
    sqlite_autoincrement=True,
)
