"""What the renderers of a thread's posts have in common."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.edges.slack_text import MAX_BLOCKS_JSON, Json, cut, json_size, line, one_line, person, quote, rich, text
from bot.rules.wording import Words, format_fixed

ROOM_FOR_FRAMES = 500
"""JSON characters of the elements around quoted words."""
MAX_FILES = 15
MAX_FILE_NAME = 80
MAX_REASON = 500
MAX_SIGNS = 4
"""They fit into a line."""


@dataclass(frozen=True, slots=True)
class Post:
    """What a renderer needs: the data, and how to say it; `tail` are the lines that follow."""

    data: Mapping[str, object]
    words: Words
    zone: ZoneInfo
    tail: list[Json]

    def get(self, key: str) -> str:
        """A value as text; "" where it is missing or empty."""
        value = self.data.get(key)
        return "" if value is None else str(value)

    def instant(self, key: str) -> str:
        """A value that is an instant; what is none is shown as it is."""
        return self.moment(self.get(key))

    def moment(self, value: str) -> str:
        """An instant in ISO 8601 as a date: a thread is read again on other days, when "today" would be wrong."""
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            return value
        return format_fixed(at, self.words.language, self.zone)

    def named(self, family: str, key: str) -> str:
        """A value that has a sentence of its own, such as a state; what has none is shown as it is."""
        value = self.get(key)
        return self.words(f"{family}.{value}") if f"{family}.{value}" in self.words else one_line(value)

    def signs(self, key: str) -> str:
        """The first of some names of checks (`bot.rules.mail_screening`), as staff read them."""
        sentences = {
            name: f"automatic_sign.{re.sub('[ -]', '_', name)}" for name in self.get(key).split(", ")[:MAX_SIGNS]
        }
        return ", ".join(self.words(one) if one in self.words else name for name, one in sentences.items())

    def reason(self) -> Json | str:
        """What a program or a server said of its failure, as it is: it may be in any language."""
        reason = one_line(self.get("reason"), MAX_REASON)
        return text(reason, "code") if reason else ""

    def by(self) -> Json:
        """Who did it; the bot says that nobody had to."""
        by = self.get("by")
        return text(self.words("thread.by_bot"), "bold") if by == "bot" else person(by)

    def say(self, sentence: str, *styles: str, **params: object) -> Json:
        """A line of the thread."""
        return line(*rich(self.words, f"thread.{sentence}", *styles, **params))

    def quoted(self, *beside: Json, most: int = MAX_BLOCKS_JSON) -> Json:
        """The value "text" as a quotation of at most `most` JSON characters that fits beside the other lines."""
        room = MAX_BLOCKS_JSON - json_size([*beside, *self.tail]) - ROOM_FOR_FRAMES
        return quote(cut(self.get("text").strip(), min(room, most), self.words("cut")))
