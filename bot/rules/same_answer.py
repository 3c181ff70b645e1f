"""Whether somebody else has answered since an engineer began to: the second of two sees who was first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.model import Direction, Message
from bot.sendings import Seen, Sending


@dataclass(frozen=True, slots=True)
class Answer:
    """Words to the customer that were sent, or wait to go.

    Attributes:
        by: Slack id of who sends them.
        waits: They can still be taken back.
    """

    by: str
    text: str
    waits: bool


def seen_of(messages: Sequence[Message], waiting: Sequence[Sending]) -> Seen:
    """What somebody knows who looks at the conversation now."""
    return Seen(max((message.id for message in messages), default=0), tuple(sending.id for sending in waiting))


def answer_since(seen: Seen, user: str, messages: Sequence[Message], waiting: Sequence[Sending]) -> Answer | None:
    """The last words to the customer by somebody else than `user` that are not among what was seen; None for none.

    What was seen waiting and went since then counts as new: its words were not seen.
    """
    for sending in reversed(waiting):
        by = sending.sent_by or sending.author
        if by != user and sending.id not in seen.waiting:
            return Answer(by, sending.text, waits=True)
    for message in reversed(messages):
        spoken = message.direction is Direction.TO_CUSTOMER and not message.automatic
        if message.id > seen.message and spoken and message.author != user:
            return Answer(message.author, message.text, waits=False)
    return None
