"""How people write instants, priorities and spans of time on a command line, and how answers are written for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from bot.errors import OperatorError
from bot.model import Priority
from bot.rules.calendars import ALWAYS, OFFICE_HOURS

INSTANT_FORMS = '"2026-11-20T16:30:00+01:00", "2026-11-20T15:30Z", "2026-11-20 16:30 Europe/Warsaw"'

_ZONE_NAME = re.compile(r"(?P<time>.*\S)(?:\s*\[(?P<bracketed>[\w+/-]+)\]|\s+(?P<bare>[A-Za-z][\w+/-]*))")
_HOURS_OF = {"z": 0, "utc": 0, "gmt": 0, "cet": 1, "cest": 2}
_PRIORITIES = {
    "critical": Priority.CRITICAL,
    "krytyczny": Priority.CRITICAL,
    "noncritical": Priority.NON_CRITICAL,
    "niekrytyczny": Priority.NON_CRITICAL,
    "question": Priority.QUESTION,
    "pytanie": Priority.QUESTION,
}
_UNITS = {"d": 86400, "h": 3600, "min": 60, "s": 1}
_SPAN = re.compile(" ?".join(rf"(?:(?P<{unit}>\d{{1,11}}) ?{unit})?" for unit in _UNITS))
_NUMBER = re.compile(r"-?\d{1,11}(?:\.\d{1,9})?")
_LONGEST = timedelta(days=200 * 366)
_MICROSECOND = timedelta(microseconds=1)


class Unanswerable(OperatorError):
    """A question that cannot be answered as it was asked.

    Args:
        words: What is wrong, and what is allowed.
        field: Which part of the question is meant, as whoever asked calls it.
    """

    def __init__(self, words: str, field: str = "") -> None:
        super().__init__(f"{field}: {words}" if field else words)
        self.words = words
        self.field = field


@dataclass(frozen=True, slots=True)
class ReadInstant:
    """An instant that somebody wrote.

    Attributes:
        at: UTC.
        note: What was presumed, where the words left a choice; else empty.
    """

    at: datetime
    note: str = ""


def read_instant(text: str, zone: ZoneInfo) -> ReadInstant:
    """An instant in ISO 8601 with an offset, Z or a zone's name; without any it is a local time in `zone`.

    A local time that comes twice, when summer time ends, is its first coming; one that is left out, when summer time
    begins, is counted with the offset before the change (RFC 5545 §3.3.5). Both are noted.

    Raises:
        Unanswerable: It is none.
    """
    words = text.strip()
    named = _ZONE_NAME.fullmatch(words)
    name = (named["bracketed"] or named["bare"]) if named else None
    written = re.sub(r"\s+(?=[+-]\d\d:?\d\d$)", "", named["time"] if named else words)
    try:
        moment = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", written))
        where = _zone(name) if name else zone
        if moment.utcoffset() is None:
            return _local(moment, where)
        if name and moment.astimezone(where).utcoffset() != moment.utcoffset():
            raise Unanswerable(f"{quoted(text)}: the offset is not that of {name} at this time")
        return ReadInstant(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        raise Unanswerable(f"{quoted(text)} is no instant; allowed is ISO 8601, such as {INSTANT_FORMS}") from None


def _zone(name: str) -> ZoneInfo | timezone:
    if name.lower() in _HOURS_OF:
        return timezone(timedelta(hours=_HOURS_OF[name.lower()]))
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise Unanswerable(f"{quoted(name)} is no time zone of the IANA database") from None


def _local(wall: datetime, zone: ZoneInfo | timezone) -> ReadInstant:
    first, second = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    at = first.astimezone(UTC)
    taken = at.astimezone(zone)
    if taken.replace(tzinfo=None) != wall:
        return ReadInstant(at, f"{wall.isoformat()} is left out in {zone}; {taken.isoformat()} is taken")
    if first.utcoffset() != second.utcoffset():
        return ReadInstant(at, f"{wall.isoformat()} comes twice in {zone}; {taken.isoformat()} is taken, the first")
    return ReadInstant(at)


def read_priority(text: str) -> Priority:
    """A priority by its English or Polish name, however its words are joined. Raises Unanswerable."""
    word = re.sub(r"[\s_-]", "", text).lower().removeprefix("problem")
    if word not in _PRIORITIES:
        allowed = "critical, non_critical or question (krytyczny, niekrytyczny, pytanie)"
        raise Unanswerable(f"{quoted(text)} is no priority; allowed is {allowed}")
    return _PRIORITIES[word]


def read_calendar(text: str) -> str:
    """A calendar by its name in the terms. Raises Unanswerable."""
    word = re.sub(r"[/×]", "x", "".join(text.lower().split()))
    if word not in {ALWAYS, OFFICE_HOURS}:
        raise Unanswerable(f"{quoted(text)} is no calendar; allowed is {ALWAYS} or {OFFICE_HOURS}")
    return word


def read_span(text: str) -> timedelta:
    """A span of service time: a number of seconds, or words such as "2h", "1h 30min", "45s". Raises Unanswerable."""
    words = " ".join(text.split())
    parts = _SPAN.fullmatch(words) if words else None
    if _NUMBER.fullmatch(words):
        span = _seconds(Decimal(words))
    elif parts:
        span = timedelta(seconds=sum(int(number) * _UNITS[unit] for unit, number in parts.groupdict("0").items()))
    else:
        allowed = 'a number of seconds or words such as "2h", "1h 30min"'
        raise Unanswerable(f"{quoted(text)} is no span of time; allowed is {allowed}")
    if not timedelta(0) <= span <= _LONGEST:
        raise Unanswerable(f"{quoted(text)} is out of range; a span is between nothing and 200 years")
    return span


def _seconds(number: Decimal) -> timedelta:
    micro = number.scaleb(6)
    if micro != micro.to_integral_value():
        raise Unanswerable(f"{number} s is finer than a microsecond")
    return int(micro) * _MICROSECOND


def seconds_text(span: timedelta) -> str:
    """A span in seconds, without a fraction where it has none: "3600", "-0.25"."""
    sign, micro = ("-", -span // _MICROSECOND) if span < timedelta(0) else ("", span // _MICROSECOND)
    whole, fraction = divmod(micro, 1_000_000)
    return f"{sign}{whole}.{fraction:06d}".rstrip("0").rstrip(".") if fraction else f"{sign}{whole}"


def seconds_number(span: timedelta) -> int | float:
    """A span in seconds as a JSON number."""
    return span // timedelta(seconds=1) if not span % timedelta(seconds=1) else span.total_seconds()


def utc_text(at: datetime) -> str:
    """An instant as "2026-11-16T09:00:00Z"."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def day_and_time(at: datetime, zone: ZoneInfo) -> str:
    """An instant as people read it, to the second: "Mon 16 Nov 2026 10:00:00 CET"."""
    local = at.astimezone(zone)
    fraction = f".{local.microsecond:06d}".rstrip("0") if local.microsecond else ""
    return f"{local:%a} {local.day} {local:%b %Y %H:%M:%S}{fraction} {local.tzname()}"


def span_words(span: timedelta, unit: Literal["d", "h"] = "h") -> str:
    """A span, its sign left out, to the second or finer: "1 h 30 min", "40 h", "0 s"; days only where asked for."""
    left = abs(span)
    said = []
    for name in ("d", "h", "min") if unit == "d" else ("h", "min"):
        count, left = divmod(left, timedelta(seconds=_UNITS[name]))
        said += [f"{count} {name}"] if count else []
    if left or not said:
        said.append(f"{seconds_text(left)} s")
    return " ".join(said)


def shown(text: str) -> str:
    """The text without what would command a terminal: customers and files choose their own words."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def quoted(text: str) -> str:
    """Somebody's words inside a message, cut where they are long."""
    return f'"{shown(text if len(text) <= 60 else text[:59] + "…")}"'
