"""What engineers do to a ticket beside answering: give it on, ask for data, snooze, merge, split, end, log a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.people import NextTurn, SlackPerson
from bot.sendings import Seen


class CallDirection(StrEnum):
    """Who called whom."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


@dataclass(frozen=True, slots=True)
class AssignTicket:
    """A colleague has the ticket from now on."""

    by: SlackPerson
    ticket_id: int
    to: str
    to_name: str


@dataclass(frozen=True, slots=True)
class HoldTicket:
    """An engineer doubts the sender of a report: somebody decides on it, as on an unknown one."""

    by: SlackPerson
    ticket_id: int


@dataclass(frozen=True, slots=True)
class AskForData:
    """The customer is asked for data, by mail in the engineer's name.

    Attributes:
        items: Names of `bot.rules.data_requests.Item`, in their order.
        words: The engineer's own words; may be empty.
        seen: As of `bot.commands.ReplyToCustomer`.
    """

    by: SlackPerson
    ticket_id: int
    items: tuple[str, ...]
    words: str = ""
    seen: Seen | None = None


@dataclass(frozen=True, slots=True)
class ResolveTicket:
    """The report is answered for good.

    Attributes:
        summary: What the customer reads.
        internal: What only colleagues read; may be empty.
        seen: As of `bot.commands.ReplyToCustomer`.
    """

    by: SlackPerson
    ticket_id: int
    summary: str
    internal: str = ""
    seen: Seen | None = None


@dataclass(frozen=True, slots=True)
class ReopenTicket:
    """An ended ticket is worked on again."""

    by: SlackPerson
    ticket_id: int


@dataclass(frozen=True, slots=True)
class SnoozeTicket:
    """The ticket comes back at `until` (aware); its clocks and reminders go on meanwhile."""

    by: SlackPerson
    ticket_id: int
    until: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WakeTicket:
    """A snoozed ticket is back before its time."""

    by: SlackPerson
    ticket_id: int


@dataclass(frozen=True, slots=True)
class MergeTicket:
    """The ticket is about the same matter as another one, which goes on alone.

    Attributes:
        target_id: The one that goes on.
        strangers_too: Its people may be let into the conversation of the other one.
    """

    by: SlackPerson
    ticket_id: int
    target_id: int
    strangers_too: bool = False


@dataclass(frozen=True, slots=True)
class LinkTickets:
    """Two tickets have to do with each other; each stays as it is."""

    by: SlackPerson
    ticket_id: int
    other_id: int


@dataclass(frozen=True, slots=True)
class SplitTicket:
    """A customer's message is a matter of its own.

    Attributes:
        message_id: The message (`Message.id`).
        subject: Of the new ticket; "" takes that of the old one.
    """

    by: SlackPerson
    ticket_id: int
    message_id: int
    subject: str = ""


@dataclass(frozen=True, slots=True)
class MarkSpam:
    """What was reported is nothing that anybody wants."""

    by: SlackPerson
    ticket_id: int


@dataclass(frozen=True, slots=True)
class LogCall:
    """Somebody talked to the customer by phone (the hotline): a contact, as a mail is one.

    Attributes:
        person: With whom, as they gave their name; may be empty.
        summary: What was said, for colleagues.
        next_turn: What it means for the clocks.
        called_at: When, aware; None is now.
    """

    by: SlackPerson
    ticket_id: int
    direction: CallDirection
    person: str
    summary: str
    next_turn: NextTurn
    called_at: datetime | None = None


ActingCommand = (
    AssignTicket
    | HoldTicket
    | AskForData
    | ResolveTicket
    | ReopenTicket
    | SnoozeTicket
    | WakeTicket
    | MergeTicket
    | LinkTickets
    | SplitTicket
    | MarkSpam
    | LogCall
)
