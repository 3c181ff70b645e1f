"""Replacements, the devices that they brought onto contracts, and technical interviews.

Revision 0008, follows 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_WORD = sa.String(32)


def _reference(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}_{to}")


def _create_partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    """Add the tables; every row stays as it is."""
    op.create_table(
        "replacements",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ticket_id", _ROW_ID, nullable=False),
        sa.Column("contract_id", _ROW_ID, nullable=True),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("stage", _WORD, nullable=False),
        sa.Column("begun_at", _INSTANT, nullable=False),
        sa.Column("begun_by", sa.Text(), nullable=False),
        sa.Column("verified_at", _INSTANT, nullable=True),
        sa.Column("confirmed_at", _INSTANT, nullable=True),
        sa.Column("delivered_at", _INSTANT, nullable=True),
        sa.Column("returned_at", _INSTANT, nullable=True),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.Column("delivery_clock_id", _ROW_ID, nullable=True),
        sa.Column("return_clock_id", _ROW_ID, nullable=True),
        sa.Column("slack_ts", sa.Text(), nullable=True),
        sa.Column("facts", _JSON, nullable=False),
        _reference("replacements", "ticket_id", "tickets"),
        _reference("replacements", "contract_id", "contracts"),
        _reference("replacements", "delivery_clock_id", "clocks"),
        _reference("replacements", "return_clock_id", "clocks"),
        sa.PrimaryKeyConstraint("id", name="pk_replacements"),
        sqlite_autoincrement=True,
    )
    _create_partial_index("uq_replacements_open", "replacements", ["serial"], "ended_at IS NULL", unique=True)
    op.create_index("ix_replacements_ticket_id_id", "replacements", ["ticket_id", "id"])
    op.create_index("ix_replacements_contract_id_id", "replacements", ["contract_id", "id"])
    op.create_index("ix_replacements_delivery_clock_id", "replacements", ["delivery_clock_id"])
    op.create_index("ix_replacements_return_clock_id", "replacements", ["return_clock_id"])
    op.create_table(
        "device_changes",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("contract_id", _ROW_ID, nullable=False),
        sa.Column("ticket_id", _ROW_ID, nullable=False),
        sa.Column("old_serial", sa.Text(), nullable=False),
        sa.Column("new_serial", sa.Text(), nullable=False),
        sa.Column("new_model", sa.Text(), nullable=False),
        sa.Column("fate", _WORD, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("settled_at", _INSTANT, nullable=True),
        _reference("device_changes", "contract_id", "contracts"),
        _reference("device_changes", "ticket_id", "tickets"),
        sa.PrimaryKeyConstraint("id", name="pk_device_changes"),
        sqlite_autoincrement=True,
    )
    _create_partial_index("ix_device_changes_unsettled", "device_changes", ["contract_id"], "settled_at IS NULL")
    op.create_index("ix_device_changes_contract_id_id", "device_changes", ["contract_id", "id"])
    op.create_table(
        "interviews",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ticket_id", _ROW_ID, nullable=False),
        sa.Column("contract_id", _ROW_ID, nullable=True),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("begun_at", _INSTANT, nullable=False),
        sa.Column("begun_by", sa.Text(), nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=True),
        sa.Column("answers", _JSON, nullable=False),
        sa.Column("slack_ts", sa.Text(), nullable=True),
        _reference("interviews", "ticket_id", "tickets"),
        _reference("interviews", "contract_id", "contracts"),
        sa.PrimaryKeyConstraint("id", name="pk_interviews"),
        sa.UniqueConstraint("serial", name="uq_interviews_serial"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_interviews_ticket_id_id", "interviews", ["ticket_id", "id"])
