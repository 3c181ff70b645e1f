"""Engineers' words that may go, go, or went to a customer: replies, and all that they write in a ticket's thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class SendingState(StrEnum):
    """What becomes of an engineer's words.

    INTERNAL stays with colleagues, unless somebody explicitly sends it; NOTE says so itself and is never sent; WAITING
    goes out at `send_at` unless it is taken back; SENT was handed over for mailing; UNDONE was taken back (and may be
    sent anew); DELETED is gone from the thread.
    """

    INTERNAL = "internal"
    NOTE = "note"
    WAITING = "waiting"
    SENT = "sent"
    UNDONE = "undone"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file that an engineer shared in Slack.

    Attributes:
        id: Slack's id of it.
        name: As they called it.
        size: Octets, as Slack says.
        url: Where Slack gives what it holds.
        sha256: Of the content, hex, once it was fetched.
    """

    id: str
    name: str
    content_type: str
    size: int
    url: str = field(default="", repr=False)
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What of a conversation somebody knows who begins to answer: all up to a message, and what waits to go.

    Attributes:
        message: `Message.id` of the newest one; 0 where there is none.
        waiting: `Sending.id` of what waits.
    """

    message: int
    waiting: tuple[int, ...] = ()


@dataclass(slots=True)
class Sending:
    """An engineer's words.

    Attributes:
        author: Slack id of who wrote it.
        slack_ts: Their message in the ticket's thread; None for what was written in a modal.
        edited_ts: The last edit of that message that is known, as Slack counts time.
        sent_by: Slack id of who sends it, with the name that the customer reads.
        next_turn: What it means for the clocks (`bot.people.NextTurn`); "" until it is sent.
        pressed_at: When they pressed: what counts for the clocks.
        send_at: When it goes out; until then it can be taken back.
        post_ts: The post in the thread that shows what became of it.
        message_id: `Message.id`, once it is sent.
        own_words: Its text was changed in the modal, so an edit of the thread's message does not concern it.
    """

    id: int
    ticket_id: int
    state: SendingState
    author: str
    text: str
    written_at: datetime
    slack_ts: str | None = None
    edited_ts: str | None = None
    files: tuple[SharedFile, ...] = ()
    sent_by: str | None = None
    sent_by_name: str = ""
    next_turn: str = ""
    pressed_at: datetime | None = None
    send_at: datetime | None = None
    post_ts: str | None = None
    message_id: int | None = None
    ended_by: str | None = None
    own_words: bool = False
