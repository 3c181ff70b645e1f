"""What the fake keeps: plain dictionaries, whose every change can be taken back."""

from __future__ import annotations

import heapq
import marshal
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from itertools import count
from operator import attrgetter
from typing import Any, TypeVar

from bot.entitlements import EntitlementUse, ServiceNotice
from bot.escalations import DutyShift, Escalation
from bot.interviews import Interview
from bot.model import Attachment, Contract, JournalEntry, Message, SlaClock, Ticket, Timer
from bot.ports import InboxState, OutboxRow, OutboxState
from bot.replacements import DeviceChange, Replacement
from bot.sendings import Sending
from storage.schema import TimerState
from storage.types import storable

# Several times as fast as `dataclasses.replace`, and every handler reads and writes both.
_TICKET_VALUES = attrgetter(*(each.name for each in fields(Ticket)))
_CLOCK_VALUES = attrgetter(*(each.name for each in fields(SlaClock)))
_PLAIN = (int, bool, float)

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class KeptTimer:
    """A timer and what became of it."""

    timer: Timer
    state: TimerState


@dataclass(frozen=True, slots=True)
class KeptInbox:
    """What became of something that arrived."""

    state: InboxState
    outcome: str = ""
    ticket_id: int | None = None
    key: str | None = None
    due_at: datetime | None = None


@dataclass(slots=True)
class Tables:
    """Everything stored. What is kept is never changed in place: a change puts a new value, so it can be undone."""

    tickets: dict[int, Ticket] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    participants: dict[int, frozenset[str]] = field(default_factory=dict)
    tickets_of: dict[str, tuple[int, ...]] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    messages_of: dict[int, tuple[int, ...]] = field(default_factory=dict)
    attachments: dict[int, Attachment] = field(default_factory=dict)
    attachments_of: dict[int, tuple[int, ...]] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    known_ids: dict[str, tuple[int, ...]] = field(default_factory=dict)
    contracts: dict[str, Contract] = field(default_factory=dict)
    contract_channels: dict[tuple[int, str], None] = field(default_factory=dict)
    inbox: dict[int, KeptInbox] = field(default_factory=dict)
    outbox: dict[int, OutboxRow] = field(default_factory=dict)
    outbox_states: dict[int, OutboxState] = field(default_factory=dict)
    unsent: dict[int, int] = field(default_factory=dict)
    sent_ids: dict[str, int] = field(default_factory=dict)
    dedupe_keys: dict[str, int] = field(default_factory=dict)
    waiting_cards: dict[str, int] = field(default_factory=dict)
    automatic: dict[str, tuple[datetime, ...]] = field(default_factory=dict)
    clocks: dict[int, SlaClock] = field(default_factory=dict)
    clocks_of: dict[int, tuple[int, ...]] = field(default_factory=dict)
    timers: dict[int, KeptTimer] = field(default_factory=dict)
    timer_keys: dict[str, int] = field(default_factory=dict)
    timers_of: dict[int, tuple[int, ...]] = field(default_factory=dict)
    escalations: dict[int, Escalation] = field(default_factory=dict)
    escalations_of: dict[int, tuple[int, ...]] = field(default_factory=dict)
    entitlement_uses: dict[int, EntitlementUse] = field(default_factory=dict)
    notices: dict[int, ServiceNotice] = field(default_factory=dict)
    looks: dict[str, date] = field(default_factory=dict)
    duty_shifts: dict[int, DutyShift] = field(default_factory=dict)
    sendings: dict[int, Sending] = field(default_factory=dict)
    replacements: dict[int, Replacement] = field(default_factory=dict)
    device_changes: dict[int, DeviceChange] = field(default_factory=dict)
    interviews: dict[int, Interview] = field(default_factory=dict)
    journal: dict[int, tuple[JournalEntry, ...]] = field(default_factory=dict)
    fire_times: list[tuple[datetime, int]] = field(default_factory=list)
    next_id: Callable[[], int] = field(default_factory=lambda: count(1).__next__)
    _undo: list[Callable[[], object]] = field(default_factory=list)

    def begin_as(self, other: Tables) -> None:
        """Hold what the other one holds; a later change of the one is none of the other."""
        for each in fields(self):
            value = getattr(other, each.name)
            setattr(self, each.name, value.copy() if isinstance(value, dict | list) else value)
        self.next_id = count(other.next_id() + 1).__next__

    def put(self, table: MutableMapping[K, V], key: K, value: V) -> None:
        """Keep a value under a key."""
        if key in table:
            before = table[key]
            self._undo.append(lambda: table.__setitem__(key, before))
        else:
            self._undo.append(lambda: table.pop(key))
        table[key] = value

    def drop(self, table: MutableMapping[K, V], key: K) -> None:
        """Keep nothing under a key."""
        if key in table:
            before = table.pop(key)
            self._undo.append(lambda: table.__setitem__(key, before))

    def put_timer(self, kept: KeptTimer) -> None:
        """Keep a timer; while it is pending it is found by its time."""
        self.put(self.timers, kept.timer.id, kept)
        if kept.state is TimerState.PENDING:
            heapq.heappush(self.fire_times, (kept.timer.fire_at, kept.timer.id))

    def first_pending(self, passed: set[int]) -> Timer | None:
        """The pending timer that comes first, of those not in `passed`; only between transactions.

        Only here entries leave the heap, so an undone change finds its own entry still there.
        """
        aside = []
        found: Timer | None = None
        while self.fire_times and found is None:
            fire_at, timer_id = self.fire_times[0]
            kept = self.timers.get(timer_id)
            if kept is None or kept.state is not TimerState.PENDING or kept.timer.fire_at != fire_at:
                heapq.heappop(self.fire_times)
            elif timer_id in passed:
                aside.append(heapq.heappop(self.fire_times))
            else:
                found = kept.timer
        for entry in aside:
            heapq.heappush(self.fire_times, entry)
        return found

    def commit(self) -> None:
        """Keep what was changed."""
        self._undo.clear()

    def roll_back(self) -> None:
        """Take back what was changed since the last commit."""
        while self._undo:
            self._undo.pop()()


