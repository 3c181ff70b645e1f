"""Takes people out of the rows of every table that belongs to a ticket, within a transaction.

What is done to a column follows from its type, so a new table is covered by itself: JSON loses its words or its people
(`bot.rules.erasing`), text loses the people, octets are emptied. Only what is words throughout, or never is, is named.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Enum, LargeBinary, Row, Table, Text, cast, delete, func, or_, select, update

from bot.model import AttachmentVerdict, Direction
from bot.ports import InboxState, OutboxState
from bot.rules.erasing import GONE, mail_names, spellings, without_people, without_words
from storage.contract_tables import contract_contacts
from storage.schema import attachments, blobs, inbox, messages, metadata, outbox, tickets
from storage.schema_search import search_words
from storage.tickets import StoredTickets
from storage.transaction import Transaction
from storage.types import JsonValue, PlainText

_WORDS = frozenset(
    [
        "tickets.subject", "messages.text", "escalations.reason", "escalations.outcome", "sendings.text",
        "entitlement_uses.words", "outbox.error", "inbox.error",
    ]
)  # fmt: skip
"""Columns of text that are somebody's words throughout."""

_NAMES = frozenset(["tickets.requester_name", "messages.author_name"])
_NEVER = frozenset(["tickets.devices", "tickets.terms", "escalations.chain", "clocks.pauses"])
"""Columns that hold facts alone."""

_AUTHORS = ("author", "actor", "raised_by", "requester", "requested_by", "automatic_to")
"""Columns that say whose row it is."""

_Row = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class People:
    """Who is taken out.

    Attributes:
        aliases: Address (or Slack id), lower case, to what stands in its place.
        names: Their display names.
    """

    aliases: Mapping[str, str]
    names: Collection[str] = ()


@dataclass(slots=True)
class Eraser:
    """Takes people out; nothing is committed here.

    Attributes:
        counts: Rows that were changed, by table; "files" and "mails" are contents that are gone.
    """

    transaction: Transaction
    counts: Counter[str] = field(default_factory=Counter)

    async def ticket(self, ticket_id: int, people: People, *, whole: bool) -> None:
        """Take these people out of a ticket and all that belongs to it.

        Args:
            whole: All words of the ticket go, whoever wrote them; else only those of these people.
        """
        connection = self.transaction.connection
        files = (
            select(attachments.c.id, attachments.c.sha256)
            .join(messages, messages.c.id == attachments.c.message_id)
            .where(attachments.c.ticket_id == ticket_id, attachments.c.name != GONE)
        )
        if not whole:
            files = files.where(func.lower(messages.c.author).in_(list(people.aliases)))
        await self.files([(row.id, row.sha256) for row in await connection.execute(files)])
        for table in metadata.sorted_tables:
            if table is search_words or (table is not tickets and "ticket_id" not in table.c):
                continue
            belongs = (table.c.id if table is tickets else table.c.ticket_id) == ticket_id
            for row in (await connection.execute(select(table).where(belongs))).all():
                await self._row(table, row, people, whole=whole or _is_theirs(row, people))
        await StoredTickets(self.transaction).index_anew(ticket_id)

    async def elsewhere(self, people: People) -> None:
        """Take these people out of every other row that names them, and off the contracts' lists."""
        connection = self.transaction.connection
        gone = await connection.execute(
            delete(contract_contacts).where(contract_contacts.c.value.in_(list(people.aliases)))
        )
        self.counts[contract_contacts.name] += gone.rowcount
        for table in metadata.sorted_tables:
            texts = [column for column in table.c if _is_text(column) or isinstance(column.type, JsonValue)]
            if "id" not in table.c or not texts or table is contract_contacts:
                continue
            needles = [needle for address in people.aliases for needle in spellings(address)]
            named = or_(*(self._holds(column, needle) for column in texts for needle in needles))
            for row in (await connection.execute(select(table).where(named))).all():
                await self._row(table, row, people, whole=_is_theirs(row, people))
                if table is tickets or table is messages:
                    await StoredTickets(self.transaction).index_anew(row.id if table is tickets else row.ticket_id)

    async def mails(self, inbox_ids: Collection[int]) -> None:
        """Empty the octets of these arrivals; that they came is kept."""
        rows = select(inbox.c.id, inbox.c.state).where(inbox.c.id.in_(list(inbox_ids)), func.length(inbox.c.body) > 0)
        for row in (await self.transaction.connection.execute(rows)).all():
            values: dict[str, object] = {"body": b"", "size": 0, **_given_up(row)}
            await self.transaction.connection.execute(update(inbox).where(inbox.c.id == row.id).values(values))
            self.counts["mails"] += 1

    async def files(self, files: Sequence[tuple[int, str | None]], *, keep_names: bool = False) -> None:
        """Forget what these files hold, given as (id, hash); a content that no other file has is gone with them."""
        connection = self.transaction.connection
        ids = [file_id for file_id, _ in files]
        if not ids:
            return
        values: dict[str, object] = {"sha256": None, "verdict": AttachmentVerdict.DROPPED, "reason": GONE}
        if not keep_names:
            values["name"] = GONE
        await connection.execute(update(attachments).where(attachments.c.id.in_(ids)).values(values))
        self.counts["files"] += len(ids)
        for digest in {digest for _, digest in files if digest is not None}:
            is_used = select(attachments.c.id).where(attachments.c.sha256 == digest).exists()
            await connection.execute(delete(blobs).where(blobs.c.sha256 == digest, ~is_used))

    async def _row(self, table: Table, row: _Row, people: People, *, whole: bool) -> None:
        values: dict[str, object] = {}
        for column in table.c:
            new = _new(table, column, row, people, whole=whole)
            if new != getattr(row, column.name):
                values[column.name] = new
        if not values:
            return
        if table is inbox and "body" in values:
            values |= _given_up(row)
            self.counts["mails"] += 1
        if table is outbox and whole and row.state is OutboxState.PARKED:  # to nobody, without words: as by retention
            values["state"] = OutboxState.CANCELLED
        await self.transaction.connection.execute(update(table).where(table.c.id == row.id).values(values))
        self.counts[table.name] += 1

    def _holds(self, column: Column[Any], needle: str) -> Any:
        """Whether the column may name the address; SQLite lowers ASCII letters only, and JSON there escapes others."""
        if self.transaction.is_postgresql:
            return func.strpos(func.lower(cast(column, Text)), needle) > 0
        return func.instr(func.lower(cast(column, Text)), max(re.findall(r"[\x20-\x7e]+", needle), key=len)) > 0


