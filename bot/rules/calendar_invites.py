"""Calendar invites (RFC 5545, RFC 5546) as a few lines of text, for mails that hold nothing else to read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.rules.mail_charsets import clean_line, clean_text

_LONGEST = 200_000
_MOST_LINES = 5_000
_FOLD = re.compile(r"\n[ \t]")
_LINE = re.compile(r"([A-Za-z0-9-]{1,60})((?:;[A-Za-z0-9-]{1,60}=(?:\"[^\"]{0,500}\"|[^\";:]{0,500})){0,20}):(.*)")
_PARAMETER = re.compile(r";([A-Za-z0-9-]{1,60})=(?:\"([^\"]*)\"|([^\";:]*))")
_ESCAPED = re.compile(r"\\([\\;,nN])")
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?", re.ASCII)
_LOCAL_ZONE = "Europe/Warsaw"


def invite_text(source: str) -> str:
    """Tell a calendar's first event in words of its own; no labels, so that the text has no language but its author's.

    Args:
        source: The decoded text/calendar part.

    Returns:
        Method and title, time with its zone (UTC is shown as Polish time), place, organizer, answers, description;
        each on its own line where it is there. "" where there is no event.
    """
    fields: dict[str, tuple[dict[str, str], str]] = {}
    answers: list[str] = []
    for name, parameters, value in calendar_fields(source):
        if name == "ATTENDEE":
            if (answer := parameters.get("PARTSTAT", "").upper()) not in {"", "NEEDS-ACTION"} and len(answers) < 20:
                answers.append(f"{_person(parameters, value)}: {answer}")
        else:
            fields.setdefault(name, (parameters, value))
    method = clean_line(fields.get("METHOD", ({}, ""))[1])[:20].upper()
    title = clean_line(_unescaped(fields.get("SUMMARY", ({}, ""))[1]))[:500]
    lines = [
        " ".join(word for word in (f"[{method}]" if method and method != "PUBLISH" else "", title) if word),
        _time(fields),
        clean_line(_unescaped(fields.get("LOCATION", ({}, ""))[1]))[:500],
        _person(*fields["ORGANIZER"]) if "ORGANIZER" in fields else "",
        *(answers if method == "REPLY" else ()),
    ]
    description = clean_text(_unescaped(fields.get("DESCRIPTION", ({}, ""))[1])).strip("\n")
    if not any((title, lines[1], description)):
        return ""
    return "\n".join(line for line in lines if line) + (f"\n\n{description}" if description else "")


def calendar_fields(source: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """METHOD and the properties of the first event, without those of its alarms and of time zones.

    Gives names in capitals, their parameters, and values as they are escaped.
    """
    lines = _FOLD.sub("", source[:_LONGEST].replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    inside: list[str] = []
    for line in lines[:_MOST_LINES]:
        match = _LINE.match(line)
        if match is None:
            continue
        name, value = match[1].upper(), match[3]
        if name == "BEGIN":
            inside.append(value.strip().upper())
        elif name == "END":
            if inside and inside.pop() in {"VEVENT", "VTODO"}:
                return
        elif name == "METHOD" or (inside and inside[-1] in {"VEVENT", "VTODO"}):
            yield name, {key.upper(): quoted or plain for key, quoted, plain in _PARAMETER.findall(match[2])}, value


def _unescaped(value: str) -> str:
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)


def _person(parameters: dict[str, str], value: str) -> str:
    address = clean_line(value)[:320]
    address = address[7:] if address.lower().startswith("mailto:") else address
    name = clean_line(parameters.get("CN", ""))[:200]
    return f"{name} <{address}>" if name and name != address else address


def _time(fields: dict[str, tuple[dict[str, str], str]]) -> str:
    """Such as "2026-11-20 10:00 - 11:00 Europe/Warsaw"; the first day alone for events that last days."""
    start, zone = _moment(*fields.get("DTSTART", ({}, "")))
    end, _ = _moment(*fields.get("DTEND", ({}, "")))
    if end[:10] == start[:10] or len(end) == 10:
        end = end[10:].strip()
    span = f"{start} - {end}" if end and start != end else start
    return f"{span} {zone}" if span and zone else span


def _moment(parameters: dict[str, str], value: str) -> tuple[str, str]:
    """A date or a time (RFC 5545 §3.3.5) for people, and its zone as the invite names it."""
    match = _MOMENT.match(value.strip())
    if match is None:
        return clean_line(value)[:40], ""
    year, month, day, hour, minute, is_utc = match.groups()
    if hour is None:
        return f"{year}-{month}-{day}", ""
    if is_utc:
        try:
            moment = datetime(int(year), int(month), int(day), int(hour), int(minute), tzinfo=UTC)
            return f"{moment.astimezone(ZoneInfo(_LOCAL_ZONE)):%Y-%m-%d %H:%M}", _LOCAL_ZONE
        except (ValueError, OverflowError):
            return f"{year}-{month}-{day} {hour}:{minute}", "UTC"
    return f"{year}-{month}-{day} {hour}:{minute}", clean_line(parameters.get("TZID", ""))[:60]
