"""What can happen: each command goes to one handler (`handlers.registry`), inside one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from bot.model import Priority, Timer


@dataclass(frozen=True, slots=True)
class EmailReceived:
    """A stored mail is to be understood.

    Attributes:
        inbox_id: The stored row.
        raw: The octets; only the header where `complete` is False (over the size limit).
        received_at: The server's INTERNALDATE, UTC.
    """

    inbox_id: int
    mailbox: str
    raw: bytes
    received_at: datetime
    size: int
    complete: bool = True


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
    """

    user: str
    name: str
    channel: str | None = None
    thread_ts: str | None = None
    is_stranger: bool = False
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReplyToCustomer:
    """An engineer wrote a reply in the modal and pressed send."""

    by: SlackPerson
    ticket_id: int
    text: str
    next_turn: NextTurn


@dataclass(frozen=True, slots=True)
class TakeTicket:
    """An engineer takes a ticket that nobody has, or takes it `over` from whoever has it."""

    by: SlackPerson
    ticket_id: int
    over: bool = False


@dataclass(frozen=True, slots=True)
class SetPriority:
    """An engineer sets the priority."""

    by: SlackPerson
    ticket_id: int
    priority: Priority


@dataclass(frozen=True, slots=True)
class DecideSender:
    """An engineer approves or rejects the sender of a held report."""

    by: SlackPerson
    ticket_id: int
    approve: bool


@dataclass(frozen=True, slots=True)
class DecideQuotation:
    """An engineer decides on a mail that names a ticket which its sender is not on: does it join that one?"""

    by: SlackPerson
    ticket_id: int
    join: bool


@dataclass(frozen=True, slots=True)
class CloseTicket:
    """An engineer closes a ticket without an answer (spam, duplicate, finished by phone)."""

    by: SlackPerson
    ticket_id: int


@dataclass(frozen=True, slots=True)
class OpenHome:
    """Somebody opened the App Home, or asked to see it anew."""

    by: SlackPerson


@dataclass(frozen=True, slots=True)
class AgreeDate:
    """An engineer proposes a date to the customer, who is asked by mail to confirm it.

    Attributes:
        day: With `clock_time`, in the zone in which times are shown (`service.timezone`).
        words: The engineer's own words to the customer; may be empty.
    """

    by: SlackPerson
    ticket_id: int
    day: date
    clock_time: time
    words: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmDate:
    """An engineer knows that the customer agrees to the proposed date, by phone for example."""

    by: SlackPerson
    ticket_id: int


@dataclass(frozen=True, slots=True)
class DateKept:
    """What was agreed for a date is done."""

    by: SlackPerson
    ticket_id: int


@dataclass(frozen=True, slots=True)
class TimerDue:
    """A timer's time has come."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class MailSent:
    """The mail server has taken a mail; `outbox_id` names the row."""

    outbox_id: int


@dataclass(frozen=True, slots=True)
class MailNotSent:
    """A mail was given up; `reason` says why, for people."""

    outbox_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class FilesNotShown:
    """Not all files of a message could be shown in Slack; `reason` says why, for people. `outbox_id` names the row."""

    outbox_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class NothingToDo:
    """A recorded Slack payload that asks for nothing (a thread message, a modal that only opened)."""

    reason: str


SlackCommand = (
    ReplyToCustomer
    | TakeTicket
    | SetPriority
    | DecideSender
    | DecideQuotation
    | CloseTicket
    | AgreeDate
    | ConfirmDate
    | DateKept
    | OpenHome
    | NothingToDo
)
Command = EmailReceived | SlackCommand | TimerDue | MailSent | MailNotSent | FilesNotShown
