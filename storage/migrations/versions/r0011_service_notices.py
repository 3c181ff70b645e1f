"""What was said of contracts in time: services that are not used, contracts that end.

Revision 0011, follows 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_WORD = sa.String(32)


def upgrade() -> None:
    """Add the table; every row stays as it is."""
    op.create_table(
        "service_notices",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("contract_id", _ROW_ID, nullable=False),
        sa.Column("serials", _JSON, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.Column("decision", _WORD, nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", _INSTANT, nullable=True),
        sa.Column("ticket_id", _ROW_ID, nullable=True),
        sa.Column("slack_ts", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name="fk_service_notices_contract_id_contracts"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_service_notices_ticket_id_tickets"),
        sa.PrimaryKeyConstraint("id", name="pk_service_notices"),
        sa.UniqueConstraint("key", name="uq_service_notices_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_service_notices_told_on_id", "service_notices", ["told_on", "id"])
