"""How many processes began with what arrived, and the clocks that ended lately.

Revision 0010, follows 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the index."""
    op.add_column("inbox", sa.Column("begun", sa.Integer(), server_default=sa.text("0"), nullable=False))
    where = sa.text("ended_at IS NOT NULL")
    op.create_index("ix_clocks_ended", "clocks", ["ended_at"], sqlite_where=where, postgresql_where=where)
