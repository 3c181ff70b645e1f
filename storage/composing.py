"""How a mail becomes octets when its outbox row is written: given from outside, as words are no business of storage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.effects import SendMail
from bot.model import Ticket
from bot.rules.mail_writing import OutgoingAttachment


@dataclass(frozen=True, slots=True)
class ComposedMail:
    """A finished message.

    Attributes:
        rfc_message_id: Its Message-ID (RFC 5322 §3.6.4), angle brackets as they are looked up later.
        raw: The octets as they go over the wire (before dot-stuffing).
    """

    rfc_message_id: str
    raw: bytes


MailComposer = Callable[[SendMail, int, Ticket | None, datetime, Sequence[OutgoingAttachment]], ComposedMail]
"""Takes the effect, the outbox row's id, the ticket if any, the current instant (aware, UTC), and the files."""


def no_mail(*_: object) -> ComposedMail:
    """The composer of commands that write no mails."""
    raise AssertionError("this command writes no mails")


def no_content_key(raw: bytes) -> str:
    """What tells copies apart for commands that store no mails."""
    raise AssertionError(f"this command stores no mails, but {len(raw)} octets came")
