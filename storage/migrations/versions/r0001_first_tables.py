"""The first tables.

Revision 0001, follows nothing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_WORD = sa.String(32)


def _create_partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    """Make every table of the first version."""
    op.create_table(
        "contracts",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("nip", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("language", _WORD, nullable=True),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contracts"),
        sa.UniqueConstraint("key", name="uq_contracts_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "settings",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_settings"),
    )
    op.create_table(
        "contract_contacts",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("contract_id", _ROW_ID, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("source", _WORD, nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name="fk_contract_contacts_contract_id_contracts"),
        sa.PrimaryKeyConstraint("id", name="pk_contract_contacts"),
        sa.UniqueConstraint("contract_id", "value", name="uq_contract_contacts_contract_id_value"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_contract_contacts_value", "contract_contacts", ["value"])
    op.create_table(
        "contract_devices",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("contract_id", _ROW_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name="fk_contract_devices_contract_id_contracts"),
        sa.PrimaryKeyConstraint("id", name="pk_contract_devices"),
        sa.UniqueConstraint("contract_id", "serial", name="uq_contract_devices_contract_id_serial"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_contract_devices_serial", "contract_devices", ["serial"])
    op.create_table(
        "tickets",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("priority", _WORD, nullable=False),
        sa.Column("priority_confirmed", sa.Boolean(), nullable=False),
        sa.Column("language", _WORD, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("requester_name", sa.Text(), nullable=False),
        sa.Column("reported_at", _INSTANT, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("contract_id", _ROW_ID, nullable=True),
        sa.Column("devices", _JSON, nullable=False),
        sa.Column("accepted_at", _INSTANT, nullable=True),
        sa.Column("contacted_at", _INSTANT, nullable=True),
        sa.Column("closed_at", _INSTANT, nullable=True),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("slack_channel", sa.Text(), nullable=True),
        sa.Column("slack_ts", sa.Text(), nullable=True),
        sa.Column("terms", _JSON, nullable=False),
        sa.Column("facts", _JSON, nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name="fk_tickets_contract_id_contracts"),
        sa.PrimaryKeyConstraint("id", name="pk_tickets"),
        sa.UniqueConstraint("number", name="uq_tickets_number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tickets_contract_id", "tickets", ["contract_id"])
    _create_partial_index("ix_tickets_open", "tickets", ["reported_at", "id"], "state NOT IN ('resolved', 'closed')")
    op.create_table(
        "inbox",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("content_key", sa.Text(), nullable=True),
        sa.Column("duplicate_of", _ROW_ID, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("stored_at", _INSTANT, nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", _INSTANT, nullable=False),
        sa.Column("finished_at", _INSTANT, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("ticket_id", _ROW_ID, nullable=True),
        sa.ForeignKeyConstraint(["duplicate_of"], ["inbox.id"], name="fk_inbox_duplicate_of_inbox"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_inbox_ticket_id_tickets"),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.UniqueConstraint("source_key", name="uq_inbox_source_key"),
        sqlite_autoincrement=True,
    )
    _create_partial_index("ix_inbox_new", "inbox", ["source", "next_attempt_at", "id"], "state = 'new'")
    _create_partial_index("ix_inbox_parked", "inbox", ["id"], "state = 'parked'")
    op.create_index("ix_inbox_ticket_id", "inbox", ["ticket_id"])
    _create_partial_index("uq_inbox_content_key", "inbox", ["content_key"], "state <> 'duplicate'", unique=True)
    op.create_table(
        "journal",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("ticket_id", _ROW_ID, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", _JSON, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_journal_ticket_id_tickets"),
        sa.PrimaryKeyConstraint("id", name="pk_journal"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_journal_ticket_id_id", "journal", ["ticket_id", "id"])
    op.create_table(
        "outbox",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("transport", _WORD, nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("effect", _JSON, nullable=False),
        sa.Column("ticket_id", _ROW_ID, nullable=True),
        sa.Column("urgent", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", _INSTANT, nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("claimed_at", _INSTANT, nullable=True),
        sa.Column("sent_at", _INSTANT, nullable=True),
        sa.Column("result", _JSON, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("dedupe_key", sa.Text(), nullable=True),
        sa.Column("rfc_message_id", sa.Text(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("automatic_to", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_outbox_ticket_id_tickets"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("dedupe_key", name="uq_outbox_dedupe_key"),
        sa.UniqueConstraint("rfc_message_id", name="uq_outbox_rfc_message_id"),
        sqlite_autoincrement=True,
    )
    _create_partial_index("ix_outbox_automatic", "outbox", ["automatic_to", "created_at"], "automatic_to IS NOT NULL")
    _create_partial_index(
        "ix_outbox_due", "outbox", ["transport", "next_attempt_at", "id"], "state IN ('pending', 'in_doubt')"
    )
    _create_partial_index("ix_outbox_lane", "outbox", ["lane", "id"], "state IN ('pending', 'sending', 'in_doubt')")
    _create_partial_index("ix_outbox_parked", "outbox", ["id"], "state = 'parked'")
    op.create_table(
        "ticket_participants",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("ticket_id", _ROW_ID, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_participants_ticket_id_tickets"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_participants"),
        sa.UniqueConstraint("ticket_id", "address", name="uq_ticket_participants_ticket_id_address"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "messages",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("ticket_id", _ROW_ID, nullable=False),
        sa.Column("direction", _WORD, nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sent_at", _INSTANT, nullable=False),
        sa.Column("rfc_message_id", sa.Text(), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("inbox_id", _ROW_ID, nullable=True),
        sa.Column("slack_ts", sa.Text(), nullable=True),
        sa.Column("attachments", _JSON, nullable=False),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name="fk_messages_inbox_id_inbox"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_messages_ticket_id_tickets"),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_messages_rfc_message_id", "messages", ["rfc_message_id"])
    op.create_index("ix_messages_ticket_id_id", "messages", ["ticket_id", "id"])
    op.create_table(
        "clocks",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("ticket_id", _ROW_ID, nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("calendar", sa.String(length=16), nullable=False),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("budget_us", sa.BigInteger(), nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("message_id", _ROW_ID, nullable=True),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.Column("breached_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_clocks_message_id_messages"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_clocks_ticket_id_tickets"),
        sa.PrimaryKeyConstraint("id", name="pk_clocks"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_clocks_ticket_id_id", "clocks", ["ticket_id", "id"])
    op.create_table(
        "timers",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("ticket_id", _ROW_ID, nullable=False),
        sa.Column("fire_at", _INSTANT, nullable=False),
        sa.Column("clock_id", _ROW_ID, nullable=True),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["clock_id"], ["clocks.id"], name="fk_timers_clock_id_clocks"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_timers_ticket_id_tickets"),
        sa.PrimaryKeyConstraint("id", name="pk_timers"),
        sa.UniqueConstraint("key", name="uq_timers_key"),
        sqlite_autoincrement=True,
    )
    _create_partial_index("ix_timers_clock_id", "timers", ["clock_id"], "state = 'pending'")
    _create_partial_index("ix_timers_due", "timers", ["fire_at", "id"], "state = 'pending'")
