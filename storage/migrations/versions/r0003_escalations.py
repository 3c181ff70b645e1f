"""Escalations, the duty rota's shifts, and timers that belong to an escalation.

Revision 0003, follows 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
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
    """Add the tables; every row stays as it is."""
    op.create_table(
        "escalations",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ticket_id", _ROW_ID, nullable=False),
        sa.Column("source", _WORD, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raised_by", sa.Text(), nullable=False),
        sa.Column("requester", sa.Text(), nullable=True),
        sa.Column("clock_id", _ROW_ID, nullable=True),
        sa.Column("window", sa.String(length=16), nullable=False),
        sa.Column("chain", _JSON, nullable=False),
        sa.Column("began_at", _INSTANT, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("stepped_at", _INSTANT, nullable=True),
        sa.Column("called_at", _INSTANT, nullable=True),
        sa.Column("acknowledged_at", _INSTANT, nullable=True),
        sa.Column("touched_at", _INSTANT, nullable=True),
        sa.Column("snoozed_until", _INSTANT, nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("slack_channel", sa.Text(), nullable=True),
        sa.Column("slack_ts", sa.Text(), nullable=True),
        sa.Column("facts", _JSON, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_escalations_ticket_id_tickets"),
        sa.ForeignKeyConstraint(["clock_id"], ["clocks.id"], name="fk_escalations_clock_id_clocks"),
        sa.PrimaryKeyConstraint("id", name="pk_escalations"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_escalations_ticket_id_id", "escalations", ["ticket_id", "id"])
    _create_partial_index("uq_escalations_open", "escalations", ["ticket_id"], "ended_at IS NULL", unique=True)
    op.create_table(
        "duty_shifts",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("starts_at", _INSTANT, nullable=False),
        sa.Column("ends_at", _INSTANT, nullable=False),
        sa.Column("substitute", sa.Text(), nullable=True),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", _INSTANT, nullable=False),
        sa.Column("removed_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_duty_shifts"),
        sqlite_autoincrement=True,
    )
    _create_partial_index("ix_duty_shifts_standing", "duty_shifts", ["ends_at"], "removed_at IS NULL")
    op.add_column("timers", sa.Column("escalation_id", _ROW_ID, nullable=True))
