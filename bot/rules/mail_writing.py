"""Our mails as octets (RFC 5322, MIME): finished when the outbox row is written, sent unchanged.

The standard library's email policy folds long ids in References into encoded words and so breaks threads (cpython
100991); here every line is written as it goes out: ids whole, text encoded, nothing a header could be injected with.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from enum import StrEnum
from hashlib import sha256
from urllib.parse import quote

from bot.rules.file_names import safe_name
from bot.rules.mail_addresses import Address
from bot.rules.mail_charsets import clean_line, clean_text
from bot.rules.mail_matching import TICKET_NUMBER, ticket_numbers_in
from bot.rules.mail_reading import IncomingMail
from bot.rules.message_ids import message_id

__all__ = [
    "Automatic", "OutgoingAttachment", "OutgoingMail", "bare_subject", "can_be_mailed", "compose", "message_id",
    "reply_chain", "reply_subject", "ticket_numbers_in",
]  # fmt: skip

_MOST_REFERENCES = 20
_LONGEST_LINE = 76
_LONGEST_SUBJECT = 300
_WORD_OCTETS = 39  # an encoded word of 64 characters: it fits behind "Subject: "
_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{3,960}>")
_LOCAL_PART = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}|\"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e]){1,62}\""
)
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f.:IPv]{3,50}\]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_METHOD = re.compile(r"^METHOD:([A-Z]{1,20})\r?$", re.MULTILINE)
_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}")
_ANSWER_PREFIX = re.compile(
    r"\s*(?:re|odp|odpowiedź|aw|sv|fwd?|pd|przek|wg|automatyczna odpowiedź|odpowiedź automatyczna)"
    r"\s*(?:[\[(]\d{1,3}[\])])?\s*:",
    re.IGNORECASE,
)
_BRACKETED_NUMBER = re.compile(rf"\[\s*{TICKET_NUMBER.pattern}\s*\]", re.IGNORECASE)


class Automatic(StrEnum):
    """The value of Auto-Submitted (RFC 3834 §5); an engineer's own mail carries no such mark."""

    NO = "no"
    REPLIED = "auto-replied"
    GENERATED = "auto-generated"


@dataclass(frozen=True, slots=True)
class OutgoingAttachment:
    """A file to send along."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A mail of ours.

    Attributes:
        date: Aware; written with its own offset.
        message_id: With angle brackets (`message_id`).
        text: The plain text, whole.
        html: The same as HTML (`bot.rules.html_writing.html_from_text`); None for plain text only.
        references: The whole chain, oldest first (`reply_chain`); bounded when written.
        automatic: NO for mails in an engineer's name.
        calendar: An iCalendar object that the reader's calendar is to take (RFC 6047); None for most mails.
    """

    from_: Address
    to: tuple[Address, ...]
    subject: str
    date: datetime
    message_id: str
    text: str
    html: str | None = None
    cc: tuple[Address, ...] = ()
    reply_to: Address | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    automatic: Automatic = Automatic.NO
    attachments: tuple[OutgoingAttachment, ...] = ()
    calendar: str | None = None


def compose(mail: OutgoingMail) -> bytes:
    """Write a mail.

    Returns:
        The octets, 7-bit, lines of at most 998 octets ending in CRLF. The same mail always gives the same octets.

    Raises:
        ValueError: An address or the Message-ID cannot be written, the date is naive, or there is no recipient.
            Control characters elsewhere are dropped, as are ids of others that no header can hold.
    """
    if not mail.to:
        raise ValueError("a mail needs a recipient")
    if not _ID.fullmatch(mail.message_id):
        raise ValueError(f"no Message-ID: {mail.message_id!r}")
    if mail.date.tzinfo is None:
        raise ValueError("the date needs a time zone")
    answers = [found for found in (mail.in_reply_to,) if found and _ID.fullmatch(found)]
    references = _bounded([found for found in mail.references if _ID.fullmatch(found)])
    fields = [
        _address_field("From", (mail.from_,)),
        _address_field("To", mail.to),
        _address_field("Cc", mail.cc) if mail.cc else "",
        _address_field("Reply-To", (mail.reply_to,)) if mail.reply_to else "",
        _text_field("Subject", clean_line(mail.subject)[:_LONGEST_SUBJECT]),
        f"Date: {format_datetime(mail.date)}",
        f"Message-ID: {mail.message_id}",
        f"In-Reply-To: {answers[0]}" if answers else "",
        "References: " + "\r\n ".join(references) if references else "",
    ]
    if mail.automatic is not Automatic.NO:
        fields += [f"Auto-Submitted: {mail.automatic}", "X-Auto-Response-Suppress: All"]
    head = "\r\n".join([*filter(None, fields), "MIME-Version: 1.0"])
    return head.encode("ascii") + b"\r\n" + _body(mail)


