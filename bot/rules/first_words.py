"""Says what somebody did who was first (`bot.rules.firsts`), by the line of the journal: "priority “critical”"."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.model import JournalEntry
from bot.rules.wording import Words, format_instant

_INSTANTS = ("until", "date")


def said_of(line: JournalEntry, words: Words, zone: ZoneInfo, now: datetime) -> tuple[str, dict[str, object]]:
    """The key of the sentence "first.<kind>", and what its placeholders hold.

    Of these `to` is a Slack id, `other` the number of another ticket; the rest is text.
    """
    data: dict[str, object] = {**line.data, "other": line.data.get("number")}
    for name in _INSTANTS:
        if isinstance(data.get(name), str):
            data[name] = format_instant(datetime.fromisoformat(str(data[name])), words.language, zone, now)
    if "priority" in data:
        data["priority"] = words(f"priority.{data['priority']}")
    data["to"] = data.get("assignee" if line.kind == "taken" else "owner")
    key = f"first.{line.kind}"
    if data["to"] not in {None, line.actor} and f"{key}_to" in words:
        key = f"{key}_to"
    if key not in words:
        key = "first.something"
    return key, {name: data.get(name) for name in words.placeholders(key)}
