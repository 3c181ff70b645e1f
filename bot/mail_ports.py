"""What the core asks of mail servers, as protocols (see `bot.ports`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


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

    async def send(self, envelope_from: str, recipient: str, raw: bytes, *, copy_to: str | None = None) -> None:
        """Hand the octets to the mail server; returning means that it has taken responsibility (RFC 5321 §6.1).

        Args:
            copy_to: Our own mailbox, as a second RCPT of the same transaction: its arrival settles a doubt. Where the
                server refuses the recipient, nothing is sent to either; where it refuses the copy, the mail goes alone.

        Raises:
            RetryLater: nothing was accepted (connection, authentication, 4xx before the data).
            InDoubt: the connection broke after the data were sent, before the answer.
            Refused: a 5xx for this recipient or this message.
        """
