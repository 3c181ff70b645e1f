"""Renders an escalation in its channel, as (fallback text, blocks): head message, calls, and lines of its history.

What `PostEscalationLine.data` holds, by event (JSON values; instants in ISO 8601 with offset):

| event        | data                                                                  |
| ------------ | --------------------------------------------------------------------- |
| joined       | source (`EscalationSource`), reason, by (user id, address or "bot")   |
| acknowledged | by, owner, previous (user ids)                                        |
| reassigned   | by, owner, previous (user ids)                                        |
| snoozed      | by, until                                                             |
| ended        | by, because, outcome (`Escalation.facts`)                             |
| tied         | by, number, of (the tickets' numbers)                                 |
| priority     | priority                                                              |
| slack_down   | at (when the call left by mail and webhook instead)                   |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.edges.slack_blocks import described, titled
from bot.edges.slack_text import Blocks, Json, block, cut, fallback, header, line, one_line, people, person, quote, rich
from bot.effects import PostEscalationCall, PostEscalationLine
from bot.escalations import Escalation
from bot.model import ClockState, SlaClock, TicketView
from bot.rules.wording import Words, format_instant, format_short_span

ROOM_FOR_REASONS = 1_500
"""JSON characters of why it was raised; the whole stands in the ticket's thread."""


def head(view: TicketView, escalation: Escalation, now: datetime, words: Words, zone: ZoneInfo) -> tuple[str, Blocks]:
    """What it is about, how late it is, and who has it, as things are now."""
    ticket = view.ticket
    state = "over" if not escalation.is_open else "has" if escalation.acknowledged_at is not None else "open"
    source = words(f"escalation_source.{escalation.source}")
    lines = [
        *(line(*elements) for elements in _standing(escalation, now, words, zone)),
        *(line(*elements) for elements in _late(view, escalation, now, words, zone)),
        line(*rich(words, "card.title", "bold", **titled(ticket, words))),
        line(*rich(words, "card.subject", subject=one_line(ticket.subject) or "–")),
        *(line(*elements) for elements in described(view, now, words, zone)),
    ]
    if escalation.requester:
        lines.append(line(*rich(words, "escalation.requester", address=escalation.requester)))
    if ticket.slack_channel:
        lines.append(line(*rich(words, "escalation.where", channel=person(ticket.slack_channel))))
    if escalation.reason:
        lines.append(quote(cut(escalation.reason.strip(), ROOM_FOR_REASONS, words("cut"))))
    blocks = [header(words(f"escalation.title_{state}", number=ticket.number, source=source)), block(lines)]
    return fallback(blocks), blocks


def call(effect: PostEscalationCall, words: Words) -> tuple[str, Blocks]:
    """A call, which mentions everybody that it is for, and names who should have been there."""
    gaps = [line(*rich(words, f"escalation.nobody_{who}")) for who in effect.nobody]
    asks = line(*rich(words, f"escalation.call_{effect.kind}", "bold", people=""), *people(effect.mention))
    blocks = [block([*gaps, asks])]
    return fallback(blocks), blocks


def history(effect: PostEscalationLine, now: datetime, words: Words, zone: ZoneInfo) -> tuple[str, Blocks]:
    """A line of the history; what of `data` names a person mentions them."""
    data = {name: _shown(name, value, effect.data, now, words, zone) for name, value in effect.data.items()}
    lines = [line(*rich(words, f"escalation.line_{effect.event}", **data))]
    if effect.event == "joined" and effect.data.get("reason"):
        lines.append(quote(cut(str(effect.data["reason"]).strip(), ROOM_FOR_REASONS, words("cut"))))
    if effect.mention:
        lines.append(line(*people(effect.mention)))
    blocks = [block(lines)]
    return fallback(blocks), blocks


def _standing(escalation: Escalation, now: datetime, words: Words, zone: ZoneInfo) -> Iterator[list[Json]]:
    since = format_instant(escalation.began_at, words.language, zone, now)
    yield rich(words, "escalation.since", since=since, calls=escalation.calls)
    if not escalation.is_open:
        outcome = _outcome(escalation.facts.get("because"), escalation.outcome, words)
        by = person(str(escalation.facts.get("ended_by")))
        yield rich(words, "escalation.over", "bold", outcome=outcome, by=by)
    elif escalation.acknowledged_at is None or escalation.owner is None:
        yield rich(words, "escalation.nobody", "bold")
    else:
        yield rich(words, "escalation.has", "bold", owner=person(escalation.owner))
        if escalation.snoozed_until is not None:
            until = format_instant(escalation.snoozed_until, words.language, zone, now)
            yield rich(words, "escalation.snoozed", until=until)


def _late(
    view: TicketView, escalation: Escalation, now: datetime, words: Words, zone: ZoneInfo
) -> Iterator[list[Json]]:
    clock = next((each for each in view.clocks if each.id == escalation.clock_id), None)
    if clock is not None and escalation.is_open and _is_late(clock, now):
        late = format_short_span(now - clock.due_at, words.language)
        due = format_instant(clock.due_at, words.language, zone, now)
        yield rich(words, "escalation.late", "bold", clock=words(f"clock.{clock.kind}"), late=late, due=due)


def _is_late(clock: SlaClock, now: datetime) -> bool:
    return clock.state is ClockState.RUNNING and clock.due_at < now


def _outcome(because: object, outcome: object, words: Words) -> str:
    key = f"escalation_over.{because}"
    return words(key) if key in words else str(outcome or "")


def _shown(name: str, value: object, data: Mapping[str, object], now: datetime, words: Words, zone: ZoneInfo) -> object:
    match name:
        case "by" | "owner" | "previous":
            return person(str(value))
        case "until" | "at":
            return format_instant(datetime.fromisoformat(str(value)), words.language, zone, now)
        case "source":
            return words(f"escalation_source.{value}")
        case "priority":
            return words(f"priority.{value}")
        case "outcome":
            return _outcome(data.get("because"), value, words)
        case _:
            return value
