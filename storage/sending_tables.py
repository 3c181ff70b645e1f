"""The table of engineers' words; more of `storage.schema`, under the same rules."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, String, Table

from bot.sendings import SendingState
from storage.schema import metadata, partial_index
from storage.types import JsonValue, PlainText, UtcDateTime, row_id, word_of

sendings = Table(
    "sendings",
    metadata,
    Column("id", row_id(), primary_key=True),
    Column("ticket_id", row_id(), ForeignKey("tickets.id"), nullable=False),
    Column("state", word_of(SendingState), nullable=False),
    Column("author", PlainText, nullable=False),
    Column("text", PlainText, nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    Column("slack_ts", PlainText),
    Column("edited_ts", PlainText),
    Column("files", JsonValue, nullable=False),  # `bot.sendings.SharedFile`, each as an object
    Column("sent_by", PlainText),
    Column("sent_by_name", PlainText, nullable=False),
    Column("next_turn", String(32), nullable=False),
    Column("pressed_at", UtcDateTime),
    Column("send_at", UtcDateTime),
    Column("post_ts", PlainText),
    Column("message_id", row_id(), ForeignKey("messages.id")),
    Column("ended_by", PlainText),
    Column("own_words", Boolean, nullable=False),
    partial_index("uq_sendings_message", "slack_ts IS NOT NULL", "ticket_id", "slack_ts", unique=True),
    partial_index("ix_sendings_waiting", "state = 'waiting'", "ticket_id", "id"),
    sqlite_autoincrement=True,
)
