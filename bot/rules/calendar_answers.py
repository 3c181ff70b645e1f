"""What a customer's calendar answers to an invitation of ours (RFC 5546 §3.2.3 REPLY, §3.2.7 COUNTER)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.rules.calendar_invites import calendar_fields


class Answer(StrEnum):
    """What they say of it."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    TENTATIVE = "tentative"
    COUNTER = "counter"


_PARTSTAT = {
    "ACCEPTED": Answer.ACCEPTED,
    "DECLINED": Answer.DECLINED,
    "TENTATIVE": Answer.TENTATIVE,
}
_WINDOWS_ZONES = {"central european standard time": "Europe/Warsaw", "w. europe standard time": "Europe/Berlin"}
_LOCAL = "Europe/Warsaw"


@dataclass(frozen=True, slots=True)
class CalendarAnswer:
    """An answer to the invitation of that UID.

    Attributes:
        sequence: Of the invitation that is answered; 0 where it names none.
        starts_at: What is proposed instead, UTC; only of a COUNTER.
    """

    uid: str
    answer: Answer
    sequence: int = 0
    starts_at: datetime | None = None


def read_calendar_answer(source: str) -> CalendarAnswer | None:
    """The answer that a text/calendar part holds; None where it is none, or says nothing. Never raises.

    Args:
        source: The decoded part.
    """
    fields: dict[str, tuple[Mapping[str, str], str]] = {}
    statuses = []
    for name, parameters, value in calendar_fields(source):
        if name == "ATTENDEE":
            statuses.append(parameters.get("PARTSTAT", "").upper())
        else:
            fields.setdefault(name, (parameters, value))
    method, uid = _value(fields, "METHOD").upper(), _value(fields, "UID")[:500]
    number = _value(fields, "SEQUENCE")
    sequence = int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 0
    if method == "COUNTER" and uid:
        return CalendarAnswer(uid, Answer.COUNTER, sequence, _instant(*fields.get("DTSTART", ({}, ""))))
    said = [_PARTSTAT[status] for status in statuses if status in _PARTSTAT]
    if method != "REPLY" or not uid or len(set(said)) != 1:
        return None
    return CalendarAnswer(uid, said[0], sequence)


def _value(fields: Mapping[str, tuple[Mapping[str, str], str]], name: str) -> str:
    return fields.get(name, ({}, ""))[1].strip()


def _instant(parameters: Mapping[str, str], value: str) -> datetime | None:
    """A date with a time (RFC 5545 §3.3.5); None for a day alone and for what is none."""
    text = value.strip()
    try:
        if text.endswith("Z"):
            return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        named = parameters.get("TZID", _LOCAL).strip()
        zone = ZoneInfo(_WINDOWS_ZONES.get(named.lower(), named))
        return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
