"""What happened to each clock of a ticket, as its journal tells it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bot.model import ClockState, JournalEntry, SlaClock

_PREFIX = "clock_"
_STARTED = "clock_started"
_ORDER = (ClockState.RUNNING, ClockState.PAUSED)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a clock.

    Attributes:
        name: "started", "met", "paused", ...: the journal's word without its prefix.
        cause: What somebody did in the same stroke, where the journal tells.
    """

    name: str
    entry: JournalEntry
    cause: JournalEntry | None


@dataclass(frozen=True, slots=True)
class ClockStory:
    """A clock and what happened to it, oldest first."""

    clock: SlaClock
    events: tuple[Event, ...]


def stories(clocks: Sequence[SlaClock], journal: Sequence[JournalEntry]) -> tuple[list[ClockStory], list[Event]]:
    """The story of every clock, what is due first in front, and the events that fit to none.

    A journal line names its clock by its id or, where it does not, by its kind: of that kind it is the clock that was
    started last.

    Args:
        clocks: All clocks of one ticket.
        journal: The ticket's journal, oldest first.
    """
    by_id = {clock.id: clock for clock in clocks}
    not_started = defaultdict[str, list[int]](list)
    for clock in sorted(clocks, key=lambda clock: clock.id, reverse=True):
        not_started[clock.kind].append(clock.id)
    latest: dict[str, int] = {}
    events = defaultdict[int | None, list[Event]](list)
    for index, entry in enumerate(journal):
        if not entry.kind.startswith(_PREFIX):
            continue
        kind, named = str(entry.data.get("kind", "")), entry.data.get("clock")
        if isinstance(named, int) and named in by_id:
            kind = by_id[named].kind
            latest[kind] = named
            if named in not_started[kind]:
                not_started[kind].remove(named)
        elif entry.kind == _STARTED and not_started[kind]:
            latest[kind] = not_started[kind].pop()
        event = Event(entry.kind.removeprefix(_PREFIX), entry, _cause(journal, index))
        events[latest.get(kind)].append(event)
    told = [ClockStory(clock, tuple(events[clock.id])) for clock in sorted(clocks, key=_urgency)]
    return told, events[None]


def _urgency(clock: SlaClock) -> tuple[int, float]:
    """What runs comes first, by its deadline; what ended comes last, the latest first."""
    if clock.state in _ORDER:
        return _ORDER.index(clock.state), clock.due_at.timestamp()
    return len(_ORDER), -clock.started_at.timestamp()


def _cause(journal: Sequence[JournalEntry], index: int) -> JournalEntry | None:
    """What was written beside a clock's line by the same transaction, all of whose lines bear the same instant."""
    at = journal[index].at
    before = (journal[i] for i in range(index - 1, -1, -1) if journal[i].at == at)
    after = (entry for entry in journal[index + 1 :] if entry.at == at)
    beside = [entry for entry in (*before, *after) if not entry.kind.startswith(_PREFIX)]
    return next(iter(beside), None)