def utc(at: datetime) -> datetime:
    """The instant in UTC.

    Raises:
        ValueError: it is naive.
    """
    if at.tzinfo is UTC:
        return at
    if at.tzinfo is None:
        raise ValueError(f"a naive datetime cannot be stored: {at!r}")
    return at.astimezone(UTC)


def utc_or_none(at: datetime | None) -> datetime | None:
    """The same for an instant that may be missing."""
    return None if at is None else utc(at)


def kept_text(text: str) -> str:
    """The text as a database keeps it."""
    return text if text.isascii() and "\0" not in text else storable(text)


def kept_json(value: object) -> object:
    """A copy of a JSON value, as a database would give it back.

    Raises:
        TypeError: it is none, and a database would refuse it.
    """
    if isinstance(value, str):
        return kept_text(str(value))
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, dict):
        return {kept_text(str(key)): kept_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [kept_json(item) for item in value]
    raise TypeError(f"{type(value).__name__} is no JSON value: {value!r}")


def kept_facts(data: dict[str, object]) -> dict[str, object]:
    """A copy of a JSON object, as a database would give it back."""
    return {
        kept_text(str(key)): item if item is None or type(item) in _PLAIN else kept_json(item)
        for key, item in data.items()
    }


def copied(kept: dict[str, Any]) -> dict[str, Any]:
    """A copy of a JSON object that is kept already."""
    copy: dict[str, Any] = marshal.loads(marshal.dumps(kept))  # noqa: S302  # our own dump; many times as fast as a walk
    return copy


def ticket_to_keep(ticket: Ticket, before: Ticket | None = None) -> Ticket:
    """A copy of a ticket, as a database would give it back; `before` is what was kept of it so far."""
    kept = Ticket(*_TICKET_VALUES(ticket))
    kept.subject = kept_text(ticket.subject)
    kept.requester_name = kept_text(ticket.requester_name)
    kept.reported_at = utc(ticket.reported_at)
    kept.created_at = utc(ticket.created_at)
    kept.accepted_at = utc_or_none(ticket.accepted_at)
    kept.contacted_at = utc_or_none(ticket.contacted_at)
    kept.closed_at = utc_or_none(ticket.closed_at)
    if before is not None and before.terms == ticket.terms:
        kept.terms = before.terms
    else:
        kept.terms = {str(priority): kept_facts(terms) for priority, terms in ticket.terms.items()}
    kept.facts = kept_facts(ticket.facts)
    return kept


def kept_ticket(kept: Ticket) -> Ticket:
    """A copy of a ticket that is kept already."""
    ticket = Ticket(*_TICKET_VALUES(kept))
    ticket.terms = copied(kept.terms)
    ticket.facts = copied(kept.facts)
    return ticket


def clock_to_keep(clock: SlaClock) -> SlaClock:
    """A copy of a clock, as a database would give it back."""
    kept = kept_clock(clock)
    kept.started_at = utc(clock.started_at)
    kept.due_at = utc(clock.due_at)
    kept.ended_at = utc_or_none(clock.ended_at)
    kept.breached_at = utc_or_none(clock.breached_at)
    return kept


def kept_clock(kept: SlaClock) -> SlaClock:
    """A copy of a clock that is kept already."""
    return SlaClock(*_CLOCK_VALUES(kept))
