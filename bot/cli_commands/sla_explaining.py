"""A ticket's clocks as people and programs read them: the deadline first, then why it is the deadline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.cli_commands.sla_questions import Promises
from bot.cli_commands.sla_story import ClockStory, Event, stories
from bot.cli_commands.sla_words import day_and_time, seconds_number, shown, span_words, utc_text
from bot.model import ClockKind, ClockState, Direction, Message, SlaClock
from bot.rules.clock_terms import RETURN_ESCALATES
from bot.rules.paused_clocks import is_overdue
from storage.explaining import TicketClocks

_SAID_ELSEWHERE = frozenset({"kind", "clock", "level", "by", "started_at"})
_FIRST = ("reason", "message", "due_at")


class Explanation:
    """What is known about a ticket's clocks at an instant.

    Args:
        found: The ticket.
        promises: The terms in force, for the calendars that the clocks name.
        now: Aware.
    """

    def __init__(self, found: TicketClocks, promises: Promises, now: datetime) -> None:
        self._found = found
        self._promises = promises
        self._zone: ZoneInfo = promises.zone
        self._now = now
        self._stories, self._others = stories(found.clocks, found.journal)

    def lines(self) -> Iterator[str]:
        """The explanation as text; nothing in it commands a terminal."""
        return map(shown, self._lines())

    def _lines(self) -> Iterator[str]:
        ticket = self._found.ticket
        priority = ticket.priority if ticket.priority_confirmed else f"{ticket.priority} (provisional)"
        yield f"{ticket.number}  {ticket.state}, {priority}  {ticket.subject}"
        yield f"times are those of {self._zone}, now {self._time(self._now)}"
        if not self._stories:
            yield "no clock was ever started"
        for story in self._stories:
            yield ""
            yield from self._clock_lines(story)
        if self._others:
            yield ""
            yield "journaled without a clock of theirs"
            yield from (f"    {self._event_line(event)}" for event in self._others)

    def _clock_lines(self, story: ClockStory) -> Iterator[str]:
        clock = story.clock
        yield f"{clock.kind}: {self._headline(clock)}"
        yield f"  budget    {span_words(clock.budget)} of service time in {clock.calendar}"
        yield f"  runs from {self._time(clock.started_at)}{self._message(clock)}"
        for pause in clock.pauses:
            yield f"  paused    {self._time(pause.since)} - {self._time(pause.until) if pause.until else 'now'}"
        if clock.breached_at is not None:
            yield f"  breached  {self._time(clock.breached_at)}"
        if clock.ended_at is not None:
            yield f"  ended     {self._time(clock.ended_at)}, {clock.state}"
        if timer := self._found.pending.get(clock.id):
            yield f"  next      {_level_words(timer.level or 0, clock.kind)} is announced {self._time(timer.fire_at)}"
        for event in story.events:
            yield f"    {self._event_line(event)}"

    def _headline(self, clock: SlaClock) -> str:
        due = f"due {self._time(clock.due_at)}"
        if clock.state is ClockState.CANCELLED:
            return f"cancelled; it was {due}"
        if clock.state is ClockState.MET:
            late = clock.breached_at is not None
            return f"met {'late' if late else 'in time'}; it was {due}"
        if clock.state is ClockState.PAUSED:
            left = "" if clock.remaining is None else f" with {span_words(clock.remaining)} of service time left"
            return f"paused{left}; it was {due}"
        left_span = self._left(clock)
        if left_span is None:
            return due
        if is_overdue(clock, self._now):
            return f"{due}, overdue by {span_words(left_span)} of service time"
        return f"{due}, {span_words(left_span)} of service time left"

    def _left(self, clock: SlaClock) -> timedelta | None:
        """The service time until the deadline, below zero after it; None of a clock that does not run."""
        if clock.state is not ClockState.RUNNING:
            return clock.remaining
        try:
            calendar = self._promises.calendar(clock.calendar)
        except ValueError:
            return None
        return calendar.elapsed(max(self._now, clock.started_at), clock.due_at)

    def _message(self, clock: SlaClock) -> str:
        if clock.message_id is None:
            return ""
        message = self._found.messages.get(clock.message_id)
        return f", message {clock.message_id}" if message is None else f", {_named(message)}"

    def _event_line(self, event: Event) -> str:
        entry, level = event.entry, event.entry.data.get("level")
        kind = entry.data.get("kind")
        what = (
            f"{_level_words(level, kind)} announced" if event.name == "level" and isinstance(level, int) else event.name
        )
        data = {key: value for key, value in entry.data.items() if key not in _SAID_ELSEWHERE and _says_much(value)}
        if _instant(data.get("at")) == entry.at:
            del data["at"]
        said = [what, *(self._detail(key, data[key]) for key in sorted(data, key=_rank))]
        by = "" if entry.actor == "bot" else f" by {entry.actor}"
        if (cause := event.cause) is not None:
            by += f" ({cause.kind})" if cause.actor == entry.actor else f" ({cause.kind} by {cause.actor})"
        return f"{self._time(entry.at)}  {', '.join(said)}{by}"

    def _detail(self, key: str, value: object) -> str:
        label = key.removesuffix("_at").removesuffix("_s").replace("_", " ")
        if value is True:
            return label
        if key == "late" and isinstance(value, list):  # what was reached while nobody could be told, and when
            return "late: " + ", ".join(self._late(level) for level in value)
        return f"{label} {self._value(key, value)}"

    def _late(self, reached: object) -> str:
        match reached:
            case [int(level), str(at)]:
                return f"{_level_words(level)} of {self._value('at', at)}"
            case _:
                return str(reached)

    def _value(self, key: str, value: object) -> str:
        """Instants are journaled in ISO 8601, spans in seconds."""
        if isinstance(value, int | float) and key.endswith("_s"):
            return span_words(timedelta(seconds=value))
        at = _instant(value) if key == "at" or key.endswith("_at") else None
        return str(value) if at is None else self._time(at)

    def _time(self, at: datetime) -> str:
        return day_and_time(at.replace(microsecond=0), self._zone)

    def as_json(self) -> dict[str, object]:
        """The explanation for programs: instants in UTC, spans in seconds, journal data as it was written."""
        ticket = self._found.ticket
        return {
            "ticket": ticket.number,
            "state": ticket.state,
            "priority": ticket.priority,
            "priority_confirmed": ticket.priority_confirmed,
            "timezone": str(self._zone),
            "now_utc": utc_text(self._now),
            "clocks": [self._clock_json(story) for story in self._stories],
            "other_events": [_event_json(event) for event in self._others],
        }

    def _clock_json(self, story: ClockStory) -> dict[str, object]:
        clock = story.clock
        message = self._found.messages.get(clock.message_id or 0)
        timer = self._found.pending.get(clock.id)
        return {
            "id": clock.id,
            "kind": clock.kind,
            "state": clock.state,
            "due_at": clock.due_at.astimezone(self._zone).isoformat(),
            "due_at_utc": utc_text(clock.due_at),
            "left_s": _seconds(self._left(clock)),
            "overdue": clock.state in {ClockState.RUNNING, ClockState.PAUSED} and is_overdue(clock, self._now),
            "calendar": clock.calendar,
            "budget_s": seconds_number(clock.budget),
            "started_at_utc": utc_text(clock.started_at),
            "message": None if message is None else _message_json(message),
            "pauses": [{"since_utc": utc_text(pause.since), "until_utc": _utc(pause.until)} for pause in clock.pauses],
            "breached_at_utc": _utc(clock.breached_at),
            "ended_at_utc": _utc(clock.ended_at),
            "next": None if timer is None else {"level": timer.level, "at_utc": utc_text(timer.fire_at)},
            "events": [_event_json(event) for event in story.events],
        }


def _level_words(level: int, kind: object = None) -> str:
    """A level is per cents of the budget or, below zero, seconds before the date; of a return there is one more."""
    if kind == ClockKind.RETURN and level == RETURN_ESCALATES:
        return "escalation"
    return f"reminder {span_words(timedelta(seconds=level))} before" if level < 0 else f"{level} %"


def _instant(value: object) -> datetime | None:
    """An aware instant as the journal writes it; None for anything else."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is not None and at.utcoffset() is not None else None


def _says_much(value: object) -> bool:
    return value is not None and value is not False and value not in ("", [])


def _rank(key: str) -> tuple[int, str]:
    return (_FIRST.index(key) if key in _FIRST else len(_FIRST), key)


def _named(message: Message) -> str:
    who = message.author if message.author_name in {"", message.author} else f"{message.author_name} <{message.author}>"
    side = "from the customer" if message.direction is Direction.FROM_CUSTOMER else "to the customer"
    return f"message {message.id} {side} by {who}"


def _message_json(message: Message) -> dict[str, object]:
    return {
        "id": message.id,
        "direction": message.direction,
        "author": message.author,
        "author_name": message.author_name,
        "sent_at_utc": utc_text(message.sent_at),
    }


def _event_json(event: Event) -> dict[str, object]:
    cause = event.cause
    return {
        "at_utc": utc_text(event.entry.at),
        "event": event.name,
        "by": event.entry.actor,
        "because": None if cause is None else {"event": cause.kind, "by": cause.actor},
        "data": event.entry.data,
    }


def _seconds(span: timedelta | None) -> int | float | None:
    return None if span is None else seconds_number(span)


def _utc(at: datetime | None) -> str | None:
    return None if at is None else utc_text(at)
