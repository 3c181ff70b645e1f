"""How a mail becomes octets when its outbox row is written: given from outside, as words are no business of storage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.effects import SendMail
from bot.model import Ticket


@dataclass(frozen=True, slots=True)
class ComposedMail:
    """A finished message.

    Attributes:
        rfc_message_id: Its Message-ID (RFC 5322 §3.6.4), angle brackets as they are looked up later.
        raw: The octets as they go over the wire (before dot-stuffing).
    """

    rfc_message_id: str
    raw: bytes


MailComposer = Callable[[SendMail, int, Ticket | None, datetime], ComposedMail]
"""Takes the effect, the outbox row's id, the ticket if any, and the current instant (aware, UTC)."""


def no_mail(*_: object) -> ComposedMail:
    """The composer of commands that write no mails."""
    raise AssertionError("this command writes no mails")


def no_content_key(raw: bytes) -> str:
    """What tells copies apart for commands that store no mails."""
    raise AssertionError(f"this command stores no mails, but {len(raw)} octets came")
