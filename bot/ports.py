"""What the core asks of the outside, as protocols; the real adapters and the tests' fakes pass the same tests."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.contract_ports import ContractRepo
from bot.effects import Effect
from bot.entitlement_ports import EntitlementRepo, NoticeRepo
from bot.escalation_ports import DutyRepo, EscalationRepo
from bot.model import Attachment, JournalEntry, Message, SlaClock, Ticket, Timer
from bot.replacement_ports import InterviewRepo, ReplacementRepo
from bot.sending_ports import SendingRepo
from bot.sendings import SharedFile


class Clock(Protocol):
    """The only way to learn the time; `bot.edges.clock` reads the machine's, tests and the sandbox move their own."""

    def now(self) -> datetime:
        """The current instant, aware, UTC."""

    async def wait_until(self, due: datetime | None, wake: asyncio.Event) -> None:
        """Return when `due` has come or `wake` is set, whichever is first; with `due` None only `wake` counts.

        Returns also when the clock was moved past `due`. Does not clear `wake`.
        """


class Chat(Protocol):
    """Slack, as far as the outbox needs it. Every post carries our key in its metadata, so that a doubt is settled.

    All methods raise RetryLater, RateLimited, InDoubt or Refused (see `bot.errors`).
    """

    async def post(
        self, channel: str, text: str, blocks: list[dict[str, object]], *, key: str, thread_ts: str | None = None
    ) -> str:
        """Post a message; gives its ts."""

    async def update(self, channel: str, ts: str, text: str, blocks: list[dict[str, object]]) -> None:
        """Replace a message."""

    async def tell(
        self,
        channel: str,
        user: str,
        text: str,
        *,
        thread_ts: str | None = None,
        response_url: str | None = None,
        replaces: bool = False,
        blocks: list[dict[str, object]] | None = None,
    ) -> None:
        """Show a text to one person only (ephemeral): by `response_url` where Slack takes it there.

        With `replaces` it stands in place of what was pressed there. Blocks are only shown without a `response_url`.
        """

    async def publish_home(self, user: str, view: dict[str, object]) -> None:
        """Show the App Home to one person."""

    async def workspace_url(self) -> str:
        """Where the workspace is, such as "https://team.slack.com/", for links to messages."""

    async def find(self, channel: str, key: str, *, thread_ts: str | None, since: datetime) -> str | None:
        """The ts of the message that carries our key, or None if it was not posted."""


class FileState(StrEnum):
    """Where an uploaded file is.

    UNKNOWN was never shared, as far as Slack knows; UNSEEN was asked to be shown and is in no message (yet); SHOWN is
    in a message of the channel, or was until somebody deleted it.
    """

    UNKNOWN = "unknown"
    UNSEEN = "unseen"
    SHOWN = "shown"


class ChatFiles(Protocol):
    """Files in Slack. Only what `share` has asked for is seen by people, a little later, or silently never.

    All methods raise as those of `Chat`; only `share` is ever in doubt.
    """

    async def upload(self, name: str, content: bytes) -> str:
        """Hand over what a file holds (not nothing); gives Slack's id of it."""

    async def share(self, channel: str, thread_ts: str, comment: str, files: Sequence[tuple[str, str]]) -> None:
        """Ask for one message with these uploaded files, given as (Slack's id, title)."""

    async def state(self, file_id: str, channel: str) -> FileState:
        """Where a file is."""

    async def described(self, file: SharedFile) -> SharedFile:
        """The file with its name, type and address: of one from another workspace a message only gives the id."""

    async def fetch(self, file: SharedFile, limit: int) -> bytes:
        """What a file holds that somebody shared, at most `limit` octets; Refused where it is larger or not to be had.

        Without an address Slack is asked for it.
        """

    async def delete(self, file_id: str) -> None:
        """Take a file back, so that it cannot be shown later; one that is gone already is no error."""


