"""What customers read of times that are proposed to them, and the invitation to the one that they chose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.rules.wording import Words, format_full_date, format_span

OTHER = "meeting"
"""What an appointment is about where it is about no entitlement."""

AT_MOST = 3
"""Times that are offered at once."""

DURATIONS = tuple(timedelta(minutes=minutes) for minutes in (30, 60, 90, 120, 180, 240, 480))


@dataclass(frozen=True, slots=True)
class Appointment:
    """What an agreed date is, beyond the date.

    Attributes:
        what: A value of `Entitlement`, or OTHER.
        name: Of the engineer who offered it.
        use_id: The use of an entitlement that it is for.
        uid, sequence: Of the invitation (RFC 5545 §3.8.4.7, §3.8.7.4); "" before there was one.
    """

    what: str
    duration: timedelta
    name: str
    use_id: int | None = None
    uid: str = ""
    sequence: int = 0

    def again(self) -> Appointment:
        """The same as the next word about its invitation has it."""
        return replace(self, sequence=self.sequence + 1)

    def to_json(self) -> dict[str, object]:
        """JSON values, for a ticket's facts."""
        return {
            "what": self.what,
            "minutes": int(self.duration.total_seconds() // 60),
            "name": self.name,
            "use": self.use_id,
            "uid": self.uid,
            "sequence": self.sequence,
        }

    @classmethod
    def from_json(cls, values: object) -> Appointment | None:
        """The appointment back; None where there is none."""
        if not isinstance(values, dict):
            return None
        return cls(
            str(values["what"]),
            timedelta(minutes=int(values["minutes"])),
            str(values["name"]),
            values.get("use"),
            str(values.get("uid", "")),
            int(values.get("sequence", 0)),
        )


def offer_text(
    customer_words: Words, number: str, times: Sequence[str], what: str, duration: timedelta, own_words: str
) -> str:
    """The words that offer times, without signature.

    Args:
        number: The ticket's.
        times: In words, in the order of their numbers.
        own_words: What the engineer adds; may be empty.
    """
    w = customer_words
    several = len(times) > 1
    said = {"number": number, "what": w(f"appointment_what.{what}"), "span": format_span(duration, w.language)}
    lines = [f"{place}. {time}" for place, time in enumerate(times, 1)] if several else list(times)
    parts = (
        w("greeting"),
        w("appointment_several" if several else "appointment_one", **said) + "\n" + "\n".join(lines),
        own_words.strip(),
        w("appointment_pick" if several else "appointment_pick_one"),
        w("appointment_then"),
    )
    return "\n\n".join(part for part in parts if part)


def said_of(w: Words, sentence: str, number: str, appointment: Appointment, date: datetime, zone: ZoneInfo) -> str:
    """A sentence "appointment_<sentence>" about an agreed time."""
    return w(
        f"appointment_{sentence}",
        number=number,
        what=w(f"appointment_what.{appointment.what}"),
        date=format_full_date(date, w.language, zone),
        span=format_span(appointment.duration, w.language),
    )
