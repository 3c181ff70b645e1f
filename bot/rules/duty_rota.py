"""Who is on duty when: shifts that were set one by one stand before the weekly pattern; gaps are found in advance."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's duty, half-open [starts_at, ends_at), aware.

    Attributes:
        user: The Slack user id.
        substitute: Who is called as well when the person does not answer; None for nobody.
        id: The stored row's; None for a shift of the weekly pattern.
    """

    user: str
    starts_at: datetime
    ends_at: datetime
    substitute: str | None = None
    id: int | None = None

    def covers(self, at: datetime) -> bool:
        """Whether the duty lasts at that instant."""
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class WeeklyShift:
    """A duty that comes every week.

    Attributes:
        weekdays: On which it begins, 1 is Monday.
        begins: Local time of the beginning.
        ends: Local time of the end, on the next day unless it is later than `begins`.
    """

    user: str
    weekdays: frozenset[int]
    begins: time
    ends: time
    substitute: str | None = None


@dataclass(frozen=True, slots=True)
class Rota:
    """Everything that says who is on duty.

    Attributes:
        kept: Shifts set by people; of several at an instant the one set last (the highest id) counts.
        weekly: The pattern, in the order of the configuration; the first that covers an instant counts.
        zone: Of the pattern's local times.
    """

    kept: Sequence[Shift]
    weekly: Sequence[WeeklyShift]
    zone: ZoneInfo

    @property
    def is_empty(self) -> bool:
        """Whether nobody ever said who is on duty."""
        return not self.kept and not self.weekly


def on_duty(rota: Rota, at: datetime) -> Shift | None:
    """Who is on duty at an aware instant; None in a gap."""
    kept = [shift for shift in rota.kept if shift.covers(at)]
    if kept:
        return max(kept, key=lambda shift: shift.id or 0)
    return next((shift for shift in _of_the_week(rota, at, at + timedelta.resolution) if shift.covers(at)), None)


def schedule(rota: Rota, since: datetime, until: datetime) -> list[tuple[datetime, datetime, Shift | None]]:
    """Who is on duty from one instant to another, as (from, to, shift) without holes; None stands for a gap.

    Neighbours with the same people are one entry.
    """
    shifts = [*rota.kept, *_of_the_week(rota, since, until)]
    edges = {since, until} | {edge for shift in shifts for edge in (shift.starts_at, shift.ends_at)}
    instants = sorted(edge.astimezone(UTC) for edge in edges if since <= edge <= until)
    entries: list[tuple[datetime, datetime, Shift | None]] = []
    for begin, end in itertools.pairwise(instants):
        if begin == end:
            continue
        shift = on_duty(rota, begin)
        if entries and _same_people(entries[-1][2], shift):
            entries[-1] = (entries[-1][0], end, entries[-1][2])
        else:
            entries.append((begin, end, shift))
    return entries


def _same_people(one: Shift | None, other: Shift | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.user, one.substitute) == (other.user, other.substitute)


def _of_the_week(rota: Rota, since: datetime, until: datetime) -> Iterator[Shift]:
    """The pattern's shifts that touch the span, in the order of the pattern."""
    first = since.astimezone(rota.zone).date() - _DAY  # a shift of the day before may last into it
    last = until.astimezone(rota.zone).date()
    for pattern in rota.weekly:
        for day in _days(first, last):
            if day.isoweekday() not in pattern.weekdays:
                continue
            begins = _local(day, pattern.begins, rota.zone)
            ends = _local(day if pattern.ends > pattern.begins else day + _DAY, pattern.ends, rota.zone)
            if begins < until and since < ends:
                yield Shift(pattern.user, begins, ends, pattern.substitute)


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _local(day: date, at: time, zone: ZoneInfo) -> datetime:
    """A local time as UTC. One that the change to summer time leaves out is taken an hour later, as clocks show it."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