def reply_chain(mail: IncomingMail) -> tuple[str, ...]:
    """The References of an answer to a mail (RFC 5322 §3.6.4): its own chain, then its id."""
    chain = mail.references or ((mail.in_reply_to,) if mail.in_reply_to else ())
    return (*chain, mail.message_id) if mail.message_id else chain


def reply_subject(subject: str, ticket_number: str, *, answers: bool = True) -> str:
    """The subject of a mail about a ticket: "[HEZO-2026-000123] Re: nie działa", however often it was answered.

    Prefixes of answers and forwards, and ticket numbers in brackets, are taken away; other numbers in it stay.

    Args:
        answers: Whether it answers a mail at all: what was reported by phone has none.
    """
    rest = bare_subject(subject)[:200].rstrip()
    return f"[{ticket_number}] {'Re: ' if answers else ''}{rest}" if rest else f"[{ticket_number}]"


def bare_subject(subject: str) -> str:
    """What a subject says by itself: without prefixes of answers and forwards, and without our numbers in brackets."""
    rest = _BRACKETED_NUMBER.sub(" ", clean_line(subject)).strip()
    while match := _ANSWER_PREFIX.match(rest):
        rest = rest[match.end() :].strip()
    return " ".join(rest.split())


def _bounded(references: list[str]) -> list[str]:
    """The first, which names the thread, and the nearest."""
    if len(references) <= _MOST_REFERENCES:
        return references
    return [references[0], *references[1 - _MOST_REFERENCES :]]


def can_be_mailed(address: str) -> bool:
    """Whether `compose` takes this as a recipient: with an ASCII local part (no SMTPUTF8) and a domain that can be."""
    try:
        _mailbox(Address("", address))
    except ValueError:
        return False
    return True


def _address_field(name: str, addresses: tuple[Address, ...]) -> str:
    return f"{name}: " + ",\r\n ".join(_mailbox(address) for address in addresses)


