"""What can happen to the words of a ticket's thread: written, changed, deleted, sent to the customer, taken back."""

from __future__ import annotations

from dataclasses import dataclass

from bot.people import NextTurn, SlackPerson
from bot.sendings import SharedFile


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """Somebody wrote in a thread; whether it is a ticket's, and they are staff, is found out by who handles it.

    Attributes:
        thread_ts: The thread's first message.
        ts: The message.
        text: Without Slack's markup.
        is_internal: It mentions people or channels: meant for colleagues, whatever it begins with.
        inbox_id: As of `bot.commands_channels.ChannelMessage`.
    """

    by: SlackPerson
    channel: str
    thread_ts: str
    ts: str
    text: str
    is_internal: bool = False
    files: tuple[SharedFile, ...] = ()
    inbox_id: int | None = None


@dataclass(frozen=True, slots=True)
class ThreadMessageEdited:
    """They changed their message; `message` is as it now is.

    Attributes:
        edited_ts: When, as Slack counts: of two edits that come in the wrong order the later one stands.
    """

    by: SlackPerson
    message: ThreadMessage
    edited_ts: str


@dataclass(frozen=True, slots=True)
class ThreadMessageDeleted:
    """Somebody deleted a message of a thread; `by` is its author."""

    by: SlackPerson
    channel: str
    thread_ts: str
    ts: str


@dataclass(frozen=True, slots=True)
class OwnMessageDeleted:
    """Somebody deleted a message that the bot had posted; Slack does not say who, so `by` is the bot."""

    by: SlackPerson
    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class SendThreadMessage:
    """The author presses "send to the customer", which was offered to them alone.

    Attributes:
        after: The colleague whose answer in between they know of, if any.
    """

    by: SlackPerson
    ticket_id: int
    sending_id: int
    next_turn: NextTurn
    after: str | None = None


@dataclass(frozen=True, slots=True)
class KeepInternal:
    """The author says that what they wrote stays with colleagues."""

    by: SlackPerson
    ticket_id: int
    sending_id: int


@dataclass(frozen=True, slots=True)
class UndoSending:
    """Somebody takes back what waits to be sent."""

    by: SlackPerson
    ticket_id: int
    sending_id: int
