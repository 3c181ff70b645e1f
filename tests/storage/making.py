"""Values that the storage tests put in, and what stands in for the parts that storage is given."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.effects import MailKind, SendMail
from bot.mail_ports import FetchedMail
from bot.model import (
    ClockKind,
    ClockState,
    Direction,
    Language,
    Message,
    Priority,
    SlaClock,
    Ticket,
    TicketState,
    Timer,
)
from bot.ports import UnitOfWork
from bot.rules.mail_writing import OutgoingAttachment
from storage.composing import ComposedMail
from storage.engine import Database

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class FakeClock:
    """`bot.ports.Clock` that is moved by hand."""

    def __init__(self, now: datetime = NOON) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    async def wait_until(self, due: datetime | None, wake: asyncio.Event) -> None:
        raise NotImplementedError("storage never waits for a time")

    def move(self, **span: float) -> datetime:
        self.time += timedelta(**span)
        return self.time


def compose(
    effect: SendMail, outbox_id: int, ticket: Ticket | None, now: datetime, files: Sequence[OutgoingAttachment] = ()
) -> ComposedMail:
    """A mail that shows what it was made from."""
    number = "-" if ticket is None else ticket.number
    text = f"To: {effect.to}\r\nDate: {now:%a, %d %b %Y %H:%M:%S +0000}\r\nSubject: [{number}]\r\n\r\n{effect.text}\r\n"
    text += "".join(f"{file.name} {file.content_type} {file.content!r}\r\n" for file in files)
    return ComposedMail(f"<{effect.kind}.{outbox_id}@myhezo.pl>", text.encode("utf-8", "replace"))


def content_key(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def make_database(url: str, clock: FakeClock) -> Database:
    return Database(url, clock=clock, compose=compose, read_content_key=content_key)


def a_ticket(**changes: object) -> Ticket:
    values: dict[str, object] = {
        "id": 0,
        "number": "",
        "state": TicketState.OPEN,
        "priority": Priority.NON_CRITICAL,
        "priority_confirmed": False,
        "language": Language.PL,
        "subject": "FortiGate nie działa",
        "requester": "anna@klient.example",
        "requester_name": "Anna Nowak",
        "reported_at": NOON,
        "created_at": NOON,
    }
    return Ticket(**(values | changes))  # type: ignore[arg-type]  # a test names the fields it is about


def a_message(ticket_id: int, **changes: object) -> Message:
    values: dict[str, object] = {
        "id": 0,
        "ticket_id": ticket_id,
        "direction": Direction.FROM_CUSTOMER,
        "author": "anna@klient.example",
        "author_name": "Anna Nowak",
        "text": "Nie działa.",
        "sent_at": NOON,
    }
    return Message(**(values | changes))  # type: ignore[arg-type]  # a test names the fields it is about


def a_clock(ticket_id: int, **changes: object) -> SlaClock:
    values: dict[str, object] = {
        "id": 0,
        "ticket_id": ticket_id,
        "kind": ClockKind.REACTION,
        "state": ClockState.RUNNING,
        "calendar": "8x5",
        "started_at": NOON,
        "budget": timedelta(hours=1),
        "due_at": NOON + timedelta(hours=1),
    }
    return SlaClock(**(values | changes))  # type: ignore[arg-type]  # a test names the fields it is about


def a_timer(ticket_id: int, key: str, fire_at: datetime, *, clock_id: int | None = None) -> Timer:
    return Timer(id=0, key=key, kind="clock", ticket_id=ticket_id, fire_at=fire_at, clock_id=clock_id, level=50)


def a_mail(ticket_id: int | None, **changes: object) -> SendMail:
    values: dict[str, object] = {
        "kind": MailKind.ACKNOWLEDGEMENT,
        "ticket_id": ticket_id,
        "to": "anna@klient.example",
        "to_name": "Anna Nowak",
        "subject": "Przyjęliśmy zgłoszenie",
        "text": "Dzień dobry",
        "language": Language.PL,
    }
    return SendMail(**(values | changes))  # type: ignore[arg-type]  # a test names the fields it is about


def fetched(uid: int, raw: bytes = b"", *, mailbox: str = "pomoc", uidvalidity: int = 7) -> FetchedMail:
    raw = raw or b"Message-ID: <%d@klient.example>\r\n\r\nNie dziala.\r\n" % uid
    return FetchedMail(mailbox, uidvalidity, uid, NOON, raw, len(raw))


class Transactions(Protocol):
    """The real storage, or the fake."""

    def begin(self) -> AbstractAsyncContextManager[UnitOfWork]: ...


async def stored_ticket(database: Transactions, **changes: object) -> Ticket:
    async with database.begin() as uow:
        return await uow.tickets.add(a_ticket(**changes))
