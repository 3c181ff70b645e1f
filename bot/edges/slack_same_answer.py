"""Tells whoever opens the reply window that the customer's last words are being answered, or just were.

Two people who open it at once would else send two answers, and neither would know of the other's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.edges.slack_text import Json, line, person, rich
from bot.model import Direction, JournalEntry, Message
from bot.rules.wording import Words, format_instant
from bot.sendings import Sending

JUST_NOW = timedelta(minutes=15)
"""An older answer is known to the team by then, and what is written now continues it."""


class Conversation(Protocol):
    """Reads what was said and done in a ticket, and what is about to be said."""

    async def messages(self, ticket_id: int) -> Sequence[Message]:
        """The conversation so far, oldest first."""

    async def original(self, message_id: int) -> str:
        """The whole text of a customer's mail, quotations and signatures included; LookupError when it is not kept."""

    async def waiting(self, ticket_id: int) -> Sequence[Sending]:
        """The words that wait to go to the ticket's customer, the first pressed first."""

    async def last_line(self, ticket_id: int) -> int:
        """The id of the newest line of the ticket's journal; 0 where there is none."""

    async def lines_since(self, ticket_id: int, line: int) -> Sequence[JournalEntry]:
        """What was written into the ticket's journal since that line, oldest first."""


def answered_already(
    messages: Sequence[Message], waiting: Sequence[Sending], now: datetime, words: Words, zone: ZoneInfo
) -> list[Json]:
    """At most one line: who answers these words already.

    Args:
        messages: The conversation so far, oldest first.
        waiting: Words that wait to go to the customer, the first pressed first.
    """
    if waiting:
        last = waiting[-1]
        at = f"{last.send_at.astimezone(zone):%H:%M:%S}" if last.send_at is not None else words("unknown")
        return [line(*rich(words, "modal.answer_waits", "bold", who=person(last.sent_by or last.author), at=at))]
    spoken = [message for message in messages if not message.automatic]
    if not spoken or spoken[-1].direction is not Direction.TO_CUSTOMER or now - spoken[-1].sent_at > JUST_NOW:
        return []
    at = format_instant(spoken[-1].sent_at, words.language, zone, now)
    return [line(*rich(words, "modal.answer_sent", "bold", who=person(spoken[-1].author), at=at))]
