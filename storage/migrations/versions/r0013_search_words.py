"""The words of tickets and messages, by which tickets are found.

Revision 0013, follows 0012. What is stored already is gone through once: about a minute for a hundred thousand tickets.
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WORD = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
_LETTERS = str.maketrans("ąćęłńóśźżĄĆĘŁŃÓŚŹŻ", "acelnoszzACELNOSZZ")
_SPOKEN = re.compile(r"[^\W_]+(?:[-._][^\W_]+)*")
_BATCH = 500


def upgrade() -> None:
    """Add the table and fill it."""
    table = op.create_table(
        "search_words",
        sa.Column("word", _WORD, nullable=False),
        sa.Column("ticket_id", _ROW_ID, nullable=False, autoincrement=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_search_words_ticket_id_tickets"),
        sa.PrimaryKeyConstraint("word", "ticket_id", name="pk_search_words"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_search_words_ticket_id_word", "search_words", ["ticket_id", "word"])
    bind = op.get_bind()
    after = 0
    while True:
        query = sa.text(
            "SELECT id, subject, requester, requester_name FROM tickets WHERE id > :after ORDER BY id LIMIT 500"
        )
        rows = bind.execute(query, {"after": after}).all()
        if not rows:
            return
        words = {row.id: _words(f"{row.subject} {row.requester} {row.requester_name}") for row in rows}
        said = sa.text(
            "SELECT ticket_id, author, author_name, text FROM messages WHERE ticket_id > :after AND ticket_id <= :upto"
        )
        for row in bind.execute(said, {"after": after, "upto": rows[-1].id}):
            words.setdefault(row.ticket_id, set()).update(_words(f"{row.author} {row.author_name} {row.text}"))
        values = [{"word": word, "ticket_id": ticket_id} for ticket_id, found in words.items() for word in found]
        for start in range(0, len(values), _BATCH):
            bind.execute(table.insert(), values[start : start + _BATCH])
        after = rows[-1].id


def _words(text: str) -> set[str]:
    """As the program cut them when this revision was written."""
    found: set[str] = set()
    for match in _SPOKEN.finditer(text[:60_000].translate(_LETTERS).lower()):
        whole = match[0]
        found.update(word for word in (whole, *re.split(r"[-._]", whole)) if 2 <= len(word) <= 40)
        if len(found) >= 1_500:
            break
    return found
