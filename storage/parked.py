"""What was set aside: looked at, tried again, or given up by a person, beside the running bot.

Every change is guarded by the state: what somebody else took in hand meanwhile is left alone. What is tried again
counts as in doubt, so that it is looked up before it is repeated, and no mail or post goes out twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update

from bot.effects import PostOperator
from bot.model import JournalEntry
from bot.ports import InboxState, OutboxState
from storage.engine import Database
from storage.schema import TimerState, inbox, outbox, tickets, timers
from storage.transaction import Transaction, Wake
from storage.types import literal
from storage.unit_of_work import StoredUnitOfWork

_INBOX_PARKED = inbox.c.state == literal(InboxState.PARKED)
_OUTBOX_PARKED = outbox.c.state == literal(OutboxState.PARKED)
_TIMER_PARKED = timers.c.state == literal(TimerState.PARKED)


class ParkedKind(StrEnum):
    """Which queue it belongs to."""

    INBOX = "inbox"
    OUTBOX = "outbox"
    TIMER = "timer"


@dataclass(frozen=True, slots=True)
class Parked:
    """Something that was set aside.

    Attributes:
        what: "mail pomoc", "slack block_actions", an effect's type, a timer's kind.
        ticket: Its ticket's number, if it has one.
        since: When it was set aside; of an effect and a timer, when it was due last.
        reason: Why, for people.
    """

    kind: ParkedKind
    id: int
    what: str
    ticket: str | None
    ticket_id: int | None
    since: datetime | None
    attempts: int
    reason: str


class ParkedRows:
    """Everything that was set aside."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Parked]:
        """All of it: what arrived, what was to go out, timers; each the oldest first."""
        async with self._database.read() as uow:
            return [found for kind in ParkedKind for found in await _select(uow.transaction, kind)]

    async def get(self, kind: ParkedKind, row_id: int) -> Parked | None:
        """One; None when nothing of that number is set aside (any more)."""
        async with self._database.read() as uow:
            return next(iter(await _select(uow.transaction, kind, row_id)), None)

    async def content(self, kind: ParkedKind, row_id: int) -> bytes | dict[str, object]:
        """What it holds: a mail's or a payload's octets, an effect's fields, a timer's. LookupError when it is gone."""
        async with self._database.read() as uow:
            connection = uow.transaction.connection
            if kind is ParkedKind.INBOX:
                return await uow.inbox.body(row_id)
            table, columns = (
                (outbox, ("effect",)) if kind is ParkedKind.OUTBOX else (timers, ("key", "level", "fire_at"))
            )
            query = select(*(table.c[name] for name in columns)).where(table.c.id == row_id)
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                raise LookupError(f"there is no {kind} row with id {row_id}")
            if kind is ParkedKind.OUTBOX:
                return dict(row.effect)
            return {"key": row.key, "level": row.level, "fire_at": row.fire_at.isoformat()}

    async def retry(self, kind: ParkedKind, row_id: int, by: str) -> bool:
        """Let it be tried again from the beginning; False when it is not set aside (any more)."""
        async with self._database.begin() as uow:
            return await self._change(uow, kind, row_id, by, "parked_retried")

    async def drop(self, kind: ParkedKind, row_id: int, by: str) -> bool:
        """Give it up for good; it stays stored. False when it is not set aside (any more)."""
        async with self._database.begin() as uow:
            return await self._change(uow, kind, row_id, by, "parked_dropped")

    async def _change(self, uow: StoredUnitOfWork, kind: ParkedKind, row_id: int, by: str, what: str) -> bool:
        transaction = uow.transaction
        found = next(iter(await _select(transaction, kind, row_id)), None)
        if found is None:
            return False
        now = transaction.clock.now()
        values = _again(kind, now) if what == "parked_retried" else _dropped(kind, now, by, found.reason)
        table, is_parked = _TABLES[kind]
        result = await transaction.connection.execute(
            update(table).where(table.c.id == row_id, is_parked).values(values)
        )
        if result.rowcount != 1:
            return False
        transaction.wakes |= set(Wake)
        if what == "parked_retried":  # set aside a second time, it is told of a second time
            told = outbox.c.dedupe_key == f"{_NOTICES[kind]}{row_id}"
            await transaction.connection.execute(update(outbox).where(told).values(dedupe_key=None))
        data: dict[str, object] = {"kind": kind.value, "row": row_id, "what": found.what, "reason": found.reason}
        if found.ticket_id is not None:
            await uow.journal(JournalEntry(found.ticket_id, now, f"operator: {by}", what, data))
        if what == "parked_dropped":
            await uow.outbox.add(PostOperator(what, data | {"ticket": found.ticket or "-", "operator": by}))
        return True


