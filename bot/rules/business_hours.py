"""Service time: how much of it lies between two instants, and when a budget of it is used up.

A `ServiceCalendar` is either open always (24x7) or open in windows of local time per weekday, half-open
[opens, closes), closed on public holidays and extra days (service terms: "8x5 - od godz. 9:00 do 17:00 przez 5 dni
roboczych w tygodniu, z wyłączeniem świąt i dni ustawowo wolnych od pracy"). Whether an instant is open depends on
its local wall time alone, so a window across a change of the clocks is as long as it really was.

Each year's windows are worked out once as sorted instants with a running total. A question is then two binary
searches and an addition per year between; nothing walks over days.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Window = tuple[time, time]
"""Opening and closing time of one window; a closing time of 00:00 is the end of the day."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000
_DAY = 86400 * _SECOND
_YEARS = range(1900, 2200)
"""Beyond these years neither holidays nor changes of the clocks mean anything."""


@dataclass(frozen=True, slots=True)
class _Year:
    """The open windows of one UTC year, instants in microseconds since 1970; `before[i]` is open time before i."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    before: tuple[int, ...]

    @property
    def total(self) -> int:
        return self.before[-1]

    def used(self, at: int) -> int:
        """Open time from the year's begin to `at`."""
        index = bisect_right(self.starts, at) - 1
        if index < 0:
            return 0
        return self.before[index] + min(at, self.ends[index]) - self.starts[index]

    def reached(self, used: int) -> int:
        """The first instant at which that much open time is used up; 0 < used <= total."""
        index = bisect_left(self.before, used) - 1
        return self.starts[index] + used - self.before[index]