class InboxState(StrEnum):
    """What became of something that arrived."""

    NEW = "new"
    DONE = "done"
    DUPLICATE = "duplicate"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A stored mail or Slack payload.

    Attributes:
        source: "mail" or "slack".
        body: The mail's octets, or the payload as UTF-8 JSON.
        place: The mailbox's name, or the Slack payload's type.
        complete: False for a mail over the size limit, of which only the header is stored.
        begun: How many processes took it in hand and ended before they were done with it.
        stored_at: When it was stored, aware.
    """

    id: int
    source: str
    place: str
    body: bytes
    received_at: datetime
    size: int
    complete: bool
    attempts: int
    begun: int = 0
    stored_at: datetime | None = None


class OutboxState(StrEnum):
    """What became of an effect. SENDING found after a crash is IN_DOUBT: looked up before it is repeated."""

    PENDING = "pending"
    SENDING = "sending"
    IN_DOUBT = "in_doubt"
    SENT = "sent"
    PARKED = "parked"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A stored effect.

    Attributes:
        lane: Rows of one lane go out one after the other, in the order of their ids.
        effect: The effect itself.
        raw: A mail's finished octets.
        rfc_message_id: A mail's Message-ID, fixed when the row was written.
        attempts: How often it was tried before.
        in_doubt: True when an earlier try may have succeeded.
        urgent: It overtakes what is not.
        ticket: Its ticket's number, where the row was taken to be performed; for the log.
    """

    id: int
    lane: str
    effect: Effect
    created_at: datetime
    attempts: int
    in_doubt: bool
    raw: bytes | None = None
    rfc_message_id: str | None = None
    urgent: bool = False
    ticket: str | None = None

    @property
    def key(self) -> str:
        """The idempotency key that a Slack post carries."""
        return f"out-{self.id}"


class TicketRepo(Protocol):
    """Tickets, who is on them, and their messages."""

    async def add(self, ticket: Ticket) -> Ticket:
        """Store a new ticket; its id and number are made here (the given ones are ignored)."""

    async def get(self, ticket_id: int) -> Ticket:
        """The ticket, locked for this transaction; LookupError when there is none."""

    async def by_number(self, number: str) -> Ticket | None:
        """The ticket of that number, locked for this transaction."""

    async def by_slack_place(self, channel: str, ts: str) -> Ticket | None:
        """The ticket whose head message that is, locked for this transaction."""

    async def of_customer_message(self, channel: str, ts: str) -> Ticket | None:
        """The newest ticket of a shared channel that has that message of it, and a conversation there; locked."""

    async def of_customer_thread(self, channel: str, ts: str) -> Ticket | None:
        """The ticket whose conversation is that thread of a shared channel, locked for this transaction."""

    async def update(self, ticket: Ticket) -> None:
        """Store the changes and grow the version."""

    async def participants(self, ticket_id: int) -> frozenset[str]:
        """The addresses on the ticket, lower case."""

    async def add_participant(self, ticket_id: int, address: str) -> None:
        """Put an address on the ticket; twice changes nothing."""

    async def add_message(self, message: Message, words: Sequence[str] | None = None) -> Message:
        """Store a message; its id is made here."""

    async def messages(self, ticket_id: int) -> tuple[Message, ...]:
        """All messages of the ticket, oldest first."""

    async def message(self, message_id: int) -> Message:
        """One message; LookupError when there is none."""

    async def set_message_slack_ts(self, message_id: int, slack_ts: str) -> None:
        """Remember where in Slack a message is shown."""

    async def set_message_customer_ts(self, message_id: int, customer_ts: str) -> None:
        """Remember where in the customer's thread a message stands."""

    async def recent_of(self, address: str, since: datetime) -> tuple[Ticket, ...]:
        """The tickets with this address on them that are open or were created since then; newest first, at most 20."""

    async def unaccepted_among_newest(self, newest: int, since: datetime) -> int:
        """How many of the newest tickets were created since then and are not accepted."""

    async def ticket_of_message_ids(self, rfc_message_ids: Sequence[str]) -> int | None:
        """The ticket that the first known of these Message-IDs belongs to, sent by us or received."""


class AttachmentRepo(Protocol):
    """Files of messages, each content kept once."""

    async def add(self, attachment: Attachment, content: bytes | None) -> Attachment:
        """Store a file; its id and its hash are made here. None as content: only its name is known."""

    async def get(self, attachment_id: int) -> Attachment:
        """One file; LookupError when there is none."""

    async def of_message(self, message_id: int) -> tuple[Attachment, ...]:
        """The files of a message, in its order."""

    async def of_ticket(self, ticket_id: int) -> tuple[Attachment, ...]:
        """The files of all messages of a ticket, oldest first."""

    async def keep(self, content: bytes) -> str:
        """Keep a content that belongs to no customer's message, once; gives its hash, for `SendMail.files`."""

    async def content(self, digest: str) -> bytes:
        """What a file holds, by the hash of it; LookupError when it is not kept."""

    async def set_slack_file(self, attachment_id: int, slack_file: str | None) -> None:
        """Remember which file in Slack it is, or that it is none (any more)."""


