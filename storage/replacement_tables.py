"""The tables of replacements and interviews; more of `storage.schema`, under the same rules."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table

from bot.replacements import Fate, Stage
from storage.schema import metadata, partial_index
from storage.types import JsonValue, PlainText, UtcDateTime, row_id, word_of

replacements = Table(
    "replacements",
    metadata,
    Column("id", row_id(), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("ticket_id", row_id(), ForeignKey("tickets.id"), nullable=False),
    Column("contract_id", row_id(), ForeignKey("contracts.id")),
    Column("serial", PlainText, nullable=False),
    Column("model", PlainText, nullable=False),
    Column("stage", word_of(Stage), nullable=False),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("begun_by", PlainText, nullable=False),
    Column("verified_at", UtcDateTime),
    Column("confirmed_at", UtcDateTime),
    Column("delivered_at", UtcDateTime),
    Column("returned_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("delivery_clock_id", row_id(), ForeignKey("clocks.id")),
    Column("return_clock_id", row_id(), ForeignKey("clocks.id")),
    Column("slack_ts", PlainText),
    Column("facts", JsonValue, nullable=False),  # the rest of `bot.replacements.Replacement`
    partial_index("uq_replacements_open", "ended_at IS NULL", "serial", unique=True),
    sqlite_autoincrement=True,
)
Index(None, replacements.c.ticket_id, replacements.c.id)
Index(None, replacements.c.contract_id, replacements.c.id)
Index(None, replacements.c.delivery_clock_id)
Index(None, replacements.c.return_clock_id)

device_changes = Table(
    "device_changes",
    metadata,
    Column("id", row_id(), primary_key=True),
    Column("contract_id", row_id(), ForeignKey("contracts.id"), nullable=False),
    Column("ticket_id", row_id(), ForeignKey("tickets.id"), nullable=False),
    Column("old_serial", PlainText, nullable=False),
    Column("new_serial", PlainText, nullable=False),
    Column("new_model", PlainText, nullable=False),
    Column("fate", word_of(Fate), nullable=False),
    Column("by", PlainText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    partial_index("ix_device_changes_unsettled", "settled_at IS NULL", "contract_id"),
    sqlite_autoincrement=True,
)
Index(None, device_changes.c.contract_id, device_changes.c.id)

interviews = Table(
    "interviews",
    metadata,
    Column("id", row_id(), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("ticket_id", row_id(), ForeignKey("tickets.id"), nullable=False),
    Column("contract_id", row_id(), ForeignKey("contracts.id")),
    Column("serial", PlainText, nullable=False, unique=True),
    Column("model", PlainText, nullable=False),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("begun_by", PlainText, nullable=False),
    Column("asked_at", UtcDateTime),
    Column("answers", JsonValue, nullable=False),
    Column("slack_ts", PlainText),
    sqlite_autoincrement=True,
)
Index(None, interviews.c.ticket_id, interviews.c.id)
