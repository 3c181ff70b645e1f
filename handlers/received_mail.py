"""What a customer wrote as the handlers use it: who wrote it when, in which words, and how to answer it.

It came by mail, or as a message or form in the customer's shared Slack channel (`SlackPlace`): the same rules, clocks
and journal hold for both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.commands import EmailReceived
from bot.config import Config
from bot.model import Device, Direction, Language, Message, Priority, Ticket
from bot.ports import InboxState, UnitOfWork
from bot.rules.console_text import speaks
from bot.rules.contract_numbers import fold
from bot.rules.first_reading import FirstReading, ReadingOptions, all_text
from bot.rules.heard import Heard
from bot.rules.language import tells_language
from bot.rules.mail_reading import IncomingMail
from bot.rules.mail_screening import MailOrigin, Screening
from bot.rules.mail_writing import reply_chain
from bot.rules.sla import sent_at
from handlers import attachments
from handlers.context import Context
from handlers.intake_facts import Sender


@dataclass(frozen=True, slots=True)
class SlackPlace:
    """Where in a shared channel something was written.

    Attributes:
        thread_ts: The head message of the customer's thread; None where our first words will open one.
        ts: The message; None for a form.
    """

    channel: str
    thread_ts: str | None
    ts: str | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody chose in a form: it counts whatever else their words seem to say.

    Attributes:
        contract: The number of the device's contract.
    """

    priority: Priority
    device: Device | None = None
    contract: str | None = None

    @property
    def heard(self) -> Heard:
        """The choice, as if it were words."""
        numbers = (self.contract,) if self.contract else ()
        return Heard(
            devices=(self.device,) if self.device else (), stated=numbers, named=tuple(fold(one) for one in numbers)
        )


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One mail, read and screened, or what was written in a shared channel.

    Attributes:
        inbox_id: The stored mail; 0 of what came by Slack, whose row the loop finishes.
        raw: Its octets; only the header where `complete` is False.
        address: The sender's address, lower case; a Slack user id of what came by Slack.
        sent_at: When it was sent, as far as its Date header is credible (UTC); a Slack message's own timestamp.
        authentic: False when the receiving server's DMARC check failed or was about another sender; None when it said
            nothing.
        new_text: The new words, without quotes.
        quoted_text: What was set apart: quotations, signatures, footers.
        language_is_certain: Whether a person's sentences say it, and not only pasted output or a bare number.
        place: Where it stands in Slack; None for a mail.
        chosen: What was chosen in a form.
        is_vouched_for: An engineer opened a ticket with it.
        reading: What the mail alone says; None of what came by Slack.
    """

    inbox_id: int
    raw: bytes = field(repr=False)
    mail: IncomingMail
    screening: Screening
    address: str
    name: str
    sent_at: datetime
    authentic: bool | None
    new_text: str
    quoted_text: str
    language: Language
    language_is_certain: bool
    complete: bool
    place: SlackPlace | None = None
    chosen: Chosen | None = None
    is_vouched_for: bool = False
    reading: FirstReading | None = field(default=None, repr=False)

    @property
    def all_text(self) -> str:
        """Subject, whole body, and mails that were forwarded as attachments."""
        return all_text(self.mail)

    @property
    def references(self) -> tuple[str, ...]:
        """The References header of an answer (RFC 5322 §3.6.4)."""
        return reply_chain(self.mail)


def reading_options(config: Config) -> ReadingOptions:
    """What the configuration says about the reading of mails."""
    return ReadingOptions(
        own_addresses=config.mail.own_addresses,
        message_id_domain=config.mail.message_id_domain,
        trusted_authserv_ids=config.mail.trusted_authserv_ids,
        contract_patterns=config.intake.contract_patterns,
    )


def received(command: EmailReceived, reading: FirstReading, ctx: Context) -> ReceivedMail:
    """Put together what the handlers need of a mail."""
    mail, words = reading.mail, reading.words
    return ReceivedMail(
        inbox_id=command.inbox_id,
        raw=command.raw,
        mail=mail,
        screening=reading.screening,
        address=mail.from_.address.lower() if mail.from_ else "",
        name=mail.from_.name if mail.from_ else "",
        sent_at=sent_at(mail.date, command.received_at, ctx.config.intake.date_header_trusted_for),
        authentic=reading.authentic,
        new_text=words.new_text,
        quoted_text=words.quoted_text,
        language=reading.language,
        language_is_certain=reading.language_is_certain,
        complete=command.complete,
        reading=reading,
    )


def written_in_slack(
    user: str,
    name: str,
    place: SlackPlace | None,
    text: str,
    sent_at: datetime,
    language: Language,
    *,
    subject: str = "",
) -> ReceivedMail:
    """The same of words that came by no mail: a person's, complete, new from beginning to end.

    Args:
        place: None for what an engineer writes down for a customer who is answered by mail.
        subject: Of a report, what it is about.
    """
    mail = IncomingMail(
        message_id=None, in_reply_to=None, references=(), from_=None, sender=None, reply_to=(), to=(), cc=(),
        delivered_to=(), return_path=None, subject=subject, date=sent_at, text=text, html_present=False, content_key="",
    )  # fmt: skip
    return ReceivedMail(
        inbox_id=0,
        raw=b"",
        mail=mail,
        screening=Screening(MailOrigin.HUMAN, may_answer=True, reason="written in Slack", hits=()),
        address=user,
        name=name,
        sent_at=sent_at,
        authentic=True,
        new_text=text,
        quoted_text="",
        language=language,
        language_is_certain=speaks(text) and tells_language(text),
        complete=True,
        place=place,
    )


def sender_of(arrived: ReceivedMail, ctx: Context) -> Sender:
    """The sender as intake sees them."""
    info_only = _our_recipients(arrived, ctx) == {ctx.config.mail.info_address.lower()}
    channel = arrived.place.channel if arrived.place else None
    return Sender(arrived.address, arrived.authentic, info_only, channel, arrived.is_vouched_for)


def is_escalation(arrived: ReceivedMail, ctx: Context) -> bool:
    """Whether the mail went to the address for escalations."""
    return ctx.config.mail.escalation_address.lower() in _our_recipients(arrived, ctx)


def _our_recipients(arrived: ReceivedMail, ctx: Context) -> frozenset[str]:
    """Those of our addresses that the mail went to, without plus tags; of a blind copy only our server knows."""
    mail = arrived.mail
    named = {plain_address(a.address) for a in (*mail.to, *mail.cc)} & ctx.config.mail.own_addresses
    return frozenset(named or {plain_address(address) for address in mail.delivered_to} & ctx.config.mail.own_addresses)


def plain_address(address: str) -> str:
    """An address in lower case without its plus tag (RFC 5233): "Anna+serwis@Klient.example" is Anna's."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


async def store_message(uow: UnitOfWork, ctx: Context, ticket: Ticket, arrived: ReceivedMail) -> Message:
    """Keep the mail as a message of its ticket, with its files."""
    message = await uow.tickets.add_message(
        Message(
            id=0,
            ticket_id=ticket.id,
            direction=Direction.FROM_CUSTOMER,
            author=arrived.address,
            author_name=arrived.name,
            text=arrived.new_text,
            sent_at=arrived.sent_at,
            message_id=arrived.mail.message_id,
            inbox_id=arrived.inbox_id or None,
            automatic=arrived.screening.sounds_automatic,
            customer_ts=arrived.place.ts if arrived.place else None,
        ),
        arrived.reading.found_by if arrived.reading else None,
    )
    contents = arrived.reading.contents if arrived.reading else None
    await attachments.keep(uow, ctx, ticket, message, arrived.mail, arrived.raw, contents)
    return message


async def finish(uow: UnitOfWork, arrived: ReceivedMail, outcome: str, ticket_id: int) -> None:
    """The stored mail is taken in; `outcome` is a short reason for people."""
    if arrived.inbox_id:
        await uow.inbox.finish(arrived.inbox_id, InboxState.DONE, outcome, ticket_id)
