"""Engineers' words in the threads of tickets, and what is on its way to a customer.

Revision 0006, follows 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_WORD = sa.String(32)


def _create_partial_index(name: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, "sendings", columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    """Add the table, and find a ticket by the thread that somebody writes in; every row stays as it is."""
    op.create_table(
        "sendings",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("ticket_id", _ROW_ID, nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", _INSTANT, nullable=False),
        sa.Column("slack_ts", sa.Text(), nullable=True),
        sa.Column("edited_ts", sa.Text(), nullable=True),
        sa.Column("files", _JSON, nullable=False),
        sa.Column("sent_by", sa.Text(), nullable=True),
        sa.Column("sent_by_name", sa.Text(), nullable=False),
        sa.Column("next_turn", sa.String(length=32), nullable=False),
        sa.Column("pressed_at", _INSTANT, nullable=True),
        sa.Column("send_at", _INSTANT, nullable=True),
        sa.Column("post_ts", sa.Text(), nullable=True),
        sa.Column("message_id", _ROW_ID, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("own_words", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_sendings_ticket_id_tickets"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_sendings_message_id_messages"),
        sa.PrimaryKeyConstraint("id", name="pk_sendings"),
        sqlite_autoincrement=True,
    )
    _create_partial_index("uq_sendings_message", ["ticket_id", "slack_ts"], "slack_ts IS NOT NULL", unique=True)
    _create_partial_index("ix_sendings_waiting", ["ticket_id", "id"], "state = 'waiting'")
    op.create_index("ix_tickets_slack_ts", "tickets", ["slack_ts"])