@dataclass(frozen=True)
class ServiceCalendar:
    """When service time runs. Make one with `always` or `weekly`.

    Every instant that goes in is aware (any zone), or ValueError is raised; every instant that comes out is UTC.
    Spans are service time, to the microsecond. A calendar with windows answers for the years 1900 to 2199 (UTC), one
    without them for as long as a datetime goes; ValueError is raised beyond.

    Attributes:
        zone: The IANA zone of the windows.
        windows: Seven tuples of windows, Monday first, in order and without overlap; None means open always.
        country: ISO 3166 code of the country on whose public holidays it is closed; None for no holidays.
        extra_closed: Further closed days.
    """

    zone: str = "UTC"
    windows: tuple[tuple[Window, ...], ...] | None = None
    country: str | None = None
    extra_closed: frozenset[date] = frozenset()
    _years: dict[int, _Year] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"no such time zone: {self.zone!r}") from None
        if self.country is not None:
            public_holidays(self.country, 2026)  # refuses an unknown country here, not at the first deadline
        if self.windows is None:
            return
        if len(self.windows) != 7 or not any(self.windows):
            raise ValueError("windows need seven weekdays, Monday first, and at least one window")
        for day in self.windows:
            spans = [_in_day(window) for window in day]
            if any(opens >= closes for opens, closes in spans):
                raise ValueError("a window has to open before it closes")
            if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
                raise ValueError("the windows of a day have to be in order and must not overlap")

    @classmethod
    def always(cls) -> ServiceCalendar:
        """24x7: every second counts; changes of the clocks neither add nor remove elapsed time."""
        return cls()

    @classmethod
    def weekly(
        cls,
        zone: str,
        windows: Mapping[int, Sequence[Window]],
        *,
        country: str | None = None,
        extra_closed: Sequence[date] = (),
    ) -> ServiceCalendar:
        """A calendar of windows per ISO weekday (1 is Monday); weekdays that are not named are closed.

        Raises:
            ValueError: Unknown zone or country, a window that ends before it starts, overlapping windows, none at all.
        """
        days = tuple(tuple(windows.get(weekday, ())) for weekday in range(1, 8))
        return cls(zone, days, country, frozenset(extra_closed))

    def due(self, start: datetime, budget: timedelta) -> datetime:
        """When `budget` of service time from `start` on is used up.

        A budget that uses up a window exactly is due at its close; none at all is due at `start` itself.
        """
        left = _microseconds(budget)
        if left < 0:
            raise ValueError(f"a budget of service time is never negative: {budget}")
        at = _instant(start)
        if self.windows is None or left == 0:
            return _utc(at + left)
        number = _utc(at).year
        year = self._year(number)
        left += year.used(at)
        while left > year.total:
            left -= year.total
            number += 1
            year = self._year(number)
        return _utc(year.reached(left))

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """The service time between two instants; negative when `end` is before `start`."""
        first, last = _instant(start), _instant(end)
        if self.windows is None:
            return timedelta(microseconds=last - first)
        if last < first:
            return -self.elapsed(end, start)
        number, last_number = _utc(first).year, _utc(last).year
        total = self._year(last_number).used(last) - self._year(number).used(first)
        for between in range(number, last_number):
            total += self._year(between).total
        return timedelta(microseconds=total)

    def remaining(self, start: datetime, budget: timedelta, at: datetime) -> timedelta:
        """What is left of a budget at `at`, never below zero: the budget of a clock that is paused there."""
        return max(budget - self.elapsed(start, at), timedelta(0))

    def is_open(self, at: datetime) -> bool:
        """Whether service time runs at that instant."""
        instant = _instant(at)
        if self.windows is None:
            return True
        year = self._year(_utc(instant).year)
        index = bisect_right(year.starts, instant) - 1
        return index >= 0 and instant < year.ends[index]

    def next_opening(self, at: datetime) -> datetime:
        """The first open instant at or after `at`: `at` itself while it is open."""
        instant = _instant(at)
        if self.is_open(at):
            return _utc(instant)
        number = _utc(instant).year
        while True:
            year = self._year(number)
            index = bisect_left(year.starts, instant)
            if index < len(year.starts):
                return _utc(year.starts[index])
            number += 1

    def _year(self, number: int) -> _Year:
        year = self._years.get(number)
        if year is None:
            if number not in _YEARS:
                raise ValueError(f"service time is known from {_YEARS[0]} to {_YEARS[-1]}, not in {number}")
            year = self._years[number] = self._work_out(number)
        return year

    def _work_out(self, number: int) -> _Year:
        begin, end = _instant(datetime(number, 1, 1, tzinfo=UTC)), _instant(datetime(number + 1, 1, 1, tzinfo=UTC))
        starts: list[int] = []
        ends: list[int] = []
        for opens, closes in self._windows_between(begin, end):
            if ends and opens == ends[-1]:
                ends[-1] = closes
            else:
                starts.append(opens)
                ends.append(closes)
        lengths = (closes - opens for opens, closes in zip(starts, ends, strict=True))
        return _Year(tuple(starts), tuple(ends), tuple(accumulate(lengths, initial=0)))

    def _windows_between(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        assert self.windows is not None
        spans = [[_in_day(window) for window in day] for day in self.windows]
        for since, until, offset in _offsets(ZoneInfo(self.zone), begin, end):
            local_since, local_until = since + offset, until + offset
            for day in range(local_since // _DAY, -(-local_until // _DAY)):
                weekday = (day + 3) % 7  # day 0, 1 January 1970, was a Thursday
                if not spans[weekday] or self._is_closed(date.fromordinal(day + _EPOCH.toordinal())):
                    continue
                for opens, closes in spans[weekday]:
                    first = max(day * _DAY + opens, local_since)
                    last = min(day * _DAY + closes, local_until)
                    if first < last:
                        yield first - offset, last - offset

    def _is_closed(self, day: date) -> bool:
        if day in self.extra_closed:
            return True
        return self.country is not None and day in public_holidays(self.country, day.year)


@lru_cache(maxsize=1024)
def public_holidays(country: str, year: int) -> frozenset[date]:
    """The public holidays of a country (ISO 3166 code) in a year.

    Raises:
        ValueError: The `holidays` package does not know the country.
    """
    import holidays  # takes a fifth of a second to load, which a calendar without holidays saves

    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        raise ValueError(f"the public holidays of {country!r} are not known") from None


def _offsets(zone: ZoneInfo, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The spans [since, until) of constant UTC offset between two instants, and that offset."""

    def offset(at: int) -> int:
        shift = _utc(at).astimezone(zone).utcoffset()
        assert shift is not None
        return _microseconds(shift)

    since = begin
    current = offset(begin)
    for probe in (*range(begin + _DAY, end, _DAY), end - _SECOND):
        if offset(probe) == current:
            continue
        old, change = max(since, probe - _DAY), probe
        while change - old > _SECOND:  # clocks change at whole seconds
            middle = (old + change) // 2 // _SECOND * _SECOND
            old, change = (middle, change) if offset(middle) == current else (old, middle)
        yield since, change, current
        since, current = change, offset(change)
    yield since, end, current


def _in_day(window: Window) -> tuple[int, int]:
    """A window in microseconds since the local midnight."""
    opens, closes = ((t.hour * 3600 + t.minute * 60 + t.second) * _SECOND + t.microsecond for t in window)
    return opens, closes or _DAY


def _instant(at: datetime) -> int:
    """Microseconds since 1970 of an aware datetime; ValueError for a naive one, which names no instant."""
    if at.utcoffset() is None:
        raise ValueError(f"a datetime without a zone is no instant: {at.isoformat()}")
    return _microseconds(at - _EPOCH)


def _microseconds(span: timedelta) -> int:
    # Three times as fast as `span // timedelta(microseconds=1)`, and every question asks this twice.
    return (span.days * 86400 + span.seconds) * _SECOND + span.microseconds


def _utc(instant: int) -> datetime:
    try:
        return _EPOCH + timedelta(0, 0, instant)
    except OverflowError:
        raise ValueError("an instant before the year 1 or after the year 9999") from None
