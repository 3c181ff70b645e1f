"""From "mail this" to octets: our addresses, the thread, the marks of automatic mail (RFC 3834 §3)."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.config import Config
from bot.effects import MailKind, SendMail
from bot.rules.html_writing import html_from_text
from bot.rules.mail_addresses import Address
from bot.rules.mail_matching import make_token, reply_address
from bot.rules.mail_writing import Automatic, OutgoingAttachment, OutgoingMail, compose, message_id, reply_subject

AUTOMATIC = {
    MailKind.ACKNOWLEDGEMENT: Automatic.REPLIED,
    MailKind.QUESTION: Automatic.REPLIED,
    MailKind.NOTICE: Automatic.REPLIED,
    MailKind.REMINDER: Automatic.GENERATED,
    MailKind.REPLY: Automatic.NO,
}


def write_mail(
    effect: SendMail,
    row_id: int,
    ticket_number: str | None,
    now: datetime,
    config: Config,
    key: bytes,
    files: Sequence[OutgoingAttachment] = (),
) -> tuple[str, bytes]:
    """Write the mail of an outbox row.

    Args:
        row_id: The row; with the key it makes a Message-ID that nobody can guess and that never changes.
        now: For the Date header; shown in the service's zone.
        key: Signs Message-IDs and reply tokens.
        files: What goes along (`SendMail.files`, with their contents).

    Returns:
        The Message-ID with its angle brackets, and the octets.
    """
    mail = config.mail
    own_hash = hmac.digest(key, f"message {row_id} {effect.to}".encode(), "sha256").hex()[:16]
    own_id = message_id(effect.kind, row_id, own_hash, mail.message_id_domain)
    sender = Address(effect.from_name or mail.sender_name, mail.support_address)
    reply_to = None
    if mail.plus_addressing and ticket_number is not None:
        reply_to = Address(sender.name, reply_address(mail.support_address, make_token(ticket_number, key)))
    raw = compose(
        OutgoingMail(
            from_=sender,
            to=(Address(effect.to_name, effect.to),),
            subject=_subject(effect, ticket_number),
            date=now.astimezone(ZoneInfo(config.service.timezone)),
            message_id=own_id,
            text=effect.text,
            html=html_from_text(effect.text),
            reply_to=reply_to,
            in_reply_to=effect.in_reply_to,
            references=effect.references,
            automatic=AUTOMATIC[effect.kind],
            attachments=tuple(files),
            calendar=effect.calendar,
        )
    )
    return own_id, raw


def _subject(effect: SendMail, ticket_number: str | None) -> str:
    if ticket_number is None:
        return effect.subject
    return reply_subject(effect.subject, ticket_number, answers=effect.in_reply_to is not None)
