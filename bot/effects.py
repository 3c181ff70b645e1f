"""What handlers want done outside: written to the outbox in the handler's transaction, performed by `bot.loops.outbox`.

Values only, no rendering: a mail is composed when its row is written (what was decided is what is sent), a Slack
message is rendered when it is posted (it shows the ticket as it then is).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.effects_channels import FetchCustomerFiles as FetchCustomerFiles  # noqa: PLC0414  # an effect like any other
from bot.effects_channels import OfferReport as OfferReport  # noqa: PLC0414  # the same
from bot.effects_channels import TellCustomer as TellCustomer  # noqa: PLC0414  # the same
from bot.effects_channels import TellOverview as TellOverview  # noqa: PLC0414  # the same
from bot.model import Language


class MailKind(StrEnum):
    """Why we write; the first word of the Message-ID. REPLY is an engineer's own words, the rest is automatic."""

    ACKNOWLEDGEMENT = "ack"
    QUESTION = "ask"
    NOTICE = "note"
    REMINDER = "remind"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class SendMail:
    """A mail to a customer.

    Attributes:
        ticket_id: The ticket it belongs to; None for an answer that opens none.
        to: The one recipient.
        text: The whole plain text, greeting and signature included.
        in_reply_to: The Message-ID it answers; with `references` it threads at the customer's side.
        author: "bot", or the Slack user id of the engineer who wrote it.
        from_name: The display name of the From header.
        message_id: `Message.id` of the stored message, so that the outcome is shown where it was written.
        files: What goes along: (name, content type, hash of a content that `AttachmentRepo` keeps).
        calendar: An iCalendar object for the reader's calendar (RFC 6047).
    """

    kind: MailKind
    ticket_id: int | None
    to: str
    to_name: str
    subject: str
    text: str
    language: Language
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    author: str = "bot"
    from_name: str | None = None
    message_id: int | None = None
    files: tuple[tuple[str, str, str], ...] = ()
    calendar: str | None = None


@dataclass(frozen=True, slots=True)
class PostToCustomer:
    """Words to a customer in the ticket's thread in their shared channel; the first ones may open that thread.

    Attributes:
        to: Whom they are for, a Slack user id; "" where nobody of the channel is known by name.
        text: The whole plain text.
        author: "bot", or the Slack user id of the engineer who wrote it.
        author_name: Of that engineer, as customers read it.
        message_id: `Message.id` of the stored message, so that the outcome is shown where it was written.
        choices: Buttons below the words, each with its label and its value, by which they pick a date.
        form: What a button says that opens the form for reports, by which questions can be answered as well; "" for
            none.
    """

    kind: MailKind
    ticket_id: int
    to: str
    text: str
    author: str = "bot"
    author_name: str = ""
    message_id: int | None = None
    choices: tuple[tuple[str, str], ...] = ()
    form: str = ""


@dataclass(frozen=True, slots=True)
class PostCard:
    """The ticket's head message in the support channel: posted the first time, edited from then on."""

    ticket_id: int


@dataclass(frozen=True, slots=True)
class PostReplacementPanel:
    """A replacement's message in the ticket's thread: posted the first time, edited from then on."""

    ticket_id: int
    replacement_id: int


@dataclass(frozen=True, slots=True)
class PostInterviewPanel:
    """A technical interview's message in the ticket's thread: posted the first time, edited from then on."""

    ticket_id: int
    interview_id: int


class Note(StrEnum):
    """What a post in a ticket's thread says; `data` of the post holds the facts, the words are chosen at posting."""

    CUSTOMER_WROTE = "customer_wrote"
    MAILED = "mailed"
    ENGINEER_REPLY = "engineer_reply"
    STATE_CHANGED = "state_changed"
    TAKEN = "taken"
    PRIORITY_SET = "priority_set"
    REMINDER = "reminder"
    BREACH = "breach"
    BOUNCED = "bounced"
    AUTOMATIC_MAIL = "automatic_mail"
    SENDER_APPROVED = "sender_approved"
    SENDER_REJECTED = "sender_rejected"
    CUSTOMER_SILENT = "customer_silent"
    MAIL_NOT_SENT = "mail_not_sent"
    MAIL_WITHHELD = "mail_withheld"
    AGREED_DATE = "agreed_date"
    NOTHING_NEW = "nothing_new"
    SIMILAR_TICKETS = "similar_tickets"
    JOINED = "joined"
    SEPARATED = "separated"
    FILES_NOT_SHOWN = "files_not_shown"
    ESCALATION = "escalation"
    ESCALATION_PROPOSED = "escalation_proposed"
    SERVICES_OPEN = "services_open"
    ACTED = "acted"
    THREAD_BEGUN_ANEW = "thread_begun_anew"
    REPLACEMENT = "replacement"
    INTERVIEW = "interview"
    OPENED = "opened"
    CUSTOMER_FILES = "customer_files"


@dataclass(frozen=True, slots=True)
class PostInThread:
    """A post in the ticket's thread.

    Attributes:
        data: JSON values only; texts of customers are raw here and escaped when rendered.
        mention: Slack user ids to mention.
        message_id: `Message.id` that this post shows; its Slack ts is then kept with the message.
        urgent: Overtakes routine posts.
        sending_id: `Sending.id` that this post shows; its Slack ts is then kept with it.
    """

    ticket_id: int
    note: Note
    data: dict[str, object] = field(default_factory=dict)
    mention: tuple[str, ...] = ()
    message_id: int | None = None
    urgent: bool = False
    sending_id: int | None = None


@dataclass(frozen=True, slots=True)
class ShareFiles:
    """The kept files of a message, uploaded into the ticket's thread; written when the message's own post stands there.

    An upload may take minutes: it goes a way of its own, so that no reminder ever waits for it.

    Attributes:
        to_customer: They are ours, and go into the customer's thread in their shared channel.
    """

    ticket_id: int
    message_id: int
    to_customer: bool = False


