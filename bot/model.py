"""The words of the domain, as plain values: what tickets, clocks and people are, without any behaviour of I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum


class Priority(StrEnum):
    """How bad it is, in the service terms' three steps."""

    CRITICAL = "critical"
    NON_CRITICAL = "non_critical"
    QUESTION = "question"


class Language(StrEnum):
    """The languages that people are answered in."""

    PL = "pl"
    EN = "en"


class TicketState(StrEnum):
    """Where a ticket stands. The legal moves are in `bot.rules.ticket_states`.

    INCOMPLETE waits for numbers from the customer; HELD waits for an engineer's word on its sender; OPEN waits for an
    engineer; WAITING waits for the customer; RESOLVED is answered for good; CLOSED is out of the way without an answer
    (spam, a refused sender).
    """

    INCOMPLETE = "incomplete"
    HELD = "held"
    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"


class ClockKind(StrEnum):
    """What a clock measures.

    INTAKE keeps an incomplete or held report in the engineers' minds; DELIVERY and RETURN belong to a replacement,
    DEPLOYMENT and INSTALLATION to what a contract entitles to once;
    AGREED runs to a date that was agreed with the customer, while the engineers' reply clocks stand still.
    """

    REACTION = "reaction"
    REPLY = "reply"
    CUSTOMER_REPLY = "customer_reply"
    INTAKE = "intake"
    DELIVERY = "delivery"
    RETURN = "return"
    AGREED = "agreed"
    DEPLOYMENT = "deployment"
    INSTALLATION = "installation"


class ClockState(StrEnum):
    """RUNNING may be overdue: a breach is a mark on a running or met clock, not an end of it.

    PAUSED stands still and keeps what is left of its budget.
    """

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    CANCELLED = "cancelled"


class Direction(StrEnum):
    """Which way a message went."""

    FROM_CUSTOMER = "from_customer"
    TO_CUSTOMER = "to_customer"


class AttachmentVerdict(StrEnum):
    """KEPT is stored and shown; HELD is stored and not passed on; DROPPED was over a limit: only its name is known."""

    KEPT = "kept"
    HELD = "held"
    DROPPED = "dropped"


class Role(StrEnum):
    """What a person in Slack may do: engineers work on tickets, managers also close escalations."""

    ENGINEER = "engineer"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True)
class Device:
    """A device by its serial number; `model` is the product's name as customers know it."""

    serial: str
    model: str


@dataclass(frozen=True, slots=True)
class Contract:
    """A service contract as the registry knows it.

    Attributes:
        authorised: Addresses ("anna@klient.example") and whole domains ("@klient.example"), lower case.
        on_site: Whether it has the installation on site.
    """

    id: int
    number: str
    customer: str
    nip: str
    valid_from: date
    valid_to: date
    devices: tuple[Device, ...]
    authorised: tuple[str, ...]
    language: Language | None = None
    on_site: bool = False

    def authorises(self, address: str) -> bool:
        """Whether this address may report on the contract (service terms: upoważniony przedstawiciel)."""
        address = address.lower()
        return address in self.authorised or "@" + address.rpartition("@")[2] in self.authorised

    def valid_on(self, day: date) -> bool:
        """Whether the contract is valid on that day, both ends included."""
        return self.valid_from <= day <= self.valid_to


