"""Timers that were set aside are found without looking through all.

Revision 0014, follows 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    where = sa.text("state = 'parked'")
    op.create_index("ix_timers_parked", "timers", ["id"], sqlite_where=where, postgresql_where=where)
