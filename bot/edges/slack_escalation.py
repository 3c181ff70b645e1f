"""Renders the thread of an escalation, as (fallback text, blocks): calls, and lines of its history. Pure.

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

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.edges.slack_deadline import deadline
from bot.edges.slack_escalation_card import EscalationShown
from bot.edges.slack_text import Blocks, block, cut, fallback, line, people, person, quote, rich, text
from bot.effects import PostEscalationCall, PostEscalationLine
from bot.model import TicketView
from bot.rules.countdown import CUSTOMERS_TURN, leading_clock
from bot.rules.escalation import Chain
from bot.rules.wording import Words, format_fixed, format_short_span

ROOM_FOR_REASONS = 1_500
"""JSON characters of why it was raised; the whole stands in the ticket's thread."""


def call(
    effect: PostEscalationCall, shown: EscalationShown, now: datetime, words: Words, zone: ZoneInfo
) -> tuple[str, Blocks]:
    """A call, which mentions everybody that it is for, says how late it is, and names who should have been there."""
    chain = Chain.from_json(shown.escalation.chain)
    count = {"step": effect.step + 1, "of": len(chain.steps), "calls": effect.call}
    asks = rich(words, f"escalation_call.{effect.kind}", "bold", number=shown.view.ticket.number, **count)
    lines = [
        line(*asks, *people(effect.mention)),
        line(text(_late(shown.view, now, words, zone) or deadline(shown.view, now, words, zone, for_good=True))),
        *(line(*rich(words, f"escalation.nobody_{who}")) for who in effect.nobody),
    ]
    if effect.call == 1:
        lines.append(line(text(words("escalation_call.how"), "italic")))
    blocks = [block(lines)]
    return fallback(blocks), blocks


def _late(view: TicketView, now: datetime, words: Words, zone: ZoneInfo) -> str | None:
    """How late it is to the minute, which a post that is never edited may say; None when it is not."""
    clock = leading_clock(view.clocks)
    if clock is None or clock.kind in CUSTOMERS_TURN or now - clock.due_at < timedelta(minutes=1):
        return None
    late = format_short_span(now - clock.due_at, words.language)
    due = format_fixed(clock.due_at, words.language, zone)
    return words("escalation_call.late", clock=words(f"clock.{clock.kind}"), late=late, due=due)


def history(effect: PostEscalationLine, words: Words, zone: ZoneInfo) -> tuple[str, Blocks]:
    """A line of the history; what of `data` names a person mentions them."""
    data = {name: _shown(name, value, effect.data, words, zone) for name, value in effect.data.items()}
    by_itself = effect.event == "joined" and effect.data.get("by") == "bot"
    sentence = "joined_by_itself" if by_itself else effect.event
    lines = [line(*rich(words, f"escalation.line_{sentence}", **data))]
    if effect.event == "joined" and effect.data.get("reason"):
        lines.append(quote(cut(str(effect.data["reason"]).strip(), ROOM_FOR_REASONS, words("cut"))))
    if effect.mention:
        lines.append(line(*people(effect.mention)))
    blocks = [block(lines)]
    return fallback(blocks), blocks


def _outcome(because: object, outcome: object, words: Words) -> str:
    key = f"escalation_over.{because}"
    return words(key) if key in words else str(outcome or "")


def _shown(name: str, value: object, data: Mapping[str, object], words: Words, zone: ZoneInfo) -> object:
    match name:
        case "by" | "owner" | "previous":
            return person(str(value))
        case "until" | "at":
            return format_fixed(datetime.fromisoformat(str(value)), words.language, zone)
        case "source":
            return words(f"escalation_source.{value}")
        case "priority":
            return words(f"priority.{value}")
        case "outcome":
            return _outcome(data.get("because"), value, words)
        case _:
            return value
