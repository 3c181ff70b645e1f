"""What the auditor asks is found by indexes of what is wrong: tickets count their clocks that are not over.

Revision 0005, follows 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _create_partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    """Count the clocks of every ticket, and make the indexes."""
    op.add_column("tickets", sa.Column("unfinished_clocks", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.execute(
        "UPDATE tickets SET unfinished_clocks = (SELECT count(*) FROM clocks"
        " WHERE clocks.ticket_id = tickets.id AND clocks.state IN ('running', 'paused'))"
    )
    is_idle = "unfinished_clocks = 0 AND state IN ('incomplete', 'held', 'open')"
    _create_partial_index("ix_tickets_idle", "tickets", ["id"], is_idle)
    is_of_escalation = "state = 'pending' AND escalation_id IS NOT NULL"
    _create_partial_index("ix_timers_escalation_id", "timers", ["escalation_id"], is_of_escalation)
