"""The auditor's questions, one for each kind of neglect (`bot.rules.neglect`), and what it keeps of its looks.

What each looks through, by partial indexes; none looks at what is done:

| question                | looks through                                                                           |
| ----------------------- | --------------------------------------------------------------------------------------- |
| overdue clocks          | running clocks past their deadline (ix_clocks_running)                                  |
| silent escalations      | open escalations (uq_escalations_open), their pending timers (ix_timers_escalation_id)  |
| tickets without a clock | open tickets of which no clock runs or stands still (ix_tickets_idle), their messages   |
| stuck effects           | unsent effects (ix_outbox_lane)                                                         |
| rows set aside          | rows set aside (ix_outbox_parked, ix_inbox_parked)                                      |
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Row,
    Select,
    String,
    cast,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy import literal as value

from bot.effects import PostOperator
from bot.model import ClockState, Direction, TicketState
from bot.ports import OutboxState
from bot.rules.clock_terms import PROMISED
from bot.rules.neglect import ANSWERED_BY, LOOK_EVERY, Finding, Look, Neglect, overdue_before, stuck_before
from handlers.escalations import ESCALATION
from handlers.neglected import INBOX_NOTICE, OUTBOX_NOTICE
from storage.escalation_tables import escalations
from storage.outbox import IS_UNSENT, IS_URGENT_ITSELF
from storage.schema import TimerState, clocks, inbox, messages, outbox, settings, tickets, timers
from storage.settings import StoredSettings
from storage.transaction import Transaction
from storage.types import literal

TURN, LOOK = "audit.turn", "audit.look"
"""Keys of the settings: when a look was begun last, by whatever process, and what the last finished one found."""

_TOLD = "audit:"
"""Begins the keys of the settings that hold when something was told of a finding."""

_OPEN = tickets.c.state.not_in([literal(TicketState.RESOLVED), literal(TicketState.CLOSED)])
_RUNNING = clocks.c.state == literal(ClockState.RUNNING)

_KINDS = {
    TicketState.INCOMPLETE: Neglect.NO_REMINDER,
    TicketState.HELD: Neglect.NO_REMINDER,
    TicketState.OPEN: Neglect.NO_CLOCK,
}
"""In the order in which the index of idle tickets names them."""

_SEEN_BY_NOBODY = ("TellUser", "PublishHome", "OfferReport", "TellCustomer", "TellOverview")
"""Urgent because somebody has just clicked, but nobody is forgotten when they wait."""

_TOLD_OTHERWISE = ("SendMail", "PostToCustomer", "ShareFiles", "FetchFiles", "FetchCustomerFiles", "CallWebhook")
"""What is set aside of these is told in the same transaction, under keys of its own (`bot.loops.outbox`)."""


_AT_ONCE = 500
"""Keys or ids in one statement."""

_Row = Row[*tuple[Any, ...]]


class StoredAudit:
    """What the auditor asks and keeps, within a transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection
        self._settings = StoredSettings(transaction)

    async def findings(self, now: datetime, last_look: datetime | None) -> list[Finding]:
        """Everything that is neglected now, the longest neglected first."""
        before = overdue_before(now, last_look)
        found = [
            *await self._ask(_overdue(before), _overdue_clock),
            *await self._ask(_SILENT, _silent_escalation),
            *await self._tickets_without_clock(_IDLE),
            *await self._ask(_stuck(stuck_before(now, last_look)), _stuck_transport),
            *await self._ask(_UNTOLD_OUTBOX, _untold_effect),
            *await self._ask(_UNTOLD_INBOX, _untold_arrival),
        ]
        return sorted(found, key=lambda finding: (finding.since, finding.kind, finding.subject_id))

    async def still(self, finding: Finding, now: datetime) -> bool:
        """Whether a ticket is still neglected in that way. Asked with the ticket locked, it stays so until the end."""
        match finding.kind:
            case Neglect.OVERDUE:
                query = _overdue(now).where(clocks.c.id == finding.subject_id)
                return finding in await self._ask(query, _overdue_clock)
            case Neglect.SILENT_ESCALATION:
                query = _SILENT.where(escalations.c.id == finding.subject_id)
                return finding in await self._ask(query, _silent_escalation)
            case Neglect.NO_CLOCK | Neglect.NO_REMINDER:
                return finding in await self._tickets_without_clock(_IDLE.where(tickets.c.id == finding.subject_id))
            case _:
                return True

    async def _ask(self, query: Select[Any], read: Callable[[_Row], Finding]) -> list[Finding]:
        return [read(row) for row in await self._connection.execute(query)]

    async def _tickets_without_clock(self, idle: Select[Any]) -> list[Finding]:
        ids = list(await self._connection.scalars(idle))
        found: list[Finding] = []
        for start in range(0, len(ids), _AT_ONCE):
            found += await self._ask(_without_clock(ids[start : start + _AT_ONCE]), _ticket_without_clock)
        return found

    async def urgent_since(self) -> datetime | None:
        """Since when the oldest of the urgent effects waits that has not left."""
        query = select(func.min(outbox.c.created_at)).where(IS_UNSENT, IS_URGENT_ITSELF)
        since: datetime | None = await self._connection.scalar(query)
        return since

    async def take_turn(self, now: datetime) -> bool:
        """Whether this process is to look now: of several, one a minute is enough."""
        standing = await self._settings.get(TURN)
        if standing is None:
            mine = now.isoformat()
            return await self._settings.keep(TURN, mine) == mine
        since_last = now - datetime.fromisoformat(standing)
        if timedelta(0) <= since_last < LOOK_EVERY * 0.75:  # a time that lies ahead was written before a clock was set
            return False
        taken = await self._connection.execute(
            update(settings).where(settings.c.key == TURN, settings.c.value == standing).values(value=now.isoformat())
        )
        return taken.rowcount == 1

    async def last_look(self) -> Look | None:
        """The last finished look, by whatever process."""
        standing = await self._settings.get(LOOK)
        if standing is None:
            return None
        data = json.loads(standing)
        return Look(datetime.fromisoformat(data["at"]), data["counts"], data["named"])

    async def keep_look(self, look: Look) -> None:
        """Remember a finished look."""
        text = json.dumps({"at": look.at.isoformat(), "counts": look.counts, "named": look.named})
        insert = self._transaction.insert(settings)
        await self._connection.execute(
            insert.on_conflict_do_update(index_elements=["key"], set_={"value": insert.excluded.value}),
            {"key": LOOK, "value": text},
        )

    async def told(self, findings: Iterable[Finding]) -> set[str]:
        """The keys of those that were told before."""
        keys = [_TOLD + finding.key for finding in findings]
        known: set[str] = set()
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            rows = await self._connection.scalars(select(settings.c.key).where(settings.c.key.in_(some)))
            known |= {key.removeprefix(_TOLD) for key in rows}
        return known

    async def is_first_to_tell(self, finding: Finding, at: datetime) -> bool:
        """Whether nobody has told of it before; from now on it counts as told, if this transaction is committed."""
        insert = self._transaction.insert(settings).on_conflict_do_nothing(index_elements=["key"])
        told = await self._connection.execute(
            insert.returning(settings.c.key), {"key": _TOLD + finding.key, "value": at.isoformat()}
        )
        return told.scalar_one_or_none() is not None


