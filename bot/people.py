"""Who does something in Slack, and what that means for whose turn it is; parts of most commands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class NextTurn(StrEnum):
    """What an engineer's reply means for the clocks."""

    CUSTOMER = "customer"  # it asks for something: the customer's clock starts
    NOBODY = "nobody"  # it only tells something: no clock starts
    RESOLVED = "resolved"  # it answers the report for good


@dataclass(frozen=True, slots=True)
class SlackPerson:
    """Who did something in Slack, and where to answer them.

    Attributes:
        user: The Slack user id.
        name: The name as the payload gave it; shown, never trusted.
        channel: The channel of the click, for an ephemeral answer; None in a modal or App Home.
        thread_ts: The thread of the click.
        is_stranger: True for people of other workspaces (Slack Connect): never an engineer.
        at: When they did it, aware: as recorded, however late it is handled; None counts as the time of handling.
        response_url: Where Slack takes an answer that only they see, in any conversation; None where it gave none.
        saw: The newest line of the ticket's journal (`JournalEntry.id`) that the window or the button they used could
            show; None where that is not known. What others did since then they have not seen (`bot.rules.firsts`).
    """

    user: str
    name: str
    channel: str | None = None
    thread_ts: str | None = None
    is_stranger: bool = False
    at: datetime | None = None
    response_url: str | None = field(default=None, repr=False)
    saw: int | None = None
