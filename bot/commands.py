"""What can happen: each command goes to one handler (`handlers.registry`), inside one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time

from bot.commands_acting import ActingCommand
from bot.commands_channels import ChannelMessage, ChannelMessageDeleted, DecideOffer, OpenTicket, ReportProblem
from bot.commands_sending import (
    KeepInternal,
    OwnMessageDeleted,
    SendThreadMessage,
    ThreadMessage,
    ThreadMessageDeleted,
    ThreadMessageEdited,
    UndoSending,
)
from bot.entitlement_commands import EntitlementCommand
from bot.escalation_commands import EscalationCommand
from bot.home import HomeFilter
from bot.interview_commands import InterviewCommand
from bot.model import Priority, Timer
from bot.people import NextTurn as NextTurn  # noqa: PLC0414  # a part of commands, imported with them
from bot.people import SlackPerson as SlackPerson  # noqa: PLC0414  # the same
from bot.replacement_commands import ReplacementCommand
from bot.sendings import Seen, SharedFile


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


@dataclass(frozen=True, slots=True)
class ReplyToCustomer:
    """An engineer wrote a reply in the modal and pressed send.

    Attributes:
        source_ts: The message of the ticket's thread that it was made of, where it was.
        files: What is to go along.
        seen: What they knew of the conversation; None where nobody else's answer is asked about.
    """

    by: SlackPerson
    ticket_id: int
    text: str
    next_turn: NextTurn
    source_ts: str | None = None
    files: tuple[SharedFile, ...] = ()
    seen: Seen | None = None


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
    """Somebody opened the App Home, asked to see it anew, or chose what is listed there."""

    by: SlackPerson
    shown: HomeFilter = field(default_factory=HomeFilter)


@dataclass(frozen=True, slots=True)
class AgreeDate:
    """An engineer proposes a date to the customer, who is asked by mail to confirm it.

    Attributes:
        day: With `clock_time`, in the zone in which times are shown (`service.timezone`).
        words: The engineer's own words to the customer; may be empty.
        seen: As of `ReplyToCustomer`.
    """

    by: SlackPerson
    ticket_id: int
    day: date
    clock_time: time
    words: str = ""
    seen: Seen | None = None


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
class TypedCommand:
    """Somebody typed `/hezo ...`; `text` is what stands behind it (`bot.rules.typed_commands`)."""

    by: SlackPerson
    text: str


@dataclass(frozen=True, slots=True)
class SetShift:
    """Somebody is on duty in a span, half-open, aware; it stands before whatever was set before it."""

    by: SlackPerson
    user: str
    starts_at: datetime
    ends_at: datetime
    substitute: str | None = None


@dataclass(frozen=True, slots=True)
class SwapShifts:
    """The two who are on duty at these instants (aware) take each other's duty."""

    by: SlackPerson
    one_at: datetime
    other_at: datetime


@dataclass(frozen=True, slots=True)
class RemoveShift:
    """A shift that was set in Slack is taken back."""

    by: SlackPerson
    shift_id: int


@dataclass(frozen=True, slots=True)
class TimerDue:
    """A timer's time has come."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class MailSent:
    """The mail server has taken a mail, or Slack a post to a customer; `outbox_id` names the row."""

    outbox_id: int


@dataclass(frozen=True, slots=True)
class MailNotSent:
    """A mail or a post to a customer was given up; `reason` says why, for people."""

    outbox_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class FilesNotShown:
    """Not all files of a message could be shown in Slack; `reason` says why, for people. `outbox_id` names the row."""

    outbox_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class FilesFetched:
    """Files that somebody shared in Slack are here, or cannot be had; `outbox_id` names the row that asked for them.

    Attributes:
        digests: The hash of what each holds, by Slack's id of the file.
        problem: Why they cannot be had, for people; "" where all are here.
        named: What customers' files are called, as (name, content type) by Slack's id: their messages do not say.
    """

    outbox_id: int
    digests: dict[str, str]
    problem: str = ""
    named: dict[str, tuple[str, str]] = field(default_factory=dict)


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
    | EscalationCommand
    | TypedCommand
    | SetShift
    | SwapShifts
    | RemoveShift
    | EntitlementCommand
    | OpenHome
    | ThreadMessage
    | ThreadMessageEdited
    | ThreadMessageDeleted
    | OwnMessageDeleted
    | SendThreadMessage
    | KeepInternal
    | UndoSending
    | ReplacementCommand
    | ActingCommand
    | InterviewCommand
    | ChannelMessage
    | ChannelMessageDeleted
    | DecideOffer
    | ReportProblem
    | OpenTicket
    | NothingToDo
)
Command = EmailReceived | SlackCommand | TimerDue | MailSent | MailNotSent | FilesNotShown | FilesFetched
