"""The whole desk without sockets: the bot's handlers on storage in memory, mails written and read as real octets."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any

from bot.commands import Command, SlackPerson
from bot.commands_channels import ChannelMessage
from bot.commands_sending import ThreadMessage
from bot.config import Config
from bot.effects import (
    FetchCustomerFiles,
    Note,
    OfferReport,
    PostInThread,
    PostOperator,
    PostToCustomer,
    SendMail,
    TellCustomer,
    TellUser,
)
from bot.model import Contract, Device, Language, Ticket
from bot.ports import InboxState
from bot.rules.customer_channels import message_key
from bot.rules.mail_writing import OutgoingAttachment
from bot.rules.outgoing_mail import write_mail
from bot.sendings import SharedFile
from handlers.context import Context
from handlers.registry import dispatch
from storage.composing import ComposedMail
from tests.fakes.memory_database import MemoryDatabase, run
from tests.fakes.memory_tables import KeptInbox
from tests.storage.making import FakeClock

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""10:00 in Warsaw, within the 8x5 window."""
KEY = b"a key of thirty-two octets ......"
EWA = SlackPerson("U0EWA", "Ewa Kowalska", "C0SUPPORT")
ANNA, JOHN, BIURO, OBCY = (
    "anna@klient.example",
    "john@northwind.example",
    "biuro@stolarnia.example",
    "obcy@poczta.example",
)