def _mailbox(address: Address) -> str:
    local, at, domain = address.address.rpartition("@")
    # Without SMTPUTF8 a domain must be in its ASCII form, and a local part has none.
    ascii_domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    if not (at and _LOCAL_PART.fullmatch(local) and _DOMAIN.fullmatch(ascii_domain)):
        raise ValueError(f"no address that mail can be sent to: {address.address!r}")
    name = clean_line(address.name)[:100]
    spec = f"{local}@{ascii_domain}"
    if not name:
        return spec
    if not name.isascii() or "=?" in name:
        return f"{_encoded_words(name)}\r\n <{spec}>"
    if not _ATOMS.fullmatch(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{spec}>"


def _text_field(name: str, text: str) -> str:
    """An unstructured field: folded at spaces, or as encoded words (RFC 2047)."""
    words = text.split(" ")
    if not text.isascii() or "=?" in text or any(len(word) > _LONGEST_LINE - 12 for word in words):
        return f"{name}: {_encoded_words(text)}"
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _LONGEST_LINE:
            lines.append("")
        lines[-1] += " " + word
    return "\r\n".join(lines)


def _encoded_words(text: str) -> str:
    """Encoded words that cut no letter (RFC 2047 §5), one a line."""
    chunks: list[bytes] = [b""]
    for letter in text:
        octets = letter.encode("utf-8", "replace")
        if len(chunks[-1]) + len(octets) > _WORD_OCTETS:
            chunks.append(b"")
        chunks[-1] += octets
    return "\r\n ".join(f"=?utf-8?B?{b64encode(chunk).decode('ascii')}?=" for chunk in chunks)


def _body(mail: OutgoingMail) -> bytes:
    """The MIME tree: text, or its alternatives, and around them the attachments."""
    entity = _text_entity("plain", mail.text)
    others = [] if mail.html is None else [_text_entity("html", mail.html)]
    attachments = mail.attachments
    if mail.calendar is not None:
        # As an alternative it is taken by calendars; programs that know none at least show a file (RFC 6047 §2.4).
        others.append(_calendar_entity(mail.calendar))
        attachments = (*attachments, OutgoingAttachment("invite.ics", "application/ics", mail.calendar.encode()))
    if others:
        entity = _multipart("alternative", mail.message_id, [entity, *others])
    if attachments:
        files = [_attachment(attachment, number) for number, attachment in enumerate(attachments, start=1)]
        entity = _multipart("mixed", mail.message_id, [entity, *files])
    return entity


def _text_entity(subtype: str, text: str) -> bytes:
    octets = (clean_text(text).rstrip("\n") + "\n").encode("utf-8", "replace")
    encoding = "7bit"
    if not octets.isascii() or max(map(len, octets.split(b"\n"))) > _LONGEST_LINE or b"\nFrom " in b"\n" + octets:
        encoding = "quoted-printable"
        octets = binascii.b2a_qp(octets, istext=True)
        # A mail server that writes mbox files puts a ">" before these (and breaks signatures of the mail).
        octets = re.sub(rb"(?m)^From ", b"=46rom ", octets)
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return head.encode("ascii") + octets.replace(b"\n", b"\r\n")


def _calendar_entity(calendar: str) -> bytes:
    """The iCalendar object with its method in the type, as RFC 6047 §2.4 wants it."""
    found = _METHOD.search(calendar)
    method = f"; method={found[1]}" if found else ""
    encoded = binascii.b2a_base64(calendar.encode(), newline=False)
    lines = [encoded[start : start + 76] for start in range(0, len(encoded), 76)]
    head = f'Content-Type: text/calendar; charset="utf-8"{method}\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    return head.encode("ascii") + b"\r\n".join(lines) + b"\r\n"


def _attachment(attachment: OutgoingAttachment, number: int) -> bytes:
    content_type = attachment.content_type.lower()
    if not _CONTENT_TYPE.fullmatch(content_type) or content_type.startswith(("message/", "multipart/")):
        content_type = "application/octet-stream"  # base64 is forbidden for the composite types (RFC 2045 §6.4)
    name = safe_name(attachment.name, content_type, number)
    if name.isascii():
        in_type, in_disposition = "", f'filename="{name}"'
    else:  # RFC 2231, and encoded words in the type for programs that do not know it
        in_type = f';\r\n name="{_encoded_words(name)}"'
        in_disposition = f"filename*=utf-8''{quote(name, safe='')}"
    encoded = binascii.b2a_base64(attachment.content, newline=False)
    lines = [encoded[start : start + 76] for start in range(0, len(encoded), 76)]
    head = (
        f"Content-Type: {content_type}{in_type}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment;\r\n {in_disposition}\r\n\r\n"
    )
    return head.encode("ascii") + b"\r\n".join(lines) + b"\r\n"


def _multipart(subtype: str, seed: str, entities: list[bytes]) -> bytes:
    """Join entities behind a boundary that none of them holds; the same mail gets the same one."""
    number = 0
    while True:
        digest = sha256(f"{subtype} {seed} {number}".encode()).hexdigest()[:24]
        boundary = f"=_{digest}"  # encoded parts cannot hold "=_"
        delimiter = f"--{boundary}".encode("ascii")
        if not any(delimiter in entity for entity in entities):
            break
        number += 1
    head = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n\r\n'.encode("ascii")
    parts = b"".join(delimiter + b"\r\n" + entity + b"\r\n" for entity in entities)
    return head + parts + delimiter + b"--\r\n"
