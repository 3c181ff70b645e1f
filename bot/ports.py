"""What the core asks of the outside, as protocols; the real adapters and the tests' fakes pass the same tests."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The only way to learn the time; `bot.edges.clock` reads the machine's, tests and the sandbox move their own."""

    def now(self) -> datetime:
        """The current instant, aware, UTC."""

    async def wait_until(self, due: datetime | None, wake: asyncio.Event) -> None:
        """Return when `due` has come or `wake` is set, whichever is first; with `due` None only `wake` counts.

        Returns also when the clock was moved past `due`. Does not clear `wake`.
        """


@dataclass(frozen=True, slots=True)
class FetchedMail:
    """One message as an IMAP server gave it.

    Attributes:
        mailbox: The configured mailbox's name.
        uidvalidity: UIDVALIDITY of its folder (RFC 9051 §2.3.1.1).
        uid: The UID within that folder.
        received_at: INTERNALDATE, aware, UTC.
        raw: The octets; only the header where `complete` is False.
        size: RFC822.SIZE in octets.
        complete: False where the message is over the size limit and only its header was fetched.
    """

    mailbox: str
    uidvalidity: int
    uid: int
    received_at: datetime
    raw: bytes
    size: int
    complete: bool = True


class MailSink(Protocol):
    """Takes what a mailbox gave. What was taken is committed: the server's copy may be moved afterwards."""

    async def stored_uids(self, mailbox: str, uidvalidity: int, uids: Sequence[int]) -> set[int]:
        """Which of these UIDs are stored already."""

    async def store(self, mails: Sequence[FetchedMail]) -> None:
        """Store and commit; a mail seen before changes nothing."""

    async def store_unreadable(self, mailbox: str, uidvalidity: int, uid: int, reason: str) -> None:
        """Store and commit that a message could not be fetched, so that people see it and the rest goes on."""


class Mailer(Protocol):
    """Sends one finished message to one recipient."""

    async def send(self, envelope_from: str, recipient: str, raw: bytes) -> None:
        """Hand the octets to the mail server; returning means that it has taken responsibility (RFC 5321 §6.1).

        Raises:
            RetryLater: nothing was accepted (connection, authentication, 4xx before the data).
            InDoubt: the connection broke after the data were sent, before the answer.
            Refused: a 5xx for this recipient or this message.
        """
