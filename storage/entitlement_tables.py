"""The tables of what contracts entitle to; more of `storage.schema`, under the same rules."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, Table

from bot.entitlements import Entitlement, NoticeDecision, NoticeKind, UseState
from storage.schema import metadata
from storage.types import JsonValue, PlainText, UtcDateTime, row_id, word_of

entitlement_uses = Table(
    "entitlement_uses",
    metadata,
    Column("id", row_id(), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("ticket_id", row_id(), ForeignKey("tickets.id"), nullable=False),
    Column("contract_id", row_id(), ForeignKey("contracts.id"), nullable=False),
    Column("serial", PlainText),
    Column("kind", word_of(Entitlement), nullable=False),
    Column("state", word_of(UseState), nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("requested_by", PlainText, nullable=False),
    Column("words", PlainText, nullable=False),
    Column("message_id", row_id(), ForeignKey("messages.id")),
    Column("beyond", Boolean, nullable=False),
    Column("decided_at", UtcDateTime),
    Column("decided_by", PlainText),
    Column("done_on", Date),
    Column("clock_id", row_id(), ForeignKey("clocks.id")),
    Column("slack_ts", PlainText),
    Column("facts", JsonValue, nullable=False),
    sqlite_autoincrement=True,
)
Index(None, entitlement_uses.c.contract_id, entitlement_uses.c.id)
Index(None, entitlement_uses.c.ticket_id, entitlement_uses.c.id)

service_notices = Table(
    "service_notices",
    metadata,
    Column("id", row_id(), primary_key=True),
    Column("key", PlainText, nullable=False, unique=True),
    Column("kind", word_of(NoticeKind), nullable=False),
    Column("contract_id", row_id(), ForeignKey("contracts.id"), nullable=False),
    Column("serials", JsonValue, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("told_on", Date, nullable=False),
    Column("decision", word_of(NoticeDecision)),
    Column("decided_by", PlainText),
    Column("decided_at", UtcDateTime),
    Column("ticket_id", row_id(), ForeignKey("tickets.id")),
    Column("slack_ts", PlainText),
    sqlite_autoincrement=True,
)
Index(None, service_notices.c.told_on, service_notices.c.id)