class InboxRepo(Protocol):
    """What arrived."""

    async def finish(self, inbox_id: int, state: InboxState, outcome: str, ticket_id: int | None = None) -> None:
        """Say what became of a row; `outcome` is a short reason for people."""

    async def postpone(self, inbox_id: int, until: datetime) -> None:
        """Handle a row anew then; until that it counts as not yet understood."""

    async def finish_unless_postponed(self, inbox_id: int, now: datetime, outcome: str) -> None:
        """The handler is done with a row, but for one that it put off beyond `now`."""

    async def waits(self, key: str) -> bool:
        """Whether the message of that key is postponed."""

    async def hasten(self, key: str, at: datetime) -> bool:
        """Handle the postponed message of that key already then; False when none waits."""

    async def settle_waiting(self, key: str, outcome: str) -> bool:
        """Never handle the postponed message of that key; False when none waits."""


class OutboxRepo(Protocol):
    """What is to be done outside."""

    async def add(self, effect: Effect, *, dedupe_key: str | None = None) -> int | None:
        """Store an effect; gives its row id, or None when the dedupe key was used before.

        Of several unsent cards of one ticket, or of one escalation, only one is kept. A mail's Message-ID is fixed and
        its octets are composed here; a `message_id` in the effect gets that Message-ID. LookupError where one of its
        `files` is not kept.
        """

    async def get(self, outbox_id: int) -> OutboxRow:
        """One row; LookupError when there is none."""

    async def state(self, outbox_id: int) -> OutboxState:
        """What became of a row; LookupError when there is none."""

    async def settle_by_message_id(self, rfc_message_id: str) -> int | None:
        """A copy of our mail came back: gives the row's id if the row exists, and marks it sent if it was in doubt."""

    async def by_message_id(self, rfc_message_id: str) -> OutboxRow | None:
        """The mail with that Message-ID."""

    async def automatic_mails_to(self, address: str, since: datetime) -> int:
        """How many automatic mails were written to this address since then."""

    async def slack_backlog(self, at_most: int) -> int:
        """How many Slack effects wait to be performed, counted no further than `at_most`."""


class ClockRepo(Protocol):
    """SLA clocks and their timers."""

    async def add(self, clock: SlaClock) -> SlaClock:
        """Store a clock; its id is made here."""

    async def get(self, clock_id: int) -> SlaClock:
        """One clock; LookupError when there is none."""

    async def of_ticket(self, ticket_id: int) -> tuple[SlaClock, ...]:
        """All clocks of a ticket, oldest first."""

    async def update(self, clock: SlaClock) -> None:
        """Store the changes."""

    async def set_timer(self, timer: Timer) -> bool:
        """Store a timer (its id is made here), or set a cancelled one of that key again.

        Gives False, and changes nothing, when the timer of that key has fired: nothing is done twice.
        """

    async def drop_timers(self, clock_id: int) -> None:
        """Cancel what is still to come of a clock."""

    async def postpone_timer(self, timer_id: int, fire_at: datetime) -> None:
        """Fire a timer later (outside the service window nobody is reminded)."""

    async def finish_timer(self, timer_id: int) -> bool:
        """Mark a timer done; False when it was done or cancelled before."""

    async def remove_timer(self, timer_id: int) -> bool:
        """Forget a pending timer, so that its key may be set again; False when it was done or cancelled before."""


class UnitOfWork(Protocol):
    """One transaction over everything stored: all of it is committed, or nothing."""

    @property
    def tickets(self) -> TicketRepo: ...
    @property
    def attachments(self) -> AttachmentRepo: ...
    @property
    def contracts(self) -> ContractRepo: ...
    @property
    def inbox(self) -> InboxRepo: ...
    @property
    def outbox(self) -> OutboxRepo: ...
    @property
    def clocks(self) -> ClockRepo: ...
    @property
    def escalations(self) -> EscalationRepo: ...
    @property
    def duty(self) -> DutyRepo: ...
    @property
    def sendings(self) -> SendingRepo: ...
    @property
    def entitlements(self) -> EntitlementRepo: ...
    @property
    def notices(self) -> NoticeRepo: ...
    @property
    def replacements(self) -> ReplacementRepo: ...
    @property
    def interviews(self) -> InterviewRepo: ...

    async def journal(self, entry: JournalEntry) -> None:
        """Write a line into a ticket's journal."""

    async def journal_of(self, ticket_id: int) -> tuple[JournalEntry, ...]:
        """A ticket's journal, oldest first."""

    async def journal_since(self, ticket_id: int, line: int) -> tuple[JournalEntry, ...]:
        """The lines of a ticket's journal behind the one with that id, oldest first."""

    async def last_line(self, ticket_id: int) -> int:
        """The id of the newest line of a ticket's journal; 0 where there is none."""