def _overdue(before: datetime) -> Select[Any]:
    """Clocks of ours that are past their deadline without a mark: the timer of the breach has not acted."""
    return (
        select(clocks.c.id, clocks.c.ticket_id, tickets.c.number, clocks.c.due_at)
        .join(tickets, tickets.c.id == clocks.c.ticket_id)
        .where(
            _RUNNING,
            clocks.c.due_at < before,
            clocks.c.breached_at.is_(None),
            clocks.c.kind.in_(sorted(PROMISED)),
            _OPEN,
        )
    )


def _overdue_clock(row: _Row) -> Finding:
    key = f"{Neglect.OVERDUE}:{row.id}:{row.due_at.timestamp():.0f}"
    return Finding(Neglect.OVERDUE, key, row.number, row.due_at, row.ticket_id, row.id)


_IS_CALLED_SOME_DAY = (
    select(timers.c.id)
    .where(
        timers.c.escalation_id == escalations.c.id,
        timers.c.state == literal(TimerState.PENDING),
        timers.c.escalation_id.is_not(None),  # said as the index says it
        timers.c.kind == ESCALATION,
    )
    .exists()
)
_SILENT: Select[Any] = (
    select(
        escalations.c.id,
        escalations.c.ticket_id,
        escalations.c.version,
        tickets.c.number,
        func.coalesce(escalations.c.called_at, escalations.c.began_at).label("since"),
    )
    .join(tickets, tickets.c.id == escalations.c.ticket_id)
    .where(escalations.c.ended_at.is_(None), ~_IS_CALLED_SOME_DAY)
)


def _silent_escalation(row: _Row) -> Finding:
    key = f"{Neglect.SILENT_ESCALATION}:{row.id}:{row.version}"
    return Finding(Neglect.SILENT_ESCALATION, key, row.number, row.since, row.ticket_id, row.id)