def _given_up(row: _Row) -> dict[str, object]:
    """What was set aside and holds nothing any more cannot be tried again."""
    if row.state is not InboxState.PARKED:
        return {}
    return {"state": InboxState.DONE, "outcome": "set aside, and erased", "error": None}


def _new(table: Table, column: Column[Any], row: _Row, people: People, *, whole: bool) -> object:
    """What the column holds from now on."""
    value, name = getattr(row, column.name), f"{table.name}.{column.name}"
    if value is None or name in _NEVER or column.primary_key:
        return value
    if isinstance(column.type, LargeBinary):
        return value if not (whole or _octets_name(row, people)) else b"" if not column.nullable else None
    if name == "inbox.size":
        return 0 if whole or _octets_name(row, people) else value
    if isinstance(column.type, JsonValue):
        scrubbed = without_people(value, people.aliases, people.names)
        return without_words(scrubbed) if whole else scrubbed
    if not _is_text(column):
        return value
    from_customer = table is not messages or row.direction is Direction.FROM_CUSTOMER
    if whole and value and name in _WORDS:
        return GONE
    if whole and name in _NAMES and from_customer:
        return ""
    if whole and name == "messages.rfc_message_id" and from_customer:
        return None
    return without_people(value, people.aliases, people.names)


def _octets_name(row: _Row, people: People) -> bool:
    octets = bytes(getattr(row, "body", None) or getattr(row, "raw", None) or b"")
    return any(mail_names(octets, address, people.names) for address in people.aliases)


def _is_theirs(row: _Row, people: People) -> bool:
    """Whether one of these people wrote the row, or it was written to them."""
    effect = getattr(row, "effect", None)
    to = effect.get("to") if isinstance(effect, dict) else None
    named = [getattr(row, name, None) for name in _AUTHORS]
    return any(isinstance(who, str) and who.lower() in people.aliases for who in (*named, to))


def _is_text(column: Column[Any]) -> bool:
    return isinstance(column.type, PlainText) and not isinstance(column.type, Enum)