@dataclass(slots=True)
class Ticket:
    """One report and everything decided about it.

    Attributes:
        number: What people call it, for example HEZO-2026-000123.
        version: Grows with every change; a guarded update finds out who was first.
        reported_at: When the first message was sent (service terms: "sent at").
        accepted_at: When the message was sent that completed the report; None until then.
        contacted_at: When an engineer first contacted the reporter.
        priority_confirmed: False while the priority is only provisional.
        terms: The SLA terms that apply, by priority, frozen when the ticket was opened.
        facts: What intake found: serials, contract numbers, problems; JSON values only.
        customer_channel: The shared Slack channel in which the customer is answered; None where they are by mail. Their
            `requester` is then a Slack user id, or "" where nobody of the channel is known by name.
        customer_ts: The head message of their thread there; None until our first words opened one.
    """

    id: int
    number: str
    state: TicketState
    priority: Priority
    priority_confirmed: bool
    language: Language
    subject: str
    requester: str
    requester_name: str
    reported_at: datetime
    created_at: datetime
    version: int = 1
    contract_id: int | None = None
    devices: tuple[Device, ...] = ()
    accepted_at: datetime | None = None
    contacted_at: datetime | None = None
    closed_at: datetime | None = None
    assignee: str | None = None
    slack_channel: str | None = None
    slack_ts: str | None = None
    customer_channel: str | None = None
    customer_ts: str | None = None
    terms: dict[str, dict[str, object]] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether anybody still has to do anything about it."""
        return self.state not in {TicketState.RESOLVED, TicketState.CLOSED}


@dataclass(frozen=True, slots=True)
class Message:
    """Something a customer wrote to us or we wrote to a customer.

    Attributes:
        text: The new words, without quotes.
        message_id: The RFC 5322 Message-ID; None for what did not come by mail.
        automatic: True for the bot's own mails, which are no contact by an engineer, and those of a customer's robot.
        author: An address or a Slack user id for customers, a Slack user id for engineers, "bot" for automatic mails.
        slack_ts: Where it is shown in the engineers' thread.
        customer_ts: Where it stands in the customer's thread, if they are answered in Slack.
    """

    id: int
    ticket_id: int
    direction: Direction
    author: str
    author_name: str
    text: str
    sent_at: datetime
    message_id: str | None = None
    automatic: bool = False
    inbox_id: int | None = None
    slack_ts: str | None = None
    customer_ts: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message, without its content.

    Attributes:
        position: Its place among the message's files, from 0.
        name: Made safe (`bot.rules.file_names`); still somebody else's words.
        content_type: As declared by who sent it, lower case.
        size: Octets.
        sha256: Of the content, hex; None where it was dropped.
        reason: Why it was held or dropped, "<word>: <what was found>" of `bot.rules.attachments`; "" where it was kept.
        slack_file: Slack's id of the file, from its upload on; None again when Slack did not show it.
    """

    id: int
    ticket_id: int
    message_id: int
    position: int
    name: str
    content_type: str
    size: int
    verdict: AttachmentVerdict
    sha256: str | None = None
    reason: str = ""
    slack_file: str | None = None

    @property
    def is_for_slack(self) -> bool:
        """Whether it is shown in Slack, which takes no empty files."""
        return self.verdict is AttachmentVerdict.KEPT and self.size > 0


@dataclass(frozen=True, slots=True)
class Pause:
    """A span in which a clock stands still, half-open; `until` is None while it lasts."""

    since: datetime
    until: datetime | None = None


@dataclass(slots=True)
class SlaClock:
    """A span of service time that somebody has to answer within.

    Attributes:
        budget: Service time, counted in the windows of `calendar` ("24x7" or "8x5").
        due_at: When the budget is used up, as far as is known; a paused clock's is that of the moment before.
        pauses: When it stood still, oldest first; the open one is last. What was waited outside of them counts,
            whatever priority comes later.
        remaining: What is left of the budget while it is paused; None otherwise.
        message_id: The message that started it (`Message.id`).
        ended_at: When it was met or cancelled.
        breached_at: The due time, once it passed while the clock ran.
    """

    id: int
    ticket_id: int
    kind: ClockKind
    state: ClockState
    calendar: str
    started_at: datetime
    budget: timedelta
    due_at: datetime
    message_id: int | None = None
    ended_at: datetime | None = None
    breached_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    remaining: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Timer:
    """One thing to do at a time. `key` is unique for ever: the same thing at the same time is never done twice.

    Attributes:
        key: For a clock "clock:<id>:<due, ISO>:<level>", so that a moved deadline announces anew (invariant 5).
        kind: What to do, one of `handlers.registry.TIMERS`: "clock", "card", ...
        level: Per cent of the clock's budget that is used up at `fire_at`; 100 is the breach.
        attempts: How often handling it failed.
    """

    id: int
    key: str
    kind: str
    ticket_id: int
    fire_at: datetime
    clock_id: int | None = None
    level: int | None = None
    attempts: int = 0
    escalation_id: int | None = None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One decision or event of a ticket: what, when, by whom, with the facts it rested on (JSON values).

    Attributes:
        id: Made when it is stored; of two lines of a ticket the later one has the higher.
    """

    ticket_id: int
    at: datetime
    actor: str
    kind: str
    data: dict[str, object]
    id: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class TicketView:
    """What a ticket's head message shows."""

    ticket: Ticket
    contract: Contract | None
    clocks: tuple[SlaClock, ...]


class Holder(StrEnum):
    """Who has a ticket, as one engineer sees it."""

    MINE = "mine"
    NOBODY = "nobody"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class DueTicket:
    """An open ticket with the clock that counts, None where none runs; `customer` is None without a known contract."""

    ticket: Ticket
    customer: str | None
    clock: SlaClock | None


@dataclass(frozen=True, slots=True)
class DueTickets:
    """What one holder has: the first of it, due first first, and how much it is in all."""

    first: tuple[DueTicket, ...]
    count: int
