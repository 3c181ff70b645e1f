"""What contracts entitle to: uses of entitlements, and whether a contract has the installation on site.

Revision 0007, follows 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_WORD = sa.String(32)


def upgrade() -> None:
    """Add the table and the column; no contract has the installation on site until an import says so."""
    op.add_column("contracts", sa.Column("on_site", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "entitlement_uses",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ticket_id", _ROW_ID, nullable=False),
        sa.Column("contract_id", _ROW_ID, nullable=False),
        sa.Column("serial", sa.Text(), nullable=True),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("requested_at", _INSTANT, nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("message_id", _ROW_ID, nullable=True),
        sa.Column("beyond", sa.Boolean(), nullable=False),
        sa.Column("decided_at", _INSTANT, nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("clock_id", _ROW_ID, nullable=True),
        sa.Column("slack_ts", sa.Text(), nullable=True),
        sa.Column("facts", _JSON, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_entitlement_uses_ticket_id_tickets"),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name="fk_entitlement_uses_contract_id_contracts"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_entitlement_uses_message_id_messages"),
        sa.ForeignKeyConstraint(["clock_id"], ["clocks.id"], name="fk_entitlement_uses_clock_id_clocks"),
        sa.PrimaryKeyConstraint("id", name="pk_entitlement_uses"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_entitlement_uses_contract_id_id", "entitlement_uses", ["contract_id", "id"])
    op.create_index("ix_entitlement_uses_ticket_id_id", "entitlement_uses", ["ticket_id", "id"])