@dataclass(frozen=True, slots=True)
class EditReply:
    """Shows on an engineer's reply in the thread what became of it.

    Attributes:
        message_id: `Message.id` of the reply; None before it is mailed: then `sending_id` says which one it is.
        data: That of the `Note.ENGINEER_REPLY` which it replaces, with the new status.
    """

    ticket_id: int
    message_id: int | None
    data: dict[str, object] = field(default_factory=dict)
    sending_id: int | None = None


@dataclass(frozen=True, slots=True)
class OfferSending:
    """Asks an engineer, and nobody else, whether what they have just written in the thread shall go to the customer.

    Attributes:
        first: Slack id of a colleague who answered the customer meanwhile, with `said`, their words.
    """

    ticket_id: int
    sending_id: int
    user: str
    first: str | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class FetchFiles:
    """What an engineer shared in Slack is fetched, so that it can go along with the mail (`bot.sendings.Sending`)."""

    ticket_id: int
    sending_id: int


@dataclass(frozen=True, slots=True)
class PostEscalationCard:
    """An escalation's head message in the escalation channel: posted the first time, edited from then on.

    It is rendered as things are when it is posted.
    """

    ticket_id: int
    escalation_id: int


@dataclass(frozen=True, slots=True)
class PostEscalationCall:
    """A call: a new post in the escalation's thread, because an edit notifies nobody; it mentions all at once.

    Attributes:
        call: Its number (`Escalation.calls` right after it). One that waited while a later one was made, or while
            somebody acknowledged, is not posted: nobody is called twice for what is over.
        kind: Why (`bot.rules.escalation.CallKind`).
        step: Index of the step by whose rules it is made.
        mention: Slack ids of people and user groups.
        nobody: Who was to be called and could not be (`bot.rules.escalation.Called`): gaps that are named.
    """

    ticket_id: int
    escalation_id: int
    call: int
    kind: str
    step: int
    mention: tuple[str, ...] = ()
    nobody: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PostEscalationLine:
    """A line of an escalation's history, in its thread.

    Attributes:
        event: "joined", "acknowledged", "reassigned", "snoozed", "ended", "tied", "priority" or "slack_down".
        data: JSON values only; the words of people are raw here.
        mention: Slack user ids to mention.
    """

    ticket_id: int
    escalation_id: int
    event: str
    data: dict[str, object] = field(default_factory=dict)
    mention: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CallWebhook:
    """A call of the configured webhook; what was decided is in `data`, whoever performs it adds time and signature.

    Attributes:
        event: "call", "acknowledged" or "ended".
        data: The JSON body (`handlers.escalation_alerts.body`).
    """

    ticket_id: int
    escalation_id: int
    event: str
    data: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EditProposal:
    """Shows on a post that asked for a choice that it is made, in the ticket's thread or in the customer's.

    Attributes:
        ts: The post that asked; "" where `data` says which.
        data: Whether a customer's words ask for an escalation: by (Slack user id), accepted (bool), words, address.
            The times that were offered (their buttons go): that of the `Note.AGREED_DATE`. In the customer's thread:
            message (`Message.id` of the words above the buttons), author_name (as of `PostToCustomer`).
    """

    ticket_id: int
    ts: str
    data: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PostEntitlement:
    """A use of an entitlement in its ticket's thread: posted the first time, edited from then on.

    It is rendered as things are when it is posted.

    Attributes:
        mention: Slack user ids to mention at the first time.
        left_ts: Its message in the thread of a ticket that was merged: it says where the use goes on.
    """

    ticket_id: int
    use_id: int
    mention: tuple[str, ...] = ()
    left_ts: str | None = None


@dataclass(frozen=True, slots=True)
class PostServiceDigest:
    """What was said on a day of contracts and services, in the support channel: posted once, edited from then on.

    Attributes:
        day: The local day, ISO 8601.
        more: How many more notices wait for the next days.
    """

    day: str
    more: int = 0


@dataclass(frozen=True, slots=True)
class PostOperator:
    """A line in the escalation channel about something that an operator must look at (a parked mail, for example)."""

    what: str
    data: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TellUser:
    """An ephemeral line to one person in Slack: an answer to their click.

    Attributes:
        what: The wording's key, for example "already_taken".
        response_url: Where Slack takes it at first, as for half an hour it does in conversations that we are not in.
        replaces: It stands in place of what was pressed, which only that person saw; needs the response_url.
    """

    channel: str
    user: str
    what: str
    data: dict[str, object] = field(default_factory=dict)
    thread_ts: str | None = None
    response_url: str | None = field(default=None, repr=False)
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class PublishHome:
    """The App Home of one person, as things are when it is published.

    Attributes:
        is_staff: Whether they see tickets.
        is_manager: Whether they also see what is late, what is escalated, and who has how much.
        shown: What they chose (`bot.home.HomeFilter.to_json`).
    """

    user: str
    is_staff: bool
    is_manager: bool = False
    shown: dict[str, object] = field(default_factory=dict)


SlackEffect = (
    PostToCustomer
    | OfferReport
    | TellCustomer
    | FetchCustomerFiles
    | PostCard
    | PostReplacementPanel
    | PostInterviewPanel
    | PostInThread
    | ShareFiles
    | EditReply
    | OfferSending
    | FetchFiles
    | PostEscalationCard
    | PostEscalationCall
    | PostEscalationLine
    | EditProposal
    | PostEntitlement
    | PostServiceDigest
    | PostOperator
    | TellUser
    | TellOverview
    | PublishHome
)
Effect = SendMail | SlackEffect | CallWebhook
