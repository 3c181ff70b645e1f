"""Our invitations as iCalendar (RFC 5545) for scheduling by mail (RFC 5546, RFC 6047): requests and cancellations.

Times are in UTC, so that no calendar needs to know our time zone (RFC 5545 §3.3.5, form #2); every program shows them
in the zone of who reads. An event keeps its UID; every later word about it has a higher SEQUENCE (RFC 5546 §2.1.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.rules.mail_addresses import Address
from bot.rules.mail_charsets import clean_line, clean_text

PRODUCT = "-//HEZO 360//Support bot//EN"
_LONGEST_OCTETS = 75
_LONGEST_TEXT = 2_000


class Method(StrEnum):
    """What is asked of a calendar (RFC 5546 §1.4)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Invitation:
    """One event as the customer's calendar gets it.

    Attributes:
        uid: The same for ever, globally unique (RFC 5545 §3.8.4.7).
        sequence: Grows with every change.
        stamp: When this word about it was written, aware.
        starts_at: Aware.
        organizer: Who invites: our support address, so that answers come to us.
        attendee: Who is invited.
        remind_before: When the customer's own calendar reminds them; None leaves that to it.
    """

    method: Method
    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    duration: timedelta
    summary: str
    description: str
    organizer: Address
    attendee: Address
    remind_before: timedelta | None = None


def write_invitation(invitation: Invitation) -> str:
    """The iCalendar object: lines end in CRLF, none is longer than 75 octets (RFC 5545 §3.1)."""
    one, is_cancelled = invitation, invitation.method is Method.CANCEL
    attendee = "" if is_cancelled else ";ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE"
    lines = [
        "BEGIN:VCALENDAR",
        f"PRODID:{PRODUCT}",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        f"METHOD:{one.method}",
        "BEGIN:VEVENT",
        f"UID:{_text(one.uid)}",
        f"SEQUENCE:{one.sequence}",
        f"DTSTAMP:{_instant(one.stamp)}",
        f"DTSTART:{_instant(one.starts_at)}",
        f"DTEND:{_instant(one.starts_at + one.duration)}",
        f"SUMMARY:{_text(one.summary)}",
        f"DESCRIPTION:{_text(one.description)}",
        f"ORGANIZER{_name(one.organizer)}:mailto:{one.organizer.address}",
        f"ATTENDEE{_name(one.attendee)};CUTYPE=INDIVIDUAL{attendee}:mailto:{one.attendee.address}",
        f"STATUS:{'CANCELLED' if is_cancelled else 'CONFIRMED'}",
        "TRANSP:OPAQUE",
        *([] if is_cancelled or one.remind_before is None else _alarm(one)),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _alarm(one: Invitation) -> list[str]:
    assert one.remind_before is not None
    minutes = int(one.remind_before.total_seconds() // 60)
    return [
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_text(one.summary)}",
        f"TRIGGER:-PT{minutes}M",
        "END:VALARM",
    ]


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """A TEXT value (RFC 5545 §3.3.11): no control character, and what means something escaped."""
    plain = clean_text(value)[:_LONGEST_TEXT].strip()
    escaped = plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n").replace("\t", " ")


def _name(person: Address) -> str:
    """The CN parameter, quoted; a quotation mark cannot stand in it (RFC 5545 §3.2, RFC 6868 is not known to all)."""
    name = clean_line(person.name).replace('"', "'")[:100].strip()
    return f';CN="{name}"' if name else ""


def _folded(line: str) -> str:
    """The line folded (RFC 5545 §3.1), within no character's octets."""
    pieces, room = [b""], _LONGEST_OCTETS
    for letter in line:
        octets = letter.encode("utf-8", "replace")
        if len(pieces[-1]) + len(octets) > room:
            pieces.append(b"")
            room = _LONGEST_OCTETS - 1  # the space that a continued line begins with
        pieces[-1] += octets
    return "\r\n ".join(piece.decode() for piece in pieces)
