"""The shared Slack channels of customers, and where in them a ticket's conversation stands.

Revision 0004, follows 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the table and the columns; every row stays as it is, answered by mail."""
    op.create_table(
        "contract_channels",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("contract_id", _ROW_ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name="fk_contract_channels_contract_id_contracts"),
        sa.PrimaryKeyConstraint("id", name="pk_contract_channels"),
        sa.UniqueConstraint("contract_id", "channel", name="uq_contract_channels_contract_id_channel"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_contract_channels_channel", "contract_channels", ["channel"])
    op.add_column("tickets", sa.Column("customer_channel", sa.Text(), nullable=True))
    op.add_column("tickets", sa.Column("customer_ts", sa.Text(), nullable=True))
    known = sa.text("customer_ts IS NOT NULL")
    op.create_index(
        "uq_tickets_customer_thread",
        "tickets",
        ["customer_channel", "customer_ts"],
        unique=True,
        sqlite_where=known,
        postgresql_where=known,
    )
    op.add_column("messages", sa.Column("customer_ts", sa.Text(), nullable=True))
