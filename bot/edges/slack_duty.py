"""Renders the answers to `/hezo` that are more than a line, as mrkdwn. Pure: `now`, words and zone are parameters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.edges.slack_text import Mrkdwn, fill, mention
from bot.effects import TellUser
from bot.rules.wording import Words, format_instant

HELP, SHOWN = "hezo_help", "duty_shown"
"""`TellUser.what` of these answers."""

_HELP_LINES = (
    "list",
    "search",
    "ticket",
    "contract",
    "new",
    "hotline",
    "show",
    "set",
    "swap",
    "remove",
    "escalate",
    "call",
    "dates",
)
MAX_ENTRIES = 60
"""A week of three shifts a day; with names that fills a screen or two."""


def answer(effect: TellUser, now: datetime, words: Words, zone: ZoneInfo) -> str | None:
    """The answer's text; None for an effect that is none of these.

    What `TellUser.data` holds: for HELP phone and hotline; for SHOWN until (ISO 8601) and entries: [from, to, user,
    substitute, shift id], the last three null in a gap, the id null in the weekly pattern; [] where there is no rota.
    """
    if effect.what == HELP:
        lines = [fill(words, f"hezo.help_{name}", **effect.data) for name in _HELP_LINES]
        return "\n".join([fill(words, "hezo.help_title"), *lines])
    return _shown(effect.data, now, words, zone) if effect.what == SHOWN else None


def _shown(data: Mapping[str, object], now: datetime, words: Words, zone: ZoneInfo) -> str:
    entries = data.get("entries")
    if not isinstance(entries, list) or not entries:
        return fill(words, "hezo.duty_none")

    def at(value: object) -> str:
        return format_instant(datetime.fromisoformat(str(value)), words.language, zone, now)

    lines: list[str] = [fill(words, "hezo.duty_title", until=at(data.get("until")))]
    for since, until, user, substitute, shift_id in entries[:MAX_ENTRIES]:
        lasts = datetime.fromisoformat(str(since)) <= now < datetime.fromisoformat(str(until))
        said = fill(
            words,
            "hezo.duty_now" if lasts else "hezo.duty_entry",
            since=at(since),
            until=at(until),
            who=mention(str(user)) if user else Mrkdwn(words("hezo.duty_nobody")),
        )
        more = [fill(words, "hezo.duty_substitute", who=mention(str(substitute)))] if substitute else []
        more += [fill(words, "hezo.duty_number", id=shift_id)] if shift_id else []
        lines.append(f"{said} ({', '.join(more)})" if more else said)
    if len(entries) > MAX_ENTRIES:
        lines.append(fill(words, "and_more", count=len(entries) - MAX_ENTRIES))
    return "\n".join(lines)