# Asked in two steps: the few tickets without a clock first, by an index that holds nothing else; then what that needs
# which lies among everything that ever was, for these alone.
_IDLE: Select[Any] = select(tickets.c.id).where(
    tickets.c.unfinished_clocks == literal_column("0"),
    tickets.c.state.in_([literal(state) for state in _KINDS]),
    type_coerce(tickets.c.facts, JSON)["enquiry"].as_boolean().is_not(True),
)
_WAS_SEEN = (
    select(clocks.c.id)
    .where(
        clocks.c.ticket_id == messages.c.ticket_id,
        clocks.c.kind.in_(sorted(ANSWERED_BY)),
        clocks.c.ended_at >= messages.c.sent_at,
    )
    .exists()
)
# After an engineer's reply that gives nobody the turn no clock runs, rightly, until the customer writes again.
_IS_UNSEEN = (
    select(messages.c.id)
    .where(
        messages.c.ticket_id == tickets.c.id,
        messages.c.direction == Direction.FROM_CUSTOMER,
        messages.c.automatic.is_(False),
        ~_WAS_SEEN,
    )
    .exists()
)
_LAST_CLOCK = select(func.coalesce(func.max(clocks.c.id), 0)).where(clocks.c.ticket_id == tickets.c.id)


def _without_clock(ids: Sequence[int]) -> Select[Any]:
    """Of these idle tickets, those that somebody has forgotten."""
    return select(
        tickets.c.id,
        tickets.c.number,
        tickets.c.state,
        tickets.c.reported_at,
        _LAST_CLOCK.scalar_subquery().label("last_clock"),
    ).where(
        tickets.c.id.in_(ids),
        or_(tickets.c.state != TicketState.OPEN, tickets.c.contacted_at.is_(None), _IS_UNSEEN),
    )


def _ticket_without_clock(row: _Row) -> Finding:
    kind = _KINDS[row.state]
    # With the ticket's last clock in it: when one ran meanwhile, it is another finding.
    return Finding(kind, f"{kind}:{row.id}:{row.last_clock}", row.number, row.reported_at, row.id, row.id)


def _stuck(before: datetime) -> Select[Any]:
    """The oldest of what is urgent and waits, for each transport; it stands for all."""
    oldest = (
        select(func.min(outbox.c.id).label("id"), func.count().label("many"))
        .where(IS_UNSENT, IS_URGENT_ITSELF, outbox.c.created_at < before, outbox.c.type.not_in(_SEEN_BY_NOBODY))
        .group_by(outbox.c.transport)
        .subquery()
    )
    return select(outbox.c.id, outbox.c.transport, outbox.c.ticket_id, outbox.c.created_at, oldest.c.many).join(
        oldest, oldest.c.id == outbox.c.id
    )


def _stuck_transport(row: _Row) -> Finding:
    return Finding(
        Neglect.STUCK, f"{Neglect.STUCK}:{row.id}", f"outbox {row.id}", row.created_at, row.ticket_id, row.id,
        detail=row.transport, count=row.many,
    )  # fmt: skip


def _untold(table: Any, key: str, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Rows set aside without the notice under that key; the word for the state is the same in both tables."""
    notice = outbox.alias("notice")
    is_told = select(notice.c.id).where(notice.c.dedupe_key == value(key) + cast(table.c.id, String)).exists()
    return select(table).where(table.c.state == literal(OutboxState.PARKED), *conditions, ~is_told)


_UNTOLD_OUTBOX = _untold(outbox, OUTBOX_NOTICE, outbox.c.type.not_in(_TOLD_OTHERWISE)).with_only_columns(
    outbox.c.id, outbox.c.type, outbox.c.created_at, outbox.c.error
)
_UNTOLD_INBOX = _untold(inbox, INBOX_NOTICE).with_only_columns(
    inbox.c.id, inbox.c.source, inbox.c.stored_at, inbox.c.error
)


def _untold_effect(row: _Row) -> Finding:
    table = "operator" if row.type == PostOperator.__name__ else "outbox"
    return Finding(
        Neglect.UNTOLD, f"{Neglect.UNTOLD}:outbox:{row.id}", f"outbox {row.id}", row.created_at, None, row.id,
        detail=table, reason=row.error or "",
    )  # fmt: skip


def _untold_arrival(row: _Row) -> Finding:
    return Finding(
        Neglect.UNTOLD, f"{Neglect.UNTOLD}:inbox:{row.id}", f"inbox {row.id}", row.stored_at, None, row.id,
        detail=row.source, reason=row.error or "",
    )  # fmt: skip
