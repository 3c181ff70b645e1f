"""Instants as people type them: "dziś 17:00", "jutro 9:00", "pt 17:00", "2026-11-27 17:00", "27.11 17:00", "teraz".

Polish and English, with or without diacritics. A time without a day is that of today, or after another instant the
first one that comes; a weekday is the next one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.rules.agreed_dates import WEEKDAYS, local_instant
from bot.rules.folding import bare_letters

_NOW = frozenset(["teraz", "now"])
_DAYS = {"dzis": 0, "dzisiaj": 0, "today": 0, "jutro": 1, "tomorrow": 1, "pojutrze": 2}
_WEEKDAY = {word: number for number, words in enumerate(WEEKDAYS, 1) for word in words.split()} | {"nd": 7, "ndz": 7}
_BETWEEN = frozenset(["o", "at", "godz", "godz.", "na", "on", "w", "we"])
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_POLISH = re.compile(r"(\d{1,2})[./](\d{1,2})(?:[./](\d{4}))?\.?")
_TIME = re.compile(r"(\d{1,2})(?::(\d{2}))?")
_DAY = timedelta(days=1)


class DateProblem(StrEnum):
    """Why words are no instant."""

    NOTHING = "nothing"  # no words are left
    NOT_A_DATE = "not_a_date"
    NO_TIME = "no_time"  # a day alone
    NO_SUCH_DAY = "no_such_day"
    NO_SUCH_TIME = "no_such_time"


class NotADate(ValueError):
    """Words that are no instant.

    Attributes:
        problem: Why.
        word: The word in question; "" where it is missing.
    """

    def __init__(self, problem: DateProblem, word: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.word = word


def take_instant(
    words: Sequence[str], now: datetime, zone: ZoneInfo, *, after: datetime | None = None
) -> tuple[datetime, Sequence[str]]:
    """The instant that the words begin with, UTC, and the words behind it.

    Args:
        words: As typed, split at spaces.
        now: Aware; "today" is the day of the zone at this instant.
        zone: In which times are meant.
        after: The instant that this one follows, as the end of a span does.

    Raises:
        NotADate: they begin with none.
    """
    rest = _without_small_words(words)
    if not rest:
        raise NotADate(DateProblem.NOTHING)
    first = _folded(rest[0])
    if first in _NOW:
        return now.astimezone(UTC), rest[1:]
    if "t" in first and _ISO.match(first):  # 2026-11-27T17:00
        rest = [*rest[0].upper().split("T", 1), *rest[1:]]
        first = rest[0]
    since = (after or now).astimezone(zone)
    days = _days(first, now.astimezone(zone).date(), since.date())
    if days is None:
        clock = _clock(first)
        if clock is None:
            raise NotADate(DateProblem.NOT_A_DATE, rest[0])
        day = since.date()
        if after is not None and _at(day, clock, zone, rest[0]) <= after:
            day += _DAY
        return _at(day, clock, zone, rest[0]), rest[1:]
    spoken, rest = rest[0], _without_small_words(rest[1:])
    clock = _clock(_folded(rest[0])) if rest else None
    if clock is None:
        raise NotADate(DateProblem.NO_TIME, spoken)
    day, is_weekday = days
    at = _at(day, clock, zone, rest[0])
    if is_weekday and at <= since:
        at = _at(day + 7 * _DAY, clock, zone, rest[0])
    return at, rest[1:]


def _without_small_words(words: Sequence[str]) -> Sequence[str]:
    begins = next((place for place, word in enumerate(words) if _folded(word) not in _BETWEEN), len(words))
    return words[begins:]


def _folded(word: str) -> str:
    return bare_letters(word).strip(",;")


def _days(word: str, today: date, since: date) -> tuple[date, bool] | None:
    """The day that a word names, and whether it is a weekday (of which there is another in a week)."""
    if word in _DAYS:
        return today + _DAYS[word] * _DAY, False
    if (weekday := _WEEKDAY.get(word.rstrip("."))) is not None:
        return since + (weekday - since.isoweekday()) % 7 * _DAY, True
    try:
        if found := _ISO.fullmatch(word):
            return date(int(found[1]), int(found[2]), int(found[3])), False
        if found := _POLISH.fullmatch(word):
            year = int(found[3] or today.year)
            day = date(year, int(found[2]), int(found[1]))
            return (day if found[3] or day >= today else day.replace(year=year + 1)), False
    except ValueError as error:
        raise NotADate(DateProblem.NO_SUCH_DAY, word) from error
    return None


def _clock(word: str) -> tuple[time, int] | None:
    """A time of day, and the days to add: "24:00" is the next midnight. None where it is no time."""
    found = _TIME.fullmatch(word)
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    if (hour, minute) == (24, 0):
        return time(), 1
    if hour > 23 or minute > 59:
        raise NotADate(DateProblem.NO_SUCH_TIME, word)
    return time(hour, minute), 0


def _at(day: date, clock: tuple[time, int], zone: ZoneInfo, word: str) -> datetime:
    try:
        at = local_instant(day + clock[1] * _DAY, clock[0], zone)
    except OverflowError:
        raise NotADate(DateProblem.NO_SUCH_DAY, word) from None
    if at is None:
        raise NotADate(DateProblem.NO_SUCH_TIME, word)
    return at
