"""Finding what is kept no longer, and when a ticket's words were let go.

Revision 0012, follows 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _create_partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    """Add the column and the indexes; every row stays as it is."""
    op.add_column("tickets", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    _create_partial_index(
        "ix_tickets_ended", "tickets", ["closed_at", "id"], "closed_at IS NOT NULL AND erased_at IS NULL"
    )
    _create_partial_index(
        "ix_inbox_kept", "inbox", ["source", "stored_at", "id"], "size > 0 AND state IN ('done', 'duplicate')"
    )
    _create_partial_index(
        "ix_outbox_octets", "outbox", ["created_at", "id"], "raw IS NOT NULL AND state IN ('sent', 'cancelled')"
    )
    passing = "state = 'sent' AND type IN ('PostCard', 'PostEscalationCard', 'PublishHome', 'TellUser')"
    _create_partial_index("ix_outbox_passing", "outbox", ["created_at", "id"], passing)
    _create_partial_index("ix_timers_over", "timers", ["fire_at", "id"], "state IN ('done', 'cancelled')")