_TABLES: dict[ParkedKind, tuple[Any, Any]] = {
    ParkedKind.INBOX: (inbox, _INBOX_PARKED),
    ParkedKind.OUTBOX: (outbox, _OUTBOX_PARKED),
    ParkedKind.TIMER: (timers, _TIMER_PARKED),
}

_NOTICES = {ParkedKind.INBOX: "parked:", ParkedKind.OUTBOX: "outbox-parked:", ParkedKind.TIMER: "timer-parked:"}
"""How the keys begin under which the escalation channel is told, once of each (bot.loops)."""


def _again(kind: ParkedKind, now: datetime) -> dict[str, object]:
    match kind:
        case ParkedKind.INBOX:
            return {"state": InboxState.NEW, "attempts": 0, "begun": 0, "next_attempt_at": now, "finished_at": None}
        case ParkedKind.OUTBOX:
            return {"state": OutboxState.IN_DOUBT, "attempts": 0, "next_attempt_at": now, "worker": None}
        case ParkedKind.TIMER:
            return {"state": TimerState.PENDING, "attempts": 0, "fire_at": now}


def _dropped(kind: ParkedKind, now: datetime, by: str, reason: str) -> dict[str, object]:
    match kind:
        case ParkedKind.INBOX:
            outcome = f"dropped by {by}; it was set aside: {reason}"
            return {"state": InboxState.DONE, "finished_at": now, "outcome": outcome}
        case ParkedKind.OUTBOX:
            return {"state": OutboxState.CANCELLED}
        case ParkedKind.TIMER:
            return {"state": TimerState.DONE}


async def _select(transaction: Transaction, kind: ParkedKind, row_id: int | None = None) -> list[Parked]:
    table, is_parked = _TABLES[kind]
    query = select(table, tickets.c.number.label("ticket_number")).outerjoin(tickets, tickets.c.id == table.c.ticket_id)
    query = query.where(is_parked).order_by(table.c.id)
    if row_id is not None:
        query = query.where(table.c.id == row_id)
    found = (await transaction.connection.execute(query)).all()
    reasons = {}
    if kind is ParkedKind.TIMER and found:
        told = select(outbox.c.dedupe_key, outbox.c.effect).where(
            outbox.c.dedupe_key.in_([f"timer-parked:{row.id}" for row in found])
        )
        for key, effect in await transaction.connection.execute(told):
            reasons[key] = str(effect.get("data", {}).get("reason", ""))
    return [_parked(kind, row, reasons) for row in found]


def _parked(kind: ParkedKind, row: Any, reasons: dict[str, str]) -> Parked:
    match kind:
        case ParkedKind.INBOX:
            what, since, reason = f"{row.source} {row.place}", row.finished_at, row.error or row.outcome
        case ParkedKind.OUTBOX:
            what, since, reason = row.type, row.next_attempt_at, row.error
        case ParkedKind.TIMER:
            what, since, reason = row.kind, row.fire_at, reasons.get(f"timer-parked:{row.id}", "")
    return Parked(kind, row.id, what, row.ticket_number, row.ticket_id, since, row.attempts, reason or "")