DAIRY = Contract(
    1, "HZ360-2026-000101", "Mleczarnia", "8341710008", date(2025, 3, 1), date(2035, 2, 28),
    (Device("FG121GTK25004672", "FortiGate-121G"),), (ANNA, "@klient.example"), Language.PL,
)  # fmt: skip
NORTHWIND = Contract(
    2, "HZ360-2026-000102", "Northwind", "5213900003", date(2025, 6, 15), date(2035, 6, 14),
    (Device("FG1K0FTB22900191", "FortiGate-1000F"),), (JOHN,), Language.EN,
)  # fmt: skip
HOSPITAL = Contract(
    3, "HZ360-2026-000103", "Szpital", "7123000001", date(2025, 1, 1), date(2034, 12, 31),
    (Device("FGT3HD3914800153", "FortiGate-300D"), Device("FGT3HD3914800069", "FortiGate-300D")),
    ("@szpital.example",), Language.PL,
)  # fmt: skip
HOSPITAL_BRANCH = Contract(
    4, "HZ360-2026-000104", "Szpital", "7123000001", date(2025, 1, 1), date(2034, 12, 31),
    (Device("FGT70GTK25008471", "FortiGate-70G"),), ("@szpital.example",), Language.PL,
)  # fmt: skip
EXPIRED = Contract(
    5, "HZ360-2024-000087", "Stolarnia", "6181500004", date(2023, 7, 1), date(2024, 6, 30),
    (Device("FGT60D4614044725", "FortiGate-60D"),), (BIURO,), Language.PL,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail of ours, as its reader has it."""

    to: str
    subject: str
    text: str
    message_id: str
    references: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Post:
    """What was posted in a ticket's thread."""

    ticket: str
    note: Note
    data: dict[str, object]
    mention: tuple[str, ...]


class Desk:
    """One bot, its customers and its engineers.

    Attributes:
        mails: Every mail to customers, oldest first.
        posts: Every post in a thread.
        operator: Every line in the escalation channel.
        to_customers: Every post into a shared channel; the first on a ticket opens its thread.
        alone: What one person alone was shown.
        to_fetch: What was to be fetched of customers' files.
    """

    def __init__(self, *contracts: Contract, **intake: Any) -> None:
        self.clock = FakeClock(MONDAY)
        self.config = Config.model_validate(self.configured(intake))
        self.database = MemoryDatabase(clock=self.clock, compose=self._compose)
        for contract in contracts or (DAIRY, NORTHWIND, HOSPITAL, HOSPITAL_BRANCH, EXPIRED):
            self.database.add_contract(contract)
        self.mails: list[Mail] = []
        self.posts: list[Post] = []
        self.operator: list[PostOperator] = []
        self.to_customers: list[PostToCustomer] = []
        self.waiting: dict[int, ChannelMessage | ThreadMessage] = {}
        self.alone: list[OfferReport | TellCustomer | TellUser] = []
        self.to_fetch: list[FetchCustomerFiles] = []

    def configured(self, intake: dict[str, Any]) -> dict[str, Any]:
        """The configuration, as TOML would give it."""
        return {
            "mail": {
                "imap": [{"name": "pomoc", "host": "localhost", "security": "none", "username": "u", "password": "p"}],
                "smtp": {"host": "localhost", "security": "none"},
                "trusted_authserv_ids": ["mx.myhezo.pl"],
            },
            "slack": {
                "bot_token": "xoxb-1",
                "app_token": "xapp-1",
                "support_channel": "C0SUPPORT",
                "escalation_channel": "C0ESCALATION",
                "engineers": [EWA.user],
                "managers": ["U0ZOFIA"],
            },
            "intake": intake,
            "replies": {"undo_within": "0s"},  # taking back is a matter of its own (test_sendings.py)
            # What nobody takes is a matter of its own (test_escalations.py).
            "escalation": {
                priority: {"unassigned_percent": 0} for priority in ("critical", "non_critical", "question")
            },
        }

    def _compose(
        self, effect: SendMail, row_id: int, ticket: Ticket | None, now: datetime, files: Sequence[OutgoingAttachment]
    ) -> ComposedMail:
        return ComposedMail(
            *write_mail(effect, row_id, ticket.number if ticket else None, now, self.config, KEY, files)
        )

    # What customers do.

    def write(
        self,
        sender: str,
        text: str,
        *,
        subject: str = "Awaria",
        to: str = "pomoc@myhezo.pl",
        answer: Mail | None = None,
        quote: str = "gmail",
        headers: dict[str, str] | None = None,
        message_id: str = "",
        complete: bool = True,
    ) -> str:
        """A mail comes and is taken in; gives its Message-ID.

        Args:
            answer: The mail of ours that it answers; `quote` says in which program's way it is quoted ("" not at all).
        """
        message = EmailMessage(policy=email.policy.SMTP)
        message["From"], message["To"] = sender, to
        message["Message-ID"] = message_id or make_msgid(domain=sender.rpartition("@")[2])
        message["Date"] = format_datetime(self.clock.now())
        if answer is not None:
            subject = f"Re: {answer.subject}"
            message["In-Reply-To"] = answer.message_id
            message["References"] = f"{answer.references} {answer.message_id}".strip()
            text = f"{text}\n\n{quoted(answer, quote)}" if quote != "bottom" else f"{quoted(answer, 'gmail')}\n\n{text}"
        message["Subject"] = subject
        for name, value in (headers or {}).items():
            message[name] = value
        message.set_content(text)
        self.take_in(message.as_bytes(), complete=complete)
        return str(message["Message-ID"])

    def post(
        self,
        by: SlackPerson,
        channel: str,
        text: str,
        *,
        thread: str | None = None,
        files: tuple[SharedFile, ...] = (),
    ) -> str:
        """Somebody writes a message in a channel now; gives its ts. It is handled until it is not put off any more."""
        ts = f"{self.clock.now().timestamp():.6f}"
        by = replace(by, channel=channel, thread_ts=thread, at=self.clock.now())
        inbox_id = self.database.tables.next_id()
        self.database.tables.inbox[inbox_id] = KeptInbox(InboxState.NEW, key=message_key(channel, ts))
        self.waiting[inbox_id] = (
            ChannelMessage(by, channel, ts, text, files, inbox_id)
            if thread is None
            else ThreadMessage(by, channel, thread, ts, text, files=files, inbox_id=inbox_id)
        )
        self.handle_waiting()
        return ts

    def handle_waiting(self) -> None:
        """What was put off until now is handled anew."""
        for inbox_id, command in list(self.waiting.items()):
            kept = self.database.tables.inbox[inbox_id]
            if kept.state is not InboxState.NEW:
                del self.waiting[inbox_id]
            elif kept.due_at is None or kept.due_at <= self.clock.now():
                self.do(command)
                due_at = self.database.tables.inbox[inbox_id].due_at
                if due_at is None or due_at <= self.clock.now():
                    self.database.tables.inbox[inbox_id] = replace(kept, state=InboxState.DONE)
                    del self.waiting[inbox_id]

    def take_in(self, raw: bytes, *, complete: bool = True) -> InboxState:
        """Octets come as they are; gives what became of them."""
        command = self.database.receive(raw, self.clock.now(), complete=complete)
        self.do(command)
        return self.database.tables.inbox[command.inbox_id].state

    def do(self, command: Command) -> None:
        """Something happens: one transaction, then what it wants done outside."""

        async def handle() -> None:
            async with self.database.begin() as uow:
                await dispatch(command, uow, Context(self.clock.now(), self.config, KEY))

        run(handle())
        self.perform()

    def perform(self) -> None:
        """Everything that waits in the outbox is done."""
        for row in self.database.perform():
            match row.effect:
                case SendMail() as effect:
                    assert row.raw is not None
                    self.mails.append(_read(effect.to, row.raw))
                case PostInThread() as post:
                    number = self.ticket(post.ticket_id).number
                    self.posts.append(Post(number, post.note, post.data, post.mention))
                case PostOperator() as line:
                    self.operator.append(line)
                case PostToCustomer() as words:
                    self.to_customers.append(words)
                    self._open_thread(words)
                case OfferReport() | TellCustomer() | TellUser() as told:
                    self.alone.append(told)
                case FetchCustomerFiles() as files:
                    self.to_fetch.append(files)

    def _open_thread(self, words: PostToCustomer) -> None:
        ticket = self.ticket(words.ticket_id)
        if ticket.customer_ts is None:
            thread = f"{self.clock.now().timestamp():.6f}"
            self.database.tables.tickets[ticket.id] = replace(ticket, customer_ts=thread)

    # What there is to see.

    def ticket(self, ticket_id: int) -> Ticket:
        """The first, second, ... ticket, as it is stored."""
        return self.database.tables.tickets[ticket_id]

    @property
    def tickets(self) -> list[Ticket]:
        """All tickets, oldest first."""
        return list(self.database.tables.tickets.values())

    def mails_to(self, address: str) -> list[Mail]:
        """Our mails to somebody."""
        return [mail for mail in self.mails if mail.to == address]

    def notes(self, ticket_id: int) -> list[Note]:
        """What was posted in a ticket's thread."""
        number = self.ticket(ticket_id).number
        return [post.note for post in self.posts if post.ticket == number]

    def journal(self, ticket_id: int, kind: str) -> list[dict[str, object]]:
        """The data of a ticket's journal lines of one kind."""
        return [entry.data for entry in self.database.tables.journal[ticket_id] if entry.kind == kind]

    def clocks(self, ticket_id: int) -> list[str]:
        """The kinds of a ticket's clocks that run."""
        clocks = self.database.tables.clocks.values()
        return sorted(c.kind for c in clocks if c.ticket_id == ticket_id and c.ended_at is None)


def _read(to: str, raw: bytes) -> Mail:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return Mail(
        to,
        str(message["Subject"]),
        body.get_content(),
        str(message["Message-ID"]),
        str(message["References"] or ""),
        raw,
    )


def quoted(mail: Mail, program: str) -> str:
    """A mail of ours as a customer's program puts it below an answer."""
    if program == "gmail":
        lines = "\n".join(f"> {line}" for line in mail.text.splitlines())
        return f"pon., 23 lis 2026 o 10:00 HEZO 360 <pomoc@myhezo.pl> napisał(a):\n\n{lines}"
    if program == "outlook":
        head = "From: HEZO 360 <pomoc@myhezo.pl>\nSent: Monday, November 23, 2026 10:00 AM\n"
        return f"________________________________\n{head}To: Klient\nSubject: {mail.subject}\n\n{mail.text}"
    return mail.text if program == "bare" else ""
